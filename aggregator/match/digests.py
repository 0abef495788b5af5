"""Where the parts of a digest begin. In: title and body; out: token offsets. Pure.

A digest that begins with a release looks like a full text of which that release is a cut: no
similarity tells them apart, and shared words do not either (see decision 0102). What tells is
how a digest is built: press offices number its parts, newsrooms put each release's headline
above it, or its own headline says that it is one. A text built so is a digest of those texts
only that stand in it as parts (`stands_in`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from aggregator.match.shingles import Hashes, membership, sequence_shingles, token_hashes
from aggregator.text import tokens

__all__ = ["NO_PARTS", "Parts", "find_parts", "named_digest", "pack", "stands_in", "unpack"]

# Fewer words are no part: a teaser, a note.
PART_WORDS = 40
# A release quotes another one's number, has a sub-headline or two, has two long paragraphs.
MIN_NUMBERED = 2
MIN_HEADED = 3
MIN_TITLED = 3
MAX_PARTS = 40
# So much of a release stands in its part: as `conditions.PART_CONTAINMENT`.
PART_HELD = 0.8
# And so much of the part is the release; the rest is a headline, a number, an author's mark.
# Of a text cut anywhere less than this of its last part is left, or more than one part.
PART_FILLED = 0.75
# A headline above a part; longer lines are sentences, shorter ones rubrics ("Abstract").
_MAX_HEADING_WORDS = 15
_MAX_HEADING_CHARS = 140
_MIN_HEADING_WORDS = 3
# A headline that names a digest has so few words beside, figures aside: a place, an office.
_MAX_BESIDE = 4

_SAYS_DIGEST = re.compile(
    r"\b(?:zusammenfassung|(?:tages|wochen|monats)?(?:ue|ü)berblick|\w*rundschau|presseschau"
    r"|polizeiberichte?|presseberichte?|tagesmeldungen|meldungen (?:vom|aus|des|der)"
    r"|kurzmeldungen|nachrichten (?:vom|des tages)|pressemitteilungen|newsletter|digest|round-?up"
    r"|briefing|in k(?:ue|ü)rze|der tag im|(?:tages|wochen)r(?:ue|ü)ckblick)\b",
    re.IGNORECASE,
)
# One of them stands in whatever `_SAYS_DIGEST` finds; looking for them is ten times cheaper.
_STEMS = (
    "fassung", "blick", "schau", "bericht", "meldungen", "nachrichten", "mitteilungen",
    "newsletter", "digest", "round", "briefing", "in k", "der tag im",
)  # fmt: skip
# A press office's running number as it heads a part: "260102 - 0012 Ostend: ...".
_NUMBERED = re.compile(r"(?<![\d-])\d{6}\s{0,2}[-–\x96]\s{0,2}\d{1,4}(?=[\s:,.]+[^\W\d_])")
_NUMBER_AHEAD = re.compile(r"[\W_]{0,8}\d{6}\s{0,2}[-–\x96]")
_SENTENCE_ENDS = frozenset(".!?:;,\"“”»…)'")


class Parts(NamedTuple):
    """A digest's parts.

    Attributes:
        starts: Token offsets where they begin, in order; () where the text is no digest.
        texts: Where the texts below their headlines begin, if they are known by headlines
            alone; else ().
    """

    starts: tuple[int, ...]
    texts: tuple[int, ...] = ()


NO_PARTS = Parts(())


def find_parts(title: str, body: str) -> Parts:
    """Where the parts of a digest begin.

    Args:
        title: As delivered.
        body: Text less boilerplate; paragraphs separated by one empty line.
    """
    starts = _numbered(body) if _NUMBER_AHEAD.match(body) else ()
    if len(starts) >= MIN_NUMBERED:
        return Parts(starts[:MAX_PARTS])
    paragraphs = body.split("\n\n")
    if len(paragraphs) < MIN_TITLED:
        return NO_PARTS
    says = _says_digest(title)
    headed = _is_heading(paragraphs[0]) and sum(map(_is_heading, paragraphs)) >= MIN_HEADED
    if not says and not headed:
        return NO_PARTS
    counted = [(text, len(tokens(text))) for text in paragraphs]
    if says and sum(words >= PART_WORDS for _, words in counted) >= MIN_TITLED:
        return Parts(_offsets(counted)[:MAX_PARTS])
    return _headed(counted) if headed else NO_PARTS


def named_digest(title: str) -> re.Match[str] | None:
    """Where a headline calls what follows a digest, or None."""
    lowered = title.casefold()
    if not any(map(lowered.__contains__, _STEMS)):
        return None
    return _SAYS_DIGEST.search(title)


def stands_in(parts: Parts, *, whole: Hashes, part: Hashes, headline: tuple[str, ...]) -> bool:
    """Whether a release stands in a digest as one or several of its parts.

    Nearly all of it stands between two places where parts begin, and little else does: a cut
    of a text ends where it ends.

    Args:
        parts: Those of the digest.
        whole: The digest's token hashes in order.
        part: The release's.
        headline: The release's stripped headline, as tokens.
    """
    others = sequence_shingles(part)
    others.sort()
    found = membership(sequence_shingles(whole), others)
    before = np.concatenate(([0], np.cumsum(found)))
    bounds = [*(at for at in parts.starts if at < len(found)), len(found)]
    for number, start in enumerate(bounds[:-1]):
        for end in bounds[number + 1 :]:
            shared = int(before[end] - before[start])
            held = shared >= PART_HELD * len(others) and shared >= PART_FILLED * (end - start)
            if held and len(found) - (end - start) >= PART_WORDS:
                return not parts.texts or _headlined(whole[start : parts.texts[number]], headline)
    return False


def pack(parts: Parts) -> str:
    """As one string; `unpack` is its inverse."""
    return " ".join((*map(str, parts.starts), *(f"+{text}" for text in parts.texts)))


def unpack(packed: str) -> Parts:
    """Parts from `pack`."""
    words = packed.split()
    return Parts(
        tuple(int(word) for word in words if word[0] != "+"),
        tuple(int(word) for word in words if word[0] == "+"),
    )


def _headlined(above: Hashes, headline: tuple[str, ...]) -> bool:
    """Whether what stands above a part is this headline, behind a number or a place."""
    words = token_hashes(headline).tolist()
    return len(words) >= _MIN_HEADING_WORDS and above[-len(words) :].tolist() == words


def _numbered(body: str) -> tuple[int, ...]:
    """Parts headed by numbers of their own; the first begins the text."""
    seen: dict[str, int] = {}
    for match in _NUMBERED.finditer(body):
        seen.setdefault(" ".join(tokens(match[0])), match.start())
    if len(seen) < MIN_NUMBERED or tokens(body[: min(seen.values())]):
        return ()
    starts = [len(tokens(body[:at])) for at in seen.values()]
    ends = [*starts[1:], len(tokens(body))]
    return tuple(at for at, end in zip(starts, ends, strict=True) if end - at >= PART_WORDS)


def _headed(counted: list[tuple[str, int]]) -> Parts:
    """Parts under headlines of their own; the first headline begins the text."""
    at = _offsets(counted)
    headings = [number for number, (text, _) in enumerate(counted) if _is_heading(text)]
    ends = [*(at[number] for number in headings[1:]), at[-1] + counted[-1][1]]
    kept = [
        number
        for number, end in zip(headings, ends, strict=True)
        if end - at[number] - counted[number][1] >= PART_WORDS
    ][:MAX_PARTS]
    if len(kept) < MIN_HEADED or kept[0]:
        return NO_PARTS
    return Parts(
        tuple(at[number] for number in kept),
        tuple(at[number] + counted[number][1] for number in kept),
    )


def _offsets(counted: list[tuple[str, int]]) -> tuple[int, ...]:
    """Where each paragraph begins, in words."""
    return tuple(np.cumsum([0, *(words for _, words in counted[:-1])]).tolist())


def _is_heading(text: str) -> bool:
    if not 0 < len(text) <= _MAX_HEADING_CHARS or "\n" in text:
        return False
    words = text.count(" ") + 1 <= _MAX_HEADING_WORDS
    return words and text.rstrip()[-1:] not in _SENTENCE_ENDS


def _says_digest(title: str) -> bool:
    """Whether a headline names a digest and nothing that happened."""
    match = named_digest(title)
    if match is None:
        return False
    beside = tokens(f"{title[: match.start()]} {title[match.end() :]}")
    return sum(not word.isdigit() for word in beside) <= _MAX_BESIDE
