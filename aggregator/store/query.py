"""Parses the search language. Pure; docs/reference/search.md describes it to people.

    query   = either, {"OR", either}
    either  = factor, {["AND"], factor}
    factor  = ["-"], (phrase | field | word | "(", query, ")")
    field   = name, ":", (word | phrase)

AND binds closer than OR; words side by side mean AND. `AND` and `OR` are operators in
capitals only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.errors import UsageError
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.text import tokens

__all__ = ["All", "Either", "Field", "Fieldname", "Not", "Query", "Words", "parse"]

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 20
MAX_LEAVES: Final = 100

_PIECE = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-(?=\S))"
    r'|(?:(?P<field>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+)))'
)
_DATE_LENGTH: Final = len("2026-01-31")


class Fieldname(StrEnum):
    """What may stand before a colon."""

    TITLE = "title"
    OUTLET = "outlet"
    ISSUER = "issuer"
    FEED = "feed"
    KIND = "kind"
    LANGUAGE = "language"
    VERDICT = "verdict"
    SINCE = "since"
    UNTIL = "until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words that stand next to each other, in this order; one word mostly.

    Attributes:
        text: As typed.
        title: Only in titles.
    """

    text: str
    title: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A condition on something other than the text.

    Attributes:
        name: On what.
        value: As typed, folded where case does not matter.
        at: For SINCE (from then on) and UNTIL (before then), aware.
    """

    name: Fieldname
    value: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every part holds; no parts: everything is found."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """At least one part holds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Query


Query = Words | Field | All | Either | Not


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    text: str
    field: str | None
    at: int


def parse(text: str, *, timezone: str = "UTC") -> Query:
    """Reads a query.

    Args:
        text: As a person typed it; an empty one finds everything.
        timezone: IANA name; days of `since:` and `until:` begin there.

    Raises:
        UsageError: What is wrong, and at which character.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"The query is longer than {MAX_LENGTH:,} characters.")
    reader = _Reader(_pieces(text), zone=ZoneInfo(timezone), length=len(text))
    query = reader.either()
    if reader.here is not None:
        raise _wrong(f"there is no `(` for this `{reader.here.text}`", reader.here.at)
    return query


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _PIECE.match(text, at)
        if found is None:
            begin = len(text) - len(text[at:].lstrip())
            raise _wrong("this quotation mark is not closed", begin)
        pieces.append(_piece(found))
        at = found.end()
    if sum(piece.kind in {"word", "phrase"} for piece in pieces) > MAX_LEAVES:
        raise UsageError(f"The query has more than {MAX_LEAVES} words.")
    return pieces


def _piece(found: re.Match[str]) -> _Piece:
    kind = found.lastgroup or "word"
    at = found.start("field") if found["field"] else found.start(kind) - (kind == "phrase")
    return _Piece(kind=kind, text=found[kind], field=found["field"], at=at)


class _Reader:
    """Recursive descent over the pieces of one query."""

    def __init__(self, pieces: list[_Piece], *, zone: ZoneInfo, length: int) -> None:
        self._pieces = pieces
        self._zone = zone
        self._length = length
        self._next = 0
        self._depth = 0

    @property
    def here(self) -> _Piece | None:
        """The piece to read next, None at the end."""
        return self._pieces[self._next] if self._next < len(self._pieces) else None

    def either(self) -> Query:
        parts = [self._all()]
        while self._operator("OR"):
            parts.append(self._all(needed="OR"))
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _all(self, needed: str | None = None) -> Query:
        parts: list[Query] = []
        while self._goes_on():
            if self._operator("AND"):
                if not parts or not self._goes_on():
                    raise _wrong("something is missing beside `AND`", self._place(back=1))
                continue
            parts.append(self._factor())
        if not parts and (needed or self._is("OR")):
            raise _wrong("something is missing beside `OR`", self._place(back=bool(needed)))
        return parts[0] if len(parts) == 1 else All(parts=tuple(parts))

    def _goes_on(self) -> bool:
        return self.here is not None and self.here.kind != "close" and not self._is("OR")

    def _factor(self) -> Query:
        piece = self.here
        if piece is None or piece.kind == "close":
            raise _wrong("something is missing after `-`", self._place(back=1))
        self._next += 1
        if piece.kind == "minus":
            return Not(part=self._factor())
        if piece.kind == "open":
            return self._group(piece)
        return _leaf(piece, self._zone)

    def _group(self, opening: _Piece) -> Query:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _wrong(f"more than {MAX_DEPTH} parentheses in each other", opening.at)
        inside = self.either()
        if self.here is None:
            raise _wrong("this `(` is not closed", opening.at)
        if isinstance(inside, All) and not inside.parts:
            raise _wrong("there is nothing in these parentheses", opening.at)
        self._next += 1
        self._depth -= 1
        return inside

    def _is(self, operator: str) -> bool:
        piece = self.here
        return (
            piece is not None
            and piece.kind == "word"
            and piece.field is None
            and piece.text == operator
        )

    def _operator(self, operator: str) -> bool:
        found = self._is(operator)
        self._next += found
        return found

    def _place(self, *, back: int) -> int:
        at = self._next - back
        return self._pieces[at].at if 0 <= at < len(self._pieces) else self._length


def _leaf(piece: _Piece, zone: ZoneInfo) -> Query:
    if piece.field is None:
        if piece.kind == "word" and piece.text[:-1].lower() in set(Fieldname):
            raise _wrong(f"`{piece.text}` needs a word or a phrase right behind it", piece.at)
        return _words(piece, title=False)
    try:
        name = Fieldname(piece.field.lower())
    except ValueError:
        known = ", ".join(f"{field.value}:" for field in Fieldname)
        raise _wrong(f"`{piece.field}:` is no field; there are {known}", piece.at) from None
    if name is Fieldname.TITLE:
        return _words(piece, title=True)
    return _field(name, piece, zone)


def _words(piece: _Piece, *, title: bool) -> Words:
    if not tokens(piece.text):
        raise _wrong(f"`{piece.text}` holds no letter and no digit to search for", piece.at)
    return Words(text=piece.text, title=title)


def _field(name: Fieldname, piece: _Piece, zone: ZoneInfo) -> Field:
    if name in {Fieldname.SINCE, Fieldname.UNTIL}:
        return Field(name=name, value=piece.text, at=_moment(name, piece, zone))
    if name is Fieldname.ISSUER:
        folded = " ".join(tokens(piece.text))
        if not folded:
            raise _wrong("`issuer:` needs a name", piece.at)
        return Field(name=name, value=folded)
    choices: type[StrEnum] | None = {
        Fieldname.KIND: OutletKind,
        Fieldname.VERDICT: Verdict,
    }.get(name)
    value = piece.text.strip().lower()
    if choices is not None and value not in set(choices):
        raise _wrong(f"`{name.value}:` is one of {', '.join(choices)}", piece.at)
    if not value:
        raise _wrong(f"`{name.value}:` needs a value", piece.at)
    ids = name in {Fieldname.OUTLET, Fieldname.FEED}
    return Field(name=name, value=piece.text.strip() if ids else value)


def _moment(name: Fieldname, piece: _Piece, zone: ZoneInfo) -> datetime:
    """A day's begin for SINCE and its end for UNTIL; a time as it stands."""
    try:
        moment = datetime.fromisoformat(piece.text)
    except ValueError:
        advice = f"`{name.value}:` needs a date like 2026-01-31 or a time like 2026-01-31T18:00"
        raise _wrong(advice, piece.at) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if name is Fieldname.UNTIL and len(piece.text) <= _DATE_LENGTH:
        return moment + timedelta(days=1)
    return moment


def _wrong(what: str, at: int) -> UsageError:
    return UsageError(f"The query cannot be read at character {at + 1}: {what}.")
