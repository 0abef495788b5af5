"""Who answers for a text: named in a masthead or contact block, and normalised. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aggregator.clean.rules import Rule
from aggregator.clean.sheet import Sheet
from aggregator.text import fold

__all__ = ["issuer_of", "normalise_issuer"]

# A longer "name" is a sentence that was taken for one.
MAX_NAME_CHARS = 140
_SHORT_FORM = re.compile(r"\s*\(([^()]{1,40})\)\s*$")
_EDGES = " \t,;:.|–—-»«\"'„“”"
_LEGAL_FORM = re.compile(
    r"\b(?:gmbh(?: & co\.? kg(?:aa)?)?|ag|se|kg(?:aa)?|ohg|ug|e\.? ?v\.?|mbh|inc\.?|ltd\.?|llc|plc"
    r"|corp(?:oration)?\.?|co\.?|s\.?a\.?|n\.?v\.?|aoer|a\.ö\.r\.)\s*$"
)
_DEPARTMENT = re.compile(
    r"^(?:die\s+)?(?:presse(?:stelle|referat|team|abteilung)?"
    r"|pressestelle und öffentlichkeitsarbeit|press office"
    r"|referat öffentlichkeitsarbeit)\s+(?:des|der|of the|of)?\s*",
    re.IGNORECASE,
)


def issuer_of(sheet: Sheet, by_name: Mapping[str, Rule]) -> str | None:
    """The issuer named by the first masthead or contact block that names one.

    Args:
        sheet: Lines and marks.
        by_name: Rules by name.
    """
    for number, mark in enumerate(sheet.marks):
        rule = by_name.get(mark.rule) if mark is not None else None
        if rule is None:
            continue
        found = None
        if "issuer" in rule.pattern.groupindex:
            match = rule.pattern.match(sheet.lines[number].head)
            found = match["issuer"] if match else None
        elif rule.issuer_next and rule.pattern.match(sheet.lines[number].head):
            found = sheet.lines[number + 1].text if number + 1 < len(sheet.lines) else None
        name = _name(found or "")
        if name:
            return name
    return None


def _name(found: str) -> str | None:
    name = _SHORT_FORM.sub("", found.strip(_EDGES)).strip(_EDGES)
    name = _DEPARTMENT.sub("", name).strip(_EDGES)
    if not name or len(name) > MAX_NAME_CHARS or not any(c.isalpha() for c in name):
        return None
    return name


def normalise_issuer(hint: str | None, issuers: Mapping[str, tuple[str, ...]]) -> str | None:
    """The issuer behind a name as some text writes it.

    Compared are whole names, folded, without legal form, short form in brackets and
    department ("Pressestelle der ..."), and the short form itself.

    Args:
        hint: As written in a masthead, dc:creator or author; None where there is none.
        issuers: Normalised issuer -> its other spellings, from `[issuers]`.

    Returns:
        A key of `issuers`; else the hint without short form; None for no hint.
    """
    if hint is None or not hint.strip(_EDGES):
        return None
    known = {_key(other): issuer for issuer, names in issuers.items() for other in names}
    known.update({_key(issuer): issuer for issuer in issuers})
    short = _SHORT_FORM.search(hint.strip())
    bare = _name(hint) or hint.strip(_EDGES)
    for form in (hint, bare, short.group(1) if short else ""):
        found = known.get(_key(form))
        if found is not None and _key(form):
            return found
    return bare


def _key(name: str) -> str:
    folded = " ".join(fold(_DEPARTMENT.sub("", name)).split()).strip(_EDGES)
    while True:
        shorter = _LEGAL_FORM.sub("", folded).strip(_EDGES)
        if shorter in {folded, ""}:
            return re.sub(r"[^\w ]", "", folded)
        folded = shorter
