"""Cutting a text's spans out of its HTML, or putting marks in their place. Pure.

Offsets are those of `html_to_text`: the same walker counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from lxml import etree

from aggregator.text.markup import CELL, Placed, Run, level_of, parse_html, place, walk

__all__ = ["cut_html", "mask_html"]


class _HasRange(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


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
    body = parse_html(html) if ranges else None
    if body is None:
        return html
    touched = _cut(list(place(walk(body))), ranges)
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
    body = parse_html(html) if ranges else None
    if body is None:
        return html
    at = 0
    touched: set[etree._Element] = set()
    for separator, text, run in list(place(walk(body))):
        start = at + len(separator)
        at = start + len(text)
        marked = _marked(text, ranges, start, mark)
        if marked != text:
            touched.add(_put(run, marked))
    for element in touched:
        _forget_attributes(element, body, mark)
    return _inner_html(body)


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


def _cut(placed: Sequence[Placed], ranges: Sequence[tuple[int, int]]) -> set[etree._Element]:
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


def _put(run: Run, text: str) -> etree._Element:
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
    if element.tag in CELL:
        # A lone empty cell holds its column's place.
        return False
    if (element.text or "").strip():
        return False
    for child in element:
        hollow = child.tag == "br" or (child.tag in CELL and _is_hollow(child))
        if not hollow or (child.tail or "").strip():
            return False
    return True


def _is_hollow(cell: etree._Element) -> bool:
    return len(cell) == 0 and not (cell.text or "").strip()


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if level_of(element) or len(element):
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
        return not level_of(before)
    return parent is not None and _is_inline(parent) and _text_before(parent)


def _text_after(element: etree._Element) -> bool:
    if (element.tail or "").strip():
        return True
    after, parent = element.getnext(), element.getparent()
    if after is not None:
        return not level_of(after)
    return parent is not None and _is_inline(parent) and _text_after(parent)


def _is_inline(element: etree._Element) -> bool:
    return element.tag != "body" and not level_of(element)


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
