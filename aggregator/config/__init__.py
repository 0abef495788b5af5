"""feeds.toml: read, checked, edited; OPML in and out. The shell's side of the policies.

loading    file -> Settings, or one ConfigError with every mistake
tables     keys, types, defaults (pydantic); values: how each is checked
checks     mistakes between tables; problems, locate: words and line numbers
build      tables -> frozen policies, outlets, feeds
durations, cron, addresses   what values mean
starter    the file `aggregator init` writes
edit       adds and removes feeds, comments kept
opml       OPML 1 and 2
advice     what is allowed but looks unintended
watching   notices that the file changed
reference  docs/reference/configuration.md, from the tables
"""

from __future__ import annotations

from aggregator.config.loading import load

__all__ = ["load"]
