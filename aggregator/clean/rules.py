"""Boilerplate rules as data: what a rule is, how the TOML files become rules. Pure.

The files in `data/` are sorted by genre and outlet; docs/reference/boilerplate-rules.md
describes every key. Patterns are written in plain German and English: an umlaut also
matches its two-letter spelling. Apostrophes in patterns are typographic: the text's are made so
before matching.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from aggregator.model.entries import SpanKind
from aggregator.model.feeds import BoilerplateRule

__all__ = [
    "CUT_CLOSE",
    "CUT_OPEN",
    "Glue",
    "Position",
    "Rule",
    "RuleBook",
    "RuleError",
    "Scope",
    "Where",
    "load_rules",
    "rule_book",
    "user_rules",
]

# An example marks the expected cut: "Kept text. {{Press contact: ...}}".
CUT_OPEN = "{{"
CUT_CLOSE = "}}"

# Keys that stand for a form instead of a word.
KEY_DIGITS = "#digits"
KEY_SYMBOLS = "#symbols"
KEY_ANY = "#any"
KEY_TEXT = "#text"
# Lines longer than this hold no form that needs KEY_DIGITS or KEY_ANY.
FORM_CHARS = 160

_DIGIT = re.compile(r"\d")
_IN_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.|[äöüß]", re.IGNORECASE)
_SPELLINGS = {
    "ä": "(?:ä|ae)",
    "ö": "(?:ö|oe)",
    "ü": "(?:ü|ue)",
    "ß": "(?:ß|ss)",
}


class RuleError(ValueError):
    """A rule file or a user's rule is wrong; says which rule and why."""


class Scope(StrEnum):
    """How much a rule cuts once its pattern is found."""

    LINE = "line"
    VALUES = "values"
    BLOCK = "block"
    LIST = "list"
    SECTION = "section"
    PARAGRAPH = "paragraph"
    HEAD = "head"
    TAIL = "tail"
    INLINE = "inline"


class Position(StrEnum):
    """Where in the text a rule may cut: position is evidence."""

    ANY = "any"
    HEAD = "head"
    BODY = "body"
    LAST = "last"
    ABOVE_CONTACT = "above-contact"
    ABOVE_CAPTION = "above-caption"


class Where(StrEnum):
    """Where in a line an inline rule's pattern may stand."""

    START = "start"
    END = "end"
    ANYWHERE = "anywhere"


class Glue(StrEnum):
    """Whether a rule's line may begin inside a line of the text."""

    NO = "no"
    SENTENCE = "sentence"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: Unique; `genre.kind.what`.
        kind: What the span is.
        scope: How much is cut: `line`; `values`, the line and the data lines that
            follow it; `block`, and the run of contact lines; `list`, and the run of
            short or link lines; `section`, and everything up to the next rule's
            line; `paragraph`, up to an empty line; `head`, everything before, line
            included; `tail`, everything after; `inline`, only what the pattern matches.
        position: `any`; `head`, before the first sentence; `body`, after it; `last`,
            only boilerplate and short lines follow; `above-contact`, the next line is
            cut as contact data; `above-caption`, the next line is a photo credit.
        language: `de`, `en` or `*`; for people, texts of any language are tried.
        outlets: Ids of outlets it is for; () = all.
        pattern: Searched in the line; `(?P<issuer>...)` names an issuer.
        until: For `block`, `section`: the last line matches it, or None.
        unless: The rule holds for no text whose first lines match it, or None.
        keys: At least one is a word of the line: the pre-filter.
        glued: May begin inside a line, after a sentence or anywhere; the line is split
            there.
        where: For `inline`: at the start or near the end of a line, or anywhere.
        self_named: The heading's `(?P<subject>...)` must be named again at the start of
            the next line: `About X` is followed by "X is ...".
        issuer_next: The next line names the issuer.
        rights: What is cut is the rights notice.
        values: For `values`: how many lines follow at most.
        examples: Invented texts with the expected cut marked; the rule's test.
        why: Reason, where it is not plain.
    """

    name: str
    kind: SpanKind
    scope: Scope
    pattern: re.Pattern[str]
    position: Position = Position.ANY
    language: str = "*"
    outlets: tuple[str, ...] = ()
    until: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    keys: frozenset[str] = frozenset({KEY_ANY})
    glued: Glue = Glue.NO
    where: Where = Where.ANYWHERE
    self_named: bool = False
    issuer_next: bool = False
    rights: bool = False
    values: int = 1
    examples: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules indexed by their keys: one look-up a word instead of one search a rule.

    Attributes:
        rules: In order of the files; the first that fits a line wins.
        version: Changes with any rule.
        by_name: Rules by name.
        by_key: Key -> positions in `rules` of line rules.
        inline: The same for inline rules.
        glued: The same for rules that may begin inside a line.
    """

    rules: tuple[Rule, ...]
    version: str
    by_name: Mapping[str, Rule] = field(repr=False)
    by_key: Mapping[str, tuple[int, ...]] = field(repr=False)
    inline: Mapping[str, tuple[int, ...]] = field(repr=False)
    glued: Mapping[str, tuple[int, ...]] = field(repr=False)

    def candidates(
        self, index: Mapping[str, tuple[int, ...]], words: frozenset[str], *, text: str
    ) -> list[Rule]:
        """Rules whose key occurs in a line, in order.

        Args:
            index: `by_key`, `inline` or `glued`.
            words: The line's words, lower case.
            text: The line; the form keys are for short lines.
        """
        hits = set(index.get(KEY_TEXT, ()))
        for key in index.keys() & words:
            hits.update(index[key])
        if not words:
            hits.update(index.get(KEY_SYMBOLS, ()))
        if len(text) <= FORM_CHARS:
            hits.update(index.get(KEY_ANY, ()))
            if KEY_DIGITS in index and _DIGIT.search(text):
                hits.update(index[KEY_DIGITS])
        return [self.rules[i] for i in sorted(hits)]


def spelled(pattern: str) -> str:
    """A pattern whose umlauts and ß match their two-letter spellings too."""

    def other(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] in "[\\":
            return found
        return _SPELLINGS[found.lower()]

    return _IN_CLASS.sub(other, pattern)


def load_rules(source: str, *, file: str) -> tuple[Rule, ...]:
    """The rules of one TOML file.

    Raises:
        RuleError: A rule has an unknown key, kind, scope or position, a pattern that
            does not compile, or no example.
    """
    return tuple(_rule(table, file=file) for table in tomllib.loads(source).get("rule", ()))


def _rule(table: dict[str, object], *, file: str) -> Rule:
    name = str(table.get("name", "?"))
    try:
        values = dict(table)
        patterns = _strings(values.pop("pattern"))
        keys = _strings(values.pop("keys", KEY_ANY))
        until = values.pop("until", None)
        unless = values.pop("unless", None)
        rule = Rule(
            name=str(values.pop("name")),
            kind=SpanKind(str(values.pop("kind"))),
            scope=Scope(str(values.pop("scope"))),
            position=Position(str(values.pop("position", "any"))),
            language=str(values.pop("language", "*")),
            outlets=_strings(values.pop("outlets", ())),
            pattern=_compiled(patterns),
            until=None if until is None else _compiled(_strings(until)),
            unless=None if unless is None else _compiled(_strings(unless)),
            keys=frozenset(other for key in keys for other in _key_spellings(key)),
            glued=Glue(str(values.pop("glued", "no"))),
            where=Where(str(values.pop("where", "anywhere"))),
            self_named=bool(values.pop("self_named", False)),
            issuer_next=bool(values.pop("issuer_next", False)),
            rights=bool(values.pop("rights", False)),
            values=int(str(values.pop("values", 1))),
            examples=_strings(values.pop("example")),
            why=str(values.pop("why", "")),
        )
    except (KeyError, ValueError, re.error) as error:
        raise RuleError(f"{file}, rule {name!r}: {error!r}") from error
    if values:
        raise RuleError(f"{file}, rule {name!r}: unknown key {min(values)!r}")
    return rule


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    raise RuleError(f"expected a string or a list of strings, found {value!r}")


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    joined = "|".join(spelled(p) for p in patterns)
    return re.compile(joined, re.IGNORECASE)


def _key_spellings(key: str) -> set[str]:
    key = key.lower()
    ascii_key = key
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        ascii_key = ascii_key.replace(umlaut, plain)
    return {key, ascii_key}


def _indexed(rules: tuple[Rule, ...], *, want: str) -> dict[str, tuple[int, ...]]:
    index: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        is_inline = rule.scope is Scope.INLINE
        wanted = {"inline": is_inline, "line": not is_inline, "glued": rule.glued is not Glue.NO}[
            want
        ]
        if wanted:
            for key in rule.keys:
                index.setdefault(key, []).append(number)
    return {key: tuple(numbers) for key, numbers in index.items()}


def book_of(rules: tuple[Rule, ...], *, version: str) -> RuleBook:
    """Rules with their indexes."""
    return RuleBook(
        rules,
        version,
        {rule.name: rule for rule in rules},
        _indexed(rules, want="line"),
        _indexed(rules, want="inline"),
        _indexed(rules, want="glued"),
    )


@lru_cache(maxsize=1)
def rule_book() -> RuleBook:
    """The program's own rules, read once from the package's data files.

    Raises:
        RuleError: A file is wrong, or two rules share a name.
    """
    folder = files("aggregator.clean") / "data"
    sources = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    order = sorted(sources, key=lambda name: (tomllib.loads(sources[name]).get("order", 50), name))
    found = [rule for name in order for rule in load_rules(sources[name], file=name)]
    crc = 0
    for name in order:
        crc = zlib.crc32(sources[name].encode(), crc)
    names = [rule.name for rule in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RuleError(f"two rules named {repeated[0]!r}")
    return book_of(tuple(found), version=f"{crc:08x}")


@lru_cache(maxsize=256)
def user_rules(rules: tuple[BoilerplateRule, ...]) -> tuple[Rule, ...]:
    """A user's `[[outlet.boilerplate]]` tables as rules.

    Raises:
        RuleError: An unknown kind or scope, or a pattern that does not compile.
    """
    return tuple(_from_user(rule) for rule in rules)


def _from_user(rule: BoilerplateRule) -> Rule:
    try:
        return Rule(
            name=rule.name,
            kind=SpanKind(rule.kind),
            scope=Scope(rule.scope if rule.scope != "block" or rule.end else "paragraph"),
            pattern=re.compile(rule.start, re.IGNORECASE),
            until=re.compile(rule.end, re.IGNORECASE) if rule.end else None,
        )
    except (ValueError, re.error) as error:
        raise RuleError(f"rule {rule.name!r}: {error}") from error
