"""The published documents over HTTP: from memory, with validators, compressed beforehand.

Only names that the publisher writes are looked up at all, so no path leads elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aggregator.actions.publish import document_names
from aggregator.actions.search_feed import SearchFeeds, SearchWords
from aggregator.model.policy import PublishPolicy
from aggregator.web.api_access import require_reader
from aggregator.web.document_files import DocumentFiles, Held
from aggregator.web.services import WebServices

__all__ = ["answer", "router"]

# Readers ask every few minutes; a proxy may answer for one minute.
LIVE_CACHE: Final = "max-age=60"
# Archive documents are for ever, but for a person's `redact`.
ARCHIVE_CACHE: Final = "max-age=86400"
MAX_QUERY: Final = 2_000
_ARCHIVE = re.compile(r"archive/[0-9]{6}\.atom")
_TYPES: Final = (
    (".ninjs.json", "application/json"),
    ("index.json", "application/json"),
    (".json", "application/feed+json"),
    (".atom", "application/atom+xml; charset=utf-8"),
    (".rss", "application/rss+xml; charset=utf-8"),
    (".opml", "text/x-opml; charset=utf-8"),
)
_URI_CHARACTERS: Final = "%=&+/:?@!$'()*,;-._~"
_METHODS: Final = ["GET", "HEAD"]


def router(services: WebServices) -> APIRouter:
    """Routes of all documents: `/NAME.atom|rss|json`, `/archive/...`, `/opml`, `/feed.atom`."""
    policy = services.settings.publish
    files = DocumentFiles(policy.output_dir)
    names = frozenset(document_names(policy))
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(require_reader)])

    def serve(request: Request, name: str) -> Response:
        if name not in names and not _ARCHIVE.fullmatch(name):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        held = files.get(name)
        if held is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return answer(request, held, _headers(name, services))

    def document(request: Request) -> Response:
        return serve(request, str(request.scope["path"]).rpartition("/")[2])

    def archive(request: Request, name: str) -> Response:
        return serve(request, f"archive/{name}")

    def opml(request: Request) -> Response:
        return serve(request, "sources.opml")

    routes.add_api_route("/feed.atom", _search_feed(services), methods=_METHODS)
    routes.add_api_route("/opml", opml, methods=_METHODS)
    routes.add_api_route("/archive/{name}", archive, methods=_METHODS)
    for suffix in (".atom", ".rss", ".json", ".opml"):
        routes.add_api_route(f"/{{name}}{suffix}", document, methods=_METHODS)
    return routes


def answer(request: Request, held: Held, headers: Mapping[str, str]) -> Response:
    """The document in the encoding the client takes best, or 304.

    Each encoding has an ETag of its own, since they are different bytes (RFC 9110 8.8.3.3);
    any of them validates the document.
    """
    encoding = _encoding(request.headers.get("accept-encoding", ""), held)
    body, etag = held.bodies[encoding], held.etag(encoding)
    common = {
        **headers,
        "ETag": etag,
        "Last-Modified": held.last_modified,
        "Vary": "Accept-Encoding",
    }
    if _unchanged(request, held):
        common.pop("Content-Type", None)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=common)
    if encoding:
        common["Content-Encoding"] = encoding
    return Response(body, headers=common)


def _search_feed(services: WebServices) -> Callable[..., Response]:
    feeds = SearchFeeds(services.database)

    def search_feed(  # noqa: PLR0917 - one for each parameter of the address
        request: Request,
        q: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        outlet: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        kind: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        issuer: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        language: Annotated[str, Query(max_length=MAX_QUERY)] = "",
    ) -> Response:
        words = SearchWords(words=q, outlet=outlet, kind=kind, issuer=issuer, language=language)
        asked = quote(request.url.query, safe=_URI_CHARACTERS)
        document = feeds.render(words, asked, settings=services.settings, now=services.clock())
        held = Held.of(document.body, modified=document.updated)
        return answer(request, held, _headers("feed.atom", services))

    return search_feed


def _headers(name: str, services: WebServices) -> dict[str, str]:
    policy = services.settings.publish
    shared = "public" if services.settings.web.reading == "open" else "private"
    age = ARCHIVE_CACHE if name.startswith("archive/0") else LIVE_CACHE
    kind = next(media_type for suffix, media_type in _TYPES if name.endswith(suffix))
    headers = {
        "Cache-Control": f"{shared}, {age}",
        "Content-Type": kind,
        # Readers in a browser ask from other sites; nothing here is personal.
        "Access-Control-Allow-Origin": "*",
    }
    links = _links(name, policy)
    return headers | ({"Link": ", ".join(links)} if links else {})


def _links(name: str, policy: PublishPolicy) -> Sequence[str]:
    """WebSub: who can push this document, and its own address."""
    if not policy.hubs or name == "feed.atom" or name.startswith("archive/"):
        return ()
    hubs = [f'<{hub}>; rel="hub"' for hub in policy.hubs]
    return [*hubs, f'<{policy.base_url}{name}>; rel="self"']


def _encoding(accepted: str, held: Held) -> str:
    """`br`, `gzip` or "": the best of what there is by the client's Accept-Encoding."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        weights[name.strip()] = _weight(parameter)
    for encoding in ("br", "gzip"):
        if encoding in held.bodies and weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return ""


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _unchanged(request: Request, held: Held) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in given or any(held.etag(encoding) in given for encoding in held.bodies)
    since = request.headers.get("if-modified-since")
    return since is not None and held.not_modified_since(since)
