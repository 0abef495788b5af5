"""A parsed document, its entries, and what cleaning marks in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.model.fetching import FailureKind

__all__ = [
    "Cleaned",
    "EntryNotice",
    "FeedFormat",
    "NoticeKind",
    "ParseFailure",
    "ParsedEntry",
    "ParsedFeed",
    "Span",
    "SpanKind",
]


class FeedFormat(StrEnum):
    """Which syndication format a document is in."""

    RSS09 = "rss-0.9"
    RSS10 = "rss-1.0"
    RSS20 = "rss-2.0"
    ATOM03 = "atom-0.3"
    ATOM10 = "atom-1.0"
    JSON1 = "json-1"
    OTHER = "other"


class SpanKind(StrEnum):
    """What a boilerplate span is. Readers keep datelines; matching ignores them."""

    TITLE = "title"
    MASTHEAD = "masthead"
    METADATA = "metadata"
    DATELINE = "dateline"
    CONTACT = "contact"
    ABOUT = "about"
    LEGAL = "legal"
    ATTACHMENTS = "attachments"
    LINKS = "links"
    CAPTION = "caption"
    NAVIGATION = "navigation"
    ENDMARK = "endmark"
    SIGNOFF = "signoff"
    LEARNED = "learned"


class NoticeKind(StrEnum):
    """What an entry announces about itself or another entry."""

    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    EMBARGO = "embargo"
    ADDENDUM = "addendum"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One item as one document delivered it.

    Attributes:
        guid: guid, atom:id or JSON id, stripped; None where missing.
        link: Absolute link as delivered (tracking included), or None.
        canonical_link: `link` without tracking parameters, fragment trackers,
            default ports; the key for identity and exact matching, or None.
        title: Plain text, one line; "" where missing.
        html: Sanitised HTML of the fullest content; "" where missing.
        text: Plain text of `html`: lines end in a line feed, paragraphs are separated
            by one empty line; NFC; no control characters.
        summary: Plain text of a separate teaser, "" where there is none.
        published: What the item claims, aware UTC; its last update where it claims no
            publication; None where it claims neither.
        updated: The same for its last update.
        published_raw: The date's own words, for the log, or None.
        author: Author, dc:creator or JSON author, or None.
        issuer_hint: Issuer named by a masthead, dc:creator, author, "Firmenkontakt
            und Herausgeber", as written there, or None.
        rights: Rights notice of the item, or None.
        language: xml:lang, dc:language of the item or its document, or None.
        categories: Category labels, in order, without repeats.
        agency_marks: Agency credits seen in text, author or link ("dpa", "afp"...).
        raw: The item's own bytes as delivered (evidence); b"" in the rare case that they
            cannot be told apart, which `problems` then says.
        problems: What was mended or dropped, one sentence each.
    """

    guid: str | None = None
    link: str | None = None
    canonical_link: str | None = None
    title: str = ""
    html: str = ""
    text: str = ""
    summary: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    published_raw: str | None = None
    author: str | None = None
    issuer_hint: str | None = None
    rights: str | None = None
    language: str | None = None
    categories: tuple[str, ...] = ()
    agency_marks: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """One document, parsed.

    Attributes:
        format: Its format.
        title: Its title as plain text, "" where missing.
        link: Its web site, absolute, or None.
        id: atom:id or the self link or None.
        updated: Its own last update, aware UTC, or None.
        language: Its language, or None.
        rights: Its rights notice, or None.
        hubs: WebSub hubs, absolute URLs.
        self_link: rel=self, or None.
        next_archive: RFC 5005 prev-archive or next page, or None.
        ttl: How long it asks to be left alone, or None.
        skip_hours: Hours of the day (0-23, UTC) it asks not to be polled in.
        skip_days: Days of the week (0 is Monday, UTC) it asks not to be polled on.
        entries: In document order; never dropped by date.
        bad_items: One sentence for each item that could not be read at all.
        problems: What is odd about the document, one sentence each.
        truncated: It ends before its root element does: items may be missing or cut.
        last_cut: The last of `entries` is only its beginning.
    """

    format: FeedFormat
    title: str = ""
    link: str | None = None
    id: str | None = None
    updated: datetime | None = None
    language: str | None = None
    rights: str | None = None
    hubs: tuple[str, ...] = ()
    self_link: str | None = None
    next_archive: str | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    entries: tuple[ParsedEntry, ...] = ()
    bad_items: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    truncated: bool = False
    last_cut: bool = False

    @property
    def damage(self) -> str | None:
        """Why something the document should hold was not read, or None: all of it was."""
        if self.truncated:
            return "the document ends before its root element does"
        return self.bad_items[0] if self.bad_items else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseFailure:
    """The bytes are no feed, or parsing them hit a limit.

    Attributes:
        kind: NOT_A_FEED, PARSE or PARSE_LIMIT.
        message: One sentence: what the document is instead, or which limit.
    """

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open character range `[start, end)` of an entry's text that is boilerplate.

    Attributes:
        start: First character.
        end: One past the last.
        kind: What it is.
        rule: Name of the rule or of the learned block that cut it.
    """

    start: int
    end: int
    kind: SpanKind
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNotice:
    """A notice an entry carries: correction, withdrawal, embargo, addendum.

    Attributes:
        kind: Which.
        cue: The words that say so, as found in the text.
        until: End of an embargo, aware UTC; None where it cannot be read (the
            embargo then holds) and for other kinds.
        quoted_title: The title it refers to, where it quotes one.
    """

    kind: NoticeKind
    cue: str
    until: datetime | None = None
    quoted_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The outcome of cleaning one text.

    Attributes:
        text: The text as given.
        spans: Disjoint, sorted by start.
        version: Version of the cleaner, its rules and the learned blocks used.
        notices: Corrections, withdrawals, embargoes and addenda announced.
        issuer_hint: Issuer named in a masthead or contact block, or None.
        rights: The rights notice that was cut, or None.
    """

    text: str
    spans: tuple[Span, ...] = ()
    version: str = ""
    notices: tuple[EntryNotice, ...] = ()
    issuer_hint: str | None = None
    rights: str | None = None

    def body(self, *, keep_datelines: bool = True) -> str:
        """The text less its spans, white space at the seams folded.

        Args:
            keep_datelines: Readers keep inline datelines; matching does not.

        Returns:
            Paragraphs separated by one empty line; "" if all was boilerplate.
        """
        parts: list[str] = []
        at = 0
        for span in self.spans:
            if keep_datelines and span.kind is SpanKind.DATELINE:
                continue
            parts.append(self.text[at : span.start])
            at = span.end
        parts.append(self.text[at:])
        lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
        paragraphs: list[list[str]] = [[]]
        for line in lines:
            if line:
                paragraphs[-1].append(line)
            elif paragraphs[-1]:
                paragraphs.append([])
        return "\n\n".join("\n".join(p) for p in paragraphs if p)
