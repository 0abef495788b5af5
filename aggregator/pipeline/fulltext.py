"""Full text: the linked pages of a feed that carries teasers only.

    new and changed items | fetch page | extract (worker) | the item, prepared again

The document stays what identifies an item: its `content_sha256` is that of the item as
delivered, teaser and all, so that later polls recognise it though its stored text is the
page's. A page that fails costs its item nothing but the longer text; it is asked again
at the next polls, a bounded number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.model.feeds import Feed
from aggregator.model.fetching import Fetched, FetchFailure, FetchRequest, FetchResult
from aggregator.model.matching import PreparedEntry
from aggregator.parse.credits import agency_marks, issuer_hint
from aggregator.parse.fulltext import (
    FullText,
    NoFullText,
    extract_full_text,
    holds,
    leads_home,
)
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_entry
from aggregator.store import hosts, pages, subjects
from aggregator.store.contents import fingerprint
from aggregator.store.database import Connection
from aggregator.store.pages import Page
from aggregator.text import html_to_text

__all__ = [
    "Enriched",
    "PageTools",
    "PageWork",
    "Stored",
    "add_full_texts",
    "base_request",
    "enrich_entry",
    "holds_waiting",
    "look_up",
    "pending",
    "waiting",
]

# Pages of one host in one poll. A first poll spreads over several; the spacing between
# requests is the fetcher's.
PAGES_PER_HOST = 10
# How often one item's page is asked for before its teaser stays.
MAX_TRIES = 3
# All pages of one poll, within the margin of the poll's lease.
ALL_PAGES_S = 60.0
PAGE_TIMEOUT_S = 20.0
PAGE_MAX_BYTES = 5 * 1024 * 1024
ACCEPT_PAGES = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
# Key of `FeedState.extra`: fingerprint of an item without its full text -> tries so far.
PENDING = "full_text_tries"
_PROBLEM = "no full text"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWork:
    """A fetched page and its item, for a worker; pickles.

    Attributes:
        item: The item as delivered, prepared.
        prepare: The feed, policies and learned blocks.
        language: The document's language, or None.
        url: Where the page came from, after redirects.
        body: The page, or None: `html` is at hand.
        content_type: Its Content-Type, or None.
        html: Its text as extracted before.
    """

    item: PreparedEntry
    prepare: PrepareRequest
    language: str | None
    url: str
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store holds about a document's items.

    Attributes:
        known: Fingerprints of items that are stored word for word.
        erased: The same of items whose entry was redacted: nobody fetches them again.
        pages: Cached pages by URL.
        quiet: Hosts that asked not to be asked now.
    """

    known: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()
    pages: Mapping[str, Page] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTools:
    """The shell's parts, bound to one poll.

    Attributes:
        fetch: Asks for one page.
        extract: Runs `enrich_entry` in a worker.
        look_up: What the store holds about the items, see `look_up`.
        now: When the poll began.
    """

    fetch: Callable[[FetchRequest], Awaitable[FetchResult]]
    extract: Callable[[PageWork], Awaitable[PreparedEntry | NoFullText]]
    look_up: Callable[[Sequence[PreparedEntry]], Awaitable[Stored]]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """A document with the full texts that could be had.

    Attributes:
        document: Its entries, in their order.
        tries: Fingerprint of an item that still waits for its page -> tries so far.
        pages: What was fetched, for the cache.
        quiet: Host -> until when it wants to be left alone.
    """

    document: PreparedDocument
    tries: Mapping[str, int] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()
    quiet: Mapping[str, datetime] = field(default_factory=dict)


def pending(feed: Feed, extra: Mapping[str, object]) -> dict[str, int]:
    """Items of a feed that wait for their page, from `FeedState.extra`."""
    stored = extra.get(PENDING)
    if not feed.full_text or not isinstance(stored, dict):
        return {}
    return {str(key): int(tries) for key, tries in stored.items() if tries < MAX_TRIES}


def waiting(extra: Mapping[str, object], tries: Mapping[str, int]) -> dict[str, object]:
    """`FeedState.extra` after a poll: with the items that wait now."""
    kept = {key: value for key, value in extra.items() if key != PENDING}
    left = {key: count for key, count in tries.items() if count < MAX_TRIES}
    return {**kept, PENDING: left} if left else kept


def base_request(feed_request: FetchRequest, url: str) -> FetchRequest:
    """The request for a page; the feed's headers go to the feed's own origin only."""
    own = _origin(url) == _origin(feed_request.url)
    return FetchRequest(
        url=url,
        headers=feed_request.headers if own else {},
        user_agent=feed_request.user_agent,
        accept=ACCEPT_PAGES,
        timeout_s=min(feed_request.timeout_s, PAGE_TIMEOUT_S),
        max_bytes=min(feed_request.max_bytes, PAGE_MAX_BYTES),
    )


def holds_waiting(document: PreparedDocument, tried: Mapping[str, int]) -> bool:
    """Whether some item of a document is stored and waits: the document reaches back."""
    return any(_key(item) in tried for item in document.entries)


def look_up(
    conn: Connection, feed_id: str, items: Sequence[PreparedEntry], *, now: datetime
) -> Stored:
    """Reads what the store holds about items the worker did not recognise.

    It recognises a feed's latest entries only, and never redacted ones.
    """
    stored = subjects.known(
        conn,
        feed_id,
        guids={item.parsed.guid for item in items if item.parsed.guid},
        links={link for item in items if (link := item.parsed.canonical_link)},
    )
    known: set[str] = set()
    erased: set[str] = set()
    for item in items:
        guid, link = item.parsed.guid, item.parsed.canonical_link
        same = [entry for entry in stored if guid in entry.guids or link in entry.links]
        if any(entry.redacted for entry in same):
            erased.add(_key(item))
        if any(entry.content_sha256 == item.content_sha256 for entry in same):
            known.add(_key(item))
    links = {item.parsed.link for item in items if item.parsed.link}
    return Stored(
        known=frozenset(known),
        erased=frozenset(erased),
        pages=pages.load(conn, links),
        quiet=frozenset(hosts.blocked(conn, now)),
    )


def enrich_entry(work: PageWork) -> PreparedEntry | NoFullText:
    """The item with the page's text, cleaned and signed. Pure; runs in a worker process.

    Args:
        work: The page and its item.

    Returns:
        The item, its `content_sha256` still that of the delivered form; or why the page
        is not its text.
    """
    if work.body is None:
        page: FullText | NoFullText = FullText(html=work.html, text=html_to_text(work.html))
    else:
        page = extract_full_text(work.body, url=work.url, content_type=work.content_type)
    if isinstance(page, NoFullText):
        return page
    given = work.item.parsed
    if refused := holds(page, title=given.title, teaser=max(given.text, given.summary, key=len)):
        return refused
    authors = (given.author,) if given.author else ()
    marks = agency_marks(text=page.text, authors=authors, links=())
    whole = replace(
        given,
        html=page.html,
        text=page.text,
        summary=given.summary or given.text,
        issuer_hint=given.issuer_hint
        or issuer_hint(title=given.title, html=page.html, text=page.text, authors=()),
        agency_marks=tuple(sorted({*given.agency_marks, *marks})),
    )
    prepared = prepare_entry(whole, work.prepare, document_language=work.language)
    return replace(prepared, content_sha256=work.item.content_sha256, full_text=True)


async def add_full_texts(
    document: PreparedDocument,
    request: PrepareRequest,
    *,
    base: FetchRequest,
    tried: Mapping[str, int],
    tools: PageTools,
) -> Enriched:
    """Fetches the pages of a document's new and changed items.

    Args:
        document: As prepared; items the store knows are left alone.
        request: What it was prepared with.
        base: The request the feed was fetched with.
        tried: What `pending` gave: items that failed before.
        tools: The shell's parts.

    Returns:
        The document with the texts that could be had in time. Items beyond the budget
        wait without a try being counted.
    """
    entries = list(document.entries)
    signed = [index for index, item in enumerate(entries) if item.signature.version]
    stored = await tools.look_up([entries[index] for index in signed])
    skipped = stored.erased | (stored.known - tried.keys())
    fresh = [index for index in signed if _key(entries[index]) not in skipped]
    visit = _Visit(document, request, base=base, tools=tools, cached=stored.pages)
    # A waiting item that has left the document is forgotten with this.
    tries = {_key(entries[index]): tried.get(_key(entries[index]), 0) for index in fresh}
    with suppress(TimeoutError):
        async with asyncio.timeout(ALL_PAGES_S):
            for index in _within_budget(fresh, entries):
                item, key = entries[index], _key(entries[index])
                if _host(item.parsed.link or "") in stored.quiet | visit.quiet.keys():
                    continue
                found = await visit.item(item)
                if isinstance(found, NoFullText):
                    entries[index] = _with_problem(item, found.reason)
                    tries[key] = MAX_TRIES if found.final else tries[key] + 1
                else:
                    entries[index] = found
                    tries.pop(key, None)
    return Enriched(
        document=replace(document, entries=tuple(entries)),
        tries={key: count for key, count in tries.items() if count < MAX_TRIES},
        pages=tuple(visit.pages),
        quiet=visit.quiet,
    )


class _Visit:
    """The pages of one document, one after the other."""

    def __init__(
        self,
        document: PreparedDocument,
        request: PrepareRequest,
        *,
        base: FetchRequest,
        tools: PageTools,
        cached: Mapping[str, Page],
    ) -> None:
        self._language = document.parsed.language
        # The document itself need not travel to the worker again with each page.
        self._prepare = replace(request, body=b"", known={})
        self._base = base
        self._tools = tools
        self._cached = cached
        self.pages: list[Page] = []
        self.quiet: dict[str, datetime] = {}

    async def item(self, item: PreparedEntry) -> PreparedEntry | NoFullText:
        """The item with its page's text, or why there is none."""
        link = item.parsed.link
        if link is None:
            return NoFullText(reason="the item has no link", final=True)
        cached = self._cached.get(link)
        asked = base_request(self._base, link)
        if cached:
            asked = replace(asked, etag=cached.etag, last_modified=cached.last_modified)
        result = await self._tools.fetch(asked)
        if isinstance(result, Fetched):
            return await self._read(item, link, result)
        if isinstance(result, FetchFailure) and result.retry_after is not None:
            self.quiet[_host(link)] = result.retry_after
        if cached is not None:
            # Not modified, or not to be had now: what it held is still better than a teaser.
            work = self._work(item, url=link)
            return await self._tools.extract(replace(work, html=cached.html))
        reason = result.message if isinstance(result, FetchFailure) else "304 without a reason"
        return NoFullText(reason=reason)

    async def _read(
        self, item: PreparedEntry, link: str, result: Fetched
    ) -> PreparedEntry | NoFullText:
        if leads_home(link, result.url):
            return NoFullText(reason="the link leads to the front page of its site")
        work = replace(
            self._work(item, url=result.url),
            body=result.body,
            content_type=result.headers.get("content-type"),
        )
        found = await self._tools.extract(work)
        if not isinstance(found, NoFullText):
            self.pages.append(
                Page(
                    url=link,
                    html=found.parsed.html,
                    sha256=result.sha256,
                    etag=result.etag,
                    last_modified=result.last_modified,
                    fetched_at=self._tools.now,
                )
            )
        return found

    def _work(self, item: PreparedEntry, *, url: str) -> PageWork:
        return PageWork(item=item, prepare=self._prepare, language=self._language, url=url)


def _within_budget(fresh: Iterable[int], entries: list[PreparedEntry]) -> list[int]:
    """The first items of each host, in document order."""
    used: dict[str, int] = {}
    taken = []
    for index in fresh:
        host = _host(entries[index].parsed.link or "")
        used[host] = used.get(host, 0) + 1
        if used[host] <= PAGES_PER_HOST:
            taken.append(index)
    return taken


def _with_problem(item: PreparedEntry, reason: str) -> PreparedEntry:
    problems = (*item.parsed.problems, f"{_PROBLEM}: {reason}")
    return replace(item, parsed=replace(item.parsed, problems=problems))


def _key(item: PreparedEntry) -> str:
    return fingerprint(item.parsed.guid, item.parsed.canonical_link, item.content_sha256)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").casefold()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()
