"""HTML to text. Pure.

The walker also serves `cutting`, so offsets counted in `html_to_text(html)` mean the same
characters to `cut_html`.

Paragraph-like blocks part paragraphs (one empty line), other blocks and `<br>` part
lines, table cells are parted by a tab, everything else is running text with its white
space folded. Nothing is invented: no bullets, no link targets, no alternative texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree

from aggregator.text.words import normalise

__all__ = [
    "CELL",
    "Placed",
    "Run",
    "cap_nesting",
    "html_to_text",
    "level_of",
    "parse_html",
    "place",
    "walk",
]

# Open elements at a time. libxml2 gives up at 256; the deepest feed of our corpus has
# 31; nh3 needs 15 s for 100,000.
MAX_NESTING = 200


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PARAGRAPH = _names("article blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre section table ul")
_LINE = _names(
    "address aside body caption center dd details div dt fieldset figcaption footer form header "
    "html legend li main nav summary tbody tfoot thead tr"
)
CELL = frozenset(("td", "th"))
_LISTS = frozenset(("ul", "ol", "dl"))
_SKIPPED = _names(
    "applet audio canvas embed head iframe math noembed noframes object script select style svg "
    "template textarea title video"
)
# Elements without an end tag, and those whose end tag HTML implies: they nest only
# together with their parents, which are counted.
_UNCOUNTED = _names(
    "area base br col dd dt embed hr img input li link meta option p param source tbody td tfoot "
    "th thead tr track wbr"
)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s<>/]*)[^<>]*>?")

_NONE, _SPACE, _TAB, _NEWLINE, _EMPTY_LINE = range(5)
_SEPARATORS = ("", " ", "\t", "\n", "\n\n")


class Run(NamedTuple):
    """One text node: `element.text`, or `element.tail` if `tail`."""

    element: etree._Element
    tail: bool
    text: str
    preformatted: bool


class Placed(NamedTuple):
    """A run as it stands in the text, after its separator."""

    separator: str
    text: str
    run: Run


def html_to_text(html: str) -> str:
    """Plain text of HTML.

    Args:
        html: A fragment or a document, well-formed or not. Text without any tag is
            read as HTML too (white space folds); see `plain_to_html`.

    Returns:
        Lines end in a line feed, paragraphs are parted by one empty line, table cells
        by a tab; NFC; no control characters; no white space at either end.
    """
    body = parse_html(html)
    if body is None:
        return ""
    parts: list[str] = []
    for placed in place(walk(body)):
        parts += placed[:2]
    return "".join(parts)


def cap_nesting(html: str) -> str:
    """The HTML without the tags that open more than `MAX_NESTING` elements at a time.

    Their text stays. Linear in the length, and free for HTML with few tags.
    """
    if html.count("<") <= MAX_NESTING:
        return html
    parts: list[str] = []
    opened: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    depth = at = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _UNCOUNTED:
            continue
        drop = False
        if not match[1]:
            drop = depth >= MAX_NESTING
            (dropped if drop else opened)[name] += 1
            depth += not drop
        elif dropped[name]:
            dropped[name] -= 1
            drop = True
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if drop:
            parts.append(html[at : match.start()])
            at = match.end()
    return "".join(parts) + html[at:] if parts else html


def parse_html(html: str) -> etree._Element | None:
    """The body element of HTML, whatever its state; None where there is nothing."""
    html = cap_nesting(normalise(html))
    if not html.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    # The wrapper keeps libxml2 from moving leading text and metadata about.
    root = etree.fromstring(f"<html><body>{html}".encode(), parser)
    return root.find("body") if root is not None else None


def level_of(element: etree._Element) -> int:
    """How strongly the element's borders part the text."""
    tag = element.tag
    if tag in _PARAGRAPH:
        parent = element.getparent()
        nested = tag in _LISTS and parent is not None and parent.tag == "li"
        return _NEWLINE if nested else _EMPTY_LINE
    if tag in _LINE:
        return _NEWLINE
    return _TAB if tag in CELL else _NONE


def walk(body: etree._Element) -> Iterator[Run | int | None]:
    """Text nodes in order; between them levels of separation, None for a `<br>`."""
    walker = etree.iterwalk(body, events=("start", "end"))
    preformatted = 0
    for event, element in walker:
        tag = element.tag
        level = level_of(element)
        if level:
            yield level
        if event == "start":
            if tag in _SKIPPED:
                walker.skip_subtree()
                continue
            preformatted += tag == "pre"
            if element.text:
                yield _run(element, tail=False, preformatted=preformatted > 0)
            continue
        preformatted -= tag == "pre"
        if tag == "br":
            yield None
        if element.tail and element is not body:
            yield _run(element, tail=True, preformatted=preformatted > 0)


def _run(element: etree._Element, *, tail: bool, preformatted: bool) -> Run:
    text = (element.tail if tail else element.text) or ""
    if not text.isascii():
        text = normalise(text).replace("\u200b", "")
    return Run(element, tail, text, preformatted)


def place(events: Iterable[Run | int | None]) -> Iterator[Placed]:
    """Runs that show something, each with the separator that goes before it."""
    level = breaks = 0
    first = True
    for event in events:
        if event is None:
            breaks += 1
            continue
        if isinstance(event, int):
            level = max(level, event)
            continue
        source = event.text
        text = _folded(event)
        if not text:
            level = max(level, _SPACE if source else _NONE)
            continue
        if source[0].isspace():
            level = max(level, _SPACE)
        if breaks:
            level = max(level, _NEWLINE if breaks == 1 else _EMPTY_LINE)
        yield Placed("" if first else _SEPARATORS[level], text, event)
        first = False
        breaks = 0
        level = _SPACE if source[-1].isspace() else _NONE


def _folded(run: Run) -> str:
    if not run.preformatted:
        return " ".join(run.text.split())
    lines = (" ".join(line.split()) for line in run.text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
