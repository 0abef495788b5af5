"""OPML: subscriptions of other programs into proposals, ours into OPML 2.0.

Import reads OPML 1 and 2. An outline with `xmlUrl` is a feed. What its outlet is, in this
order:
1. our own attributes (`agg:outlet`, `agg:kind`...), written by the export;
2. folders: below a folder that names a kind of outlets (Ministries, Portale...), a further
   folder is one outlet;
3. else the host of the URL; the kind is the folder's, or what the caller says.
A commented outline (`isComment`, its inner outlines included) becomes a disabled feed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from lxml import etree

from aggregator.config.addresses import host_of, is_private, slug
from aggregator.config.cron import parse_cron
from aggregator.config.durations import format_duration, parse_duration
from aggregator.config.edit import FeedProposal
from aggregator.config.values import ID, MAX_ID_CHARS, MAX_LINE_CHARS
from aggregator.errors import ConfigError
from aggregator.model.feeds import Feed, OutletKind
from aggregator.model.policy import Settings
from aggregator.text import fold

__all__ = ["NAMESPACE", "export_opml", "import_opml"]

# Our attributes on outlines; OPML 2.0 allows those of a namespace.
NAMESPACE = "https://aggregator.invalid/ns/1"
MAX_OPML_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 50

_FOLDERS = {
    OutletKind.MINISTRY: "Ministries",
    OutletKind.AGENCY: "Agencies",
    OutletKind.PORTAL: "Portals",
    OutletKind.MEDIA: "Media",
}
# Beginnings of folded words that name a kind, German and English.
_KIND_WORDS = {
    "agenc": OutletKind.AGENCY,
    "agentur": OutletKind.AGENCY,
    "behoerde": OutletKind.MINISTRY,
    "government": OutletKind.MINISTRY,
    "media": OutletKind.MEDIA,
    "medien": OutletKind.MEDIA,
    "minister": OutletKind.MINISTRY,
    "ministr": OutletKind.MINISTRY,
    "nachrichtenagentur": OutletKind.AGENCY,
    "portal": OutletKind.PORTAL,
    "presseportal": OutletKind.PORTAL,
    "regierung": OutletKind.MINISTRY,
    "zeitung": OutletKind.MEDIA,
}
# They carry feeds of many outlets, so their host says nothing.
_FEED_HOSTS = frozenset(
    ("feeds.feedburner.com", "feeds2.feedburner.com", "feedproxy.google.com", "rsshub.app")
)
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?")
_HOST_PREFIXES = ("www.", "feeds.", "feed.", "rss.")


@dataclass(frozen=True, slots=True)
class _Place:
    """What the folders above an outline say."""

    kind: OutletKind
    kind_is_named: bool = False
    outlet_name: str = ""
    is_comment: bool = False


def import_opml(content: bytes, *, source: Path, kind: OutletKind) -> tuple[FeedProposal, ...]:
    """The feeds of an OPML document, in its order.

    Args:
        content: The document.
        source: Its file, for messages.
        kind: Kind of outlets where no folder names one.

    Raises:
        ConfigError: It is no well-formed OPML, defines entities, or is too large.
    """
    body = _body(content, source)
    found = list(_feeds(body, _Place(kind=kind), depth=0))
    counts = Counter(proposal.outlet_id for proposal in found)
    return tuple(
        # An outlet known by its host alone has the title of its only feed as name.
        replace(proposal, outlet_name=proposal.title)
        if proposal.outlet_name == host_of(proposal.url)
        and proposal.title
        and counts[proposal.outlet_id] == 1
        else proposal
        for proposal in found
    )


def export_opml(
    settings: Settings, *, created: datetime, disabled: bool = False, private: bool = False
) -> bytes:
    """The feeds as OPML 2.0, in one folder a kind of outlets.

    Args:
        settings: What to export.
        created: The document's `dateCreated`, aware.
        disabled: Export disabled feeds too, as commented outlines.
        private: Export feeds whose address needs or holds a secret, too.

    Returns:
        UTF-8 with declaration; equal for equal arguments.
    """
    opml = etree.Element("opml", {"version": "2.0"}, nsmap={"agg": NAMESPACE})
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = settings.publish.title
    etree.SubElement(head, "dateCreated").text = format_datetime(created)
    body = etree.SubElement(opml, "body")
    wanted = [
        feed
        for feed in settings.feeds
        if (feed.enabled or disabled) and (private or not is_private(feed))
    ]
    counts = Counter(feed.outlet.id for feed in wanted)
    for kind, title in _FOLDERS.items():
        members = [feed for feed in wanted if feed.outlet.kind is kind]
        if members:
            folder = etree.SubElement(body, "outline", {"text": title, "title": title})
            for feed in members:
                is_only = counts[feed.outlet.id] == 1
                etree.SubElement(folder, "outline", _attributes(feed, is_only=is_only))
    if not wanted:
        # OPML 2.0: a body holds one or more outlines.
        etree.SubElement(body, "outline", {"text": settings.publish.title})
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _attributes(feed: Feed, *, is_only: bool) -> dict[str, str]:
    outlet = feed.outlet
    words = feed.id.removeprefix(f"{outlet.id}-")
    label = outlet.name if is_only else f"{outlet.name}: {words}"
    attributes = {
        "type": "rss",
        "text": label,
        "title": label,
        "xmlUrl": feed.url,
        "category": f"/{outlet.kind.value}/{outlet.id}",
        f"{{{NAMESPACE}}}id": feed.id,
        f"{{{NAMESPACE}}}outlet": outlet.id,
        f"{{{NAMESPACE}}}outletName": outlet.name,
        f"{{{NAMESPACE}}}kind": outlet.kind.value,
    }
    if outlet.issuer:
        attributes[f"{{{NAMESPACE}}}issuer"] = outlet.issuer
    if feed.language:
        attributes["language"] = feed.language
    if feed.cron:
        attributes[f"{{{NAMESPACE}}}cron"] = feed.cron
    else:
        attributes[f"{{{NAMESPACE}}}every"] = format_duration(feed.every)
    if feed.full_text:
        attributes[f"{{{NAMESPACE}}}fullText"] = "true"
    if not feed.enabled:
        attributes["isComment"] = "true"
    return attributes


def _body(content: bytes, source: Path) -> etree._Element:
    if len(content) > MAX_OPML_BYTES:
        raise ConfigError((f"{source}: larger than {MAX_OPML_BYTES} bytes, expected OPML",))
    root = _root(content.lstrip(), source)
    body = root.find("{*}body") if _name(root) == "opml" else None
    if body is None:
        raise ConfigError((f"{source}: found <{_name(root)}>, expected <opml> with a <body>",))
    return body


def _root(content: bytes, source: Path) -> etree._Element:
    try:
        root = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError):
        # Many programs write "&" as it is, above all in URLs.
        try:
            root = etree.fromstring(_BARE_AMPERSAND.sub(b"&amp;", content), _parser())
        except (etree.XMLSyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            raise ConfigError((f"{source}:{line}: not well-formed XML: {error}",)) from None
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):  # type: ignore[union-attr]  # stubs lack it
        raise ConfigError((f"{source}: defines entities, which are refused; expected OPML",))
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _feeds(parent: etree._Element, place: _Place, *, depth: int) -> Iterator[FeedProposal]:
    if depth > MAX_DEPTH:
        return
    for outline in parent:
        if _name(outline) != "outline":
            continue
        attributes = _lower_case_attributes(outline)
        is_comment = place.is_comment or attributes.get("iscomment", "").lower() == "true"
        own_place = replace(place, is_comment=is_comment)
        url = attributes.get("xmlurl", "")
        if url:
            yield _proposal(url, attributes, place=own_place)
            yield from _feeds(outline, own_place, depth=depth + 1)
        else:
            label = attributes.get("text") or attributes.get("title", "")
            yield from _feeds(outline, _inside(own_place, label), depth=depth + 1)


def _inside(place: _Place, label: str) -> _Place:
    if place.kind_is_named:
        return replace(
            place, outlet_name=label if slug(label) and _line(label) else place.outlet_name
        )
    for word in fold(label).split():
        for beginning, kind in _KIND_WORDS.items():
            if word.startswith(beginning):
                return replace(place, kind=kind, kind_is_named=True)
    return place


def _proposal(url: str, attributes: Mapping[str, str], *, place: _Place) -> FeedProposal:
    title = attributes.get("title") or attributes.get("text", "")
    name, outlet_id = _outlet(url, title, place)
    cron = _valid(attributes.get("agg:cron"), parse_cron)
    return FeedProposal(
        url=url,
        outlet_id=slug(attributes.get("agg:outlet", "")) or outlet_id,
        outlet_name=_line(attributes.get("agg:outletname", "")) or name,
        kind=_kind(attributes.get("agg:kind", ""), place.kind),
        issuer=_line(attributes.get("agg:issuer", "")) or None,
        title=_line(title) if "agg:outlet" not in attributes else "",
        id=_id(attributes.get("agg:id", "")),
        every=None if cron else _valid(attributes.get("agg:every"), _interval),
        cron=cron,
        language=_language(attributes.get("language")),
        full_text=True if attributes.get("agg:fulltext") == "true" else None,
        enabled=not place.is_comment,
    )


def _valid(text: str | None, parse: Callable[[str], object]) -> str | None:
    """A value of another program's file, or None where ours would refuse it."""
    if text is None:
        return None
    try:
        parse(text)
    except ValueError:
        return None
    return text


def _interval(text: str) -> timedelta:
    duration = parse_duration(text)
    # What [schedule] allows by default; a foreign file must not ask for more.
    if not timedelta(minutes=1) <= duration <= timedelta(days=366):
        raise ValueError("out of range")
    return duration


def _id(text: str) -> str | None:
    return text if text and len(text) <= MAX_ID_CHARS and ID.fullmatch(text) else None


def _line(text: str) -> str:
    """A text on one line that feeds.toml takes as a name; "" where nothing is left."""
    return "".join(c for c in text if c.isprintable())[:MAX_LINE_CHARS].strip()


def _outlet(url: str, title: str, place: _Place) -> tuple[str, str]:
    """Name and id of a feed's outlet, from its folder or its host."""
    if place.outlet_name:
        return _line(place.outlet_name), slug(place.outlet_name)
    host = host_of(url)
    if host in _FEED_HOSTS and slug(title) and _line(title):
        return _line(title), slug(title)
    short = host
    for prefix in _HOST_PREFIXES:
        short = short.removeprefix(prefix)
    return host or "unknown", slug(short) or "unknown"


def _kind(text: str, fallback: OutletKind) -> OutletKind:
    return next((kind for kind in OutletKind if kind.value == text), fallback)


def _language(text: str | None) -> str | None:
    # Other programs write "unknown", "english" and the like; a guess would be worse.
    match = _LANGUAGE.fullmatch(text or "")
    if match is None:
        return None
    head, region = match.groups()
    return f"{head.lower()}-{region.upper()}" if region else head.lower()


def _lower_case_attributes(outline: etree._Element) -> dict[str, str]:
    """Attributes by lower-case name (programs differ), ours with `agg:` before it."""
    attributes: dict[str, str] = {}
    for name, value in outline.attrib.items():
        qualified = etree.QName(name)
        prefix = {None: "", NAMESPACE: "agg:"}.get(qualified.namespace)
        if prefix is not None:
            attributes[prefix + qualified.localname.lower()] = " ".join(str(value).split())
    return attributes


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname
