"""corrections.atom: one entry, with its own id, for each change of facts. Pure.

Most readers overwrite an entry they know silently and ignore tombstones; here every
revision, correction and withdrawal is news of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.stories import Story, StoryChange
from aggregator.publish.addresses import change_id, member_link, story_id, story_page
from aggregator.publish.atom import (
    ATOM_TYPE,
    END,
    FeedHead,
    author_name,
    entry_source,
    feed_head,
    notice_category,
)
from aggregator.publish.content import canonical, fact_changes, paragraphs
from aggregator.publish.documents import Document, compose, fragment
from aggregator.publish.escaping import (
    attribute,
    element,
    escape,
    one_line,
    rfc3339,
    text_construct,
)
from aggregator.publish.options import RenderOptions
from aggregator.publish.selection import is_published

__all__ = ["render_corrections"]


def render_corrections(
    stories: Sequence[Story], head: FeedHead, *, options: RenderOptions, limit: int
) -> Document:
    """The newest `limit` changes of facts of the stories, newest first."""
    changes = [
        (change, story)
        for story in stories
        if is_published(story)
        for change in fact_changes(story)
    ]
    changes.sort(key=lambda pair: (pair[0].changed_at, pair[0].seq), reverse=True)
    newest = changes[:limit]
    updated = newest[0][0].changed_at if newest else None
    entries = "".join(_entry(change, story, options) for change, story in newest)
    text = feed_head(head, options, updated=updated) + entries + END
    return compose(head.path, ATOM_TYPE, [fragment(text)], updated=updated)


def _entry(change: StoryChange, story: Story, options: RenderOptions) -> str:
    words = options.words
    page = story_page(options.base_url, story.id)
    title = one_line(story.title) or words.untitled
    note = one_line(change.note) or words.changes[change.kind]
    more = f'<p><a href="{attribute(page)}">{escape(words.member_of)}</a></p>'
    content = f"{paragraphs(title)}\n{paragraphs(note)}\n{more}"
    source = canonical(story)
    lines = [
        "<entry>",
        element("id", change_id(story.id, change.seq)),
        text_construct("title", f"{words.changes[change.kind]}: {title}"),
        element("updated", rfc3339(change.changed_at)),
        element("published", rfc3339(change.changed_at)),
        f"<author>{element('name', author_name(story))}</author>",
        f'<link rel="alternate" type="text/html" href="{attribute(page)}"/>',
        *_release_link(story),
        notice_category(change.kind, options),
        entry_source(source, options),
        f'<content type="html">{escape(content)}</content>',
        element("agg:story", story_id(story.id)),
        element("agg:log", page),
        "</entry>\n",
    ]
    return "\n".join(lines)


def _release_link(story: Story) -> list[str]:
    link = member_link(canonical(story))
    return [f'<link rel="related" href="{attribute(link)}"/>'] if link else []
