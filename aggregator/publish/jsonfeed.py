"""Stories as JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aggregator.model.stories import Member, Story
from aggregator.publish.addresses import member_link, published_id, story_id, story_page
from aggregator.publish.atom import AGG, FeedHead, author_name, notice_terms, story_summary
from aggregator.publish.content import canonical, outlet_label, story_html, story_title
from aggregator.publish.documents import Document, Fragment, FragmentCache, compose, fragment
from aggregator.publish.escaping import label, language_tag, legal, one_line, plain_line, rfc3339
from aggregator.publish.options import RenderOptions

__all__ = ["JSON_FEED_TYPE", "dump", "listed", "render_json_feed"]

JSON_FEED_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"
ABOUT = f"{AGG}#json-feed"


def render_json_feed(
    stories: Sequence[Story], head: FeedHead, *, options: RenderOptions, cache: FragmentCache
) -> Document:
    """A JSON Feed of stories, in the order given."""
    updated = max((story.updated for story in stories), default=None)
    items = cache.fragments("json", options, stories, lambda story: dump(_item(story, options)))
    top = {
        "version": VERSION,
        "title": one_line(head.title),
        "home_page_url": options.base_url,
        "feed_url": options.base_url + head.path,
        "language": language_tag(options.language),
        "authors": [{"name": label(head.title)}],
        "hubs": [{"type": "WebSub", "url": hub} for hub in head.hubs],
    }
    start = dump({key: value for key, value in top.items() if value})[:-1]
    parts = [fragment(f'{start},"items":[\n'), *listed(items), fragment("\n]}\n")]
    return compose(head.path, JSON_FEED_TYPE, parts, updated=updated)


def listed(items: Sequence[Fragment]) -> list[Fragment]:
    """The items with commas between them."""
    comma = fragment(",\n")
    return [part for item in items for part in (comma, item)][1:]


def dump(value: object) -> str:
    """Compact JSON, UTF-8 kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _item(story: Story, options: RenderOptions) -> dict[str, object]:
    page = story_page(options.base_url, story.id)
    item = {
        "id": published_id(story, new_entry=options.new_entry),
        "url": member_link(canonical(story)) or page,
        "title": plain_line(story_title(story, options)),
        "content_html": legal(story_html(story, options)),
        "summary": plain_line(story_summary(story) or ""),
        "date_published": rfc3339(story.published),
        "date_modified": rfc3339(story.updated),
        "authors": [{"name": author_name(story)}],
        "tags": [tag for tag in dict.fromkeys(map(label, story.categories)) if tag],
        "language": language_tag(story.language),
        "_agg": _extension(story, page=page),
    }
    return {key: value for key, value in item.items() if value}


def _extension(story: Story, *, page: str) -> dict[str, object]:
    extension = {
        "about": ABOUT,
        "story": story_id(story.id),
        "status": story.status.value,
        "issuer": label(story.issuer or ""),
        "members": len(story.members),
        "log": page,
        "revision": story.revision if story.revision > 1 else None,
        "embargo": rfc3339(story.embargo_until) if story.embargo_until else None,
        "notices": notice_terms(story),
        "rights": one_line(story.rights or ""),
        "outlets": [_outlet(member) for member in story.members],
    }
    return {key: value for key, value in extension.items() if value}


def _outlet(member: Member) -> dict[str, object]:
    outlet = {
        "outlet": member.outlet_id,
        "name": outlet_label(member),
        "kind": member.outlet_kind.value,
        "url": member_link(member),
        "title": plain_line(member.title),
        "date_published": rfc3339(member.effective_at),
    }
    return {key: value for key, value in outlet.items() if value}
