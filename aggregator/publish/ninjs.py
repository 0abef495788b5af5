"""Stories as IPTC ninjs 3.2: one composite object, a story per association. Pure.

ninjs knows no list; its schema lets an object of type `composite` carry others as
`associations`, so the whole document validates against it.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.addresses import feed_id, member_link, story_id, story_page
from aggregator.publish.atom import FeedHead, author_name, story_summary
from aggregator.publish.content import (
    Body,
    body_text,
    canonical,
    excerpt,
    fact_changes,
    outlet_label,
    shown_html,
    story_body,
    story_title,
)
from aggregator.publish.documents import EMPTY_UPDATED, Document, FragmentCache, compose, fragment
from aggregator.publish.escaping import label, language_tag, legal, one_line, plain_line, rfc3339
from aggregator.publish.jsonfeed import dump, listed
from aggregator.publish.options import ContentMode, RenderOptions, content_mode

__all__ = ["NINJS_TYPE", "render_ninjs"]

NINJS_TYPE = "application/json"
VERSION = "3.2"
SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_3.2.json#"


def render_ninjs(
    stories: Sequence[Story], head: FeedHead, *, options: RenderOptions, cache: FragmentCache
) -> Document:
    """A composite ninjs object of stories, in the order given."""
    updated = max((story.updated for story in stories), default=None)
    items = cache.fragments(
        "ninjs", options, stories, lambda story: dump(_news_object(story, options))
    )
    top = {
        "uri": feed_id(options.base_url, head.path),
        "type": "composite",
        "versionCreated": rfc3339(updated or EMPTY_UPDATED),
        "title": one_line(head.title),
        "language": language_tag(options.language) or "und",
        "standard": {"name": "ninjs", "version": VERSION, "schema": SCHEMA},
    }
    start = fragment(f'{dump(top)[:-1]},"associations":[\n')
    parts = [start, *listed(items), fragment("\n]}\n")]
    return compose(head.path, NINJS_TYPE, parts, updated=updated)


def _news_object(story: Story, options: RenderOptions) -> dict[str, object]:
    withdrawn = story.status is StoryStatus.WITHDRAWN
    full = not withdrawn and content_mode(canonical(story), options) is ContentMode.FULL
    notes = "; ".join(filter(None, (one_line(change.note) for change in fact_changes(story))))
    item = {
        "name": story_id(story.id),
        "uri": story_id(story.id),
        "type": "text",
        "representationType": "full" if full else "partial",
        "version": str(story.revision),
        "firstCreated": rfc3339(story.created_at),
        "versionCreated": rfc3339(story.updated),
        "contentCreated": rfc3339(story.published),
        "embargoedUntil": rfc3339(story.embargo_until) if story.embargo_until else None,
        "pubStatus": "canceled" if withdrawn else "usable",
        "copyrightNotice": one_line(story.rights or ""),
        "edNote": notes,
        "language": language_tag(story.language),
        "title": plain_line(story_title(story, options)),
        "by": author_name(story),
        "headlines": [{"role": "main", "value": plain_line(story_title(story, options))}],
        "descriptions": _descriptions(story),
        "bodies": [] if withdrawn else _bodies(story, options),
        "subjects": [
            {"name": name} for name in dict.fromkeys(map(label, story.categories)) if name
        ],
        "infoSources": _info_sources(story),
        "altIds": _alternative_ids(story, options),
    }
    return {key: value for key, value in item.items() if value}


def _descriptions(story: Story) -> list[dict[str, str]]:
    summary = story_summary(story)
    return [{"role": "summary", "contentType": "text/plain", "value": summary}] if summary else []


def _bodies(story: Story, options: RenderOptions) -> list[dict[str, object]]:
    body = story_body(story)
    html = legal(shown_html(body, canonical(story), options))
    text = _plain(body, content_mode(canonical(story), options))
    plain: dict[str, object] = {
        "role": "text",
        "contentType": "text/plain",
        "charCount": len(text),
        "wordCount": len(text.split()),
        "value": text,
    }
    marked: dict[str, object] = {"role": "main", "contentType": "text/html", "value": html}
    return [*([marked] if html else []), *([plain] if text else [])]


def _plain(body: Body, mode: ContentMode) -> str:
    if mode is ContentMode.LINK:
        return ""
    text = legal(body_text(body))
    return text if mode is ContentMode.FULL else excerpt(text)


def _info_sources(story: Story) -> list[dict[str, str]]:
    issuer = label(story.issuer or "")
    outlets = {member.outlet_id: member for member in reversed(story.members)}
    sources = [{"name": issuer, "role": "issuer"}] if issuer else []
    for member in reversed(outlets.values()):
        role = f"outlet:{member.outlet_kind.value}"
        literal = label(member.outlet_id)
        sources.append({"name": outlet_label(member), "role": role, "literal": literal})
    return sources


def _alternative_ids(story: Story, options: RenderOptions) -> list[dict[str, str]]:
    links = dict.fromkeys(link for member in story.members if (link := member_link(member)))
    page = {"role": "story-page", "value": story_page(options.base_url, story.id)}
    return [page, *({"role": "link", "value": link} for link in links)]
