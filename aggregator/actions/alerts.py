"""What channels tell people: noticed from the outbox, gathered, told once.

    outbox after the channel's cursor | news? | asked for? | told before? | noted
    what is noted | still shown? | lines of one message

Noted and told are two steps with the database between them: a crash loses nothing, and many
hits become one message while the rate limit holds the channel back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from aggregator.actions.browsing import StoryFilter
from aggregator.actions.changes import Event, events_after
from aggregator.actions.material import chosen, load_public
from aggregator.errors import UsageError
from aggregator.model.events import ALERT_KINDS, AlertKind, RateLimit
from aggregator.model.policy import NotifyPolicy, Settings
from aggregator.model.stories import SHOWN, ChangeKind
from aggregator.publish.alerts import AlertLine
from aggregator.store import alerts, outbox, saved_searches, search, story_past
from aggregator.store.alerts import Alert, ChannelState
from aggregator.store.database import Connection
from aggregator.store.query import Query
from aggregator.store.saved_searches import SavedSearch

__all__ = ["Batch", "Noticed", "after_message", "batch", "may_send_at", "notice", "search_query"]

_STRETCH = 200
# What one message is made of at most; its lines are fewer still.
_AT_ONCE = 500
# The entry that stands for the story changed itself: told again. A copy's change is not.
_AGAIN = frozenset({AlertKind.REVISION, AlertKind.CORRECTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A stretch of the outbox as one channel sees it.

    Attributes:
        found: To be noted.
        cursor: Where the next stretch begins.
        more: Whether there is one already.
    """

    found: tuple[Alert, ...]
    cursor: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One message to send.

    Attributes:
        ids: Rows that are told by it, those that need not be told any more included.
        lines: What it says; () where nothing is left to tell.
    """

    ids: tuple[int, ...]
    lines: Sequence[AlertLine] = field(default=())


def notice(
    conn: Connection,
    channel: NotifyPolicy,
    state: ChannelState,
    settings: Settings,
    *,
    now: datetime,
) -> Noticed:
    """What happened since a channel looked last, as far as it is to be told.

    No news is: what a feed held already when it was polled first; what only moved between
    stories; a story that was shown before and is released again.
    """
    found = events_after(conn, state.seq, limit=_STRETCH, settings=settings)
    news = _news(conn, found.events)
    wanted = _asked_for(conn, news, channel, settings=settings)
    told = set(alerts.known(conn, channel.name, [e.change.story_id for e in news]))
    noted: list[Alert] = []
    for event in news:
        seq, key = event.change.seq, _key(event)
        if seq not in wanted or (key in told and not _again(event)):
            continue
        told.add(key)
        noted.append(
            Alert(
                channel=channel.name,
                seq=seq,
                story_id=key[0],
                kind=key[1],
                search=wanted[seq],
                noted_at=now,
            )
        )
    return Noticed(found=tuple(noted), cursor=found.cursor, more=found.more)


def batch(conn: Connection, channel: NotifyPolicy, settings: Settings) -> Batch | None:
    """The next message of a channel, made of what is still shown; None: nothing to tell."""
    waiting = alerts.waiting(conn, channel.name, limit=_AT_ONCE)
    if not waiting:
        return None
    # Of one story and kind the last one is told.
    last = {(alert.story_id, alert.kind): alert for alert in waiting}
    ids = sorted({alert.story_id for alert in last.values()})
    stories = {s.id: s for s in load_public(conn, ids, settings) if s.status in SHOWN}
    lines = [
        AlertLine(
            kind=alert.kind,
            story=stories[alert.story_id],
            note=_note(conn, alert),
            search=alert.search,
        )
        for alert in last.values()
        if alert.story_id in stories
    ]
    return Batch(ids=tuple(alert.id for alert in waiting), lines=tuple(lines))


def may_send_at(state: ChannelState, limit: RateLimit | None, *, now: datetime) -> datetime:
    """When a channel may send its next message; `now` or earlier: at once."""
    earliest = state.next_at or now
    if limit is None or len(state.sent) < limit.count:
        return earliest
    return max(earliest, state.sent[-limit.count] + limit.every)


def after_message(
    state: ChannelState,
    error: str | None,
    *,
    limit: RateLimit | None,
    now: datetime,
    wait: timedelta,
) -> ChannelState:
    """The channel after a message.

    Args:
        state: Before.
        error: Why it was not taken, or None.
        limit: How many messages its times are kept for.
        now: Our clock.
        wait: How long to leave it alone if it was not taken.
    """
    if error is None:
        kept = limit.count if limit else 1
        sent = (*state.sent, now)[-kept:]
        return replace(state, sent=sent, failures=0, failing_since=None, next_at=None, error=None)
    return replace(
        state,
        failures=state.failures + 1,
        failing_since=state.failing_since or now,
        next_at=now + wait,
        error=error,
    )


def search_query(address: str, *, timezone: str) -> Query | None:
    """The query of a saved search; None: everything.

    Args:
        address: Query string of the start page.
        timezone: IANA name, for days in it.

    Raises:
        UsageError: It cannot be read.
    """
    given = {name: values[0] for name, values in parse_qs(address).items()}
    wanted = StoryFilter(
        words=given.get("q", ""),
        outlet=given.get("outlet", ""),
        kind=given.get("kind", ""),
        issuer=given.get("issuer", ""),
        language=given.get("language", ""),
    )
    return wanted.query(timezone=timezone)


def _key(event: Event) -> tuple[str, AlertKind]:
    return event.change.story_id, ALERT_KINDS[event.change.kind]


def _again(event: Event) -> bool:
    assert event.story is not None
    own = event.change.entry_id == event.story.canonical_id
    return own and ALERT_KINDS[event.change.kind] in _AGAIN


def _news(conn: Connection, events: Iterable[Event]) -> list[Event]:
    told = [e for e in events if e.story is not None and e.change.kind in ALERT_KINDS]
    old = alerts.of_first_polls(conn, [e.change.entry_id for e in told if e.change.entry_id])
    pasts = story_past.of_stories(conn, {e.change.story_id for e in told})

    def is_news(event: Event) -> bool:
        change = event.change
        if change.kind is ChangeKind.RELEASED:
            return pasts[change.story_id].shown_since == change.seq
        if change.kind is ChangeKind.CREATED and change.entry_id is None:
            # It came out of another story.
            return False
        return change.entry_id not in old

    return [event for event in told if is_news(event)]


def _asked_for(
    conn: Connection, events: Sequence[Event], channel: NotifyPolicy, *, settings: Settings
) -> Mapping[int, str | None]:
    """`seq` -> name of the saved search that asks for it, or None: the channel does."""
    timezone = settings.publish.timezone
    own = [event for event in events if ALERT_KINDS[event.change.kind] in channel.on]
    stories = {e.story.id: e.story for e in own if e.story is not None}
    hits = {
        s.id for s in chosen(conn, list(stories.values()), channel.selection, timezone=timezone)
    }
    wanted: dict[int, str | None] = {}
    for kept in saved_searches.listing(conn, channel=channel.name):
        for event in _found_by(conn, kept, events, timezone=timezone):
            wanted.setdefault(event.change.seq, kept.name)
    return wanted | {e.change.seq: None for e in own if e.change.story_id in hits}


def _found_by(
    conn: Connection, kept: SavedSearch, events: Sequence[Event], *, timezone: str
) -> list[Event]:
    asked = [
        event
        for event in events
        if ALERT_KINDS[event.change.kind] in kept.on and event.change.seq > kept.seq
    ]
    try:
        query = search_query(kept.address, timezone=timezone)
    except UsageError:
        # It was checked when it was saved; the search language may have changed since.
        return []
    if query is None or not asked:
        return asked
    hits = search.matching(conn, query, story_ids={event.change.story_id for event in asked})
    return [event for event in asked if event.change.story_id in hits]


def _note(conn: Connection, alert: Alert) -> str:
    """What changed, unless it was erased since."""
    rows = outbox.changes_since(conn, alert.seq - 1, limit=1)
    changed = alert.kind in _AGAIN | {AlertKind.WITHDRAWAL}
    return rows[0].note if rows and rows[0].seq == alert.seq and changed else ""
