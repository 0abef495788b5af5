"""What besides the story decides how its entry looks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.feeds import OutletKind
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import Member
from aggregator.publish.words import Words, words_for

__all__ = ["ContentMode", "RenderOptions", "Updates", "content_mode", "options_for"]


class ContentMode(StrEnum):
    """How much of a text is published, most first."""

    FULL = "full"
    EXCERPT = "excerpt"
    LINK = "link"


class Updates(StrEnum):
    """Whether a revision keeps its entry's id or gets a new one."""

    IN_PLACE = "in-place"
    NEW_ENTRY = "new-entry"


# The text of a newspaper or broadcaster is theirs; releases are written to be printed.
_KIND_DEFAULT = {OutletKind.MEDIA: ContentMode.EXCERPT}
_ORDER = tuple(ContentMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """Part of the fragment cache's key, hence hashable.

    Attributes:
        base_url: Ends in "/".
        language: Of the program's own words.
        timezone: IANA name, for times shown to people.
        content: The most that is published of any text.
        updates: In place, or a new entry for every revision.
        outlet_content: (outlet id, mode), sorted: outlets that say otherwise than their
            kind.
    """

    base_url: str
    language: str
    timezone: str
    content: ContentMode = ContentMode.FULL
    updates: Updates = Updates.IN_PLACE
    outlet_content: tuple[tuple[str, str], ...] = ()

    @property
    def new_entry(self) -> bool:
        """Whether a revision gets an id of its own."""
        return self.updates is Updates.NEW_ENTRY

    @property
    def words(self) -> Words:
        """The program's own words in `language`."""
        return words_for(self.language)


def options_for(policy: PublishPolicy, output: OutputPolicy | None = None) -> RenderOptions:
    """Options of one feed; of the main one without `output`."""
    return RenderOptions(
        base_url=policy.base_url,
        language=policy.language,
        timezone=policy.timezone,
        content=ContentMode(output.content) if output else ContentMode.FULL,
        updates=Updates(output.updates) if output else Updates.IN_PLACE,
        outlet_content=tuple(sorted(policy.outlet_content.items())),
    )


def content_mode(member: Member, options: RenderOptions) -> ContentMode:
    """How much of this member's text may be shown.

    The feed's setting caps that of the outlet; the outlet's own goes before its kind's.
    """
    own = dict(options.outlet_content).get(member.outlet_id)
    mode = ContentMode(own) if own else _KIND_DEFAULT.get(member.outlet_kind, ContentMode.FULL)
    return max(mode, options.content, key=_ORDER.index)
