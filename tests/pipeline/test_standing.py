"""How stories are shown that turn out to be one release: every pair, whatever the order."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from aggregator.model.stories import HIDDEN, SHOWN, StoryStatus
from aggregator.pipeline.standing import joined, released, withdrawn

USABLE, WITHDRAWN, HELD, QUARANTINED, WITHHELD, REDACTED = (
    StoryStatus.USABLE,
    StoryStatus.WITHDRAWN,
    StoryStatus.HELD,
    StoryStatus.QUARANTINED,
    StoryStatus.WITHHELD,
    StoryStatus.REDACTED,
)
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
