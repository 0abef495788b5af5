"""How a story is shown after what happened to it: withdrawn, joined, released. Pure.

Two rules stand behind every line. An embargo fails closed: while one runs, whatever shares
the release is held. And readers are told of a withdrawal only if they ever saw the release:
one that was withdrawn while it was held back is WITHHELD, and only editors see it.

An editor may end an embargo. From then on the release is held again only for an end that can
be read and is later than every end known when that was said: what the editor saw does not
speak twice, wherever it is found again, and what the editor could not know fails closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.model.stories import HIDDEN, StoryStatus

__all__ = ["Standing", "holds", "joined", "later", "released", "together", "withdrawn"]

_U, _W, _H, _Q = (
    StoryStatus.USABLE,
    StoryStatus.WITHDRAWN,
    StoryStatus.HELD,
    StoryStatus.QUARANTINED,
)
# Two stories found to be one release; the order does not matter.
_JOINED: Final = {
    # What readers saw of the one is no flood of the other.
    frozenset({_U, _Q}): _U,
    # The text is the same release's, and its embargo runs. What was withdrawn stays so: it
    # is again once the embargo ends, see `released`.
    frozenset({_U, _H}): _H,
    frozenset({_W, _H}): _H,
    frozenset({_Q, _H}): _H,
    frozenset({_U, _W}): _W,
    frozenset({_Q, _W}): _W,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a story stands.

    Attributes:
        status: How it is shown.
        until: The latest end of an embargo stated so far, or None.
        lifted: An editor released it once, see the module.
    """

    status: StoryStatus = StoryStatus.USABLE
    until: datetime | None = None
    lifted: bool = False


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two ends, either of which may be unknown."""
    return max((end for end in (one, other) if end is not None), default=None)


def holds(until: datetime | None, story: Standing) -> bool:
    """Whether an embargo that has not ended holds a story.

    Args:
        until: Its end; None: it cannot be read.
        story: How the story stood before the embargo was found.
    """
    if not story.lifted:
        return True
    return until is not None and (story.until is None or until > story.until)


def together(one: Standing, other: Standing, *, seen: bool) -> Standing:
    """How two stories stand that turn out to be one release.

    As `joined` says, unless an editor who released the one knew the embargo of the other.

    Args:
        one: How the one stood.
        other: How the other did.
        seen: As in `joined`.
    """
    status = joined(one.status, other.status, seen=seen)
    for free, held in ((one, other), (other, one)):
        shown = free.lifted and free.status in {_U, _W}
        if shown and held.status is _H and not holds(held.until, free):
            status = free.status
    return Standing(
        status=status,
        until=later(one.until, other.until),
        lifted=one.lifted or other.lifted,
    )


def joined(one: StoryStatus, other: StoryStatus, *, seen: bool) -> StoryStatus:
    """How two stories are shown that turn out to be one release.

    Args:
        one: How the one was shown.
        other: How the other was. What is erased (REDACTED) says nothing about the rest.
        seen: Whether readers ever saw one of them; USABLE and WITHDRAWN say so by themselves.

    Raises:
        ValueError: One is MERGED: it is part of another story already.
    """
    if StoryStatus.MERGED in {one, other}:
        raise ValueError("a merged story is not shown by itself")
    if StoryStatus.REDACTED in {one, other}:
        return other if one is StoryStatus.REDACTED else one
    if StoryStatus.WITHHELD in {one, other}:
        # Another outlet may have shown what its issuer withdrew: readers must hear of it.
        seen = seen or not {_U, _W}.isdisjoint({one, other})
        return _W if seen else StoryStatus.WITHHELD
    return one if one is other else _JOINED[frozenset({one, other})]


def withdrawn(before: StoryStatus, *, seen: bool) -> StoryStatus:
    """How a story is shown once its release is withdrawn.

    Args:
        before: How it was shown.
        seen: Whether readers ever saw it, or a story that was merged into it.
    """
    if before in HIDDEN and not seen:
        return StoryStatus.WITHHELD
    return StoryStatus.WITHDRAWN


def released(*, was_withdrawn: bool) -> StoryStatus:
    """How a held story is shown once its embargo has ended, by time or by an editor."""
    return StoryStatus.WITHDRAWN if was_withdrawn else StoryStatus.USABLE
