"""Turns the words of a query into FTS5's and tsquery's notation. Pure.

A document is analysed in its own language, a query in all of them: a word stands for the
stems it has in any language known, and for itself. Both notations are made from the same
stems, so both databases find the same set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aggregator.store.query import All, Either, Not, Query, Words
from aggregator.text import analyse

__all__ = ["fts5", "tsquery", "variants"]

# Those `aggregator.text.analyse` stems, and none.
LANGUAGES: Final = ("", "de", "en", "es", "fr", "it")


def variants(text: str) -> tuple[tuple[str, ...], ...]:
    """The different stem sequences of some words, sorted; all of the same length."""
    return tuple(sorted({tuple(analyse(text, language)) for language in LANGUAGES}))


def fts5(query: Query) -> str | None:
    """The query as an FTS5 expression; None if it is none: fields, or negation alone."""
    if isinstance(query, Words):
        found = " OR ".join(f'"{" ".join(words)}"' for words in variants(query.text))
        return f"({{title}} : ({found}))" if query.title else f"({found})"
    if isinstance(query, Either):
        parts = [fts5(part) for part in query.parts]
        return f"({' OR '.join(filter(None, parts))})" if all(parts) else None
    if isinstance(query, All):
        return _fts5_all(query.parts)
    return None


def tsquery(query: Query) -> str | None:
    """The query as a tsquery; None if fields are in it, or nothing is."""
    if isinstance(query, Words):
        weight = ":A" if query.title else ""
        phrases = (
            " <-> ".join(f"'{word}'{weight}" for word in words) for words in variants(query.text)
        )
        return f"({' | '.join(f'({phrase})' for phrase in phrases)})"
    if isinstance(query, Not):
        inner = tsquery(query.part)
        return None if inner is None else f"!{inner}"
    if isinstance(query, All | Either) and query.parts:
        parts = [tsquery(part) for part in query.parts]
        joint = " & " if isinstance(query, All) else " | "
        return f"({joint.join(filter(None, parts))})" if all(parts) else None
    return None


def _fts5_all(parts: Sequence[Query]) -> str | None:
    """FTS5's NOT takes two sides: what is left out needs something to be left out of."""
    wanted = [fts5(part) for part in parts if not isinstance(part, Not)]
    unwanted = [fts5(part.part) for part in parts if isinstance(part, Not)]
    if not wanted or not all(wanted) or not all(unwanted):
        return None
    found = f"({' AND '.join(filter(None, wanted))})"
    return f"({found} NOT ({' OR '.join(filter(None, unwanted))}))" if unwanted else found
