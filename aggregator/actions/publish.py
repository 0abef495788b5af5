"""Publish what changed: one process at a time renders and replaces the documents.

    publish lease | stories since the documents' seq | render | write | remember seq

Readers' requests never render. After a crash the next publisher renders again: the
documents' published seq is only remembered once the files stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aggregator.clock import Clock
from aggregator.model.policy import PublishPolicy, Settings
from aggregator.owners import this_process
from aggregator.pipeline.claims import claim_lease
from aggregator.publish.atom import FeedHead, render_atom
from aggregator.publish.documents import Document, FragmentCache
from aggregator.publish.options import options_for
from aggregator.publish.writer import write_documents
from aggregator.store import documents, leases, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.leases import Lease

__all__ = ["Published", "publish_changed"]

MERGED = "merged.atom"
# Rendering takes seconds; a publisher silent for this long has died.
LEASE_TTL = timedelta(seconds=120)


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
    """Renders and writes the documents if stories changed since they were written.

    Args:
        database: Where the stories are.
        settings: `[publish]`, base_url, output_dir.
        clock: Aware UTC.
        anew: Render even if nothing changed.
        cache: Rendered entries kept from the last time by a long-running caller.

    Returns:
        What stands in the output directory. Nothing is written where another process
        is publishing right now: it writes what this one would have.

    Raises:
        PublishError: The documents cannot be written; the last good ones stay.
    """
    policy = settings.publish
    merged = policy.output_dir / MERGED
    with database.write() as conn:
        lease = claim_lease(conn, leases.PUBLISH, owner=this_process(), now=clock(), ttl=LEASE_TTL)
    if lease is None:
        return Published(stories=_count(database), merged=merged, paths=())
    try:
        return _publish(database, policy, clock=clock, anew=anew, cache=cache or FragmentCache())
    finally:
        _release(database, lease)


def _publish(
    database: Database,
    policy: PublishPolicy,
    *,
    clock: Clock,
    anew: bool,
    cache: FragmentCache,
) -> Published:
    merged = policy.output_dir / MERGED
    with database.read() as conn:
        head = story_views.head_seq(conn)
        before = documents.published(conn).get(MERGED)
        if before and before.seq == head and merged.is_file() and not anew:
            return Published(stories=before.entries, merged=merged, paths=())
        ids = story_views.newest(conn, limit=policy.page_size).ids
        stories = story_views.load(conn, ids)
        tombstones = story_views.tombstones(conn)
    feed_head = FeedHead(path=MERGED, title=policy.title, contact=policy.contact, hubs=policy.hubs)
    document = render_atom(
        stories, feed_head, options=options_for(policy), cache=cache, tombstones=tombstones
    )
    written = write_documents([document], policy.output_dir)
    with database.write() as conn:
        _remember(conn, document, seq=head, entries=len(stories), clock=clock)
        documents.mark_rendered(conn, ids, now=clock())
    return Published(
        stories=len(stories),
        merged=merged,
        paths=tuple(policy.output_dir / path for path in written),
    )


def _remember(
    conn: Connection, document: Document, *, seq: int, entries: int, clock: Clock
) -> None:
    documents.save(
        conn,
        documents.PublishedDocument(
            name=document.path,
            seq=seq,
            etag=document.etag,
            sha256=document.etag.strip('"'),
            size=len(document.body),
            entries=entries,
            published_at=clock(),
        ),
    )


def _release(database: Database, lease: Lease) -> None:
    with database.write() as conn:
        leases.release(conn, lease)


def _count(database: Database) -> int:
    with database.read() as conn:
        row = documents.published(conn).get(MERGED)
    return row.entries if row else 0
