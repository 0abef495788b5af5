"""What full-text search knows of a document: its terms, in order. Pure.

A title and a body, each analysed in the document's own language, bounded so that both
databases index exactly the same: PostgreSQL ignores positions after 16,383, keeps at most
255 positions of one lexeme, and refuses a tsvector over 1 MB.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from aggregator.model.matching import PreparedEntry
from aggregator.store.mapping import storable
from aggregator.text import analyse

__all__ = ["ANALYSER", "BODY_OFFSET", "Terms", "terms", "terms_of"]

# Of what analysis depends on; another one means that the index must be built anew.
ANALYSER: Final = f"1/{version('snowballstemmer')}"

MAX_TITLE_TERMS: Final = 1_000
MAX_BODY_TERMS: Final = 15_000
MAX_CHARS: Final = 250_000
MAX_OCCURRENCES: Final = 255
# Positions of the body start well after the title's last one, so that no phrase crosses.
BODY_OFFSET: Final = MAX_TITLE_TERMS + 100
# Stands where a term was left out and keeps its neighbours apart. Analysis never gives it:
# it is no alphanumeric character; FTS5's `ascii` tokenizer takes it for a word.
GAP: Final = "\u00a4"
# An entry's title is indexed with it and with each decision about it, an outlet's name with
# every decision. A cache of a pure function, no state.
_LINES_KEPT: Final = 4_096
_SHORT_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one document.

    Attributes:
        title: Of its title, in order.
        body: Of its body, in order; `GAP` where a term occurred too often.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]


def terms(title: str, body: str, language: str) -> Terms:
    """Analyses a document for search. Dear (stemming): call it outside the transaction.

    Args:
        title: Plain text.
        body: Plain text without boilerplate.
        language: BCP 47 tag of both.
    """
    heading = _analysed(title, language)[:MAX_TITLE_TERMS]
    text = _analysed(body[:MAX_CHARS], language)[:MAX_BODY_TERMS]
    counted = Counter(heading)
    counted.update(text)
    # Counting ahead is ten times faster than keeping count, and nearly always the end.
    if max(counted.values(), default=0) <= MAX_OCCURRENCES:
        return Terms(title=tuple(heading), body=tuple(text))
    seen: Counter[str] = Counter()
    return Terms(title=_bounded(heading, seen), body=_bounded(text, seen))


def terms_of(prepared: PreparedEntry) -> Terms:
    """The terms an entry is indexed by: exactly those its stored row will give again."""
    title = storable(prepared.parsed.title)
    body = storable(prepared.cleaned.body() or prepared.parsed.summary)
    return terms(title, body, prepared.language)


def _analysed(text: str, language: str) -> list[str]:
    """`analyse`, line by line where the text is short: titles, names and rules recur."""
    if len(text) > _SHORT_CHARS:
        return analyse(text, language)
    found: list[str] = []
    for line in text.split("\n"):
        found += _of_line(line, language)
    return found


@lru_cache(maxsize=_LINES_KEPT)
def _of_line(line: str, language: str) -> tuple[str, ...]:
    return tuple(analyse(line, language))


def _bounded(words: list[str], seen: Counter[str]) -> tuple[str, ...]:
    bounded = []
    for word in words:
        seen[word] += 1
        bounded.append(word if seen[word] <= MAX_OCCURRENCES else GAP)
    return tuple(bounded)
