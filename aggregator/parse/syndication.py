"""RSS and Atom: a document's bytes -> what feedparser reads of it, item by item. Pure.

The document is cut into its items first. If the whole is well-formed, feedparser reads
it in one go. If not, the sound items are read together and each broken one alone, by
feedparser's loose parser: one bad item costs that item only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import feedparser

from aggregator.parse.decoding import Encoding, decode
from aggregator.parse.mending import declare_prefixes, fault, mend
from aggregator.parse.recognising import Root, declared_entities
from aggregator.parse.scanning import slice_items

__all__ = ["CUT", "Delivered", "Syndicated", "read_syndicated"]

_PROLOG = "<?xml version='1.0' encoding='utf-8'?>\n"
# Elements whose readers in feedparser stumble (a `gml:pos` alone, say) and that no part
# of the program uses.
_FOREIGN = re.compile(
    r"<((?!dc:|dcterms:|content:|atom:|rss:|rdf:|feedburner:)[\w-]+:[\w.-]+)(?=[\s/>])[^<>]*?"
    r"(?:/>|>.*?</\1\s*>)",
    re.IGNORECASE | re.DOTALL,
)
# Of an item: what follows is missing.
CUT = "the document ends within it"
_TRUNCATED = "the document ends before its root element does"
_CHANNEL = re.compile(r"<((?:[\w-]+:)?channel)(?=[\s>])[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One item: feedparser's reading of it, its own bytes, what was mended."""

    entry: Mapping[str, Any]
    raw: bytes
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Syndicated:
    """A document as feedparser reads it.

    Attributes:
        feed: The document's own elements.
        surroundings: The document's markup without its items.
        items: In document order.
        bad_items: One sentence for each that could not be read.
        problems: What is odd about the document.
        truncated: Its root element does not end.
    """

    feed: Mapping[str, Any]
    surroundings: str
    items: tuple[Delivered, ...]
    bad_items: tuple[str, ...]
    problems: tuple[str, ...]
    truncated: bool


@dataclass(slots=True)
class _Document:
    """The document in pieces, mended."""

    shell: str
    closing: str
    gaps: list[str]
    items: list[str]
    raws: list[bytes]
    mended: list[list[str]]
    bad: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def whole(self) -> str:
        pieces = [self.gaps[0]]
        for item, gap in zip(self.items, self.gaps[1:], strict=True):
            pieces += (item, gap)
        return _PROLOG + "".join(pieces)


def read_syndicated(
    body: bytes, encoding: Encoding, root: Root, *, max_entries: int
) -> Syndicated:
    """Read RSS or Atom.

    Args:
        body: The document in an ASCII-compatible encoding, without byte order mark.
        encoding: Its encoding.
        root: Its root element; offsets count in `body`.
        max_entries: Items read; the others are counted in a problem.
    """
    document = _cut(body, encoding, root, max_entries)
    whole = document.whole()
    reason = fault(whole)
    if reason is not None and "prefix" in reason:
        _declare(document, whole)
        whole = document.whole()
        reason = fault(whole)
    if reason is None:
        feed, entries = _attempt(whole, document.problems)
        if len(entries) == len(document.items):
            return _result(document, feed, list(entries))
        if not document.items:
            document.raws = [b""] * len(entries)
            document.mended = [["its own bytes could not be told apart"] for _ in entries]
            return _result(document, feed, list(entries))
    else:
        document.problems.append(f"not well-formed XML ({reason[:100]})")
    feed, _ = _attempt(_PROLOG + "".join(document.gaps), document.problems)
    return _result(document, feed, _read_apart(document))


def _cut(body: bytes, encoding: Encoding, root: Root, max_entries: int) -> _Document:
    entities = declared_entities(root, encoding)
    slices = slice_items(body[root.start :], root.item)
    problems: list[str] = []
    if len(slices.items) > max_entries:
        problems.append(f"only the first {max_entries} of {len(slices.items)} items were read")
    items: list[str] = []
    mended: list[list[str]] = []
    for nth, raw in enumerate(slices.items[:max_entries]):
        notes: list[str] = []
        item = mend(decode(raw, encoding.codec), entities, notes)
        if nth in slices.unclosed:
            notes.append("its end tag is missing")
            name = re.match(r"<([^\s<>/]+)", item)
            item += f"</{name[1]}>" if name else ""
        items.append(item)
        mended.append(notes)
    kept = (*slices.gaps[: len(items)], slices.gaps[-1])
    gaps = [mend(decode(gap, encoding.codec), entities, problems) for gap in kept]
    closing = f"</{root.name}>"
    gaps[-1] = _without_rest(gaps[-1], closing, problems)
    shell, end = _shell(gaps[0], closing)
    raws = list(slices.items[: len(items)])
    if _TRUNCATED in problems and len(items) - 1 in slices.unclosed:
        mended[-1].append(CUT)
    return _Document(shell, end, gaps, items, raws, mended, problems=problems)


def _without_rest(tail: str, closing: str, problems: list[str]) -> str:
    """The end of the document without what some servers append to it."""
    at = tail.rfind(closing)
    if at < 0:
        problems.append(_TRUNCATED)
        return tail
    return tail[: at + len(closing)]


def _shell(head: str, closing: str) -> tuple[str, str]:
    """Start tags that an item needs around it to be read alone, and their end tags."""
    end = _end_of_tag(head)
    start = head[:end]
    channel = _CHANNEL.search(head, end)
    if channel is None or "rdf" in closing.lower():
        return start, closing
    return start + channel[0], f"</{channel[1]}>{closing}"


def _end_of_tag(head: str) -> int:
    match = re.match(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", head)
    return match.end() if match else len(head)


def _declare(document: _Document, whole: str) -> None:
    end = _end_of_tag(document.gaps[0])
    start = declare_prefixes(document.gaps[0][:end], whole)
    document.shell = start + document.shell[end:]
    document.gaps[0] = start + document.gaps[0][end:]
    document.problems.append("undeclared name space prefixes were declared")


def _read_apart(document: _Document) -> list[Mapping[str, Any] | None]:
    """Read the sound items together and each other one alone."""
    shell, closing = _PROLOG + document.shell, document.closing
    found: list[Mapping[str, Any] | None] = [None] * len(document.items)
    sound = [n for n, item in enumerate(document.items) if fault(shell + item + closing) is None]
    _, entries = _attempt(shell + "".join(document.items[n] for n in sound) + closing, [])
    if len(entries) == len(sound):
        found = _filled(found, sound, entries)
    for nth in range(len(document.items)):
        if found[nth] is None:
            found[nth] = _read_alone(document, nth, sound=nth in sound)
    return found


def _read_alone(document: _Document, nth: int, *, sound: bool) -> Mapping[str, Any] | None:
    """Read one item, the second time without what is no news."""
    item, notes = document.items[nth], document.mended[nth]
    for attempt in (item, _FOREIGN.sub("", item)):
        _, alone = _attempt(_PROLOG + document.shell + attempt + document.closing, notes)
        if len(alone) == 1:
            if not sound:
                notes.append("it is not well-formed and was read loosely")
            return alone[0]
    document.bad.append(f"item {nth + 1} could not be read: {'; '.join(notes) or 'it holds none'}")
    return None


def _filled(
    found: list[Mapping[str, Any] | None], at: Sequence[int], entries: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    filled = list(found)
    for nth, entry in zip(at, entries, strict=True):
        filled[nth] = entry
    return filled


def _attempt(
    document: str, problems: list[str]
) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    try:
        return _feedparser(document)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - feedparser lets out whatever it stumbles over
        problems.append(f"feedparser failed ({error!r:.100})")
        return {}, []


def _feedparser(document: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    # Bytes only: a string might be taken for a path or an address.
    parsed = feedparser.parse(
        document.encode("utf-8", "replace"), sanitize_html=False, resolve_relative_uris=False
    )
    return parsed["feed"], parsed["entries"]


def _result(
    document: _Document, feed: Mapping[str, Any], entries: Sequence[Mapping[str, Any] | None]
) -> Syndicated:
    rows = zip(entries, document.raws, document.mended, strict=True)
    return Syndicated(
        feed=feed,
        surroundings="".join(document.gaps),
        items=tuple(Delivered(e, raw, notes) for e, raw, notes in rows if e is not None),
        bad_items=tuple(document.bad),
        problems=tuple(dict.fromkeys(document.problems)),
        truncated=_TRUNCATED in document.problems,
    )
