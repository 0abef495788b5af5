"""URLs of a configuration: checked, compared, masked; ids derived from them."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from aggregator.model.feeds import Feed
from aggregator.text import fold

__all__ = [
    "check_base_url",
    "check_feed_url",
    "check_proxy",
    "comparable_url",
    "derive_feed_id",
    "host_of",
    "is_private",
    "mask",
    "slug",
]

MAX_URL_CHARS = 2_048
# Six hex digits: two feeds of one outlet with the same words collide once in 16 million.
_DIGEST_CHARS = 6
_SLUG_CHARS = 32
# DNS: RFC 1035, 2.3.4.
_MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63
# Longer runs are keys, not words; they may be secret.
_MAX_WORD_CHARS = 19
_MIXED_WORD_CHARS = 8

_BAD_CHARS = re.compile(r"[\s\x00-\x20\x7f-\x9f\\<>\"^`{|}\ud800-\udfff]")
_LABEL = re.compile(r"[\w-]+")
_WORD = re.compile(r"[a-z0-9]+")
# Up to the last "@" where a colon stands in the user: passwords may hold "/" as it is.
_USERINFO = re.compile(r"://(?:[^\s/@:]+:\S*|[^\s/?#]*)@")
# Names that end in such a word, or hold it between marks: accessToken, api_key, auth.
_PRIVATE_NAME = (
    r"[^=&#\s]*?(?:token|key|secret|password|passwd|pwd|signature|credentials?"
    r"|(?<![a-z0-9])(?:auth|sig|code|pass))(?:[-_.][^=&#\s]*)?"
)
_SECRET_QUERY = re.compile(rf"([?&;]{_PRIVATE_NAME}=)[^&#\s]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Words of feed addresses that tell nothing about the feed.
_GENERIC = frozenset(
    (
        *("aspx", "atom", "de", "en", "feed", "feeds", "functions", "html", "includes", "index"),
        *("json", "newsfeed", "php", "rdf", "rss", "rss2", "rssfeed", "rssgenerator"),
        *("rssnewsfeed", "service", "siteglobals", "static", "xml"),
    )
)


def check_feed_url(text: str) -> str:
    """The URL as it is, when a feed can be fetched from it.

    Raises:
        ValueError: A few words on what is wrong: scheme, host, port, user,
            fragment, a character.
    """
    parts = _split(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password belong into the variable named by auth_env")
    if parts.fragment or text.endswith("#"):
        raise ValueError("it has a fragment, the part from # on")
    return text


def check_base_url(text: str) -> str:
    """The URL, ending in a slash.

    Raises:
        ValueError: As `check_feed_url`, or it has a query.
    """
    check_feed_url(text)
    if "?" in text:
        raise ValueError("it has a query, the part from ? on")
    return text if text.endswith("/") else f"{text}/"


def check_proxy(text: str) -> str:
    """The proxy's URL as it is; a user and password are allowed.

    Raises:
        ValueError: Scheme, host or port is wrong, or something follows the port.
    """
    parts = _split(text)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("something follows host and port")
    return text


def comparable_url(url: str) -> str:
    """Equal for two spellings of one address: case of scheme and host, default port, `/`.

    A text that is no URL is returned as it is.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = (parts.hostname or "").rstrip(".")
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    return f"{parts.scheme}://{host}{parts.path or '/'}?{parts.query}"


def host_of(url: str) -> str:
    """Host of a URL in lower case; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def derive_feed_id(outlet_id: str, url: str) -> str:
    """A feed's id from its outlet and URL alone, whatever else the file holds.

    The outlet's id, the last telling words of the path, six hex digits of the
    URL's SHA-256: `bmwk-pressemitteilung-1f00aa`. Queries and long keys in the path
    are left out: they may be secret.
    """
    digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]
    words = _telling_words(url)
    return "-".join(part for part in (outlet_id, words, digest) if part)


def slug(text: str) -> str:
    """A text as an id: folded words joined by hyphens; "" if it has none."""
    return _shorten("-".join(_WORD.findall(fold(text))))


def mask(text: str) -> str:
    """A text for messages and logs: user, password and secret-looking query values go.

    A password that was not percent-encoded is masked as well, up to the last `@`.
    """
    return _SECRET_QUERY.sub(r"\1***", _USERINFO.sub("://***@", text))


def is_private(feed: Feed) -> bool:
    """Whether a feed's address must not be shown to others: it needs or holds a secret."""
    return bool(feed.auth_env or feed.headers or _SECRET_QUERY.search(feed.url))


def _split(text: str) -> SplitResult:
    if len(text) > MAX_URL_CHARS:
        raise ValueError(f"longer than {MAX_URL_CHARS} characters")
    if bad := _BAD_CHARS.search(text):
        raise ValueError(f"it holds the character U+{ord(bad[0]):04X}")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("its host cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("the scheme is not http or https")
    _check_host(parts)
    return parts


def _check_host(parts: SplitResult) -> None:
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port is not within 1-65535") from None
    if port == 0:
        raise ValueError("the port is not within 1-65535")
    host = parts.hostname or ""
    if not host:
        raise ValueError("the host is missing")
    if not _is_host(host):
        raise ValueError("the host is no host name or address")


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    if len(host) > _MAX_HOST_CHARS:
        return False
    labels = host.removesuffix(".").split(".")
    return all(len(label) <= _MAX_LABEL_CHARS and _LABEL.fullmatch(label) for label in labels)


def _telling_words(url: str) -> str:
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    for segment in reversed(path.split("/")):
        words = [word for word in _WORD.findall(fold(segment)) if _is_telling(word)]
        if words:
            return _shorten("-".join(words))
    return ""


def _is_telling(word: str) -> bool:
    if word in _GENERIC or len(word) > _MAX_WORD_CHARS:
        return False
    return len(word) < _MIXED_WORD_CHARS or word.isdigit() or word.isalpha()


def _shorten(words: str) -> str:
    if len(words) <= _SLUG_CHARS:
        return words
    return words[:_SLUG_CHARS].rpartition("-")[0] or words[:_SLUG_CHARS]
