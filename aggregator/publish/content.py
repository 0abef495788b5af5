"""The HTML of an entry: notices, body, "Also published by", doubt. Pure.

Everything that came from outside passes the sanitiser here once more, whatever an
earlier stage did: no script survives into a published document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import nh3

from aggregator.model.entries import Cleaned, Span, SpanKind
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange, StoryStatus
from aggregator.publish.addresses import is_secret, member_link, story_page
from aggregator.publish.escaping import attribute, escape, label, legal, one_line
from aggregator.publish.options import ContentMode, RenderOptions, content_mode
from aggregator.publish.words import spoken_time
from aggregator.text import cap_nesting, cut_html, html_to_text

__all__ = [
    "Body",
    "also_published",
    "body_html",
    "body_text",
    "canonical",
    "change_notes",
    "excerpt",
    "fact_changes",
    "other_outlets",
    "outlet_label",
    "paragraphs",
    "sanitised",
    "shown_html",
    "story_body",
    "story_html",
    "story_title",
]

# About three lines of a reader's list; also the length of an RSS description.
EXCERPT_CHARS = 400
# A release that more outlets carry is named with the first of them.
MAX_NAMED = 20
MAX_CHANGES_SHOWN = 5
MAX_TITLE_FROM_TEXT = 80
FACT_CHANGES = frozenset({ChangeKind.REVISED, ChangeKind.CORRECTED, ChangeKind.WITHDRAWN})

# Those of nh3's default that the W3C validator accepts too; maps need ids.
_ELEMENTS = nh3.ALLOWED_TAGS - {"area", "bdo", "map", "rtc"}
_ATTRIBUTES = {
    "a": {"href", "hreflang", "title"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "img": {"alt", "height", "src", "title", "width"},
    "ins": {"cite", "datetime"},
    "ol": {"reversed", "start"},
    "q": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "*": {"dir", "lang"},
}


def _without_secrets(_tag: str, name: str, value: str) -> str | None:
    return None if name in {"cite", "href", "src"} and is_secret(value) else value


def _sanitiser(*, public: bool) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_ELEMENTS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        attribute_filter=None if public else _without_secrets,
    )


_PUBLIC = _sanitiser(public=True)
_PRIVATE = _sanitiser(public=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A text with its boilerplate, as story and entry both have it.

    Attributes:
        html: As delivered, sanitised; "" if there was none.
        text: Its plain text, in which `spans` count.
        spans: Its boilerplate.
        public: False where its feed asks for credentials: links that carry any are cut.
    """

    html: str
    text: str
    spans: tuple[Span, ...]
    public: bool = True


def canonical(story: Story) -> Member:
    """The canonical member; the first one, should it be missing."""
    for member in story.members:
        if member.entry_id == story.canonical_id:
            return member
    return story.members[0]


def fact_changes(story: Story) -> tuple[StoryChange, ...]:
    """The story's revisions, corrections and withdrawals, oldest first."""
    return tuple(change for change in story.changes if change.kind in FACT_CHANGES)


def outlet_label(member: Member) -> str:
    """The outlet's name as it may be shown; its id, should nothing be left of it."""
    return label(member.outlet_name) or label(member.outlet_id) or "-"


def story_title(story: Story, options: RenderOptions) -> str:
    """The canonical title, marked if the story was withdrawn; never empty."""
    title = one_line(story.title) or _first_words(story) or options.words.untitled
    if story.status is StoryStatus.WITHDRAWN:
        return options.words.withdrawn_title.format(title=title)
    return title


def _first_words(story: Story) -> str:
    return excerpt(body_text(story_body(story)), limit=MAX_TITLE_FROM_TEXT)


def story_body(story: Story) -> Body:
    """The canonical entry's text."""
    public = canonical(story).feed_public
    return Body(html=story.html, text=story.text, spans=story.spans, public=public)


def story_html(story: Story, options: RenderOptions) -> str:
    """The whole content of a story's entry."""
    parts = [change_notes(story, options), _embargo(story, options)]
    if story.status is not StoryStatus.WITHDRAWN:
        parts.append(shown_html(story_body(story), canonical(story), options))
    parts += [also_published(story, options), _doubt(story, options)]
    return "\n".join(part for part in parts if part)


def shown_html(body: Body, member: Member, options: RenderOptions) -> str:
    """As much of the text as may be shown; if not all, with a link to the rest."""
    mode = content_mode(member, options)
    if mode is ContentMode.FULL:
        return body_html(body)
    text = paragraphs(excerpt(body_text(body))) if mode is ContentMode.EXCERPT else ""
    link = member_link(member)
    if not link:
        # Nowhere to go: without its title the content would be empty, which is invalid.
        return text or paragraphs(one_line(member.title) or options.words.untitled)
    outlet = escape(options.words.read_at.format(outlet=outlet_label(member)))
    more = f'<p{_lang(member.language, options)}><a href="{attribute(link)}">{outlet}</a></p>'
    return f"{text}\n{more}" if text else more


def body_html(body: Body) -> str:
    """The text without its boilerplate as sanitised HTML; datelines stay."""
    if not body.html.strip():
        return paragraphs(body_text(body))
    spans = [span for span in body.spans if span.kind is not SpanKind.DATELINE]
    html = cap_nesting(body.html)
    if spans and html_to_text(html) != body.text:
        # The ranges would cut in the wrong places.
        return paragraphs(body_text(body))
    return sanitised(cut_html(html, spans), public=body.public)


def sanitised(html: str, *, public: bool = True) -> str:
    """HTML without anything active, relative or illegal in XML.

    Legal before, since the sanitiser takes no surrogates, and after, since it resolves
    character references.
    """
    return legal((_PUBLIC if public else _PRIVATE).clean(legal(html)))


def body_text(body: Body) -> str:
    """The text without its boilerplate; datelines stay."""
    return Cleaned(text=body.text, spans=tuple(sorted(body.spans))).body()


def paragraphs(text: str) -> str:
    """Plain text as HTML paragraphs; line ends become line breaks."""
    blocks = (escape(block).replace("\n", "<br>") for block in text.split("\n\n") if block.strip())
    return "\n".join(f"<p>{block}</p>" for block in blocks)


def excerpt(text: str, *, limit: int = EXCERPT_CHARS) -> str:
    """The beginning of a text on one line, cut at a word, with an ellipsis if cut."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    head = line[:limit].rsplit(" ", 1)[0] or line[:limit]
    return f"{head.rstrip(' ,;:-')} …"


def change_notes(story: Story, options: RenderOptions) -> str:
    """What changed, newest first, for readers who saw an earlier revision."""
    words = options.words
    changes = fact_changes(story)
    lines = [
        f"<strong>{escape(words.changes[change.kind])}</strong> "
        f"({escape(_time(change.changed_at, options))})"
        + (f": {escape(one_line(change.note))}" if one_line(change.note) else "")
        for change in reversed(changes[-MAX_CHANGES_SHOWN:])
    ]
    if story.status is StoryStatus.WITHDRAWN:
        lines.insert(0, f"<strong>{escape(words.withdrawn_text)}</strong>")
    elif story.revision > 1:
        lines.insert(0, escape(words.revision.format(number=story.revision)))
    return _paragraph("<br>".join(lines), story, options)


def _embargo(story: Story, options: RenderOptions) -> str:
    if story.embargo_until is None:
        return ""
    text = options.words.embargo.format(time=_time(story.embargo_until, options))
    return _paragraph(f"<strong>{escape(text)}</strong>", story, options)


def also_published(story: Story, options: RenderOptions) -> str:
    """The visible line of the other outlets, with links and times; "" if none."""
    others = other_outlets(story)
    if not others:
        return ""
    named = ", ".join(_named(member, options) for member in others[:MAX_NAMED])
    rest = len(others) - MAX_NAMED
    if rest > 0:
        named = f"{named} {escape(options.words.and_more.format(count=rest))}"
    return _paragraph(f"{escape(options.words.also)} {named}", story, options)


def other_outlets(story: Story) -> Sequence[Member]:
    """The first member of each outlet but the canonical one, by time."""
    seen = {canonical(story).outlet_id}
    found: list[Member] = []
    for member in sorted(story.members, key=lambda m: (m.effective_at, m.entry_id)):
        if member.outlet_id not in seen:
            seen.add(member.outlet_id)
            found.append(member)
    return found


def _named(member: Member, options: RenderOptions) -> str:
    name = escape(outlet_label(member))
    link = member_link(member)
    shown = f'<a href="{attribute(link)}">{name}</a>' if link else name
    return f"{shown} ({escape(_time(member.effective_at, options))})"


def _doubt(story: Story, options: RenderOptions) -> str:
    if not other_outlets(story):
        return ""
    page = attribute(story_page(options.base_url, story.id))
    text = escape(options.words.doubt.format(count=len(story.members)))
    return _paragraph(f'<a href="{page}">{text}</a>', story, options)


def _paragraph(inner: str, story: Story, options: RenderOptions) -> str:
    return f"<p{_lang(story.language, options)}>{inner}</p>" if inner else ""


def _lang(language: str, options: RenderOptions) -> str:
    ours = options.words.language
    return "" if language.lower().split("-", 1)[0] == ours else f' lang="{ours}"'


def _time(moment: datetime, options: RenderOptions) -> str:
    return spoken_time(moment, words=options.words, timezone=options.timezone)
