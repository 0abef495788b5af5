"""Any history of a small newsroom, for properties: what may happen to stories, step by step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hypothesis import strategies as st

from aggregator.errors import UsageError
from aggregator.model.stories import StoryStatus
from aggregator.store import stories, story_past, story_views
from tests.actions.desk import Desk

__all__ = ["STEPS", "Step", "merge", "status_of"]

# Takes the newsroom and the stories it has so far.
Step = Callable[[Desk, list[str]], None]
_STATUSES = (
    StoryStatus.USABLE,
    StoryStatus.HELD,
    StoryStatus.QUARANTINED,
    StoryStatus.WITHDRAWN,
    StoryStatus.REDACTED,
)
_GONE = frozenset({StoryStatus.MERGED, StoryStatus.REDACTED})


def merge(desk: Desk, survivor: str, absorbed: str) -> None:
    with desk.database.write() as conn:
        stories.merge(conn, survivor, absorbed=absorbed, reason="Hushed reason", now=desk.now)


def status_of(desk: Desk, story: str) -> StoryStatus:
    with desk.database.read() as conn:
        return story_views.statuses(conn, [story])[story]


def _opened(status: StoryStatus) -> Step:
    return lambda desk, known: known.append(desk.open(status=status))


def _changed(which: int, status: StoryStatus) -> Step:
    def step(desk: Desk, known: list[str]) -> None:
        story = known[which % len(known)]
        with desk.database.read() as conn:
            seen = story_past.of_stories(conn, [story])[story].seen
        # As the pipeline has it: what readers never saw is not withdrawn in public.
        withheld = status is StoryStatus.WITHDRAWN and not seen
        if status_of(desk, story) not in _GONE:
            desk.set_status(story, StoryStatus.WITHHELD if withheld else status)

    return step


def _copied(which: int) -> Step:
    def step(desk: Desk, known: list[str]) -> None:
        story = known[which % len(known)]
        if status_of(desk, story) not in _GONE:
            desk.copy(story)

    return step


def _merged(one: int, other: int) -> Step:
    def step(desk: Desk, known: list[str]) -> None:
        pair = known[one % len(known)], known[other % len(known)]
        if StoryStatus.REDACTED in {status_of(desk, story) for story in pair}:
            return
        # The same story, or merged already.
        with contextlib.suppress(UsageError):
            merge(desk, *pair)

    return step


_WHICH = st.integers(0, 5)
STEPS = st.one_of(
    st.sampled_from(_STATUSES[:3]).map(_opened),
    st.builds(_changed, _WHICH, st.sampled_from(_STATUSES)),
    st.builds(_copied, _WHICH),
    st.builds(_merged, _WHICH, _WHICH),
)
