"""URLs of one exchange: read, judged, masked, and followed from hop to hop. Pure.

A `Hop` is where the exchange stands: the URL to ask next, the secrets that may still
be sent there, and what the chain of redirects has been so far. `first_hop` makes one
of a request, `next_hop` one of an answer; neither touches the network.

Redirect rules: at most `max_redirects`; only http and https; userinfo in a Location
is dropped; secrets go to the same origin only (http to https on the default ports of
one host counts as the same, as in httpx) and are never taken up again; a request with
secrets does not follow from https to http; a URL seen before is a loop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

from aggregator.fetch.addresses import why_host_refused, why_port_refused
from aggregator.fetch.auth import basic
from aggregator.fetch.errors import FetchError
from aggregator.model.fetching import FailureKind, FetchRequest
from aggregator.model.policy import FetchPolicy

__all__ = [
    "REDIRECTS",
    "Hop",
    "check_target",
    "first_hop",
    "mask_url",
    "next_hop",
    "plain",
    "same_origin",
]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535

_SHOWN = 500
_USERINFO = re.compile(r"^([a-z][a-z0-9+.-]*:)?([/\\]{2,})[^/?#\\]*@", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"([?&;](?:[^=&;#]*(?:token|secret|passw|pwd|signature|auth|api[_-]?key|access[_-]?key)"
    r"[^=&;#]*|key|sig|pass|user)=)[^&;#]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Where an exchange stands.

    Attributes:
        url: To be asked next; holds neither userinfo nor fragment.
        secrets: Headers that may be sent there; {} once they were dropped.
        seen: URLs asked or about to be asked, the first one first.
        permanent_redirect: Last URL reached by an unbroken chain of 301/308, or None.
        unbroken: Whether the chain has held only 301/308 so far.
    """

    url: httpx.URL
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    seen: tuple[str, ...] = ()
    permanent_redirect: str | None = None
    unbroken: bool = True


def mask_url(url: str) -> str:
    """`url` for people and logs: userinfo and telling query values become `***`.

        >>> mask_url("https://me:pw@example.org/feed?token=abc&page=2")
        'https://***@example.org/feed?token=***&page=2'

    Takes any text, valid URL or not; never raises; gives one printable line.
    """
    masked = _USERINFO.sub(r"\1\2***@", plain(url, limit=len(url)).strip())
    return plain(_SECRET_VALUE.sub(r"\1***", masked), limit=_SHOWN)


def plain(text: str, *, limit: int = 200) -> str:
    """One line of printable characters, at most `limit` of them."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: max(0, limit - 3)] + "..."


def first_hop(request: FetchRequest) -> Hop:
    """The hop a request begins with; userinfo of its URL becomes a secret header.

    Raises:
        FetchError: PROTOCOL, if the URL is no absolute http(s) URL.
    """
    try:
        url = httpx.URL(request.url)
        _require_http(url)
    except (httpx.InvalidURL, ValueError) as error:
        message = f"not a valid http or https URL: {mask_url(request.url)}"
        raise FetchError(FailureKind.PROTOCOL, message) from error
    secrets = dict(request.headers)
    if url.userinfo and not any(name.lower() == "authorization" for name in secrets):
        user, _, password = url.userinfo.decode("ascii").partition(":")
        secrets |= basic(unquote(user), unquote(password))
    url = _bare(url)
    return Hop(url=url, secrets=secrets, seen=(str(url),))


def next_hop(hop: Hop, *, status: int, location: str | None, max_redirects: int) -> Hop:
    """Where a redirect leads.

    Args:
        hop: The hop that answered.
        status: One of `REDIRECTS`.
        location: The Location header, or None.
        max_redirects: Hops followed after the first.

    Raises:
        FetchError: REDIRECT, for any rule of the module docstring that is broken.
    """
    url = _target(hop, status=status, location=location)
    if str(url) in hop.seen:
        raise _refused(status, "it leads in a circle", url)
    if len(hop.seen) > max_redirects:
        raise _refused(status, f"more than {max_redirects} in a row", url)
    if hop.secrets and hop.url.scheme == "https" and url.scheme == "http":
        raise _refused(status, "it would send credentials without encryption", url)
    unbroken = hop.unbroken and status in _PERMANENT
    return Hop(
        url=url,
        secrets=hop.secrets if same_origin(hop.url, url) else {},
        seen=(*hop.seen, str(url)),
        permanent_redirect=str(url) if unbroken else hop.permanent_redirect,
        unbroken=unbroken,
    )


def check_target(url: httpx.URL, policy: FetchPolicy) -> None:
    """Refuses a hop before anything is sent or looked up.

    Raises:
        FetchError: FORBIDDEN_ADDRESS, if host or port are refused.
    """
    reason = why_port_refused(_port(url))
    if reason is None and not policy.allow_private_networks:
        reason = why_host_refused(url.host)
    if reason is not None:
        message = f"{plain(url.host)} port {_port(url)} is refused: {reason}"
        raise FetchError(FailureKind.FORBIDDEN_ADDRESS, message)


def same_origin(old: httpx.URL, new: httpx.URL) -> bool:
    """Whether what may be said to `old` may be said to `new`; see the module docstring."""
    if old.host != new.host:
        return False
    if (old.scheme, new.scheme) == ("http", "https"):
        return (_port(old), _port(new)) == (80, 443)
    return (old.scheme, _port(old)) == (new.scheme, _port(new))


def _target(hop: Hop, *, status: int, location: str | None) -> httpx.URL:
    if not location:
        raise FetchError(FailureKind.REDIRECT, f"HTTP {status} says no new address", status=status)
    try:
        url = _bare(hop.url.join(location))
        _require_http(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise _refused(status, "not a valid http or https URL", location) from error
    return url


def _refused(status: int, reason: str, url: httpx.URL | str) -> FetchError:
    message = f"redirect (HTTP {status}) to {mask_url(str(url))} not followed: {reason}"
    return FetchError(FailureKind.REDIRECT, message, status=status)


def _require_http(url: httpx.URL) -> None:
    if url.scheme not in _PORTS or not url.host or not 0 < _port(url) <= _MAX_PORT:
        raise ValueError("not an absolute http or https URL")


def _bare(url: httpx.URL) -> httpx.URL:
    return url.copy_with(userinfo=b"", fragment=None)


def _port(url: httpx.URL) -> int:
    return _PORTS[url.scheme] if url.port is None else url.port
