"""Rules for Atom documents: RFC 4287, archives (RFC 5005), tombstones (RFC 6721). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from aggregator.publish.rules_values import (
    Problem,
    html_problems,
    is_absolute,
    is_language,
    is_media_type,
    is_rfc3339,
    looks_like_html,
    moment,
    words,
)

__all__ = ["check_atom", "check_link"]

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML_DIV = "{http://www.w3.org/1999/xhtml}div"
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ONCE = ("id", "title", "updated")
_FEED_ONLY = words(
    "author category contributor generator icon id link logo rights subtitle title updated"
)
_ENTRY_ONLY = words(
    "author category content contributor id link published rights source summary title updated"
)
_REPEATABLE = frozenset({"author", "category", "contributor", "link", "entry"})
_RELATIONS = words(
    "alternate current describedby edit enclosure first hub last license next next-archive "
    "payment prev-archive previous related replies search self service up via"
)
_HISTORY = words("current first last next next-archive prev-archive previous")


def check_atom(root: etree._Element, url: str | None) -> list[Problem]:
    """Problems of a feed document."""
    if root.tag != f"{ATOM}feed":
        return [_problem("root", "document", f"is {root.tag!r}, not an Atom feed")]
    return [
        *_languages(root),
        *_children(root, "feed", _FEED_ONLY | {"entry"}),
        *_values(root, "feed"),
        *_self(root, url),
        *_order(root),
        *_archive(root),
        *_entries(root),
        *_tombstones(root),
    ]


def _problem(rule: str, where: str, message: str) -> Problem:
    return Problem(rule=rule, where=where, message=message)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _atom_children(parent: etree._Element) -> Iterator[etree._Element]:
    return (child for child in parent.iterchildren(etree.Element) if child.tag.startswith(ATOM))


def _children(parent: etree._Element, where: str, known: frozenset[str]) -> Iterator[Problem]:
    counts = Counter(_local(child) for child in _atom_children(parent))
    for name in _ONCE:
        if not counts[name]:
            yield _problem("missing-element", where, f"has no {name}")
    for name, count in counts.items():
        if name not in known:
            yield _problem("undefined-element", where, f"must not hold {name}")
        elif count > 1 and name not in _REPEATABLE:
            yield _problem("duplicate-element", where, f"has {count} of {name}")


def _values(parent: etree._Element, where: str) -> Iterator[Problem]:
    for child in _atom_children(parent):
        check = _CHECKS.get(_local(child))
        if check is not None:
            yield from check(child, where)
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in parent.iterfind(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    )
    if any(count > 1 for count in alternates.values()):
        yield _problem("duplicate-link", where, "has two alternate links of one type")


def _id(element: etree._Element, where: str) -> Iterator[Problem]:
    if not is_absolute(element.text or ""):
        yield _problem("iri", where, f"id {element.text!r} is no absolute IRI")


def _date(element: etree._Element, where: str) -> Iterator[Problem]:
    if not is_rfc3339(element.text or ""):
        yield _problem("rfc3339", where, f"{_local(element)} is {element.text!r}")


def _named_text(element: etree._Element, where: str) -> Iterator[Problem]:
    yield from _text(element, f"{where} {_local(element)}")


def _text(element: etree._Element, where: str) -> Iterator[Problem]:
    kind = element.get("type", "text")
    text = element.text or ""
    if kind not in {"text", "html", "xhtml"}:
        yield _problem("text-type", where, f"has the type {kind!r}")
    if kind == "xhtml":
        yield from _xhtml(element, where)
        return
    if len(element):
        yield _problem("undefined-element", where, "has child elements")
    if not text.strip():
        yield _problem("blank", where, "is blank")
    if kind == "html":
        yield from html_problems(text, where)
    elif looks_like_html(text):
        yield _problem("undeclared-html", where, f"looks like HTML: {text[:60]!r}")


def _xhtml(element: etree._Element, where: str) -> Iterator[Problem]:
    if [child.tag for child in element] != [XHTML_DIV] or (element.text or "").strip():
        yield _problem("xhtml-div", where, "must hold exactly one XHTML div")
        return
    inner = etree.tostring(element[0], encoding="unicode", method="html")
    yield from html_problems(inner.replace(' xmlns="http://www.w3.org/1999/xhtml"', ""), where)


def check_link(link: etree._Element, where: str) -> Iterator[Problem]:
    """Problems of one atom:link, in whatever format it stands."""
    href, rel = link.get("href"), link.get("rel", "alternate")
    if not href:
        yield _problem("missing-href", where, "has a link without href")
    elif not is_absolute(href, web=True):
        yield _problem("iri", where, f"links to {href!r}, no absolute web address")
    if rel not in _RELATIONS and not is_absolute(rel):
        yield _problem("link-relation", where, f"has the unknown relation {rel!r}")
    parent = link.getparent()
    if rel in _HISTORY and parent is not None and parent.tag == f"{ATOM}entry":
        yield _problem("history-in-entry", where, f"an entry cannot have {rel}")
    yield from _link_attributes(link, where)


def _link_attributes(link: etree._Element, where: str) -> Iterator[Problem]:
    if "type" in link.attrib and not is_media_type(link.get("type", "")):
        yield _problem("media-type", where, f"a link has the type {link.get('type')!r}")
    if "hreflang" in link.attrib and not is_language(link.get("hreflang", "")):
        yield _problem("language", where, f"a link has hreflang {link.get('hreflang')!r}")
    if "title" in link.attrib and not link.get("title", "").strip():
        yield _problem("blank", where, "a link has a blank title")


def _person(person: etree._Element, where: str) -> Iterator[Problem]:
    name = person.findtext(f"{ATOM}name") or ""
    email = person.findtext(f"{ATOM}email")
    if not name.strip():
        yield _problem("missing-element", where, f"{_local(person)} has no name")
    if looks_like_html(name):
        yield _problem("undeclared-html", where, f"{_local(person)} looks like HTML: {name!r}")
    if email is not None and ("@" not in email.strip("@") or " " in email):
        yield _problem("email", where, f"{email!r} is no e-mail address")


def _category(category: etree._Element, where: str) -> Iterator[Problem]:
    if not category.get("term", "").strip():
        yield _problem("blank", where, "a category has no term")
    if category.get("scheme") is not None and not is_absolute(category.get("scheme", "")):
        yield _problem("iri", where, f"category scheme {category.get('scheme')!r}")
    for name in ("term", "label"):
        if looks_like_html(category.get(name, "")):
            yield _problem("undeclared-html", where, f"category {name} looks like HTML")


def _languages(root: etree._Element) -> Iterator[Problem]:
    for element in root.iter(etree.Element):
        tag = element.get(LANG)
        if tag is not None and not is_language(tag):
            yield _problem("language", _local(element), f"xml:lang is {tag!r}")


def _self(root: etree._Element, url: str | None) -> Iterator[Problem]:
    own = [link.get("href") for link in root.iterfind(f"{ATOM}link") if link.get("rel") == "self"]
    if len(own) != 1:
        yield _problem("self", "feed", f"has {len(own)} self links, not one")
    elif url is not None and own[0] != url:
        yield _problem("self", "feed", f"self is {own[0]!r}, but it is served at {url!r}")


def _order(root: etree._Element) -> Iterator[Problem]:
    seen = False
    for child in _atom_children(root):
        seen = seen or child.tag == f"{ATOM}entry"
        if seen and child.tag != f"{ATOM}entry":
            yield _problem("misplaced-metadata", "feed", f"{_local(child)} follows an entry")
    times = [moment(e.findtext(f"{ATOM}updated") or "") for e in root.iterfind(f"{ATOM}entry")]
    known = [time for time in times if time is not None]
    if known != sorted(known, reverse=True):
        yield _problem("order", "feed", "entries are not newest first")
    newest = moment(root.findtext(f"{ATOM}updated") or "")
    if known and newest is not None and newest < max(known):
        yield _problem("order", "feed", "updated is older than an entry's")


def _archive(root: etree._Element) -> Iterator[Problem]:
    relations = {link.get("rel") for link in root.iterfind(f"{ATOM}link")}
    if root.find(ARCHIVE) is not None and "current" not in relations:
        yield _problem("archive", "feed", "an archive document needs a link to the current one")


def _entries(root: etree._Element) -> Iterator[Problem]:
    feed_author = root.find(f"{ATOM}author") is not None
    ids: set[str] = set()
    for number, entry in enumerate(root.iterfind(f"{ATOM}entry"), start=1):
        own = entry.findtext(f"{ATOM}id") or ""
        where = f"entry {number}"
        if own in ids:
            yield _problem("duplicate-id", where, f"repeats the id {own!r}")
        ids.add(own)
        yield from _children(entry, where, _ENTRY_ONLY)
        yield from _values(entry, where)
        yield from _content(entry, where)
        yield from _source(entry, where)
        authors = (f"{ATOM}author", f"{ATOM}source/{ATOM}author")
        if not feed_author and all(entry.find(path) is None for path in authors):
            yield _problem("missing-element", where, "has no author, nor has the feed")


def _content(entry: etree._Element, where: str) -> Iterator[Problem]:
    content = entry.find(f"{ATOM}content")
    links = {link.get("rel", "alternate") for link in entry.iterfind(f"{ATOM}link")}
    if content is None:
        if "alternate" not in links:
            yield _problem("missing-content", where, "has neither content nor alternate link")
        if entry.find(f"{ATOM}summary") is None:
            yield _problem("missing-content", where, "has neither content nor summary")
        return
    kind = content.get("type", "text")
    if content.get("src") is not None:
        yield from _content_elsewhere(content, where)
    elif kind in {"text", "html", "xhtml"}:
        yield from _text(content, f"{where} content")
    elif not is_media_type(kind) or kind.startswith("multipart/"):
        yield _problem("media-type", where, f"content has the type {kind!r}")


def _content_elsewhere(content: etree._Element, where: str) -> Iterator[Problem]:
    if not is_absolute(content.get("src", ""), web=True):
        yield _problem("iri", where, "content src is no absolute web address")
    if (content.text or "").strip() or len(content):
        yield _problem("content", where, "content with src must be empty")


def _source(entry: etree._Element, where: str) -> Iterator[Problem]:
    source = entry.find(f"{ATOM}source")
    if source is not None:
        yield from _children(source, f"{where} source", _FEED_ONLY)
        yield from _values(source, f"{where} source")


def _tombstones(root: etree._Element) -> Iterator[Problem]:
    alive = {entry.findtext(f"{ATOM}id") for entry in root.iterfind(f"{ATOM}entry")}
    for stone in root.iterfind(DELETED):
        ref = stone.get("ref", "")
        if not is_absolute(ref):
            yield _problem("tombstone", "deleted-entry", f"ref {ref!r} is no absolute IRI")
        if not is_rfc3339(stone.get("when", "")):
            yield _problem("tombstone", "deleted-entry", f"when is {stone.get('when')!r}")
        if ref in alive:
            yield _problem("tombstone", "deleted-entry", f"{ref!r} is also an entry")


_CHECKS: Mapping[str, Callable[[etree._Element, str], Iterator[Problem]]] = {
    "author": _person,
    "category": _category,
    "contributor": _person,
    "id": _id,
    "link": check_link,
    "published": _date,
    "rights": _named_text,
    "subtitle": _named_text,
    "summary": _named_text,
    "title": _named_text,
    "updated": _date,
}
