"""Export of a search as JSON lines, with a manifest of their hashes and a signature."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from aggregator.actions.browsing import StoryFilter, browse_stories
from aggregator.actions.evidence_files import signed_lines
from aggregator.actions.material import mark_private, public_feeds
from aggregator.actions.signing import signing_key
from aggregator.web.api_models import StoryOut
from aggregator.web.api_parameters import Wanted
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["EXPORT_TYPE", "router"]

EXPORT_TYPE: Final = "application/x-ndjson"
_PAGE: Final = 200
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    int(HTTPStatus.OK): {
        "description": "One story a line, newest first; then manifest and signature",
        "content": {EXPORT_TYPE: {"schema": {"type": "string"}}},
    }
}
Most = Annotated[int, Query(ge=1, le=10_000, description="At most so many stories")]


def router(services: WebServices) -> APIRouter:
    """`/export`."""
    routes = APIRouter(tags=["stories"])

    @routes.get("/export", responses={**problems(), **_ANSWER}, response_class=StreamingResponse)
    def export(wanted: Wanted, limit: Most = 1_000) -> StreamingResponse:
        """What a search finds, to be kept as evidence.

        Every line but the last two is a story as `/stories` gives it. The next is
        `{"manifest": {"query", "filters", "exported_at", "stories", "sha256", "lines"}}`:
        `lines` are the SHA-256 hashes of the lines in order, `sha256` is the hash of all of
        them, line feeds included. The last is `{"signature": {"algorithm", "key", "public_key",
        "value"}}` over the manifest. `aggregator export verify FILE` checks it all.
        """
        # Key and first page are read before the answer begins, so that errors are answers.
        key = signing_key(services.database, services.settings.web, clock=services.clock)
        lines = _story_lines(services, wanted, limit=limit)
        first = next(lines, None)
        body = signed_lines(
            chain([first] if first else [], lines),
            query=wanted.words,
            filters=_filters(wanted),
            exported_at=services.clock().isoformat(),
            key=key,
        )
        headers = {"Content-Disposition": 'attachment; filename="stories.jsonl"'}
        return StreamingResponse(body, media_type=EXPORT_TYPE, headers=headers)

    return routes


def _filters(wanted: StoryFilter) -> dict[str, str]:
    """Those that were set."""
    named = {
        "outlet": wanted.outlet,
        "kind": wanted.kind,
        "issuer": wanted.issuer,
        "language": wanted.language,
        "flag": wanted.flag,
    }
    return {name: value for name, value in named.items() if value}


def _story_lines(services: WebServices, wanted: StoryFilter, *, limit: int) -> Iterator[bytes]:
    policy = services.settings.publish
    public = public_feeds(services.settings.feeds)
    cursor, left = "", limit
    while left > 0:
        page = browse_stories(
            services.database,
            wanted,
            limit=min(_PAGE, left),
            before=cursor,
            timezone=policy.timezone,
        )
        for story in page.stories:
            out = StoryOut.of(mark_private(story, public), policy)
            yield f"{out.model_dump_json()}\n".encode()
        left -= len(page.stories)
        cursor = page.next
        if not cursor:
            return
