"""Entries as they were, revision by revision, cleaned and signed by today's rules.

    stored entries | clean, sign | Timeline

A replay decides about an entry as it was when it arrived, against others as they were at
that moment: a correction that came later must not pull a story apart afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aggregator.clean import LearnedBlocks
from aggregator.clean.contacts import erased_spans
from aggregator.match import SIGNATURE_VERSION
from aggregator.model.entries import ParsedEntry
from aggregator.model.feeds import Feed, Outlet
from aggregator.model.matching import PreparedEntry, Subject
from aggregator.model.policy import Settings
from aggregator.pipeline.learned import active_blocks
from aggregator.pipeline.prepare import PrepareRequest, prepare_entry
from aggregator.store import records, subjects
from aggregator.store.database import Connection
from aggregator.store.records import EntryRecord, RevisionRecord

__all__ = ["Form", "Fresh", "Preparer", "Timeline"]

# Entries loaded at a time: their texts need some megabytes.
CHUNK: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One revision as a side of a comparison.

    Attributes:
        at: When it was stored.
        subject: Signed by today's rules; in no story.
    """

    at: datetime
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What today's rules make of a current revision, where that differs from what is stored.

    Attributes:
        prepared: Ready for `entries.reclean`.
        fetched_at: When its document was fetched.
        effective_at: The entry's effective time.
        revision: Number of the revision it was made from.
        body_changes: Readers and matching see another body.
    """

    prepared: PreparedEntry
    fetched_at: datetime
    effective_at: datetime
    revision: int
    body_changes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One entry.

    Attributes:
        stored: As it stands in the store today.
        forms: Its revisions, oldest first; one at least.
        fresh: Its current revision anew, or None: nothing changes.
        legible: Its texts are still there; without them it cannot be decided again.
    """

    stored: Subject
    forms: tuple[Form, ...]
    fresh: Fresh | None
    legible: bool


class Preparer:
    """Cleans and signs stored revisions as their feeds' polls would today."""

    def __init__(self, conn: Connection, settings: Settings) -> None:
        self._conn = conn
        self._settings = settings
        self._feeds: Mapping[str, Feed] = {feed.id: feed for feed in settings.feeds}
        self._learned: dict[str, LearnedBlocks] = {}

    def timelines(self, entry_ids: Iterable[int]) -> Iterator[Timeline]:
        """Loads entries and prepares all their revisions; redacted ones are left out."""
        wanted = sorted(set(entry_ids))
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            stored = subjects.load(self._conn, chunk)
            for record in records.load(self._conn, chunk):
                subject = stored[record.entry_id]
                if record.redacted_at is None and subject.story_id is not None:
                    yield self._timeline(record, subject)

    def feed_of(self, record: EntryRecord, stored: Subject) -> Feed:
        """The feed as configured; a retired one as far as the store remembers it."""
        known = self._feeds.get(record.feed_id)
        if known is not None:
            return known
        outlet = Outlet(
            id=record.outlet_id,
            name=record.outlet_name,
            kind=record.outlet_kind,
            issuer=stored.own_issuer,
        )
        return Feed(id=record.feed_id, url="", outlet=outlet)

    def _timeline(self, record: EntryRecord, stored: Subject) -> Timeline:
        current = record.revisions[-1]
        if current.texts_purged_at is not None:
            forms = (Form(at=record.first_seen_at, subject=stored),)
            return Timeline(stored=stored, forms=forms, fresh=None, legible=False)
        feed = self.feed_of(record, stored)
        legible = [form for form in record.revisions if form.texts_purged_at is None]
        prepared = [self._prepare(record, form, feed) for form in legible]
        return Timeline(
            stored=stored,
            forms=tuple(
                Form(at=form.recorded_at, subject=_subject(stored, form, made, feed.outlet))
                for form, made in zip(legible, prepared, strict=True)
            ),
            fresh=_fresh(record, stored, prepared[-1]),
            legible=True,
        )

    def _prepare(self, record: EntryRecord, form: RevisionRecord, feed: Feed) -> PreparedEntry:
        request = PrepareRequest(
            body=b"",
            url=feed.url,
            content_type=None,
            feed=feed,
            parse=self._settings.parse,
            clean=self._settings.clean,
            learned=self._blocks(feed.outlet),
            erased=erased_spans(form.text, form.spans),
        )
        made = prepare_entry(_parsed(record, form), request)
        return replace(made, content_sha256=form.content_sha256)

    def _blocks(self, outlet: Outlet) -> LearnedBlocks:
        if outlet.id not in self._learned:
            self._learned[outlet.id] = active_blocks(self._conn, outlet)
        return self._learned[outlet.id]


def comparable(subject: Subject) -> bool:
    """Whether today's matcher can read the signature."""
    return subject.signature.version == SIGNATURE_VERSION


def _parsed(record: EntryRecord, form: RevisionRecord) -> ParsedEntry:
    return ParsedEntry(
        guid=record.guid,
        link=form.link,
        canonical_link=record.link,
        title=form.title,
        text=form.text,
        summary=form.summary,
        published=form.published,
        updated=form.updated,
        # What was decided about the issuer; the hint stored beside it may be the text's own.
        issuer_hint=form.issuer or form.issuer_hint,
        rights=form.rights,
        language=form.language,
        agency_marks=form.agency_marks,
    )


def _subject(
    stored: Subject, form: RevisionRecord, prepared: PreparedEntry, outlet: Outlet
) -> Subject:
    return replace(
        stored,
        own_issuer=outlet.issuer,
        issuer=prepared.issuer,
        language=prepared.language,
        title=form.title,
        body=prepared.body,
        notices=prepared.cleaned.notices,
        agency_marks=form.agency_marks,
        signature=prepared.signature,
        revision=form.number,
        story_id=None,
    )


def _fresh(record: EntryRecord, stored: Subject, prepared: PreparedEntry) -> Fresh | None:
    current = record.revisions[-1]
    same_body = prepared.body == stored.body and prepared.body_sha256 == current.body_sha256
    unchanged = (
        same_body
        and prepared.cleaned.spans == current.spans
        and prepared.cleaned.notices == current.notices
        and prepared.cleaned.version == current.cleaner_version
        and prepared.signature.version == stored.signature.version
        and prepared.signature.blob == stored.signature.blob
        and prepared.issuer == current.issuer
        and prepared.language == current.language
    )
    if unchanged:
        return None
    return Fresh(
        prepared=prepared,
        fetched_at=current.fetched_at,
        effective_at=record.effective_at,
        revision=current.number,
        body_changes=not same_body,
    )
