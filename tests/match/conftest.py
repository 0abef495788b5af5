"""Invented entries for the tests of matching."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

import pytest

from aggregator.match import sign
from aggregator.model.entries import EntryNotice
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Subject

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

BODY = (
    "Das Landesamt fuer Wasserbau hat am Dienstag die neue Schleuse bei Niederau in Betrieb "
    "genommen. Der Bau hat 48 Millionen Euro gekostet und drei Jahre gedauert. Die Kammer ist "
    "125 Meter lang, sodass auch Schubverbaende den Fluss wieder ganzjaehrig befahren koennen. "
    "Amtsleiterin Reimann nannte die Anlage einen Gewinn fuer die Binnenschifffahrt und fuer "
    "die Betriebe am Oberlauf. Im kommenden Jahr folgt der Umbau des Wehrs, fuer den das Land "
    "weitere 17 Millionen Euro eingeplant hat."
)
TITLE = "Neue Schleuse bei Niederau in Betrieb genommen"


class Parts(TypedDict, total=False):
    """What a test may want otherwise; `hours` counts from NOON, None is undated."""

    title: str
    body: str
    outlet: str
    kind: OutletKind
    hours: float | None
    link: str | None
    notices: tuple[EntryNotice, ...]
    story: str | None
    issuer: str | None
    own_issuer: str | None


def build_subject(entry_id: int = 1, **parts: Unpack[Parts]) -> Subject:
    """A signed subject; an undated one is of its feed's first poll."""
    hours = parts.get("hours", 0.0)
    published = None if hours is None else NOON + timedelta(hours=hours)
    title, body = parts.get("title", TITLE), parts.get("body", BODY)
    outlet = parts.get("outlet", "wasserbau")
    return Subject(
        entry_id=entry_id,
        feed_id=f"{outlet}-feed",
        outlet_id=outlet,
        outlet_kind=parts.get("kind", OutletKind.MINISTRY),
        own_issuer=parts.get("own_issuer"),
        issuer=parts.get("issuer"),
        language="de",
        guid=None,
        link=parts.get("link"),
        title=title,
        body=body,
        effective_at=published or NOON,
        dated=published is not None,
        first_seen_at=published or NOON,
        first_poll=published is None,
        notices=parts.get("notices", ()),
        signature=sign(
            title=title,
            body_for_matching=body,
            link=parts.get("link"),
            guid=None,
            published=published,
            language="de",
            outlet_id=outlet,
        ),
        story_id=parts.get("story"),
    )


@pytest.fixture
def make_subject() -> Callable[..., Subject]:
    return build_subject
