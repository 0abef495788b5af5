"""Publish what changed: one process at a time renders and replaces the documents.

    publish lease | snapshot | archive pages | live documents | index | remember seq

Readers' requests never render. After a crash the next publisher renders again: the
documents' published seq is only remembered once the files stand, and the index of the
archive is written last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aggregator import __version__
from aggregator.actions.material import Gathered, check_outputs, gather, load_public
from aggregator.clock import Clock
from aggregator.model.policy import PublishPolicy, Settings
from aggregator.model.stories import Story, StoryStatus, Tombstone
from aggregator.owners import this_process
from aggregator.pipeline.claims import claim_lease
from aggregator.publish.archive import (
    INDEX_PATH,
    ArchiveIndex,
    archive_path,
    index_from_json,
)
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.plan import archive_document, live_documents, redacted_document
from aggregator.publish.selection import is_published
from aggregator.publish.writer import Compression, remove_document, write_documents
from aggregator.store import documents, leases, redacting, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.documents import PublishedDocument
from aggregator.store.leases import Lease

__all__ = [
    "MERGED",
    "REDACTED_NOTE",
    "SETTINGS_ROW",
    "Published",
    "document_names",
    "publish_changed",
    "redact_archive",
]

MERGED = "merged.atom"
FORMS = (".atom", ".rss", ".json", ".ninjs.json")
# Not a document: the row that remembers by which settings all of them were rendered.
SETTINGS_ROW = "settings"
# Of a change: an entry of the story was erased, and readers are told no more than that.
REDACTED_NOTE = "redacted"
# Rendering takes seconds; a publisher silent for this long has died.
LEASE_TTL = timedelta(seconds=120)
_COMPRESSED = Compression()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What stands in the output directory.

    Attributes:
        stories: Stories in the merged feed.
        merged: Path of merged.atom.
        paths: Files that were written anew; () if nothing changed.
    """

    stories: int
    merged: Path
    paths: tuple[Path, ...]

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {"stories": self.stories, "published": [str(path) for path in self.paths]}


def publish_changed(
    database: Database,
    settings: Settings,
    *,
    clock: Clock,
    anew: bool = False,
    cache: FragmentCache | None = None,
) -> Published:
    """Renders and writes the documents if stories or settings changed since they were written.

    Args:
        database: Where the stories are.
        settings: The whole configuration.
        clock: Aware UTC.
        anew: Render even if nothing changed.
        cache: Rendered entries kept from the last time by a long-running caller; a new
            one after the configuration changed.

    Returns:
        What stands in the output directory. Nothing is written where another process
        is publishing right now: it writes what this one would have.

    Raises:
        ConfigError: The query of an `[[output]]` cannot be read.
        PublishError: The documents cannot be written; the last good ones stay.
    """
    check_outputs(settings.publish)
    with database.write() as conn:
        lease = claim_lease(conn, leases.PUBLISH, owner=this_process(), now=clock(), ttl=LEASE_TTL)
    if lease is None:
        return _standing(database, settings.publish)
    try:
        if not anew and _is_current(database, settings):
            return _standing(database, settings.publish)
        publisher = _Publisher(
            database=database,
            settings=settings,
            clock=clock,
            cache=FragmentCache() if cache is None else cache,
        )
        return publisher.publish(lease)
    finally:
        with database.write() as conn:
            leases.release(conn, lease)


def document_names(policy: PublishPolicy) -> tuple[str, ...]:
    """Names of all live documents, merged.atom first."""
    outputs = (output.name for output in policy.outputs)
    return (
        *(f"{name}{form}" for name in ("merged", *outputs) for form in FORMS),
        "corrections.atom",
        "all.atom",
        "sources.opml",
        INDEX_PATH,
    )


def redact_archive(
    policy: PublishPolicy,
    stones: Collection[Tombstone],
    *,
    index: ArchiveIndex,
    stories: Collection[Story] = (),
) -> tuple[str, ...]:
    """Replaces stories in the archive documents by tombstones, or renders them anew.

    Args:
        policy: Where the documents are.
        stones: The stories; those no archive document holds are passed over.
        index: Which pages stand.
        stories: Those that lost an entry and live on without it.

    Returns:
        Paths of the documents that were written again.

    Raises:
        PublishError: A document cannot be read or written.
    """
    written: list[str] = []
    shown = [story for story in stories if is_published(story)]
    for page in index.pages if stones or shown else ():
        path = archive_path(page.number)
        body = _read(policy.output_dir / path)
        if body is None:
            continue
        cut = redacted_document(path, body, tombstones=[*stones], policy=policy, stories=shown)
        if cut is not None:
            written += write_documents([cut], policy.output_dir, compression=_COMPRESSED)
    return tuple(written)


def read_index(policy: PublishPolicy) -> ArchiveIndex:
    """Which pages of the archive stand; none where their index is missing or spoilt."""
    try:
        return index_from_json(_read(policy.output_dir / INDEX_PATH) or b"")
    except ValueError:
        return ArchiveIndex()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Publisher:
    """One run: the parts it works with."""

    database: Database
    settings: Settings
    clock: Clock
    cache: FragmentCache

    def publish(self, lease: Lease) -> Published:
        policy = self.settings.publish
        index = read_index(policy)
        with self.database.read() as conn:
            before = documents.published(conn)
            stones, mended = self._erased(conn, before)
            written = list(redact_archive(policy, stones, index=index, stories=mended))
            gathered = gather(conn, self.settings, index)
            written += self._archive(conn, gathered, lease)
        live = live_documents(gathered.material, policy, cache=self.cache)
        # The index stands last in the list and is therefore written last.
        written += write_documents(live, policy.output_dir, compression=_COMPRESSED)
        self._tidy(before)
        self._remember(live, gathered, written=written, before=before)
        return Published(
            stories=len(gathered.material.stories),
            merged=policy.output_dir / MERGED,
            paths=tuple(policy.output_dir / path for path in written),
        )

    def _erased(
        self, conn: Connection, before: Mapping[str, PublishedDocument]
    ) -> tuple[list[Tombstone], tuple[Story, ...]]:
        """Stories redacted since the last time, and those that lost an entry so."""
        since = before[MERGED].seq if MERGED in before else 0
        stones = story_views.tombstones(conn, since_seq=since, limit=10_000)
        statuses = story_views.statuses(conn, [stone.story_id for stone in stones])
        erased = [s for s in stones if statuses.get(s.story_id) is StoryStatus.REDACTED]
        ids = redacting.stories_mended(conn, since, note=REDACTED_NOTE)
        gone = {stone.story_id for stone in erased}
        return erased, load_public(conn, [i for i in ids if i not in gone], self.settings)

    def _archive(self, conn: Connection, gathered: Gathered, lease: Lease) -> Iterable[str]:
        policy = self.settings.publish
        for closed in gathered.plan.closed:
            stories = load_public(conn, closed.story_ids, self.settings)
            document = archive_document(
                closed,
                stories,
                policy,
                index=gathered.plan.index,
                tombstones=gathered.material.tombstones,
            )
            yield from write_documents([document], policy.output_dir, compression=_COMPRESSED)
            with self.database.write() as writing:
                # A first run over a large database closes hundreds of pages.
                leases.renew(writing, lease, now=self.clock(), ttl=LEASE_TTL)
                documents.mark_rendered(writing, closed.story_ids, now=self.clock())

    def _tidy(self, before: Mapping[str, PublishedDocument]) -> None:
        """Removes the documents of outputs that are no longer configured."""
        policy = self.settings.publish
        for name in before.keys() - {*document_names(policy), SETTINGS_ROW}:
            remove_document(policy.output_dir, name)

    def _remember(
        self,
        live: Iterable[Document],
        gathered: Gathered,
        *,
        written: Collection[str],
        before: Mapping[str, PublishedDocument],
    ) -> None:
        now = self.clock()
        material = gathered.material
        with self.database.write() as conn:
            for document in live:
                former = before.get(document.path)
                changed = former is None or document.path in written
                row = PublishedDocument(
                    name=document.path,
                    seq=gathered.head,
                    etag=document.etag,
                    sha256=hashlib.sha256(document.body).hexdigest(),
                    size=len(document.body),
                    entries=_entries(document.path, gathered, self.settings.publish),
                    published_at=now if changed or former is None else former.published_at,
                )
                documents.save(conn, row)
            documents.save(conn, _settings_row(self.settings, gathered.head, clock=self.clock))
            documents.mark_rendered(conn, [story.id for story in material.stories], now=now)


def _standing(database: Database, policy: PublishPolicy) -> Published:
    with database.read() as conn:
        row = documents.published(conn).get(MERGED)
    return Published(
        stories=row.entries if row else 0, merged=policy.output_dir / MERGED, paths=()
    )


def _is_current(database: Database, settings: Settings) -> bool:
    policy = settings.publish
    with database.read() as conn:
        head = story_views.head_seq(conn)
        rows = documents.published(conn)
    known = rows.get(SETTINGS_ROW)
    return (
        known is not None
        and known.seq == head
        and known.etag == _fingerprint(settings)
        and all((policy.output_dir / name).is_file() for name in document_names(policy))
    )


def _fingerprint(settings: Settings) -> str:
    """Of everything but the stories that decides what the documents look like."""
    feeds = [
        (
            f.id,
            f.url,
            f.enabled,
            f.language,
            f.outlet.id,
            f.outlet.name,
            f.auth_env,
            bool(f.headers),
        )
        for f in settings.feeds
    ]
    told = repr((__version__, settings.publish, feeds))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _settings_row(settings: Settings, head: int, *, clock: Clock) -> PublishedDocument:
    fingerprint = _fingerprint(settings)
    return PublishedDocument(
        name=SETTINGS_ROW,
        seq=head,
        etag=fingerprint,
        sha256=fingerprint,
        size=0,
        entries=0,
        published_at=clock(),
    )


def _entries(name: str, gathered: Gathered, policy: PublishPolicy) -> int:
    """How many stories (of all.atom: entries, of sources.opml: feeds) a document holds."""
    material = gathered.material
    stem = name.partition(".")[0]
    stories = material.outputs.get(stem, material.stories)
    if name in {MERGED, "merged.rss"}:
        return len(material.stories)
    special = {
        "all.atom": len(material.entries),
        "corrections.atom": len(material.corrected),
        "sources.opml": len(material.feeds),
        INDEX_PATH: len(material.index.pages),
    }
    return special.get(name, min(policy.page_size, len(stories)))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
