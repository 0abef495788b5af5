"""A published document as one subscriber with a secret address gets it. Pure.

Only the head differs: links to the document itself and to its archive pages lead below the
secret address, so that a reader who follows them needs nothing else; hubs are gone, since
a hub would be told the secret and could not be told of changes: only its hash is known
here. Everything from the first entry on is the public document byte for byte, and carries
no address that the public one does not carry.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from aggregator.publish.escaping import attribute
from aggregator.publish.jsonfeed import dump

__all__ = ["HeadAndRest", "private_head", "split_head"]

_XML_REST: Final = re.compile(rb"<entry|<at:deleted-entry|<item>|</channel>|</feed>")
_JSON_REST: Final = b'"items":['
_OWN: Final = r'(<(?:atom:)?link rel="(?:self|current|prev-archive|next-archive)"[^>]*? href=")'
_HUB: Final = re.compile(r'<(?:atom:)?link rel="hub"[^>]*/>\n?')


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadAndRest:
    """A document in two parts.

    Attributes:
        head: All that says where the document is; b"" if nothing does.
        rest: Everything else.
    """

    head: bytes = field(repr=False)
    rest: bytes = field(repr=False)


def split_head(path: str, body: bytes) -> HeadAndRest:
    """Cuts a document before its first entry.

    Args:
        path: Its path below `base_url`, a query allowed.
        body: As rendered here: character data is escaped, so the tags found are tags.
    """
    name = path.partition("?")[0]
    at = 0
    if name.endswith((".atom", ".rss")):
        found = _XML_REST.search(body)
        at = found.start() if found else len(body)
    elif name.endswith(".json"):
        # ninjs and the archive's index say nothing of their own address, and have no items.
        at = max(body.find(_JSON_REST), 0)
    return HeadAndRest(head=body[:at], rest=body[at:])


def private_head(head: bytes, *, base_url: str, address: str) -> bytes:
    """The head as it is sent below a secret address.

    Args:
        head: From `split_head`.
        base_url: Ends in "/".
        address: What stands in its place for this subscriber; ends in "/".
    """
    if not head:
        return head
    text = head.decode("utf-8")
    if text.startswith("{"):
        return _private_json(text, base_url=base_url, address=address).encode()
    own = re.compile(_OWN + re.escape(attribute(base_url)))
    text = own.sub(lambda found: found[1] + attribute(address), _HUB.sub("", text))
    return text.encode()


def _private_json(head: str, *, base_url: str, address: str) -> str:
    top = json.loads(head.rstrip().rstrip(",") + "}")
    top.pop("hubs", None)
    top["feed_url"] = address + top["feed_url"].removeprefix(base_url)
    return dump(top)[:-1] + ","
