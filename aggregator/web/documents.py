"""The published documents over HTTP: from memory, with validators, compressed beforehand.

Only names that the publisher writes are looked up at all, so no path leads elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aggregator.actions.publish import document_names
from aggregator.actions.search_feed import SearchFeeds, SearchWords
from aggregator.model.policy import PublishPolicy, Settings
from aggregator.web.api_access import require_reader
from aggregator.web.document_files import DocumentFiles, Held
from aggregator.web.private_documents import PrivateDocuments
from aggregator.web.services import WebServices
from aggregator.web.subscriber_access import (
    PRIVATE_HEADERS,
    PRIVATE_PREFIX,
    require_subscriber,
    subscriber_address,
)

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
    """All documents, `/opml` and `/feed.atom`; once more below `/s/SECRET`.

    The secret address of a subscriber takes the place of a log-in.
    """
    shelf = _Shelf(services)
    routes = APIRouter(include_in_schema=False)
    for prefix, allowed in (("", require_reader), (PRIVATE_PREFIX, require_subscriber)):
        part = APIRouter(prefix=prefix, dependencies=[Depends(allowed)])
        _add_routes(part, shelf)
        routes.include_router(part)
    return routes


class _Shelf:
    """The documents of the configuration that holds now."""

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self._searches = SearchFeeds(services.database)
        self._private = PrivateDocuments()
        directory = services.settings.publish.output_dir
        self._files = (directory, DocumentFiles(directory))

    def document(self, request: Request, name: str) -> Response:
        """A document that the publisher wrote."""
        policy = self._services.settings.publish
        if name not in document_names(policy) and not _ARCHIVE.fullmatch(name):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        held = self._read(policy.output_dir, name)
        if held is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return self._answer(request, name, held)

    def search(self, request: Request, words: SearchWords) -> Response:
        """A document of a search."""
        services = self._services
        asked = quote(request.url.query, safe=_URI_CHARACTERS)
        found = self._searches.render(
            words, asked, settings=services.settings, now=services.clock()
        )
        held = Held.of(found.body, modified=found.updated)
        return self._answer(request, f"feed.atom?{asked}", held)

    def _answer(self, request: Request, path: str, held: Held) -> Response:
        name, secret = path.partition("?")[0], request.path_params.get("secret")
        settings = self._services.settings
        if secret is None:
            return answer(request, held, _headers(name, settings))
        base = settings.publish.base_url
        address = subscriber_address(base, secret)
        own = self._private.held(path, held, base_url=base, address=address)
        return answer(request, own, _private_headers(name))

    def _read(self, directory: Path, name: str) -> Held | None:
        known, files = self._files
        if known != directory:
            files = DocumentFiles(directory)
            self._files = (directory, files)
        return files.get(name)


def _add_routes(routes: APIRouter, shelf: _Shelf) -> None:
    def document(request: Request) -> Response:
        return shelf.document(request, str(request.scope["path"]).rpartition("/")[2])

    def archive(request: Request, name: str) -> Response:
        return shelf.document(request, f"archive/{name}")

    def opml(request: Request) -> Response:
        return shelf.document(request, "sources.opml")

    routes.add_api_route("/feed.atom", _search_feed(shelf), methods=_METHODS)
    routes.add_api_route("/opml", opml, methods=_METHODS)
    routes.add_api_route("/archive/{name}", archive, methods=_METHODS)
    for suffix in (".atom", ".rss", ".json", ".opml"):
        routes.add_api_route(f"/{{name}}{suffix}", document, methods=_METHODS)


def answer(request: Request, held: Held, headers: Mapping[str, str]) -> Response:
    """The document in the encoding the client takes best, or 304.

    Each encoding has an ETag of its own, since they are different bytes (RFC 9110 8.8.3.3);
    any of them validates the document.
    """
    encoding = _encoding(request.headers.get("accept-encoding", ""), held)
    common = {
        **headers,
        "ETag": held.etag(encoding),
        "Last-Modified": held.last_modified,
        "Vary": "Accept-Encoding",
    }
    if _unchanged(request, held):
        common.pop("Content-Type", None)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=common)
    if encoding:
        common["Content-Encoding"] = encoding
    return Response(held.bodies[encoding], headers=common)


def _search_feed(shelf: _Shelf) -> Callable[..., Response]:
    def search_feed(  # noqa: PLR0917 - one for each parameter of the address
        request: Request,
        q: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        outlet: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        kind: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        issuer: Annotated[str, Query(max_length=MAX_QUERY)] = "",
        language: Annotated[str, Query(max_length=MAX_QUERY)] = "",
    ) -> Response:
        words = SearchWords(words=q, outlet=outlet, kind=kind, issuer=issuer, language=language)
        return shelf.search(request, words)

    return search_feed


def _headers(name: str, settings: Settings) -> dict[str, str]:
    shared = "public" if settings.web.reading == "open" else "private"
    links = _links(name, settings.publish)
    headers = _common_headers(name, shared=shared)
    return headers | ({"Link": ", ".join(links)} if links else {})


def _private_headers(name: str) -> dict[str, str]:
    """Of a document below a secret address: nobody else may keep it, nobody is told of it."""
    return {**_common_headers(name, shared="private"), **PRIVATE_HEADERS}


def _common_headers(name: str, *, shared: str) -> dict[str, str]:
    age = ARCHIVE_CACHE if name.startswith("archive/0") else LIVE_CACHE
    kind = next(media_type for suffix, media_type in _TYPES if name.endswith(suffix))
    return {
        "Cache-Control": f"{shared}, {age}",
        "Content-Type": kind,
        # Readers in a browser ask from other sites; nothing here is personal.
        "Access-Control-Allow-Origin": "*",
    }


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
