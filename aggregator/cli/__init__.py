"""Commands: arguments, exit codes, output. No logic."""
