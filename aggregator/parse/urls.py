"""Links: made absolute, and reduced to the key that identifies a page. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urljoin, urlsplit, urlunsplit

__all__ = ["canonical_url", "is_absolute", "resolve"]

# Parameters that say where a reader came from, never which page it is. Each was seen in
# feeds of our corpus or is documented by the vendor named beside it.
_TRACKING = frozenset(
    (
        "__twitter_impression",
        "_ga",
        "_gl",
        "_hsenc",  # HubSpot
        "_hsmi",
        "cmp",  # Guardian
        "cmpid",
        "dclid",
        "ef_id",
        "emc",  # New York Times
        "fbclid",  # Facebook
        "gbraid",
        "gclid",  # Google Ads
        "guccounter",
        "hsctatracking",
        "igshid",
        "mc_cid",  # Mailchimp
        "mc_eid",
        "mkt_tok",  # Marketo
        "msclkid",  # Microsoft
        "ns_campaign",  # Comscore
        "ns_fee",
        "ns_linkname",
        "ns_mchannel",
        "ns_source",
        "ocid",
        "phpsessid",
        "s_kwcid",
        "sc_cid",
        "smid",  # New York Times
        "sr_share",
        "twclid",
        "wbraid",
        "wickedid",
        "wt.mc_id",  # Webtrekk, Webtrends
        "wt_mc",
        "wt_zmc",
        "xtor",  # AT Internet
        "yclid",  # Yandex
    )
)
_TRACKING_PREFIXES = ("utm_", "at_", "pk_", "piwik_", "mtm_", "matomo_", "oly_", "vero_")
# These mean "came by the feed" only with such a value; else they may name the page.
_SOURCES = frozenset(
    ("ref", "source", "src", "from", "partner", "via", "feature", "cid", "medium")
)
_FEEDISH = re.compile(r"(?:rss|feed|atom|newsfeed)(?:[\W_]|\d|$)", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"(?:ref=|xtor=|utm_|rss\b|rssowlmlink|echobox=|at_medium|ns_|wt_mc|wt_zmc|feed\b|:~:text=)",
    re.IGNORECASE,
)
_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"http": "80", "https": "443"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BREAKS = re.compile(r"[\t\r\n\x00-\x08\x0b-\x1f\x7f]+")
_WRAPPED = {("www.google.com", "/url"): ("url", "q")}


def resolve(link: str | None, *bases: str | None) -> str | None:
    """Make a link absolute.

    Args:
        link: As delivered; surrounding white space and line breaks go.
        *bases: Tried in order; each is itself resolved against those after it.

    Returns:
        An absolute http(s) URL, or None: no link, another scheme, or unusable.
    """
    link = _BREAKS.sub("", (link or "").strip())
    if not link:
        return None
    for base in bases:
        if is_absolute(link):
            break
        if base:
            link = _join(base.strip(), link)
    return link.replace(" ", "%20") if is_absolute(link) else None


def is_absolute(link: str) -> bool:
    """Whether the link is an http(s) URL with a host."""
    try:
        parts = urlsplit(link)
        return parts.scheme.lower() in _PORTS and bool(parts.hostname)
    except ValueError:
        return False


def canonical_url(url: str) -> str:
    """The key that identifies a page, whoever links to it.

    Host in lower case without default port; no tracking parameters, session ids,
    tracking fragments; escapes of plain characters undone; `http` and `https` are one.
    Everything else, also the order of parameters and other fragments (feeds point to
    several items of one page with them), stays.

    Args:
        url: An absolute URL; anything else is returned stripped.
    """
    url = url.strip()
    if not is_absolute(url):
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    inner = _unwrap(host, parts.path, parts.query)
    if inner is not None:
        return canonical_url(inner)
    netloc = f"[{host}]" if ":" in host else host
    port = _port(parts.netloc)
    if port and port != _PORTS[parts.scheme]:
        netloc += f":{port}"
    path = _escapes(_SESSION.sub("", parts.path)) or "/"
    query = "&".join(p for p in parts.query.split("&") if p and not _is_tracking(p))
    fragment = "" if _FRAGMENT.match(parts.fragment) else parts.fragment
    return urlunsplit(("https", netloc, path, _escapes(query), fragment))


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def _port(netloc: str) -> str:
    match = re.search(r":(\d+)$", netloc)
    return match[1].lstrip("0") if match else ""


def _unwrap(host: str, path: str, query: str) -> str | None:
    """The target of a known redirector, which stands in its own query."""
    names = _WRAPPED.get((host, path))
    if names is None or len(query) > 8_192:  # noqa: PLR2004 - no sane link is longer
        return None
    values = parse_qs(query)
    return next((values[n][0] for n in names if n in values and is_absolute(values[n][0])), None)


def _is_tracking(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name = unquote(name).lower().removeprefix("amp;")
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES) or (name == "rss" and not value):
        return True
    return name in _SOURCES and _FEEDISH.match(unquote(value)) is not None


def _escapes(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(plain, text)
