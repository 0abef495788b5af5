"""Signs one entry: what it takes to find and compare it without its text. Pure."""

from __future__ import annotations

from datetime import datetime

from aggregator.match.codec import Content, encode
from aggregator.match.digests import NO_PARTS, find_parts, named_digest
from aggregator.match.facts_scan import scan
from aggregator.match.keys import (
    body_key,
    link_keys,
    number_keys,
    permalink,
    quoted_keys,
    slug_words,
    title_key,
)
from aggregator.match.shingles import packed_hashes, token_hashes
from aggregator.match.sketch import DIGEST_WORDS, bands_and_asks, passage_bands
from aggregator.match.titles import read_title
from aggregator.model.matching import Signature
from aggregator.text import token_bytes, tokens

__all__ = ["SIGNATURE_VERSION", "sign"]

SIGNATURE_VERSION = 1

# A digest of more single releases than this is a page of its own.
MAX_PASSAGES = 40
# A digest holds at least this many passages long enough to be releases.
MIN_PASSAGES = 3


def sign(  # noqa: PLR0913 - one argument for each part of an entry that is signed
    *,
    title: str,
    body_for_matching: str,
    link: str | None,
    guid: str | None,
    published: datetime | None,
    language: str,
    outlet_id: str,
    outlet_name: str = "",
) -> Signature:
    """The signature of one entry.

    Args:
        title: Plain text.
        body_for_matching: Text less all boilerplate, datelines too; paragraphs
            separated by one empty line.
        link: Canonical link, or None.
        guid: As delivered; a permalink counts as link where there is none.
        published: What the feed claims, for relative dates, or None.
        language: BCP 47 tag.
        outlet_id: Scope of numbers that name no office.
        outlet_name: Stripped from the title's end.
    """
    words = token_bytes(body_for_matching)
    packed = b" ".join(words)
    hashes = packed_hashes(packed, words)
    heading = read_title(title, outlet_name=outlet_name)
    slug = slug_words(link)
    facts = scan(title, body_for_matching, language=language, published=published)
    parts = find_parts(title, body_for_matching) if len(words) >= DIGEST_WORDS else NO_PARTS
    content = Content.of(hashes, title=heading, slug=slug, packed_facts=facts, parts=parts)
    rows, asks = bands_and_asks(hashes)
    if named_digest(title):
        rows += _passages(body_for_matching)
    rows += tuple(row for at in parts.texts for row in passage_bands(hashes[at:]))
    keys = (
        *link_keys(link or permalink(guid)),
        *body_key(packed),
        *number_keys(title, outlet_id=outlet_id),
        *(title_key(heading.tokens) if heading.key else ()),
        *title_key(slug),
        *quoted_keys(title, body_for_matching),
    )
    return Signature(
        version=SIGNATURE_VERSION,
        bands=tuple(dict.fromkeys(rows)),
        asks=asks,
        keys=tuple(dict.fromkeys(keys)),
        blob=encode(content),
    )


def _passages(body: str) -> tuple[int, ...]:
    found = [passage_bands(token_hashes(tokens(part))) for part in body.split("\n\n")]
    found = [rows for rows in found if rows][:MAX_PASSAGES]
    if len(found) < MIN_PASSAGES:
        return ()
    return tuple(row for rows in found for row in rows)
