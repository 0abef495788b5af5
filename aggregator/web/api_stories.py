"""Stories, entries with their revisions, search; an editor releases a held story."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, BackgroundTasks
from pydantic import BaseModel, Field

from aggregator.actions.browsing import browse_stories
from aggregator.actions.material import mark_private, public_feeds
from aggregator.actions.releasing import release_story
from aggregator.actions.visible import search_entries, visible_entry, visible_story
from aggregator.web.api_access import Editor
from aggregator.web.api_models import EntryOut, HitList, StoryList, StoryOut, hits_of
from aggregator.web.api_parameters import (
    EntryId,
    Limit,
    RowCursor,
    StoryCursor,
    StoryId,
    Wanted,
    Words,
)
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["router"]


class ReleaseIn(BaseModel):
    """Why an editor ends an embargo."""

    reason: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


def router(services: WebServices) -> APIRouter:
    """`/stories`, `/entries`, `/search`."""
    routes = APIRouter()
    _add_list(routes, services)
    _add_single(routes, services)
    _add_release(routes, services)
    _add_search(routes, services)
    return routes


def _add_list(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/stories", responses=problems(), tags=["stories"])
    def list_stories(wanted: Wanted, cursor: StoryCursor = "", limit: Limit = 50) -> StoryList:
        """Merged stories, newest first, narrowed by a search and filters."""
        settings = services.settings
        policy, public = settings.publish, public_feeds(settings.feeds)
        page = browse_stories(
            services.database, wanted, limit=limit, before=cursor, timezone=policy.timezone
        )
        stories = [StoryOut.of(mark_private(s, public), policy) for s in page.stories]
        return StoryList(stories=stories, next=page.next or None)


def _add_single(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/stories/{story_id}", responses=problems(HTTPStatus.NOT_FOUND), tags=["stories"])
    def get_story(story_id: StoryId) -> StoryOut:
        """One story; of a merged one, the survivor."""
        settings = services.settings
        return StoryOut.of(visible_story(services.database, story_id, settings), settings.publish)

    @routes.get("/entries/{entry_id}", responses=problems(HTTPStatus.NOT_FOUND), tags=["stories"])
    def get_entry(entry_id: EntryId) -> EntryOut:
        """One entry with every revision, its text and what was stripped."""
        settings = services.settings
        record, story = visible_entry(services.database, entry_id, settings)
        return EntryOut.of(record, story, settings.publish)


def _add_release(routes: APIRouter, services: WebServices) -> None:
    @routes.post(
        "/stories/{story_id}/release",
        responses=problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
        tags=["stories"],
    )
    def release(
        story_id: StoryId, user: Editor, after: BackgroundTasks, new: ReleaseIn | None = None
    ) -> StoryOut:
        """Shows a story that an embargo holds, from now on.

        It is held again only for an end that is later than every one known now. The documents
        are written right after the answer. 400: no embargo holds it. Needs an editor's token.
        """
        after.add_task(services.publisher)
        story = release_story(
            services.database,
            story_id,
            who=user.name,
            reason=new.reason.strip() if new else "",
            now=services.clock(),
        )
        settings = services.settings
        return StoryOut.of(visible_story(services.database, story.id, settings), settings.publish)


def _add_search(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/search", responses=problems(), tags=["stories"])
    def search(q: Words, cursor: RowCursor = None, limit: Limit = 50) -> HitList:
        """Entries that match a query, newest first."""
        found = search_entries(services.database, q, services.settings, limit=limit, before=cursor)
        more = found[-1][0] if len(found) == limit else None
        return HitList(entries=hits_of(found), next=more)
