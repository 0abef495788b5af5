"""Counts for the plots: who republishes whom, lead times, duplicates, boilerplate, changes."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.model.matching import Verdict
from aggregator.model.stories import ChangeKind
from aggregator.store import insights, story_views
from aggregator.store.database import Database
from aggregator.store.insights import CutShare, EntryFact

__all__ = ["Day", "Insights", "KeptInsights", "Lead", "Republishing", "read_insights"]

# About a month of 300 feeds; counted in well under a second.
MAX_ENTRIES: Final = 50_000
MAX_TEXTS: Final = 5_000
# More rows or columns than this no eye compares.
MAX_SIDE: Final = 12
# A page and its images ask for the same counts within a second.
MAX_KEPT: Final = 8
KEPT_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Republishing:
    """Heat map: stories of an issuer that an outlet carried too.

    Attributes:
        issuers: Rows, most republished first.
        outlets: Columns, most republishing first.
        counts: (issuer, outlet) -> stories.
    """

    issuers: tuple[str, ...]
    outlets: tuple[str, ...]
    counts: dict[tuple[str, str], int]

    @property
    def most(self) -> int:
        """The largest count, at least 1."""
        return max(self.counts.values(), default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How long a text took from its first appearance to an outlet.

    Attributes:
        issuer: Of the text.
        outlet: That copied it.
        minutes: Median.
        copies: Counted.
    """

    issuer: str
    outlet: str
    minutes: float
    copies: int


@dataclass(frozen=True, slots=True)
class Day:
    """Entries of one day, and how many of them were duplicates or revisions."""

    day: date
    entries: int
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """Everything the page shows.

    Attributes:
        republishing: Issuer by outlet.
        leads: Slowest last.
        days: Oldest first.
        shares: Boilerplate by outlet, most cut first.
        changes: Issuer -> kind -> how often.
    """

    republishing: Republishing
    leads: tuple[Lead, ...]
    days: tuple[Day, ...]
    shares: tuple[CutShare, ...]
    changes: dict[str, dict[ChangeKind, int]]


class KeptInsights:
    """The counts asked for last, for a minute at most; safe for threads.

    Args:
        database: Where the entries are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[int, str], tuple[datetime, int, Insights]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, *, now: datetime, days: int, timezone: str) -> Insights:
        """As `read_insights`; counted again when a story has changed."""
        key = (days, timezone)
        with self._database.read() as conn:
            head = story_views.head_seq(conn)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[1] == head and now - kept[0] < KEPT_FOR:
                return kept[2]
            # Inside the lock: a page's five images wait for one count, not for five.
            found = read_insights(self._database, now=now, days=days, timezone=timezone)
            self._kept[key] = (now, head, found)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found


def read_insights(database: Database, *, now: datetime, days: int, timezone: str) -> Insights:
    """Counts the last `days` days.

    Args:
        database: Where the entries are.
        now: Our clock.
        days: How far back, at least 1.
        timezone: IANA name; a day begins there.
    """
    since = now - timedelta(days=days)
    with database.read() as conn:
        facts = insights.entry_facts(conn, since=since, limit=MAX_ENTRIES)
        shares = insights.cut_shares(conn, since=since, limit=MAX_TEXTS)
        changed = insights.changed_facts(conn, since=since)
    changes: defaultdict[str, dict[ChangeKind, int]] = defaultdict(dict)
    for (issuer, kind), times in sorted(changed.items()):
        changes[issuer][kind] = times
    stories: defaultdict[str, list[EntryFact]] = defaultdict(list)
    for fact in facts:
        stories[fact.story_id].append(fact)
    return Insights(
        republishing=_republishing(stories.values()),
        leads=_leads(stories.values()),
        days=_by_day(facts, ZoneInfo(timezone)),
        shares=shares,
        changes=dict(changes),
    )


def _issuer_of(facts: Iterable[EntryFact]) -> str | None:
    """The issuer most entries of a story name, the first one in doubt."""
    named = Counter(fact.issuer for fact in facts if fact.issuer)
    return min(named, key=lambda name: (-named[name], name)) if named else None


def _copies(facts: list[EntryFact]) -> tuple[EntryFact, list[EntryFact]]:
    """A story's first entry, and the first one of every other outlet."""
    ordered = sorted(facts, key=lambda fact: fact.effective_at)
    first = ordered[0]
    others: dict[str, EntryFact] = {}
    for fact in ordered[1:]:
        if fact.outlet_id != first.outlet_id:
            others.setdefault(fact.outlet_id, fact)
    return first, list(others.values())


def _republishing(stories: Iterable[list[EntryFact]]) -> Republishing:
    counts: Counter[tuple[str, str]] = Counter()
    for facts in stories:
        issuer = _issuer_of(facts)
        if issuer is not None:
            copies = (c for c in _copies(facts)[1] if c.own_issuer != issuer)
            counts.update((issuer, copy.outlet_id) for copy in copies)
    issuers: Counter[str] = Counter()
    outlets: Counter[str] = Counter()
    for (issuer, outlet), n in counts.items():
        issuers[issuer] += n
        outlets[outlet] += n
    return Republishing(
        issuers=tuple(name for name, _ in issuers.most_common(MAX_SIDE)),
        outlets=tuple(name for name, _ in outlets.most_common(MAX_SIDE)),
        counts=dict(counts),
    )


def _leads(stories: Iterable[list[EntryFact]]) -> tuple[Lead, ...]:
    minutes: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for facts in stories:
        issuer = _issuer_of(facts)
        dated = [fact for fact in facts if fact.dated]
        if issuer is None or not dated:
            continue
        first, others = _copies(dated)
        for copy in others:
            took = (copy.effective_at - first.effective_at).total_seconds() / 60
            minutes[issuer, copy.outlet_id].append(took)
    leads = [
        Lead(issuer=issuer, outlet=outlet, minutes=median(values), copies=len(values))
        for (issuer, outlet), values in minutes.items()
    ]
    leads.sort(key=lambda lead: (-lead.copies, lead.minutes))
    return tuple(sorted(leads[: 2 * MAX_SIDE], key=lambda lead: lead.minutes))


def _by_day(facts: Iterable[EntryFact], zone: ZoneInfo) -> tuple[Day, ...]:
    entries: Counter[date] = Counter()
    copies: Counter[date] = Counter()
    for fact in facts:
        day = fact.effective_at.astimezone(zone).date()
        entries[day] += 1
        copies[day] += fact.verdict in {Verdict.DUPLICATE, Verdict.REVISION}
    if not entries:
        return ()
    first, last = min(entries), max(entries)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(Day(day, entries[day], copies[day]) for day in every)
