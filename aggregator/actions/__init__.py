"""What people do, one use case a module; for CLI, web and daemon alike."""
