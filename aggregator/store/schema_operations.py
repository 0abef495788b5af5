"""Tables of what keeps the program running: leases, polls, documents, learned blocks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from aggregator.store.columns import BigId, Json, UtcTime, metadata

__all__ = [
    "block_statistics",
    "blocks",
    "chores",
    "documents",
    "fragments",
    "hosts",
    "leases",
    "pages",
    "polls",
    "websub",
    "websub_pings",
]

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("acquired_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

polls = Table(
    "polls",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("feed_id", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("took_s", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("http_status", Integer),
    Column("entries", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("revised", Integer, nullable=False),
    Column("bad_items", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("gap", Boolean, nullable=False),
    Column("error_kind", Text),
    Column("error", Text),
    Index(None, "feed_id", "id"),
)

# What stands in the output directory, so that the next process knows what changed since.
documents = Table(
    "documents",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("published_at", UtcTime, nullable=False),
)

# Rendered entries by form; valid while `seq` is the story's. A cache: may be emptied.
fragments = Table(
    "fragments",
    metadata,
    Column("form", Text, primary_key=True),
    Column("story_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("scope", Text, nullable=False),
    Column("hash", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
    Column("releases", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    UniqueConstraint("scope", "hash"),
)

# How many distinct releases of a scope carry a block or shingle: learning and template
# awareness. `weight` decays, `releases` does not.
block_statistics = Table(
    "block_statistics",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("releases", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    Column("last_story_id", Text, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

# Per-host politeness: a Retry-After that holds for every feed of the host.
hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("blocked_until", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("extra", Json, nullable=False),
)

# Work beside polling: when it last went well, and why it does not.
chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_ok_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("failed_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    Column("detail", Text, nullable=False),
)

# Linked pages fetched for their full text, with their validators.
pages = Table(
    "pages",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),
    Column("fetched_at", UtcTime, nullable=False),
    Column("status", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# Subscriptions at WebSub hubs: at most one a feed that is not `leaving` or `ended`. Token
# and secret are the hub's proof of who it is; nobody else is shown them.
websub = Table(
    "websub",
    metadata,
    Column("token", Text, primary_key=True),
    Column("feed_id", Text, nullable=False, index=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("mode", Text),
    Column("requested_at", UtcTime),
    Column("next_attempt_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("verified_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("last_push_at", UtcTime),
    Column("pushed_sha256", Text),
    Column("waiting", Boolean, nullable=False),
    Column("rechecks", Integer, nullable=False),
    Column("fruitless", Integer, nullable=False),
    Column("missed_at", UtcTime),
    Column("pushes", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("ignored_at", UtcTime),
    Column("ignored_reason", Text),
)

# What our own hubs were last told of each document; told again while `sha256` is not the
# document's.
websub_pings = Table(
    "websub_pings",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("document", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("pinged_at", UtcTime),
    Column("pings", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
)
