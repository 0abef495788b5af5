"""Which addresses may be published, and the ids built on our own. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from aggregator.model.stories import Member, Story

__all__ = [
    "change_id",
    "entry_id",
    "feed_address",
    "feed_id",
    "is_absolute_iri",
    "is_secret",
    "member_link",
    "published_id",
    "source_id",
    "story_id",
    "story_page",
    "web_address",
]

# Names of query parameters that carry credentials. Only for feed addresses and for the
# links of feeds that need credentials: elsewhere `key=` is as likely an article's.
_SECRET = re.compile(
    r"(access|auth|api|secret|private|feed)?[_-]?(token|key|secret|sig|signature|hash)"
    r"|auth|authorization|pass|passwd|password|pwd|user|username|login|session|sid|jwt|apikey",
    re.IGNORECASE,
)
_SAFE = ";/?:@&=+$.-_!~*'(),%"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URN = re.compile(
    r"urn:[a-z0-9][a-z0-9-]{1,31}:([a-z0-9()+,.:=@;$_!*'/-]|%[0-9a-f]{2})+", re.IGNORECASE
)
_TAG = re.compile(
    r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$._!~*'()%,#-]*"
)
_HTTP = re.compile(r"https?://[0-9A-Za-z.\[\]:-]+(/[0-9A-Za-z;/?:@&=+$.\-_!~*'(),%#]*|\?.*|#.*)?")


def web_address(url: str | None) -> str | None:
    """An http(s) URL as it may stand in a document, or None.

    User and password go; what a URI may not hold is percent-encoded, a host with
    umlauts becomes its ASCII form.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        if parts.scheme.lower() not in {"http", "https"} or not host:
            return None
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return None
    where = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if port is not None:
        where = f"{where}:{port}"
    path, query, fragment = (_quoted(part) for part in (parts.path, parts.query, parts.fragment))
    address = urlunsplit((parts.scheme.lower(), where, path or "/", query, fragment))
    return address if _HTTP.fullmatch(address) else None


def _quoted(part: str) -> str:
    encoded = part.encode("utf-8", "ignore").decode("utf-8")
    return quote(_STRAY_PERCENT.sub("%25", encoded), safe=_SAFE)


def is_secret(url: str) -> bool:
    """Whether the URL carries credentials: a user, or a parameter named like a token."""
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return True
    return "@" in parts.netloc or any(_SECRET.fullmatch(name) for name in names)


def is_absolute_iri(value: str) -> bool:
    """Whether the W3C validator takes it as an id: http(s), urn or tag."""
    lowered = value.lower()
    if lowered.startswith("urn:uuid:"):
        return _UUID.fullmatch(value) is not None
    if lowered.startswith("urn:"):
        return _URN.fullmatch(value) is not None
    return (_TAG if lowered.startswith("tag:") else _HTTP).fullmatch(value) is not None


def feed_address(member: Member) -> str | None:
    """The address of the member's feed, or None if it is nobody else's business."""
    if not member.feed_public or is_secret(member.feed_url):
        return None
    return web_address(member.feed_url)


def member_link(member: Member) -> str | None:
    """Where the member's text can be read, or None."""
    if member.link and not member.feed_public and is_secret(member.link):
        return None
    return web_address(member.link)


def source_id(member: Member, *, base_url: str) -> str:
    """The canonical feed's own id; where it has none, or it is secret, one of ours."""
    own = (member.feed_document_id or "").strip()
    web = own.lower().startswith("http")
    if is_absolute_iri(own) and not (web and (not member.feed_public or is_secret(own))):
        return own
    return feed_address(member) or uuid5(_space(base_url), f"feed:{member.feed_id}").urn


def feed_id(base_url: str, path: str) -> str:
    """Id of the logical feed published at `base_url` + `path`."""
    return uuid5(NAMESPACE_URL, base_url + path).urn


def story_id(story: str) -> str:
    """atom:id of a story; never changes."""
    return f"urn:uuid:{story}"


def published_id(story: Story, *, new_entry: bool) -> str:
    """The id a feed shows for a story.

    With `updates = "new-entry"` every revision but the first has a UUID of its own
    (version 5, in the story's namespace), since `urn:uuid:` allows no suffix.
    """
    if not new_entry or story.revision <= 1:
        return story_id(story.id)
    return uuid5(UUID(story.id), f"revision:{story.revision}").urn


def change_id(story: str, seq: int) -> str:
    """atom:id of one correction or withdrawal in corrections.atom."""
    return uuid5(UUID(story), f"change:{seq}").urn


def entry_id(base_url: str, entry: int) -> str:
    """atom:id of one unmerged entry in all.atom."""
    return uuid5(_space(base_url), f"entry:{entry}").urn


def story_page(base_url: str, story: str) -> str:
    """Permalink of a story in the dedup log."""
    return f"{base_url}story/{story}"


def _space(base_url: str) -> UUID:
    return uuid5(NAMESPACE_URL, base_url)
