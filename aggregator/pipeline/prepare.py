"""Bytes in, prepared entries out: parse, clean, sign. Pure; runs in a worker process.

    body | parse | clean | sign | PreparedDocument

Items the store already holds word for word are recognised by their fingerprint and
neither cleaned nor signed again: most of a document is old at every poll.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aggregator.clean import NOTHING_LEARNED, CleanContext, LearnedBlocks, clean, normalise_issuer
from aggregator.match import sign
from aggregator.model.entries import Cleaned, ParsedEntry, ParsedFeed, ParseFailure, Span
from aggregator.model.feeds import Feed
from aggregator.model.matching import PreparedEntry, Signature
from aggregator.model.policy import CleanPolicy, ParsePolicy
from aggregator.parse import parse_document
from aggregator.store.contents import fingerprint
from aggregator.text import fold

__all__ = ["UNSIGNED", "PrepareRequest", "PreparedDocument", "prepare_document", "prepare_entry"]

# Stands for "stored already, not signed again"; never stored, never compared.
UNSIGNED = Signature(version=0, bands=(), keys=(), blob=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareRequest:
    """All a worker needs to prepare one document; pickles.

    Attributes:
        body: The document, decoded, as fetched.
        url: Where it came from, after redirects.
        content_type: The response's Content-Type, or None.
        feed: The feed as configured.
        parse: Limits and defaults of parsing.
        clean: Limits of cleaning.
        learned: The outlet's active learned blocks.
        known: Fingerprint (`fingerprint`) of stored entries -> their body hash.
        erased: Spans of a stored text whose characters were erased, for `prepare_entry`.
    """

    body: bytes = field(repr=False)
    url: str
    content_type: str | None
    feed: Feed
    parse: ParsePolicy
    clean: CleanPolicy
    learned: LearnedBlocks = NOTHING_LEARNED
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    erased: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """One document after parse, clean and sign.

    Attributes:
        parsed: The document's own metadata; its `entries` are moved to `entries`.
        entries: In document order.
    """

    parsed: ParsedFeed
    entries: tuple[PreparedEntry, ...]


def prepare_document(request: PrepareRequest) -> PreparedDocument | ParseFailure:
    """Parses, cleans and signs one document.

    Args:
        request: The document and its context.

    Returns:
        The prepared entries, or why the bytes are no feed.
    """
    parsed = parse_document(
        request.body, url=request.url, content_type=request.content_type, policy=request.parse
    )
    if isinstance(parsed, ParseFailure):
        return parsed
    entries = tuple(_prepare_or_recognise(entry, request, parsed) for entry in parsed.entries)
    return PreparedDocument(parsed=replace(parsed, entries=()), entries=entries)


def prepare_entry(
    entry: ParsedEntry, request: PrepareRequest, *, document_language: str | None = None
) -> PreparedEntry:
    """Cleans and signs one entry.

    Args:
        entry: As parsed.
        request: Its feed, policies and learned blocks.
        document_language: What the document says of its language, or None.

    Returns:
        The entry, ready to be identified and matched.
    """
    feed, outlet = request.feed, request.feed.outlet
    language = feed.language or entry.language or document_language or request.parse.language
    issuer = (
        outlet.issuer
        or _issuer(entry.issuer_hint, request.clean)
        or _listed(entry.author, request.clean)
    )
    context = _context(entry, request, issuer=issuer, language=language)
    cleaned = clean(entry.text, context=context)
    matched = cleaned.body(keep_datelines=False)
    signature = sign(
        title=entry.title,
        body_for_matching=matched,
        link=entry.canonical_link,
        guid=entry.guid,
        published=entry.published,
        language=language,
        outlet_id=outlet.id,
        outlet_name=outlet.name,
    )
    return PreparedEntry(
        parsed=entry,
        cleaned=cleaned,
        body=cleaned.body(),
        signature=signature,
        issuer=issuer or _issuer(cleaned.issuer_hint, request.clean),
        language=language.split("-", 1)[0].lower(),
        content_sha256=content_sha256(entry),
        body_sha256=_sha256(fold(matched)),
    )


def _context(
    entry: ParsedEntry, request: PrepareRequest, *, issuer: str | None, language: str
) -> CleanContext:
    outlet = request.feed.outlet
    return CleanContext(
        title=entry.title,
        outlet_id=outlet.id,
        outlet_kind=outlet.kind,
        issuer=issuer,
        language=language,
        published=entry.published,
        rules=outlet.boilerplate,
        learned=request.learned,
        policy=request.clean,
        erased=request.erased,
    )


def _prepare_or_recognise(
    entry: ParsedEntry, request: PrepareRequest, document: ParsedFeed
) -> PreparedEntry:
    content = content_sha256(entry)
    recognised = fingerprint(entry.guid, entry.canonical_link, content)
    body_sha256 = request.known.get(recognised)
    if body_sha256 is None:
        return prepare_entry(entry, request, document_language=document.language)
    return PreparedEntry(
        parsed=replace(entry, html="", raw=b""),
        cleaned=Cleaned(text=entry.text),
        body="",
        signature=UNSIGNED,
        issuer=None,
        language="",
        content_sha256=content,
        body_sha256=body_sha256,
    )


def content_sha256(entry: ParsedEntry) -> str:
    """Hex hash of what readers see of an entry; equal means nothing changed."""
    return _sha256(f"{entry.title}\x1f{entry.text}\x1f{entry.summary}")


def _issuer(hint: str | None, policy: CleanPolicy) -> str | None:
    return normalise_issuer(hint, policy.issuers) if hint else None


def _listed(author: str | None, policy: CleanPolicy) -> str | None:
    """The issuer an author is another spelling of; most authors are persons, and none."""
    issuer = _issuer(author, policy)
    return issuer if issuer in policy.issuers else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
