"""The program's own words in the feeds, German and English. Data and two look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.model.feeds import OutletKind
from aggregator.model.stories import ChangeKind

__all__ = ["Words", "spoken_time", "words_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. Placeholders in braces are filled with `str.format`."""

    language: str
    also: str
    and_more: str
    doubt: str
    read_at: str
    revision: str
    changed: str
    withdrawn: str
    withdrawn_text: str
    withdrawn_title: str
    embargo: str
    untitled: str
    member_of: str
    corrections: str
    all_entries: str
    archive: str
    source_list: str
    time: str
    changes: Mapping[ChangeKind, str]
    kinds: Mapping[OutletKind, str]


_GERMAN = Words(
    language="de",
    also="Auch veröffentlicht von:",
    and_more="und {count} weitere",
    doubt="zusammengeführt aus {count} - nicht dieselbe Meldung?",
    read_at="Weiterlesen bei {outlet}",
    revision="Fassung {number}",
    changed="Geändert",
    withdrawn="Zurückgezogen",
    withdrawn_text="Diese Meldung wurde zurückgezogen.",
    withdrawn_title="Zurückgezogen: {title}",
    embargo="Sperrfrist: {time}",
    untitled="Ohne Titel",
    member_of="Zusammengeführte Meldung und ihre Entscheidungen",
    corrections="{title}: Berichtigungen und Rückzüge",
    all_entries="{title}: alle Einträge, nicht zusammengeführt",
    archive="{title}: Archiv {number}",
    source_list="{title}: Quellen",
    time="{:%d.%m.%Y, %H:%M} Uhr",
    changes={
        ChangeKind.REVISED: "Geändert",
        ChangeKind.CORRECTED: "Berichtigt",
        ChangeKind.WITHDRAWN: "Zurückgezogen",
    },
    kinds={
        OutletKind.MINISTRY: "Herausgeber",
        OutletKind.AGENCY: "Agentur",
        OutletKind.PORTAL: "Portal",
        OutletKind.MEDIA: "Medium",
    },
)
_ENGLISH = Words(
    language="en",
    also="Also published by:",
    and_more="and {count} more",
    doubt="merged from {count} - not the same?",
    read_at="Read on at {outlet}",
    revision="Revision {number}",
    changed="Changed",
    withdrawn="Withdrawn",
    withdrawn_text="This release was withdrawn.",
    withdrawn_title="Withdrawn: {title}",
    embargo="Embargo: {time}",
    untitled="Untitled",
    member_of="Merged story and its decisions",
    corrections="{title}: corrections and withdrawals",
    all_entries="{title}: every entry, unmerged",
    archive="{title}: archive {number}",
    source_list="{title}: sources",
    time="{:%Y-%m-%d %H:%M}",
    changes={
        ChangeKind.REVISED: "Changed",
        ChangeKind.CORRECTED: "Corrected",
        ChangeKind.WITHDRAWN: "Withdrawn",
    },
    kinds={
        OutletKind.MINISTRY: "Issuer",
        OutletKind.AGENCY: "Agency",
        OutletKind.PORTAL: "Portal",
        OutletKind.MEDIA: "Media",
    },
)


def words_for(language: str) -> Words:
    """German for German, English for everybody else."""
    return _GERMAN if language.lower().split("-", 1)[0] == "de" else _ENGLISH


def spoken_time(moment: datetime, *, words: Words, timezone: str) -> str:
    """A time as people in that zone write it."""
    return words.time.format(moment.astimezone(ZoneInfo(timezone)))
