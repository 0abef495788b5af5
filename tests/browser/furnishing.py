"""A polled world with one of everything a page can show: failures, pauses, learned blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.actions.dossier import write_note
from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.searches import keep_search
from aggregator.model.matching import PinKind
from aggregator.model.policy import Settings
from aggregator.model.stories import StoryStatus
from aggregator.store import accounts, blocks, feeds, story_life, story_views
from aggregator.store.accounts import Role
from aggregator.store.blocks import BlockStatus, LearnedBlock
from aggregator.store.database import Connection, Database
from aggregator.store.saved_searches import SavedSearch
from aggregator.web.sessions import hash_password

__all__ = ["LISTENERS", "PASSWORD", "add_editor", "furnish", "merged_story"]

PASSWORD = "correct horse battery"
LISTENERS = """
[[webhook]]
name = "cms"
url = "https://cms.newsroom.example/hooks/a-rather-long-address-of-the-content-management-system"
secret_env = "CMS_SECRET"

[[notify]]
name = "desk"
urls_env = "DESK_CHANNEL"
"""
BLOCK = (
    "Die Pressestelle der Wasser- und Schifffahrtsverwaltung beantwortet Rückfragen montags bis "
    "freitags; Fotos in Druckauflösung stehen unter den üblichen Bedingungen bereit."
)


def add_editor(database: Database, *, now: datetime) -> None:
    """Adds eva, who may overrule the machine."""
    with database.write() as conn:
        hashed = hash_password(PASSWORD)
        accounts.add_user(conn, "eva", role=Role.EDITOR, password_hash=hashed, now=now)


def furnish(database: Database, settings: Settings, *, now: datetime) -> None:
    """Adds whatever the demo world has none of."""
    with database.write() as conn:
        _trouble(conn, now)
        _learned(conn, now)
        story = merged_story(conn)
        members = story_views.members(conn, [story])[story]
    pin = NewPin(
        kind=PinKind.CANONICAL, entry_a=members[0], reason="fullest of them all", who="eva"
    )
    add_pin(database, pin, policy=settings.match, now=now)
    search = SavedSearch(
        name="Brücken und Schleusen",
        address="q=Radwegbr%C3%BCcken&kind=ministry",
        created_by="eva",
        created_at=now,
        channel="desk",
    )
    keep_search(database, settings, search, now=now)
    said = "Zahlen mit der Pressestelle abgeglichen."
    write_note(database, story, text=said, who="eva", now=now)


def merged_story(conn: Connection) -> str:
    """The shown story with the most members."""
    ids = story_views.newest(conn, limit=200).ids
    return max(story_views.load(conn, ids), key=lambda story: len(story.members)).id


def _trouble(conn: Connection, now: datetime) -> None:
    """A feed that fails, one that is paused, one that moved, a story in quarantine."""
    states = feeds.states(conn)
    broken = replace(
        states["tagblatt-politik"],
        failures=6,
        failing_since=now - timedelta(hours=5),
        last_error="http: 503 Service Unavailable: the server is being mended until tomorrow",
        permanent_redirect="https://tagblatt.example/feeds/politik-und-gesellschaft-im-norden.xml",
    )
    feeds.save_state(conn, broken)
    feeds.pause(conn, "courier-top", reason="asked us to wait", now=now)
    stories = story_views.load(conn, story_views.newest(conn, limit=200).ids)
    quiet = next(story for story in stories if story.members[0].outlet_id == "blaulicht")
    story_life.set_status(conn, quiet.id, StoryStatus.QUARANTINED, reason="flood", now=now)


def _learned(conn: Connection, now: datetime) -> None:
    found = [
        LearnedBlock(
            scope=scope,
            hash=number,
            sample=BLOCK,
            releases=4 + number,
            status=status,
            first_seen_at=now - timedelta(days=3),
            last_seen_at=now,
        )
        for number, (scope, status) in enumerate(
            (("outlet:bmww", BlockStatus.ACTIVE), ("issuer:BMGV", BlockStatus.CANDIDATE))
        )
    ]
    blocks.save(conn, found)
