"""HTML to text, and cutting a text's spans out of its HTML. Pure.

One walker serves both, so offsets counted in `html_to_text(html)` mean the same
characters to `cut_html`.

Paragraph-like blocks part paragraphs (one empty line), other blocks and `<br>` part
lines, table cells are parted by a tab, everything else is running text with its white
space folded. Nothing is invented: no bullets, no link targets, no alternative texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from lxml import etree

from aggregator.text.words import normalise

__all__ = ["cap_nesting", "cut_html", "html_to_text", "mask_html"]

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
_CELL = frozenset(("td", "th"))
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


class _HasRange(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class _Run(NamedTuple):
    """One text node: `element.text`, or `element.tail` if `tail`."""

    element: etree._Element
    tail: bool
    text: str
    preformatted: bool


class _Placed(NamedTuple):
    """A run as it stands in the text, after its separator."""

    separator: str
    text: str
    run: _Run


def html_to_text(html: str) -> str:
    """Plain text of HTML.

    Args:
        html: A fragment or a document, well-formed or not. Text without any tag is
            read as HTML too (white space folds); see `plain_to_html`.

    Returns:
        Lines end in a line feed, paragraphs are parted by one empty line, table cells
        by a tab; NFC; no control characters; no white space at either end.
    """
    body = _parse(html)
    if body is None:
        return ""
    parts: list[str] = []
    for placed in _place(_walk(body)):
        parts += placed[:2]
    return "".join(parts)


def cut_html(html: str, spans: Iterable[_HasRange | tuple[int, int]]) -> str:
    """The HTML without some of its text.

    Args:
        html: As given to `html_to_text`.
        spans: Half-open character ranges of `html_to_text(html)`, in any order; they
            may overlap. Anything with `start` and `end` will do, or pairs.

    Returns:
        HTML whose text is the text less the spans, but for white space. Elements that
        thereby became empty are gone; line breaks between what remains are kept. `html`
        itself, if there is nothing to cut.
    """
    ranges = _merged(spans)
    body = _parse(html) if ranges else None
    if body is None:
        return html
    touched = _cut(list(_place(_walk(body))), ranges)
    if not touched:
        return html
    _drop_emptied(body, touched)
    return _inner_html(body)


def mask_html(html: str, spans: Iterable[_HasRange | tuple[int, int]], *, mark: str) -> str:
    """The HTML with a mark in the place of every visible character of some of its text.

    Args:
        html: As given to `html_to_text`.
        spans: As for `cut_html`.
        mark: One character that is no white space.

    Returns:
        HTML whose text has the same length and the same white space. Elements of which
        nothing else is left have no attributes any more: a link's target says as much
        as its words.
    """
    ranges = _merged(spans)
    body = _parse(html) if ranges else None
    if body is None:
        return html
    at = 0
    touched: set[etree._Element] = set()
    for separator, text, run in list(_place(_walk(body))):
        start = at + len(separator)
        at = start + len(text)
        marked = _marked(text, ranges, start, mark)
        if marked != text:
            touched.add(_put(run, marked))
    for element in touched:
        _forget_attributes(element, body, mark)
    return _inner_html(body)


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


def _parse(html: str) -> etree._Element | None:
    html = cap_nesting(normalise(html))
    if not html.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    # The wrapper keeps libxml2 from moving leading text and metadata about.
    root = etree.fromstring(f"<html><body>{html}".encode(), parser)
    return root.find("body") if root is not None else None


def _level(element: etree._Element) -> int:
    """How strongly the element's borders part the text."""
    tag = element.tag
    if tag in _PARAGRAPH:
        parent = element.getparent()
        nested = tag in _LISTS and parent is not None and parent.tag == "li"
        return _NEWLINE if nested else _EMPTY_LINE
    if tag in _LINE:
        return _NEWLINE
    return _TAB if tag in _CELL else _NONE


def _walk(body: etree._Element) -> Iterator[_Run | int | None]:
    """Text nodes in order; between them levels of separation, None for a `<br>`."""
    walker = etree.iterwalk(body, events=("start", "end"))
    preformatted = 0
    for event, element in walker:
        tag = element.tag
        level = _level(element)
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


def _run(element: etree._Element, *, tail: bool, preformatted: bool) -> _Run:
    text = (element.tail if tail else element.text) or ""
    if not text.isascii():
        text = normalise(text).replace("\u200b", "")
    return _Run(element, tail, text, preformatted)


def _place(events: Iterable[_Run | int | None]) -> Iterator[_Placed]:
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
        yield _Placed("" if first else _SEPARATORS[level], text, event)
        first = False
        breaks = 0
        level = _SPACE if source[-1].isspace() else _NONE


def _folded(run: _Run) -> str:
    if not run.preformatted:
        return " ".join(run.text.split())
    lines = (" ".join(line.split()) for line in run.text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _merged(spans: Iterable[_HasRange | tuple[int, int]]) -> list[tuple[int, int]]:
    pairs = sorted(s if isinstance(s, tuple) else (s.start, s.end) for s in spans)
    merged: list[tuple[int, int]] = []
    for start, end in pairs:
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _cut(placed: Sequence[_Placed], ranges: Sequence[tuple[int, int]]) -> set[etree._Element]:
    """Take the ranges out of the text nodes; return the elements that held them."""
    touched: set[etree._Element] = set()
    at = nth = 0
    for separator, text, run in placed:
        start = at + len(separator)
        at = start + len(text)
        while nth < len(ranges) and ranges[nth][1] <= start:
            nth += 1
        if nth == len(ranges):
            break
        kept = _less(text, ranges[nth:], start)
        if kept == text:
            continue
        touched.add(_put(run, kept))
    return touched


def _put(run: _Run, text: str) -> etree._Element:
    """Puts another text in a run's place; returns the element that holds it."""
    head = " " if run.text[0].isspace() else ""
    end = " " if run.text[-1].isspace() else ""
    if not run.tail:
        run.element.text = head + text + end
        return run.element
    run.element.tail = head + text + end
    parent = run.element.getparent()
    assert parent is not None
    return parent


def _marked(text: str, ranges: Sequence[tuple[int, int]], offset: int, mark: str) -> str:
    characters = list(text)
    for start, end in ranges:
        for at in range(max(start - offset, 0), min(end - offset, len(text))):
            if not characters[at].isspace():
                characters[at] = mark
    return "".join(characters)


def _forget_attributes(element: etree._Element, body: etree._Element, mark: str) -> None:
    """Empties the largest element around that holds nothing but marks, and all in it."""
    outermost = None
    around: etree._Element | None = element
    while around is not None and around is not body:
        if "".join(str(part) for part in around.itertext()).replace(mark, "").strip():
            break
        outermost, around = around, around.getparent()
    if outermost is not None:
        for inner in outermost.iter():
            inner.attrib.clear()


def _less(text: str, ranges: Sequence[tuple[int, int]], offset: int) -> str:
    parts: list[str] = []
    at = 0
    for start, end in ranges:
        if start >= offset + len(text):
            break
        parts.append(text[at : max(start - offset, 0)])
        at = max(end - offset, 0)
    parts.append(text[at:])
    return "".join(parts)


def _drop_emptied(body: etree._Element, touched: set[etree._Element]) -> None:
    """Remove touched elements that show nothing any more, inner ones first."""
    for element in list(touched):
        touched.update(element.iterancestors())
    for element in reversed(list(body.iter())):
        if element in touched and element is not body and _is_empty(element):
            _drop(element)


def _is_empty(element: etree._Element) -> bool:
    if element.tag in _CELL:
        # A lone empty cell holds its column's place.
        return False
    if (element.text or "").strip():
        return False
    for child in element:
        hollow = child.tag == "br" or (child.tag in _CELL and _is_hollow(child))
        if not hollow or (child.tail or "").strip():
            return False
    return True


def _is_hollow(cell: etree._Element) -> bool:
    return len(cell) == 0 and not (cell.text or "").strip()


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if _level(element) or len(element):
        # What stood on lines of its own left a line break between its neighbours.
        tail = element.tail
        element.clear()
        element.tag = "br"
        element.tail = tail
        if not _parts_text(element):
            _remove(element, parent)
        return
    _remove(element, parent)


def _parts_text(element: etree._Element) -> bool:
    """Whether running text stands on both sides, inside the inline elements around, too."""
    return _text_before(element) and _text_after(element)


def _text_before(element: etree._Element) -> bool:
    before, parent = element.getprevious(), element.getparent()
    lead = before.tail if before is not None else parent.text if parent is not None else None
    if (lead or "").strip():
        return True
    if before is not None:
        return not _level(before)
    return parent is not None and _is_inline(parent) and _text_before(parent)


def _text_after(element: etree._Element) -> bool:
    if (element.tail or "").strip():
        return True
    after, parent = element.getnext(), element.getparent()
    if after is not None:
        return not _level(after)
    return parent is not None and _is_inline(parent) and _text_after(parent)


def _is_inline(element: etree._Element) -> bool:
    return element.tag != "body" and not _level(element)


def _remove(element: etree._Element, parent: etree._Element) -> None:
    tail = element.tail or ""
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)


def _inner_html(body: etree._Element) -> str:
    whole = etree.tostring(body, encoding="unicode", method="html")
    start = whole.index(">") + 1
    return whole[start : whole.rindex("</body>")].strip()
