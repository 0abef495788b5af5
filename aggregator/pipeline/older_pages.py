"""Older pages of a feed whose document no longer reaches back to what is known.

    all items unknown | prev-archive or next page (RFC 5005) | until one is known

Pages are fetched with the feed's own manners and prepared like any document; the caller
records them in the poll's transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from aggregator.model.entries import ParseFailure
from aggregator.model.fetching import Fetched, FetchRequest, FetchResult
from aggregator.pipeline.prepare import UNSIGNED, PreparedDocument, PrepareRequest

__all__ = ["MAX_PAGES", "OlderPage", "fetch_older_pages", "reaches_back"]

# Pages of one poll. Five pages of twenty items are a day of a busy press office; what is
# older comes with no minute to lose.
MAX_PAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderPage:
    """One older document of the feed.

    Attributes:
        request: What it was prepared with.
        prepared: Its entries.
    """

    request: PrepareRequest
    prepared: PreparedDocument


def reaches_back(document: PreparedDocument, request: PrepareRequest) -> bool:
    """Whether nothing can be missing: some item is known word for word, or none ever was."""
    if not request.known or not document.entries:
        return True
    return any(
        entry.signature is UNSIGNED or not entry.signature.version for entry in document.entries
    )


async def fetch_older_pages(
    newest: OlderPage,
    *,
    base: FetchRequest,
    fetch: Callable[[FetchRequest], Awaitable[FetchResult]],
    prepare: Callable[[PrepareRequest], Awaitable[PreparedDocument | ParseFailure]],
) -> tuple[OlderPage, ...]:
    """Follows a document's links to older pages until one reaches back.

    Args:
        newest: The document just fetched.
        base: The request it was fetched with: headers, limits.
        fetch: Asks for one page.
        prepare: Parses, cleans and signs one page.

    Returns:
        The pages, newest first; at most `MAX_PAGES`, none from another origin (the feed's
        headers may be secret). A page that fails ends the walk.
    """
    pages: list[OlderPage] = []
    asked = {base.url, newest.request.url}
    page = newest
    while len(pages) < MAX_PAGES and not reaches_back(page.prepared, page.request):
        url = page.prepared.parsed.next_archive
        if url is None or url in asked or _origin(url) != _origin(base.url):
            break
        asked.add(url)
        result = await fetch(replace(base, url=url, etag=None, last_modified=None))
        if not isinstance(result, Fetched):
            break
        request = replace(
            newest.request,
            body=result.body,
            url=result.url,
            content_type=result.headers.get("content-type"),
        )
        prepared = await prepare(request)
        if isinstance(prepared, ParseFailure):
            break
        page = OlderPage(request=request, prepared=prepared)
        pages.append(page)
    return tuple(pages)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()
