"""How stories are shown that turn out to be one release: every pair, whatever the order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations_with_replacement

import pytest

from aggregator.model.stories import HIDDEN, SHOWN, StoryStatus
from aggregator.pipeline.standing import (
    Standing,
    holds,
    joined,
    released,
    together,
    withdrawn,
)

USABLE, WITHDRAWN, HELD, QUARANTINED, WITHHELD, REDACTED = (
    StoryStatus.USABLE,
    StoryStatus.WITHDRAWN,
    StoryStatus.HELD,
    StoryStatus.QUARANTINED,
    StoryStatus.WITHHELD,
    StoryStatus.REDACTED,
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENING = datetime(2026, 3, 2, 18, tzinfo=UTC)
TABLE = {
    (USABLE, USABLE): USABLE,
    (USABLE, WITHDRAWN): WITHDRAWN,
    (USABLE, HELD): HELD,
    (USABLE, QUARANTINED): USABLE,
    (USABLE, WITHHELD): WITHDRAWN,
    (USABLE, REDACTED): USABLE,
    (WITHDRAWN, WITHDRAWN): WITHDRAWN,
    (WITHDRAWN, HELD): HELD,
    (WITHDRAWN, QUARANTINED): WITHDRAWN,
    (WITHDRAWN, WITHHELD): WITHDRAWN,
    (WITHDRAWN, REDACTED): WITHDRAWN,
    (HELD, HELD): HELD,
    (HELD, QUARANTINED): HELD,
    (HELD, WITHHELD): WITHHELD,
    (HELD, REDACTED): HELD,
    (QUARANTINED, QUARANTINED): QUARANTINED,
    (QUARANTINED, WITHHELD): WITHHELD,
    (QUARANTINED, REDACTED): QUARANTINED,
    (WITHHELD, WITHHELD): WITHHELD,
    (WITHHELD, REDACTED): WITHHELD,
    (REDACTED, REDACTED): REDACTED,
}


def test_the_table_names_every_pair() -> None:
    shown = [status for status in StoryStatus if status is not StoryStatus.MERGED]
    every = {frozenset(pair) for pair in combinations_with_replacement(shown, 2)}
    assert {frozenset(pair) for pair in TABLE} == every


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param(one, other, together, id=f"{one} and {other} are {together}")
        for (one, other), together in TABLE.items()
    ],
)
def test_two_stories_that_are_one_release(
    one: StoryStatus, other: StoryStatus, together: StoryStatus
) -> None:
    assert joined(one, other, seen=False) is together
    assert joined(other, one, seen=False) is together


@pytest.mark.parametrize("other", [HELD, QUARANTINED, WITHHELD])
def test_a_release_readers_once_saw_is_withdrawn_for_them(other: StoryStatus) -> None:
    assert joined(WITHHELD, other, seen=True) is WITHDRAWN


def test_a_merged_story_is_not_shown_by_itself() -> None:
    with pytest.raises(ValueError, match="merged"):
        joined(StoryStatus.MERGED, USABLE, seen=True)


@pytest.mark.parametrize("before", sorted(HIDDEN))
def test_a_release_withdrawn_before_it_was_shown_is_withheld(before: StoryStatus) -> None:
    assert withdrawn(before, seen=False) is WITHHELD
    assert withdrawn(before, seen=True) is WITHDRAWN


@pytest.mark.parametrize("before", sorted(SHOWN))
def test_a_release_withdrawn_while_it_is_shown_is_withdrawn(before: StoryStatus) -> None:
    assert withdrawn(before, seen=True) is WITHDRAWN


def test_what_was_withdrawn_before_an_embargo_is_withdrawn_after_it() -> None:
    assert released(was_withdrawn=True) is WITHDRAWN
    assert released(was_withdrawn=False) is USABLE


@pytest.mark.parametrize(
    ("known", "stated", "held"),
    [
        pytest.param(NOON, EVENING, True, id="a later end than the editor knew holds again"),
        pytest.param(NOON, NOON, False, id="the end the editor knew does not speak twice"),
        pytest.param(EVENING, NOON, False, id="an earlier end says nothing new"),
        pytest.param(NOON, None, False, id="an end that cannot be read says nothing new"),
        pytest.param(None, None, False, id="nor does it where none could be read before"),
        pytest.param(None, NOON, True, id="the first end that can be read holds again"),
    ],
)
def test_after_an_editors_release_only_what_they_could_not_know_holds(
    known: datetime | None, stated: datetime | None, *, held: bool
) -> None:
    assert holds(stated, Standing(until=known, lifted=True)) is held
    assert holds(stated, Standing(until=known))


@pytest.mark.parametrize(
    ("free", "other", "status"),
    [
        pytest.param(
            Standing(until=NOON, lifted=True),
            Standing(status=HELD, until=NOON),
            USABLE,
            id="a released story keeps a copy under the same embargo free",
        ),
        pytest.param(
            Standing(until=NOON, lifted=True),
            Standing(status=HELD, until=EVENING),
            HELD,
            id="a copy under a later embargo holds it",
        ),
        pytest.param(
            Standing(status=WITHDRAWN, until=NOON, lifted=True),
            Standing(status=HELD, until=NOON),
            WITHDRAWN,
            id="what was released and withdrawn stays withdrawn",
        ),
        pytest.param(
            Standing(),
            Standing(status=HELD, until=NOON),
            HELD,
            id="a story nobody released is held by its copy's embargo",
        ),
        pytest.param(
            Standing(status=HELD, until=EVENING, lifted=True),
            Standing(status=HELD, until=NOON),
            HELD,
            id="one that was released and is held again stays held",
        ),
    ],
)
def test_an_editors_release_goes_with_the_story_into_a_merge(
    free: Standing, other: Standing, status: StoryStatus
) -> None:
    ends = [end for end in (free.until, other.until) if end]
    whole = Standing(status=status, until=max(ends), lifted=free.lifted or other.lifted)
    assert together(free, other, seen=True) == whole
    assert together(other, free, seen=True) == whole
