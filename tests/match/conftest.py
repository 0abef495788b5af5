"""Invented entries for the tests of matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

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


class MakeSubject(Protocol):
    """Builds a signed subject from the few parts a test cares about."""

    def __call__(
        self,
        entry_id: int = ...,
        *,
        title: str = ...,
        body: str = ...,
        outlet: str = ...,
        kind: OutletKind = ...,
        hours: float | None = ...,
        link: str | None = ...,
        notices: tuple[EntryNotice, ...] = ...,
        story: str | None = ...,
        issuer: str | None = ...,
        own_issuer: str | None = ...,
    ) -> Subject: ...


@pytest.fixture
def make_subject() -> MakeSubject:
    return build_subject


def build_subject(
    entry_id: int = 1,
    *,
    title: str = TITLE,
    body: str = BODY,
    outlet: str = "wasserbau",
    kind: OutletKind = OutletKind.MINISTRY,
    hours: float | None = 0.0,
    link: str | None = None,
    notices: tuple[EntryNotice, ...] = (),
    story: str | None = None,
    issuer: str | None = None,
    own_issuer: str | None = None,
) -> Subject:
    """`hours` after NOON; None is an undated entry of a first poll."""
    published = None if hours is None else NOON + timedelta(hours=hours)
    return Subject(
        entry_id=entry_id,
        feed_id=f"{outlet}-feed",
        outlet_id=outlet,
        outlet_kind=kind,
        own_issuer=own_issuer,
        issuer=issuer,
        language="de",
        guid=None,
        link=link,
        title=title,
        body=body,
        effective_at=published or NOON,
        dated=published is not None,
        first_seen_at=published or NOON,
        first_poll=published is None,
        notices=notices,
        signature=sign(
            title=title,
            body_for_matching=body,
            link=link,
            guid=None,
            published=published,
            language="de",
            outlet_id=outlet,
        ),
        story_id=story,
    )


@pytest.fixture
def in_story() -> Callable[[Subject, str], Subject]:
    return lambda subject, story: replace(subject, story_id=story)
