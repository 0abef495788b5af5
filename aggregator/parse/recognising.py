"""What a document is, judged by its first elements. Pure.

A document that is no feed is a failure with its reason, never "0 entries".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.model.entries import FeedFormat
from aggregator.parse.decoding import Encoding, decode

__all__ = ["NotAFeed", "Root", "declared_entities", "recognise", "skip_prolog"]

_NAME = r"[A-Za-z_][\w.-]*"
_ROOT = re.compile(rf"<((?:({_NAME}):)?({_NAME}))(?=[\s/>])((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_EMBEDDED_ROOT = re.compile(
    r"<((?:(rdf|atom):)?(feed|rss|rdf))(?=\s)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*"
    r"(?:xmlns|version)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_ENTITY = re.compile(rf"<!ENTITY\s+({_NAME})\s+(?:\"([^\"<%]{{0,200}})\"|'([^'<%]{{0,200}})')\s*>")
# How much of a prolog is searched for its root element, characters.
_HEAD = 100_000

_OTHERS = {
    "html": "an HTML page",
    "opml": "an OPML list of feeds",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap index",
    "envelope": "a SOAP message",
    "newsml": "a NewsML document",
    "newsitem": "a NewsML-G2 document",
    "nitf": "an NITF document",
    "error": "an XML error message",
    "svg": "an SVG image",
    "service": "an AtomPub service document",
    "opensearchdescription": "an OpenSearch description",
}
_WRAPPINGS = frozenset(("b", "body", "br", "center", "div", "font", "html", "p", "pre", "script"))
_RSS09 = frozenset(("0.90", "0.91", "0.92", "0.93", "0.94"))


@dataclass(frozen=True, slots=True)
class NotAFeed:
    """Why a document is no feed, as the end of the sentence "the document is ..."."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The root element of a feed.

    Attributes:
        format: The syndication format.
        start: Offset of its start tag.
        end: Offset just after its start tag.
        name: Its name as written, prefix included.
        item: Names of its item elements as written, prefix included, lower-case.
        entities: Harmless entities that its document type declares, name to text.
    """

    format: FeedFormat
    start: int
    end: int
    name: str
    item: tuple[str, ...]
    entities: dict[str, str]


def skip_prolog(text: str) -> tuple[int, dict[str, str]]:
    """Find the root element behind white space, declarations, comments, a DTD.

    Args:
        text: A document, from its start.

    Returns:
        Offset of the first element's `<` (the length of the text if there is none), and
        the harmless entities (no markup, no further entities) that were declared.
    """
    at = 0
    entities: dict[str, str] = {}
    while True:
        at = text.find("<", at)
        if at < 0:
            return len(text), entities
        if text.startswith("<?", at):
            at = _after(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _after(text, "-->", at)
        elif text.startswith("<!", at):
            end = _end_of_doctype(text, at)
            entities |= _entities(text[at:end])
            at = end
        elif text[at + 1 : at + 2].isalpha() or text[at + 1 : at + 2] == "_":
            return at, entities
        else:
            at += 1


def recognise(text: str) -> Root | NotAFeed:
    """Judge a document by its first elements.

    Args:
        text: The document; the first 100,000 characters behind a DTD are enough.
    """
    if not text.strip("\ufeff \t\r\n\x00"):
        return NotAFeed("empty")
    start, entities = skip_prolog(text)
    match = _ROOT.match(text, start)
    if match is not None and match[3].lower() in _WRAPPINGS:
        # Some servers wrap a feed in a page or print warnings before it; markup that a
        # page only shows would be escaped.
        match = _EMBEDDED_ROOT.search(text, match.end(), match.end() + _HEAD) or match
    if match is None:
        return NotAFeed(_textual(text))
    attributes = {name.lower(): value[1:-1] for name, value in _ATTRIBUTE.findall(match[4])}
    found = _format(match[3].lower(), attributes, text[match.end() : match.end() + _HEAD])
    if isinstance(found, NotAFeed):
        return found
    return Root(
        format=found,
        start=match.start(),
        end=match.end(),
        name=match[1],
        item=_item_names(found, (match[2] or "").lower(), attributes),
        entities=entities,
    )


def _item_names(format_: FeedFormat, prefix: str, attributes: dict[str, str]) -> tuple[str, ...]:
    """Names of item elements, with the prefixes that the root gives to its format."""
    atom = format_ in (FeedFormat.ATOM03, FeedFormat.ATOM10)
    spaces = ("purl.org/atom/ns#", "www.w3.org/2005/atom") if atom else ("purl.org/rss/1.0/",)
    bound = (
        name.removeprefix("xmlns:")
        for name, uri in attributes.items()
        if name.startswith("xmlns:") and uri.lower().removeprefix("http://") in spaces
    )
    prefixes = ("" if prefix == "rdf" else prefix, *bound)
    local = "entry" if atom else "item"
    return tuple(dict.fromkeys(f"{p}:{local}" if p else local for p in prefixes))


def declared_entities(root: Root, encoding: Encoding) -> dict[str, str]:
    """Entities of a root that was recognised in the Latin-1 view of a document's bytes."""
    return {
        name: decode(value.encode("latin-1"), encoding.codec)
        for name, value in root.entities.items()
    }


def _format(local: str, attributes: dict[str, str], inner: str) -> FeedFormat | NotAFeed:
    if local == "rss":
        version = attributes.get("version", "").strip()
        return FeedFormat.RSS09 if version in _RSS09 else FeedFormat.RSS20
    if local == "feed":
        namespaces = " ".join(v for k, v in attributes.items() if k.startswith("xmlns"))
        old = attributes.get("version", "").startswith("0.") or "purl.org/atom/ns#" in namespaces
        return FeedFormat.ATOM03 if old else FeedFormat.ATOM10
    if local == "rdf":
        return _rdf_format(" ".join(attributes.values()), inner)
    if local == "channel":
        return FeedFormat.RSS20
    return NotAFeed(_OTHERS.get(local, f"XML whose root element is <{local[:40]}>"))


def _rdf_format(namespaces: str, inner: str) -> FeedFormat | NotAFeed:
    if "http://my.netscape.com/rdf/simple/0.9" in namespaces:
        return FeedFormat.RSS09
    if "purl.org/rss/" in namespaces or re.search(r"<(?:\w+:)?(?:channel|item)[\s>]", inner):
        return FeedFormat.RSS10
    return NotAFeed("RDF without a channel")


def _textual(text: str) -> str:
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start in ("{", "["):
        return "JSON that is no feed"
    return "truncated before its root element" if start == "<" else "plain text or binary data"


def _after(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end + len(mark)


def _end_of_doctype(text: str, at: int) -> int:
    """Offset after a `<!DOCTYPE ...>` with or without internal subset."""
    close, subset = text.find(">", at), text.find("[", at)
    if subset < 0 or (0 <= close < subset):
        return len(text) if close < 0 else close + 1
    match = re.compile(r"\]\s*>").search(text, subset)
    return match.end() if match else len(text)


def _entities(doctype: str) -> dict[str, str]:
    """Entities whose text is at most one character reference or has none."""
    found: dict[str, str] = {}
    for name, double, single in _ENTITY.findall(doctype[:_HEAD]):
        value = double or single
        if "&" not in value or re.fullmatch(r"&#(?:\d{1,7}|x[0-9a-fA-F]{1,6});", value):
            found.setdefault(name, value)
    return found
