"""all.atom: every entry unmerged, to be read beside merged.atom in the first week. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model.entries import Span
from aggregator.model.stories import Member
from aggregator.publish.addresses import entry_id, member_link, story_id, story_page
from aggregator.publish.atom import (
    ATOM_TYPE,
    END,
    FeedHead,
    entry_lang,
    entry_source,
    feed_head,
    kind_category,
    optional_text,
)
from aggregator.publish.content import Body, outlet_label, shown_html
from aggregator.publish.documents import Document, FragmentCache, compose, fragment
from aggregator.publish.escaping import (
    attribute,
    element,
    escape,
    label,
    one_line,
    rfc3339,
    text_construct,
)
from aggregator.publish.options import RenderOptions

__all__ = ["EntryItem", "render_entries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryItem:
    """One stored entry, as all.atom shows it. Only entries of published stories.

    Attributes:
        member: The entry and where it came from.
        story_id: The story it belongs to.
        seq: Changes whenever anything else here does; with the id the cache's key.
        html: Sanitised HTML as delivered.
        text: Its plain text, in which `spans` count.
        spans: Its boilerplate.
        changed_at: When its current revision came in, our clock.
        summary: Its separate teaser, "" if none.
        rights: Its rights notice, or None.
        categories: Its category labels.
    """

    member: Member
    story_id: str
    seq: int
    html: str
    text: str
    spans: tuple[Span, ...]
    changed_at: datetime
    summary: str = ""
    rights: str | None = None
    categories: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The entry's id as text, for the fragment cache."""
        return str(self.member.entry_id)


def render_entries(
    items: Sequence[EntryItem], head: FeedHead, *, options: RenderOptions, cache: FragmentCache
) -> Document:
    """A feed document of unmerged entries, in the order given."""
    updated = max((item.changed_at for item in items), default=None)
    entries = cache.fragments("entry", options, items, lambda item: _entry(item, options))
    parts = [fragment(feed_head(head, options, updated=updated)), *entries, fragment(END)]
    return compose(head.path, ATOM_TYPE, parts, updated=updated)


def _entry(item: EntryItem, options: RenderOptions) -> str:
    member = item.member
    page = story_page(options.base_url, item.story_id)
    link = member_link(member) or page
    author = label(member.issuer or "") or outlet_label(member)
    body = Body(html=item.html, text=item.text, spans=item.spans, public=member.feed_public)
    own = dict.fromkeys(label(category) for category in item.categories)
    lines = [
        f"<entry{entry_lang(member.language, options)}>",
        element("id", entry_id(options.base_url, member.entry_id)),
        text_construct("title", one_line(member.title) or options.words.untitled),
        element("updated", rfc3339(item.changed_at)),
        element("published", rfc3339(member.effective_at)),
        f"<author>{element('name', author)}</author>",
        f'<link rel="alternate" type="text/html" href="{attribute(link)}"/>',
        f'<link rel="related" type="text/html" href="{attribute(page)}"/>',
        kind_category(member.outlet_kind, options),
        *(f'<category term="{attribute(term)}"/>' for term in own if term),
        *optional_text("rights", item.rights),
        entry_source(member, options),
        *optional_text("summary", item.summary),
        f'<content type="html">{escape(shown_html(body, member, options))}</content>',
        element("agg:story", story_id(item.story_id)),
        element("agg:log", page),
        "</entry>\n",
    ]
    return "\n".join(lines)
