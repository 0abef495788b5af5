"""Which hub pushes a document: from its HTTP Link headers, else from itself. Pure.

W3C Recommendation "WebSub" (2018), section 4, Discovery: headers first; what is embedded
counts only where no header names a hub.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aggregator.model.entries import ParsedFeed
from aggregator.model.push import Advertised
from aggregator.parse.urls import resolve

__all__ = ["advertised_hubs", "links_of"]

# Publishers name one or two hubs; a hostile document shall not name a thousand.
MAX_HUBS = 4
MAX_URL_CHARS = 2_048
MAX_HEADER_CHARS = 8_192

# RFC 8288, 3: <target>; parameter; parameter="quoted, with; marks"
_LINK = re.compile(r"<([^<>]*)>((?:[ \t]*;(?:[^;,\"<]|\"(?:[^\"\\]|\\.)*\")*)*)")
_PARAMETER = re.compile(
    r";[ \t]*([^=;,\s\"]+)[ \t]*(?:=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?"
)
_USERINFO = re.compile(r"[a-z]+://[^/?#]*@", re.IGNORECASE)


def links_of(header: str, base: str) -> Iterator[tuple[str, str]]:
    """Relation and absolute target of each link of a Link header (RFC 8288).

    Args:
        header: The header's value; repeated headers joined with ", ".
        base: URL of the answer, for relative targets.
    """
    for link in _LINK.finditer(header[:MAX_HEADER_CHARS]):
        parameters = {
            found[1].lower(): found[2] or found[3] or ""
            for found in reversed(list(_PARAMETER.finditer(link[2])))
        }
        target = _sane(resolve(link[1], base))
        # A link with an anchor is about another document.
        if target is None or "anchor" in parameters:
            continue
        for relation in parameters.get("rel", "").lower().split():
            yield relation, target


def advertised_hubs(
    link_header: str | None, parsed: ParsedFeed | None, *, url: str
) -> Advertised | None:
    """Who pushes the document, or None.

    Args:
        link_header: Of the answer, or None.
        parsed: The document, or None where it was not read: only the header counts.
        url: Where it was fetched, after redirects: the topic if it names no `self`.
    """
    links = list(links_of(link_header or "", url))
    hubs = [target for relation, target in links if relation == "hub"]
    selves = [target for relation, target in links if relation == "self"]
    if not hubs and parsed is not None:
        hubs = [hub for hub in map(_sane, parsed.hubs) if hub]
    if parsed is not None and (own := _sane(parsed.self_link)):
        selves.append(own)
    if not hubs:
        return None
    return Advertised(hubs=tuple(dict.fromkeys(hubs))[:MAX_HUBS], topic=[*selves, url][0])


def _sane(url: str | None) -> str | None:
    """The URL, unless it is too long or holds a login."""
    if url is None or len(url) > MAX_URL_CHARS or _USERINFO.match(url):
        return None
    return url if url.isprintable() else None
