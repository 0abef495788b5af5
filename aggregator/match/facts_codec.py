"""Facts as bytes and back: JSON rows, about 50 bytes a fact. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring as quoted
from math import inf
from typing import Any

from aggregator.match.facts_labels import NAMING_ROLES
from aggregator.match.facts_model import (
    RELEASE_NUMBER,
    SEVERAL_DAYS,
    SOFT_KINDS,
    Fact,
    FactKind,
    Facts,
)
from aggregator.match.facts_read import Reading
from aggregator.match.numbers import Number
from aggregator.match.once import once

__all__ = ["CODES", "PackedFacts", "decode", "encode", "pack", "row"]

_KINDS = tuple(FactKind)
CODES = {kind: code for code, kind in enumerate(_KINDS)}
_DECODER = json.JSONDecoder()
_DATE = CODES[FactKind.DATE]
# What begins a row of a kind that is not SOFT; what stands in a text may look like one.
_HARD_ROWS = tuple(f'[{code},"'.encode() for kind, code in CODES.items() if kind not in SOFT_KINDS)


def encode(facts: Facts) -> bytes:
    """Compact UTF-8 JSON; `decode` gives the same value back."""
    rows = (
        row(each, each.raw, before=each.before, after=each.after, in_title=each.in_title)
        for each in facts.facts
    )
    return pack(rows, published=facts.published)


def pack(rows: Iterable[str], *, published: str) -> bytes:
    """The document of packed rows and the day of publication."""
    return f"[{quoted(published)},[{','.join(rows)}]]".encode()


def row(said: Fact | Reading, raw: str, *, before: int, after: int, in_title: bool) -> str:
    """One packed fact; written by hand, an encoder takes as long as the reading.

    Args:
        said: Gives kind, role, value and number.
        raw: As written.
        before: Hash of the two words before it.
        after: Hash of the two words after it.
        in_title: Found in the title.
    """
    number = said.number
    figures = "" if number is None else f",{_figures(number)}"
    return (
        f"[{CODES[said.kind]},{quoted(said.role)},{quoted(said.value)},{quoted(raw)}"
        f",{before},{after},{'1' if in_title else '0'}{figures}]"
    )


def _figures(number: Number) -> str:
    value = _figure(number.value)
    if number.low == number.high == number.value:
        return f"{value},{value},{value},{number.digits}"
    return f"{value},{_figure(number.low)},{_figure(number.high)},{number.digits}"


def _figure(value: float) -> str:
    return "Infinity" if value == inf else repr(value)


def decode(blob: bytes) -> Facts:
    """Facts from `encode`.

    Raises:
        ValueError: The bytes are no such document.
    """
    return PackedFacts(blob).facts


class PackedFacts:
    """Facts from `encode`, unpacked as far as they are asked for.

    Args:
        blob: What `encode` made; empty: no facts.

    Raises:
        ValueError: The bytes are no such document.
    """

    def __init__(self, blob: bytes) -> None:
        self._blob = blob

    @once
    def _document(self) -> tuple[str, list[tuple[Any, ...]]]:
        published, rows = _DECODER.decode(self._blob.decode()) if self._blob else ("", [])
        return published, rows

    @once
    def facts(self) -> Facts:
        """All of them."""
        published, rows = self._document
        return Facts(tuple([_fact(*row) for row in rows]), published)

    @once
    def hard(self) -> bool:
        """Whether one of them may be in a HARD conflict; said without unpacking any."""
        return any(row in self._blob for row in _HARD_ROWS)

    @once
    def points(self) -> frozenset[object]:
        """Where another text's facts can contradict these: slots, roles in titles, days.

        Two texts without a common point have no conflict, see `facts.conflicts`.
        """
        points: set[object] = set()
        days = set()
        for kind, role, value, _, before, after, in_title, *_ in self._document[1]:
            if role in NAMING_ROLES or role == RELEASE_NUMBER:
                points.add((kind, role))
                if in_title:
                    points.add(role)
            else:
                if before:
                    points.add((kind, role, before))
                if after:
                    points.add((kind, role, -after))
            if kind == _DATE and value[-1:] != "-":
                days.add(value)
        if len(days) >= SEVERAL_DAYS:
            points.add(SEVERAL_DAYS)
        return frozenset(points)


def _fact(  # noqa: PLR0913, PLR0917 - the columns of a row
    kind: int,
    role: str,
    value: str,
    raw: str,
    before: int,
    after: int,
    in_title: int,
    *number: float,
) -> Fact:
    read = Number(number[0], number[1], number[2], int(number[3])) if number else None
    return Fact(_KINDS[kind], role, value, raw, before, after, read, bool(in_title))
