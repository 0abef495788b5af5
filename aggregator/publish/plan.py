"""From stories to the list of documents: which there are, and what each holds. Pure.

    positions --plan_archive--> live ids, pages to close
    stories of a page --archive_document--> one archive document
    Material --live_documents--> everything else

The caller loads the stories in between and hands the documents to `writer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from aggregator.model.feeds import Feed
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import Story, Tombstone
from aggregator.publish.archive import (
    INDEX_PATH,
    ArchiveIndex,
    ClosedPage,
    archive_path,
    index_to_json,
    redacted,
    tombstones_between,
)
from aggregator.publish.atom import (
    ATOM_TYPE,
    FeedHead,
    deleted_entry,
    render_atom,
    story_entry,
)
from aggregator.publish.corrections import render_corrections
from aggregator.publish.documents import Document, FragmentCache, compose, fragment
from aggregator.publish.entries import EntryItem, render_entries
from aggregator.publish.jsonfeed import render_json_feed
from aggregator.publish.ninjs import render_ninjs
from aggregator.publish.opml import render_opml
from aggregator.publish.options import RenderOptions, options_for
from aggregator.publish.rss import render_rss
from aggregator.publish.selection import newest_first

__all__ = [
    "Material",
    "archive_document",
    "live_documents",
    "output_documents",
    "redacted_document",
    "search_document",
]

MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the documents are made of.

    Attributes:
        stories: Those of `ArchivePlan.live_ids`; order does not matter.
        index: The archive index after the plan.
        tombstones: Stories that are gone; those the archive holds may be left out.
        corrected: Published stories with changes of facts, the newest
            `PublishPolicy.page_size` by time of change.
        entries: The newest entries, newest first; () publishes an empty all.atom.
        outputs: Output name -> its stories (`selection.select`), at most `page_size`.
        feeds: All configured feeds, for the list of sources.
    """

    stories: Sequence[Story]
    index: ArchiveIndex = field(default_factory=ArchiveIndex)
    tombstones: Sequence[Tombstone] = ()
    corrected: Sequence[Story] = ()
    entries: Sequence[EntryItem] = ()
    outputs: Mapping[str, Sequence[Story]] = field(default_factory=dict)
    feeds: Sequence[Feed] = ()


def live_documents(
    material: Material, policy: PublishPolicy, *, cache: FragmentCache
) -> tuple[Document, ...]:
    """All documents but the archive's pages, merged.atom first.

    Equal material gives equal bytes. JSON and ninjs hold the newest `page_size` stories;
    merged.atom and merged.rss all that no archive document holds, since either one and the
    archive together are the whole feed.
    """
    options = options_for(policy)
    stories = newest_first(material.stories)
    outputs = [
        document
        for output in policy.outputs
        for document in output_documents(
            newest_first(material.outputs.get(output.name, ())), policy, output=output, cache=cache
        )
    ]
    index = compose(
        INDEX_PATH,
        "application/json",
        [fragment(index_to_json(material.index).decode("utf-8"))],
        updated=material.index.boundary.at if material.index.boundary else None,
    )
    return (
        _merged(stories, material, policy, cache=cache),
        render_rss(
            stories,
            _head(policy, path=f"{MERGED}.rss", links=_older(material)),
            options=options,
            cache=cache,
        ),
        *_json_formats(stories[: policy.page_size], policy, options=options, cache=cache),
        _corrections(material, policy, options=options),
        _all_entries(material, policy, options=options, cache=cache),
        render_opml(
            material.feeds,
            title=options.words.source_list.format(title=policy.title),
            path="sources.opml",
        ),
        *outputs,
        index,
    )


def _merged(
    stories: Sequence[Story], material: Material, policy: PublishPolicy, *, cache: FragmentCache
) -> Document:
    return render_atom(
        stories,
        _head(policy, path=f"{MERGED}.atom", links=_older(material)),
        options=options_for(policy),
        cache=cache,
        tombstones=tombstones_between(material.tombstones, after=material.index.boundary),
    )


def _older(material: Material) -> tuple[tuple[str, str], ...]:
    """Where the stories stand that are older than the live documents' (RFC 5005)."""
    pages = material.index.pages
    return (("prev-archive", archive_path(pages[-1].number)),) if pages else ()


def _head(
    policy: PublishPolicy,
    *,
    path: str,
    title: str | None = None,
    links: tuple[tuple[str, str], ...] = (),
) -> FeedHead:
    return FeedHead(
        path=path,
        title=title or policy.title,
        contact=policy.contact,
        hubs=policy.hubs,
        links=links,
    )


def _json_formats(
    stories: Sequence[Story],
    policy: PublishPolicy,
    *,
    options: RenderOptions,
    cache: FragmentCache,
    name: str = MERGED,
) -> list[Document]:
    title = policy.title if name == MERGED else f"{policy.title}: {name}"
    return [
        render(
            stories,
            _head(policy, path=f"{name}{suffix}", title=title),
            options=options,
            cache=cache,
        )
        for suffix, render in ((".json", render_json_feed), (".ninjs.json", render_ninjs))
    ]


def _corrections(material: Material, policy: PublishPolicy, *, options: RenderOptions) -> Document:
    title = options.words.corrections.format(title=policy.title)
    head = _head(policy, path="corrections.atom", title=title)
    return render_corrections(material.corrected, head, options=options, limit=policy.page_size)


def _all_entries(
    material: Material, policy: PublishPolicy, *, options: RenderOptions, cache: FragmentCache
) -> Document:
    title = options.words.all_entries.format(title=policy.title)
    head = _head(policy, path="all.atom", title=title)
    return render_entries(material.entries, head, options=options, cache=cache)


def output_documents(
    stories: Sequence[Story],
    policy: PublishPolicy,
    *,
    output: OutputPolicy,
    cache: FragmentCache,
) -> list[Document]:
    """One `[[output]]` in all formats, the newest `page_size` of the stories given."""
    options = options_for(policy, output)
    newest = stories[: policy.page_size]
    head = _head(policy, path=f"{output.name}.atom", title=f"{policy.title}: {output.name}")
    return [
        render_atom(newest, head, options=options, cache=cache),
        render_rss(newest, replace(head, path=f"{output.name}.rss"), options=options, cache=cache),
        *_json_formats(newest, policy, options=options, cache=cache, name=output.name),
    ]


def search_document(
    stories: Sequence[Story], policy: PublishPolicy, *, query: str, title: str
) -> Document:
    """`/feed.atom?...`: an Atom document of a search.

    Args:
        stories: The hits.
        policy: As for everything else.
        query: The query string exactly as asked for, percent-encoded, without "?".
        title: What was searched for, in words.
    """
    head = _head(policy, path=f"feed.atom?{query}", title=f"{policy.title}: {title}")
    # Made when it is asked for: nobody could tell a hub that it changed.
    head = replace(head, hubs=())
    newest = newest_first(stories)[: policy.page_size]
    return render_atom(newest, head, options=options_for(policy), cache=FragmentCache())


def archive_document(
    closed: ClosedPage,
    stories: Sequence[Story],
    policy: PublishPolicy,
    *,
    index: ArchiveIndex,
    tombstones: Sequence[Tombstone] = (),
) -> Document:
    """One archive document, to be written once.

    Args:
        closed: The page, from `plan_archive`.
        stories: Its stories, loaded; order does not matter.
        policy: As for the live documents.
        index: The index after the plan: the next page is linked if it is known.
        tombstones: Stories that are gone; those of the page's time are taken.
    """
    number = closed.page.number
    links = [("current", f"{MERGED}.atom")]
    if number > 1:
        links.append(("prev-archive", archive_path(number - 1)))
    if number < len(index.pages):
        links.append(("next-archive", archive_path(number + 1)))
    options = options_for(policy)
    head = FeedHead(
        path=archive_path(number),
        title=options.words.archive.format(title=policy.title, number=number),
        contact=policy.contact,
        logical_path=f"{MERGED}.atom",
        archive=True,
        links=tuple(links),
    )
    return render_atom(
        newest_first(stories),
        head,
        options=options,
        cache=FragmentCache(),
        tombstones=tombstones_between(tombstones, after=closed.after, until=closed.page.until),
    )


def redacted_document(
    path: str,
    body: bytes,
    *,
    tombstones: Sequence[Tombstone],
    policy: PublishPolicy,
    stories: Sequence[Story] = (),
) -> Document | None:
    """A published archive document with some stories replaced by tombstones or made anew.

    The only change an archive document ever sees. Everything else in it stays byte for
    byte.

    Args:
        path: The document's path.
        body: The bytes as published.
        tombstones: The redacted stories; those not in this document are passed over.
        policy: As it was written with.
        stories: Those that lost an entry and live on: they are rendered without it.

    Returns:
        The document to write, or None if it holds none of them.
    """
    options = options_for(policy)
    fresh = [(stone.story_id, deleted_entry(stone, options)) for stone in tombstones]
    fresh += [(story.id, story_entry(story, options)) for story in stories]
    cut = redacted(body, fresh)
    if cut is None:
        return None
    times = (*(s.gone_at for s in tombstones), *(s.updated for s in stories))
    newest = max(times, default=None)
    return compose(path, ATOM_TYPE, [fragment(cut.decode("utf-8"))], updated=newest)
