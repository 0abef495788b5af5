"""A published document checked by the rules of the W3C's feed validator. Pure.

The validator's errors and its warnings both count as problems here, but for those that
an aggregator cannot avoid: unknown namespaces (our own), equal `updated` of two
entries, dates that only look odd. Beyond it: entries must be newest first, content must
be free of anything active and of relative addresses, the self link must be exact.

    validate(body, media_type=..., url=...) -> tuple[Problem, ...]

rules_values.py  dates, addresses, languages, media types, HTML fragments
rules_atom.py    RFC 4287, 5005, 6721        rules_rss.py   RSS 2.0 and its profile, OPML
rules_json.py    JSON Feed 1.1, ninjs 3.2
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from aggregator.publish.documents import Document
from aggregator.publish.rules_atom import check_atom
from aggregator.publish.rules_json import check_json_feed, check_ninjs
from aggregator.publish.rules_rss import check_opml, check_rss
from aggregator.publish.rules_values import Problem, illegal_characters

__all__ = ["Problem", "validate", "validate_document"]

_XML_CHECKS: dict[str, Callable[[etree._Element, str | None], list[Problem]]] = {
    "application/atom+xml": check_atom,
    "application/rss+xml": check_rss,
    "text/x-opml": check_opml,
}
_JSON_CHECKS: dict[str, Callable[[bytes, str | None], list[Problem]]] = {
    "application/feed+json": check_json_feed,
    "application/json": check_ninjs,
}


def validate_document(document: Document, *, base_url: str) -> tuple[Problem, ...]:
    """Problems of a document of ours at its own address."""
    if document.path.endswith("index.json"):
        return ()
    url = base_url + document.path
    return validate(document.body, media_type=document.media_type, url=url)


def validate(body: bytes, *, media_type: str, url: str | None = None) -> tuple[Problem, ...]:
    """What is wrong with a document.

    Args:
        body: Its bytes.
        media_type: Its Content-Type; decides which rules hold.
        url: Where it is served; the self link must be equal. None: not checked.

    Returns:
        () for a valid document.

    Raises:
        ValueError: There are no rules for the media type.
    """
    kind = media_type.split(";", 1)[0].strip().lower()
    if kind in _JSON_CHECKS:
        return tuple(_encoding(body) or _JSON_CHECKS[kind](body, url))
    if kind not in _XML_CHECKS:
        raise ValueError(f"no rules for documents of type {media_type!r}")
    broken = _encoding(body)
    if broken:
        return tuple(broken)
    root = _root(body)
    if isinstance(root, Problem):
        return (root,)
    problems = _XML_CHECKS[kind](root, url)
    return (*_declarations(root), *_bad_characters(root), *problems)


def _encoding(body: bytes) -> list[Problem]:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Problem(rule="encoding", where="document", message=f"not UTF-8: {error}")]
    return []


def _root(body: bytes) -> etree._Element | Problem:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        return Problem(rule="well-formed", where="document", message=str(error))


def _declarations(root: etree._Element) -> list[Problem]:
    info = root.getroottree().docinfo
    problems = []
    if info.internalDTD is not None:
        problems.append(Problem(rule="doctype", where="document", message="has a DTD"))
    if (info.encoding or "").lower() != "utf-8":
        problems.append(
            Problem(rule="encoding", where="document", message=f"declares {info.encoding}")
        )
    return problems


def _bad_characters(root: etree._Element) -> list[Problem]:
    problems = []
    for element in root.iter(etree.Element):
        values = [element.text or "", element.tail or "", *map(str, element.attrib.values())]
        found = [character for value in values for character in illegal_characters(value)]
        if found:
            name = etree.QName(element).localname
            message = f"holds the character U+{ord(found[0]):04X}"
            problems.append(Problem(rule="bad-characters", where=name, message=message))
    return problems
