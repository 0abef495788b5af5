"""Tables of people and of those who listen: accounts, audit trail, webhooks, searches."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from aggregator.store.columns import BigId, Json, UtcTime, metadata

__all__ = [
    "alerts",
    "audit",
    "channels",
    "deliveries",
    "saved_searches",
    "sessions",
    "signing_keys",
    "subscriptions",
    "tokens",
    "users",
    "webhooks",
]

users = Table(
    "users",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_sha256", Text, primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

# Who did what: pins, pauses, redactions, logins refused. Never deleted; changed only where
# a row quotes what was erased.
audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("detail", Json, nullable=False),
)

# Where each receiver stands; address and secret are in the configuration and environment.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("extra", Json, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("webhook_id", BigInteger, ForeignKey("webhooks.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("delivered_at", UtcTime),
    Column("http_status", Integer),
    Column("last_error", Text),
    Column("first_attempt_at", UtcTime),
    Index(None, "webhook_id", "seq", unique=True),
    Index(None, "state", "next_attempt_at"),
)

# Channels that tell people, and what each has told or will tell: one row a story and kind,
# again only where the entry that stands for the story changed.
channels = Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("extra", Json, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("channel", Text, ForeignKey("channels.name"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("story_id", Text, ForeignKey("stories.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("search", Text),
    Column("noted_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "channel", "story_id", "kind"),
    Index(None, "channel", "sent_at"),
)

# Secret feed addresses, one a subscriber, revocable; only the secret's hash is kept.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("extra", Json, nullable=False),
)

# Keys that sign exports, where no file holds the key: made once, the newest one signs.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("private_key", Text, nullable=False),
    Column("public_key", Text, nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
)

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("seq", BigInteger, nullable=False),
    Column("notified_at", UtcTime),
    Column("notify", Json, nullable=False),
)
