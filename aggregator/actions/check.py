"""Judge a URL before it becomes a feed: what it is, and how well it behaves.

    fetch | parse | fetch again with validators | judgement

On an HTML page the feeds it links are judged instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from urllib.parse import urlsplit

from aggregator.clock import Clock
from aggregator.config.addresses import slug
from aggregator.errors import UsageError
from aggregator.fetch import Fetcher, mask_url
from aggregator.model.entries import ParsedFeed, ParseFailure
from aggregator.model.feeds import Feed, Outlet, OutletKind
from aggregator.model.fetching import (
    FailureKind,
    Fetched,
    FetchFailure,
    FetchRequest,
    FetchResult,
    NotModified,
)
from aggregator.model.policy import CleanPolicy, ParsePolicy
from aggregator.parse.discovery import FeedLink, find_feeds
from aggregator.pipeline.prepare import PreparedDocument, PrepareRequest, prepare_document
from aggregator.workers import Limit, Workers

__all__ = ["Checker", "FeedJudgement", "check_url", "require_address"]

# A median text shorter than this is a teaser. On the labelled feeds teasers have 150-300
# characters and full releases more than 1,000.
TEASER_CHARS = 600
# More feeds than this on one page are a directory, not a site's own feeds.
MAX_DISCOVERED = 8
# ISO 639-1: what feeds.toml wants; longer ones a person may add.
LANGUAGE_CHARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """The shell's parts a check works with; built by `app`."""

    fetcher: Fetcher
    workers: Workers
    parse: ParsePolicy
    clean: CleanPolicy
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedJudgement:
    """What one URL turned out to be.

    Attributes:
        url: As asked, secrets masked.
        usable: A feed with entries; of a page: one of its feeds is.
        problem: Why it is not usable, or None.
        facts: Named findings in the order they are shown.
        proposal: A `[[outlet]]` block for feeds.toml, or None.
        discovered: Judgements of the feeds an HTML page links, or of those found where
            many sites keep theirs.
        page: Whether it is an HTML page and no feed itself.
        address: As asked, nothing masked: for a configuration, never for a log.
    """

    url: str
    usable: bool
    problem: str | None = None
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)
    proposal: str | None = None
    discovered: tuple[FeedJudgement, ...] = ()
    page: bool = False
    address: str = field(default="", repr=False)

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "url": self.url,
            "usable": self.usable,
            "page": self.page,
            "problem": self.problem,
            **self.facts,
            "proposal": self.proposal,
            "discovered": [found.as_json() for found in self.discovered],
        }

    def lines(self) -> list[str]:
        """For a terminal."""
        verdict = self.problem or ("a usable feed" if self.usable else "no usable feed")
        lines = [f"{self.url}: {verdict}"]
        lines += [
            f"  {name:14} {value}" for name, value in self.facts.items() if value is not None
        ]
        for found in self.discovered:
            lines += ["", *found.lines()]
        if self.proposal:
            lines += ["", "For feeds.toml:", "", self.proposal]
        return lines


def require_address(url: str) -> None:
    """Refuses what cannot be the address of a feed or a page.

    Raises:
        UsageError: It is no absolute http or https URL.
    """
    try:
        parts = urlsplit(url)
        whole = parts.scheme.lower() in {"http", "https"} and parts.hostname
    except ValueError:
        whole = False
    if not whole:
        bare = "://" not in url and "." in url and not url.startswith(("/", "."))
        hint = f"did you mean https://{mask_url(url)} ?" if bare else "give an http or https URL"
        raise UsageError(f"`{mask_url(url)}` is no address of a feed or a page: {hint}")


async def check_url(url: str, checker: Checker, *, follow_page: int = 1) -> FeedJudgement:
    """Fetches a URL twice and judges it.

    Args:
        url: Absolute http(s) URL of a feed or of a page that links feeds.
        checker: The shell's parts.
        follow_page: How many levels of HTML pages to follow to their feeds.

    Returns:
        The judgement; failures are judgements too.
    """
    shown = mask_url(url)
    request = FetchRequest(url=url)
    first = await checker.fetcher.fetch(request, now=checker.clock())
    if isinstance(first, FetchFailure):
        return FeedJudgement(url=shown, usable=False, problem=f"{first.kind}: {first.message}")
    if isinstance(first, NotModified):
        return FeedJudgement(url=shown, usable=False, problem="304 to an unconditional request")
    prepared = await _prepare(first, checker)
    if isinstance(prepared, ParseFailure):
        return await _judge_page(first, prepared, checker=checker, follow_page=follow_page)
    again = await checker.fetcher.fetch(
        replace(request, etag=first.etag, last_modified=first.last_modified),
        now=checker.clock(),
    )
    facts = _facts(prepared, first)
    facts["validators"] = _validators(first, again)
    facts["identity"] = await _stability(prepared, again, checker=checker)
    usable = bool(prepared.entries)
    return FeedJudgement(
        url=shown,
        address=url,
        usable=usable,
        problem=None if usable else "a valid feed without entries",
        facts=facts,
        proposal=_proposal(first.permanent_redirect or url, prepared.parsed, facts)
        if usable
        else None,
    )


async def _judge_page(
    page: Fetched, failure: ParseFailure, *, checker: Checker, follow_page: int
) -> FeedJudgement:
    links: tuple[FeedLink, ...] = ()
    is_page = failure.kind is FailureKind.NOT_A_FEED and _is_html(page)
    if follow_page > 0 and is_page:
        found = await checker.workers.run_async(find_feeds, page.body, page.url)
        links = () if isinstance(found, Limit) else found[:MAX_DISCOVERED]
    judged = [(link, await check_url(link.url, checker, follow_page=0)) for link in links]
    # Common addresses are asked when a page links no feed: that most lead nowhere is no news.
    guessed = all(link.type == "guess" for link in links)
    kept = tuple(one for _, one in judged if one.usable or not guessed)
    usable = sum(one.usable for one in kept)
    told = _page_words(len(kept), usable, guessed=guessed) if links else failure.message
    return FeedJudgement(
        url=mask_url(page.url), usable=usable > 0, problem=told, discovered=kept, page=is_page
    )


def _is_html(page: Fetched) -> bool:
    return b"<html" in page.body[:4096].lower() or "html" in page.headers.get("content-type", "")


def _page_words(found: int, usable: int, *, guessed: bool) -> str:
    if guessed and not found:
        return "a web page, no feed; it links none, and none is where many sites keep theirs"
    if guessed:
        where = "at a usual address" if found == 1 else "at usual addresses"
        return f"a web page, no feed; it links none, but {_feeds(found)} found {where}"
    if found == 1:
        return f"a web page, no feed; it links one, {'usable' if usable else 'not usable'}"
    return f"a web page, no feed; it links {found}, {usable or 'none'} of them usable"


def _feeds(count: int) -> str:
    return "a feed was" if count == 1 else f"{count} feeds were"


async def _prepare(fetched: Fetched, checker: Checker) -> PreparedDocument | ParseFailure:
    outlet = Outlet(id="check", name="check", kind=OutletKind.PORTAL)
    prepared = await checker.workers.run_async(
        prepare_document,
        PrepareRequest(
            body=fetched.body,
            url=fetched.url,
            content_type=fetched.headers.get("content-type"),
            feed=Feed(id="check", url=fetched.url, outlet=outlet),
            parse=checker.parse,
            clean=checker.clean,
        ),
    )
    if isinstance(prepared, Limit):
        return ParseFailure(kind=FailureKind.PARSE_LIMIT, message=prepared.message)
    return prepared


def _facts(document: PreparedDocument, fetched: Fetched) -> dict[str, str | int | float | None]:
    entries, parsed = document.entries, document.parsed
    lengths = [len(entry.parsed.text or entry.parsed.summary) for entry in entries]
    chars = sum(lengths)
    cut = sum(span.end - span.start for entry in entries for span in entry.cleaned.spans)
    dates = [d for entry in entries if (d := entry.parsed.published or entry.parsed.updated)]
    dated = len(dates)
    guids = [entry.parsed.guid for entry in entries if entry.parsed.guid]
    typical = int(median(lengths)) if lengths else 0
    return {
        "title": parsed.title,
        "format": parsed.format.value,
        "language": parsed.language,
        "entries": len(entries),
        "dated": dated,
        "newest": max(dates).isoformat() if dates else None,
        "guids": _guids(guids, len(entries)),
        "text": f"{'full text' if typical >= TEASER_CHARS else 'teasers'}, "
        f"median {typical} characters",
        "boilerplate": f"{cut / chars:.0%}" if chars else None,
        "moved to": mask_url(fetched.permanent_redirect) if fetched.permanent_redirect else None,
        "hubs": len(parsed.hubs) or None,
        "problems": "; ".join(parsed.problems) or None,
        "bad items": len(parsed.bad_items) or None,
    }


def _guids(guids: list[str], entries: int) -> str:
    if len(guids) < entries:
        return f"{entries - len(guids)} entries have none"
    different = len(set(guids))
    return "all different" if different == entries else f"{different} different ones"


def _validators(first: Fetched, again: FetchResult) -> str:
    named = [
        name
        for name, value in (("ETag", first.etag), ("Last-Modified", first.last_modified))
        if value
    ]
    if not named:
        return "none: every poll transfers the whole document"
    if isinstance(again, NotModified):
        verdict = "honoured"
    elif isinstance(again, FetchFailure):
        verdict = f"not judged, the second fetch failed: {again.message}"
    elif again.sha256 != first.sha256:
        verdict = "not judged, the document changed between two fetches"
    else:
        verdict = "sent but not honoured: every poll transfers the whole document"
    return f"{' and '.join(named)}, {verdict}"


async def _stability(document: PreparedDocument, again: FetchResult, *, checker: Checker) -> str:
    if isinstance(again, NotModified):
        return "not modified between two fetches"
    if isinstance(again, FetchFailure):
        return f"not judged, the second fetch failed: {again.message}"
    second = await _prepare(again, checker)
    if isinstance(second, ParseFailure):
        return f"the second document is no feed: {second.message}"
    before, after = _ids(document), _ids(second)
    # Items that came or went are news; the same link or title under another id is not.
    changed = sum(1 for name, key in before.items() if after.get(name, key) != key)
    if changed:
        return f"{changed} of {len(before)} ids changed between two fetches: not stable"
    return "stable between two fetches"


def _ids(document: PreparedDocument) -> dict[tuple[str, str | None], str | None]:
    """Title and link -> guid; a link stands for itself where there is no guid."""
    parsed = [entry.parsed for entry in document.entries]
    without_link = len({one.canonical_link for one in parsed}) < len(parsed)
    return {
        (one.title, one.canonical_link if not without_link else None): one.guid
        or one.canonical_link
        for one in parsed
    }


def _proposal(url: str, parsed: ParsedFeed, facts: Mapping[str, object]) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    outlet_id = slug(host.rpartition(".")[0] or host) or "outlet"
    lines = [
        "[[outlet]]",
        f"id = {_quoted(outlet_id)}",
        f"name = {_quoted(parsed.title or host)}",
        'kind = "portal"           # ministry | agency | portal | media',
        "",
        "  [[outlet.feed]]",
        f"  url = {_quoted(url)}",
    ]
    language = (parsed.language or "").split("-", 1)[0].lower()
    if len(language) == LANGUAGE_CHARS and language.isascii() and language.isalpha():
        lines.append(f"  language = {_quoted(language)}")
    if str(facts.get("text", "")).startswith("teasers"):
        lines.append("  # full_text = true        # it carries teasers only")
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """A TOML string; JSON's are valid TOML once DEL is gone."""
    line = "".join(c for c in " ".join(value.split()) if c.isprintable())
    return json.dumps(line, ensure_ascii=False)
