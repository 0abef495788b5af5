"""Which stories a feed holds: the filters of an `[[output]]`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from aggregator.model.policy import OutputPolicy
from aggregator.model.stories import SHOWN, Story
from aggregator.publish.content import canonical

__all__ = ["is_published", "newest_first", "select"]


def is_published(story: Story) -> bool:
    """Whether it is shown at all: not held, quarantined, merged away or redacted."""
    return story.status in SHOWN and bool(story.members)


def newest_first(stories: Iterable[Story]) -> list[Story]:
    """By `updated`, the id breaking ties; what is not published is left out."""
    shown = (story for story in stories if is_published(story))
    return sorted(shown, key=lambda story: (story.updated, story.id), reverse=True)


def select(
    stories: Iterable[Story],
    output: OutputPolicy,
    *,
    hits: AbstractSet[str] | None = None,
    misses: AbstractSet[str] = frozenset(),
) -> tuple[Story, ...]:
    """The stories of one output, in the order given.

    Args:
        stories: Candidates.
        output: Its filters, all of which must hold.
        hits: Ids of the stories that `output.query` finds; None if it has no query.
        misses: Ids of the stories that `output.not_query` finds.
    """
    return tuple(
        story
        for story in stories
        if is_published(story)
        and (hits is None or story.id in hits)
        and story.id not in misses
        and _wanted(story, output)
        and not _unwanted(story, output)
    )


def _wanted(story: Story, output: OutputPolicy) -> bool:
    outlets = {member.outlet_id for member in story.members}
    kinds = {member.outlet_kind for member in story.members}
    return (
        (not output.outlets or not outlets.isdisjoint(output.outlets))
        and (not output.kinds or not kinds.isdisjoint(output.kinds))
        and (not output.issuers or _folded(story.issuer) in map(_folded, output.issuers))
        and (not output.languages or any(_speaks(story, tag) for tag in output.languages))
    )


def _unwanted(story: Story, output: OutputPolicy) -> bool:
    member = canonical(story)
    return (
        member.outlet_id in output.without_outlets
        or member.outlet_kind in output.without_kinds
        or _folded(story.issuer) in map(_folded, output.without_issuers)
        or any(member.verdict in output.without_verdicts for member in story.members)
    )


def _folded(name: str | None) -> str:
    return (name or "").casefold()


def _speaks(story: Story, tag: str) -> bool:
    # `de` also selects `de-AT`, as in RFC 4647 basic filtering.
    own, asked = story.language.lower(), tag.lower()
    return own == asked or own.startswith(f"{asked}-")
