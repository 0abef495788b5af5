"""Stories as RSS 2.0, by the RSS Advisory Board's profile. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.addresses import (
    feed_address,
    member_link,
    published_id,
    story_page,
)
from aggregator.publish.atom import AGG, ATOM, GENERATOR, FeedHead, author_name
from aggregator.publish.content import (
    body_text,
    canonical,
    excerpt,
    outlet_label,
    story_body,
    story_html,
    story_title,
)
from aggregator.publish.documents import (
    EMPTY_UPDATED,
    Document,
    FragmentCache,
    compose,
    fragment,
)
from aggregator.publish.escaping import (
    attribute,
    element,
    escape,
    label,
    language_tag,
    rfc822,
    rfc3339,
    rss_text,
)
from aggregator.publish.options import ContentMode, RenderOptions, content_mode

__all__ = ["RSS_TYPE", "plain_summary", "render_rss"]

RSS_TYPE = "application/rss+xml; charset=utf-8"
_NAMESPACES = (
    f'xmlns:agg="{AGG}" xmlns:atom="{ATOM}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def render_rss(
    stories: Sequence[Story], head: FeedHead, *, options: RenderOptions, cache: FragmentCache
) -> Document:
    """An RSS document of stories, in the order given."""
    updated = max((story.updated for story in stories), default=None)
    items = cache.fragments("rss", options, stories, lambda story: _item(story, options))
    parts = [
        fragment(_channel(head, options, updated=updated)),
        *items,
        fragment("</channel>\n</rss>\n"),
    ]
    return compose(head.path, RSS_TYPE, parts, updated=updated)


def _channel(head: FeedHead, options: RenderOptions, *, updated: datetime | None) -> str:
    base = options.base_url
    language = language_tag(options.language)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<rss version="2.0" {_NAMESPACES}>',
        "<channel>",
        f"<title>{rss_text(head.title)}</title>",
        element("link", base),
        f"<description>{rss_text(head.title)}</description>",
        *([element("language", language)] if language else []),
        element("lastBuildDate", rfc822(updated or EMPTY_UPDATED)),
        element("generator", GENERATOR),
        f'<atom:link rel="self" type="application/rss+xml" href="{attribute(base + head.path)}"/>',
        *(
            f'<atom:link rel="{rel}" type="application/atom+xml" href="{attribute(base + path)}"/>'
            for rel, path in head.links
        ),
        *(f'<atom:link rel="hub" href="{attribute(hub)}"/>' for hub in head.hubs),
    ]
    return "\n".join(lines) + "\n"


def _item(story: Story, options: RenderOptions) -> str:
    member = canonical(story)
    page = story_page(options.base_url, story.id)
    guid = published_id(story, new_entry=options.new_entry)
    own = dict.fromkeys(label(category) for category in story.categories)
    lines = [
        "<item>",
        f"<title>{rss_text(story_title(story, options))}</title>",
        element("link", member_link(member) or page),
        f'<guid isPermaLink="false">{guid}</guid>',
        element("pubDate", rfc822(story.published)),
        element("atom:updated", rfc3339(story.updated)),
        element("dc:creator", author_name(story)),
        *(f"<category>{rss_text(term)}</category>" for term in own if term),
        *_source(story),
        f"<description>{escape(escape(plain_summary(story, options)))}</description>",
        f"<content:encoded>{escape(story_html(story, options))}</content:encoded>",
        element("agg:members", str(len(story.members))),
        element("agg:log", page),
        *([element("agg:revision", str(story.revision))] if story.revision > 1 else []),
        *_embargo(story),
        "</item>\n",
    ]
    return "\n".join(lines)


def _embargo(story: Story) -> list[str]:
    return [element("agg:embargo", rfc3339(story.embargo_until))] if story.embargo_until else []


def _source(story: Story) -> list[str]:
    member = canonical(story)
    address = feed_address(member)
    if address is None:
        return []
    title = rss_text(label(member.feed_title) or outlet_label(member))
    return [f'<source url="{attribute(address)}">{title}</source>']


def plain_summary(story: Story, options: RenderOptions) -> str:
    """A teaser as plain text: the feed's own, else the beginning of the body."""
    if story.status is StoryStatus.WITHDRAWN:
        return options.words.withdrawn_text
    if content_mode(canonical(story), options) is ContentMode.LINK:
        return story_title(story, options)
    text = excerpt(story.summary) or excerpt(body_text(story_body(story)))
    return text or story_title(story, options)
