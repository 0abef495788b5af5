"""Parameters that several endpoints of the API share, with their bounds."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from aggregator.actions.browsing import Flag, StoryFilter
from aggregator.model.feeds import OutletKind

__all__ = ["EntryId", "Limit", "RowCursor", "StoryCursor", "StoryId", "Text", "Wanted", "Words"]

# Exact in JavaScript and well below what databases count to.
_MAX_ID = 2**53
# No database stores a null character, so none can be searched for.
_NO_NULL = r"^[^\x00]*$"
_STORY_CURSOR = r"^([0-9]{1,15}|-?[0-9]{1,11}\.[0-9]{6}_[0-9a-f-]{36})?$"
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

EntryId = Annotated[int, Path(ge=1, le=_MAX_ID, description="An entry's id")]
StoryId = Annotated[str, Path(pattern=_UUID, description="A story's id, without `urn:uuid:`")]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many")]
RowCursor = Annotated[int | None, Query(ge=0, le=_MAX_ID, description="`next` of the page before")]
StoryCursor = Annotated[str, Query(pattern=_STORY_CURSOR, description="`next` of the page before")]
Words = Annotated[str, Query(max_length=2_000, pattern=_NO_NULL, description="A search query")]
Text = Annotated[str, Query(max_length=200, pattern=_NO_NULL)]


def _wanted(  # noqa: PLR0917 - one for each filter
    q: Words = "",
    outlet: Text = "",
    kind: OutletKind | None = None,
    issuer: Text = "",
    language: Text = "",
    flag: Flag | None = None,
) -> StoryFilter:
    return StoryFilter(
        words=q,
        outlet=outlet,
        kind=kind.value if kind else "",
        issuer=issuer,
        language=language,
        flag=flag.value if flag else "",
    )


# A search and its filters, named as on `/`.
Wanted = Annotated[StoryFilter, Depends(_wanted)]
