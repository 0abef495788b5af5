"""Tables of feeds, entries, the near-duplicate index, stories and the dedup log.

Large columns stand last: SQLite reads a row from its front, so a look-up that needs no
text touches no overflow page.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from aggregator.store.columns import BigId, HexDigest, Json, UtcTime, metadata

__all__ = [
    "bands",
    "changes",
    "counters",
    "decisions",
    "entries",
    "entry_keys",
    "feeds",
    "identities",
    "meta",
    "notes",
    "outlets",
    "pins",
    "raws",
    "revisions",
    "stories",
    "tombstones",
]

# What the database says of itself: `application`, `analyser`.
meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Numbers handed out inside the one write transaction: entry ids, `seq`, lease tokens.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

outlets = Table(
    "outlets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("issuer", Text),
    Column("content", Text),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outlet_id", ForeignKey("outlets.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("priority", Text, nullable=False),
    Column("language", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("content_sha256", Text),
    Column("title", Text),
    Column("site_link", Text),
    Column("document_id", Text),
    Column("document_updated", UtcTime),
    Column("last_polled_at", UtcTime),
    Column("last_ok_at", UtcTime),
    Column("next_poll_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("paused_at", UtcTime),
    Column("paused_reason", Text),
    Column("retired_at", UtcTime),
    Column("permanent_redirect", Text),
    Column("extra", Json, nullable=False),
    Column("configured_at", UtcTime, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False, index=True),
    Column("story_id", ForeignKey("stories.id"), index=True),
    Column("verdict", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("effective_at", UtcTime, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("first_poll", Boolean, nullable=False),
    Column("redacted_at", UtcTime),
    Column("guid", Text),
    Column("canonical_link", Text),
)

revisions = Table(
    "revisions",
    metadata,
    Column(
        "entry_id", BigInteger, ForeignKey("entries.id"), primary_key=True, autoincrement=False
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", UtcTime, nullable=False, index=True),
    Column("fetched_at", UtcTime, nullable=False),
    Column("published", UtcTime),
    Column("updated", UtcTime),
    Column("language", Text, nullable=False),
    Column("issuer", Text),
    Column("issuer_key", Text, index=True),
    Column("content_sha256", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("raw_sha256", HexDigest),
    Column("cleaner_version", Text, nullable=False),
    Column("signature_version", Integer, nullable=False),
    Column("texts_purged_at", UtcTime),
    Column("delivered_as", Text),
    Column("title", Text, nullable=False),
    Column("agency_marks", Json, nullable=False),
    Column("notices", Json, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("link", Text),
    Column("author", Text),
    Column("issuer_hint", Text),
    Column("rights", Text),
    Column("published_raw", Text),
    Column("categories", Json, nullable=False),
    Column("problems", Json, nullable=False),
    Column("spans", Json, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
)

# An item's own bytes as delivered, compressed with zlib, once for each hash: evidence.
raws = Table(
    "raws",
    metadata,
    Column("sha256", HexDigest, primary_key=True),
    Column("fetched_at", UtcTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# Every guid, canonical link and body hash an entry ever had, hashed: how an item of a
# feed is recognised again. Kept for ever.
identities = Table(
    "identities",
    metadata,
    Column("feed_id", Text, primary_key=True),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# The near-duplicate index. `bucket` is a stretch of effective time, so that a poll's rows
# fall into few pages and a look-up touches its window only.
bands = Table(
    "bands",
    metadata,
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Exact keys (link, body hash, number), hashed: candidates at any age. Kept for ever.
entry_keys = Table(
    "entry_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

stories = Table(
    "stories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("canonical_id", BigInteger, nullable=False),
    Column("founding_entry_id", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("surfaced_at", UtcTime, nullable=False),
    Column("published", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("embargo_until", UtcTime),
    Column("merged_into", ForeignKey("stories.id")),
    Column("first_rendered_at", UtcTime),
    Index(None, "surfaced_at", "id"),
    Index(
        "ix_stories_embargo_until",
        "embargo_until",
        sqlite_where=text("embargo_until IS NOT NULL"),
        postgresql_where=text("embargo_until IS NOT NULL"),
    ),
    Index(
        "ix_stories_merged_into",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)

# The outbox: what happened to stories, written in the transaction that did it.
changes = Table(
    "changes",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("story_id", ForeignKey("stories.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("entry_id", BigInteger),
    Column("note", Text, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("story_id", ForeignKey("stories.id"), primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("gone_at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("merged_into", Text),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, ForeignKey("entries.id"), nullable=False, index=True),
    Column("matched_entry_id", BigInteger, ForeignKey("entries.id")),
    Column("story_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("similarity", Float),
    Column("policy_version", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("language", Text, nullable=False),
    Column("titles", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index(
        "ix_decisions_matched_entry_id",
        "matched_entry_id",
        sqlite_where=text("matched_entry_id IS NOT NULL"),
        postgresql_where=text("matched_entry_id IS NOT NULL"),
    ),
)

pins = Table(
    "pins",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("entry_a", BigInteger, ForeignKey("entries.id"), nullable=False, index=True),
    Column("entry_b", BigInteger, ForeignKey("entries.id"), index=True),
    Column("reason", Text, nullable=False),
    Column("pinned_by", Text, nullable=False),
    Column("pinned_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("removed_by", Text),
)

# What editors tell each other about a story.
notes = Table(
    "notes",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("story_id", ForeignKey("stories.id"), nullable=False, index=True),
    Column("written_by", Text, nullable=False),
    Column("written_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("text", Text, nullable=False),
)
