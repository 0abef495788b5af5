"""What stands in an entry: body, excerpt, notices, other outlets, doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model.entries import Span, SpanKind
from aggregator.model.feeds import OutletKind
from aggregator.model.policy import OutputPolicy, PublishPolicy
from aggregator.model.stories import ChangeKind, Member, Story, StoryChange
from aggregator.publish.content import Body, body_html, excerpt, story_html, story_title
from aggregator.publish.options import ContentMode, RenderOptions, content_mode, options_for
from aggregator.publish.rules_values import html_problems
from aggregator.text import html_to_text

MakeStory = Callable[..., Story]
MakeMember = Callable[..., Member]
LONG = "Das Meer kommt und geht. " * 60


def body_of(html: str, *cut: str, kind: SpanKind = SpanKind.CONTACT) -> Body:
    text = html_to_text(html)
    spans = tuple(Span(text.index(c), text.index(c) + len(c), kind, "test") for c in cut)
    return Body(html=html, text=text, spans=spans)


def test_boilerplate_is_cut_and_markup_kept() -> None:
    html = "<p>Das <b>Wasser</b> wartet.</p><p>Presse: 030 1</p>"
    assert body_html(body_of(html, "Presse: 030 1")) == "<p>Das <b>Wasser</b> wartet.</p>"


def test_readers_keep_the_dateline() -> None:
    body = body_of("<p>Husum - Das Wasser wartet.</p>", "Husum - ", kind=SpanKind.DATELINE)
    assert body_html(body) == "<p>Husum - Das Wasser wartet.</p>"


def test_without_html_the_text_becomes_paragraphs() -> None:
    body = Body(
        html="",
        text="Eins < zwei\nzweite Zeile\n\nKontakt",
        spans=(Span(26, 33, SpanKind.CONTACT, "x"),),
    )
    assert body_html(body) == "<p>Eins &lt; zwei<br>zweite Zeile</p>"


def test_spans_that_count_in_another_text_cut_nothing_wrong() -> None:
    body = Body(
        html="<p>Kurz.</p>",
        text="Der ganze Text. Kontakt",
        spans=(Span(16, 23, SpanKind.CONTACT, "x"),),
    )
    assert body_html(body) == "<p>Der ganze Text.</p>"


@pytest.mark.parametrize(
    ("kind", "own", "cap", "expected"),
    [
        pytest.param("ministry", None, "full", "full", id="a ministry is shown in full"),
        pytest.param("media", None, "full", "excerpt", id="a newspaper as an excerpt"),
        pytest.param("media", "full", "full", "full", id="unless the outlet says full"),
        pytest.param("portal", "link", "full", "link", id="an outlet may say link"),
        pytest.param("media", "full", "link", "link", id="the feed's setting caps it"),
        pytest.param("ministry", None, "excerpt", "excerpt", id="and caps a ministry too"),
    ],
)
def test_content_mode(
    *,
    kind: str,
    own: str | None,
    cap: str,
    expected: str,
    make_member: MakeMember,
    policy: PublishPolicy,
) -> None:
    setting = replace(policy, outlet_content={"outlet1": own} if own else {})
    options = options_for(setting, OutputPolicy(name="x", content=cap))
    member = make_member(1, outlet_kind=OutletKind(kind))
    assert content_mode(member, options) is ContentMode(expected)


def test_an_excerpt_is_short_and_leads_to_the_outlet(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    member = make_member(1, outlet_kind=OutletKind.MEDIA)
    html = story_html(make_story(1, html=f"<p>{LONG}</p>", text=LONG, members=(member,)), options)
    assert len(html) < 600
    assert '<a href="https://outlet1.example/a/1">Weiterlesen bei Haus 1</a>' in html


def test_a_link_feed_shows_no_word_of_the_text(
    make_story: MakeStory, policy: PublishPolicy
) -> None:
    options = options_for(policy, OutputPolicy(name="x", content="link"))
    html = story_html(make_story(1), options)
    assert "Wasser" not in html
    assert "Weiterlesen bei Haus 1" in html


def test_a_link_feed_shows_the_title_where_there_is_no_link(
    policy: PublishPolicy, make_story: MakeStory, make_member: MakeMember
) -> None:
    options = options_for(policy, OutputPolicy(name="x", content="link"))
    story = make_story(members=(make_member(1, link="javascript:alert(1)"),))
    assert story_html(story, options) == "<p>Ebbe kommt spaeter</p>"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("kurz", 10, "kurz", id="short texts stay whole"),
        pytest.param("eins zwei drei", 9, "eins …", id="cut at a word"),
        pytest.param("eins, zwei drei", 7, "eins …", id="no comma before the ellipsis"),
        pytest.param("a\n b\t c", 10, "a b c", id="on one line"),
        pytest.param("", 10, "", id="nothing of nothing"),
    ],
)
def test_excerpt(text: str, limit: int, expected: str) -> None:
    assert excerpt(text, limit=limit) == expected


def test_other_outlets_are_named_with_link_and_local_time(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    members = (
        make_member(1),
        make_member(3),
        make_member(2, link=None),
        make_member(4, outlet_id="outlet3"),
    )
    html = story_html(make_story(1, members=members), options)
    assert (
        "Auch veröffentlicht von: Haus 2 (04.03.2026, 13:02 Uhr), "
        '<a href="https://outlet3.example/a/3">Haus 3</a> (04.03.2026, 13:03 Uhr)'
    ) in html
    assert "Haus 4" not in html


def test_many_outlets_are_counted_not_listed(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    members = tuple(make_member(n) for n in range(1, 31))
    html = story_html(make_story(1, members=members), options)
    assert "und 9 weitere" in html


def test_doubt_is_shown_only_for_more_than_one_outlet(
    make_story: MakeStory, make_member: MakeMember, policy: PublishPolicy
) -> None:
    options = options_for(replace(policy, language="en"))
    same = (make_member(1), make_member(2, outlet_id="outlet1"))
    other = (make_member(1), make_member(2), make_member(3))
    assert "not the same?" not in story_html(make_story(1, members=same), options)
    html = story_html(make_story(1, members=other), options)
    assert "merged from 3 - not the same?" in html
    assert html.count("/story/") == 1


def test_our_own_words_carry_their_language(
    make_story: MakeStory, make_member: MakeMember, options: RenderOptions
) -> None:
    story = make_story(1, language="en-GB", members=(make_member(1), make_member(2)))
    assert '<p lang="de">Auch veröffentlicht' in story_html(story, options)


def test_a_revision_says_what_changed_newest_first(
    make_story: MakeStory, make_change: Callable[..., StoryChange], options: RenderOptions
) -> None:
    changes = (
        make_change(1),
        make_change(2, kind=ChangeKind.REVISED, note=""),
        make_change(3, kind=ChangeKind.MEMBER_ADDED, note="kein Wort davon"),
    )
    html = story_html(make_story(1, revision=3, changes=changes), options)
    assert html.startswith(
        "<p>Fassung 3<br><strong>Geändert</strong> (06.03.2026, 13:00 Uhr)"
        "<br><strong>Berichtigt</strong> (05.03.2026, 13:00 Uhr): Zahl: 12 -&gt; 13</p>"
    )
    assert "kein Wort davon" not in html


def test_an_embargo_is_stated(make_story: MakeStory, options: RenderOptions) -> None:
    story = make_story(1)
    html = story_html(replace(story, embargo_until=story.created_at + timedelta(days=1)), options)
    assert "<strong>Sperrfrist: 05.03.2026, 14:00 Uhr</strong>" in html


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        pytest.param(" Flut  \n kommt ", "x", "Flut kommt", id="white space is folded"),
        pytest.param("", "Das Wasser wartet.", "Das Wasser wartet.", id="else the first words"),
        pytest.param("", "", "Ohne Titel", id="else it is named untitled"),
    ],
)
def test_a_title_is_never_empty(
    title: str, text: str, expected: str, make_story: MakeStory, options: RenderOptions
) -> None:
    assert story_title(make_story(1, title=title, html="", text=text), options) == expected


def test_deep_nesting_is_flattened_before_it_costs_seconds() -> None:
    shown = body_html(Body(html="<div>" * 3000 + "x", text="", spans=()))
    assert shown.count("<div>") < 1000
    assert "x" in shown


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<script>alert(1)</script><p>x</p>", id="scripts"),
        pytest.param('<p onclick="x()" style="a:b">x</p>', id="handlers and styles"),
        pytest.param(
            '<a href="javascript:x()">x</a><img src="data:text/html,x">', id="odd schemes"
        ),
        pytest.param('<a href="/a">x</a><img src="b.png">', id="relative addresses"),
        pytest.param("<svg><script>1</script></svg><math><mi>x</mi></math>", id="svg and math"),
        pytest.param("<p>a&#1;b&#8238;c&#xFFFF;</p>", id="character references to the forbidden"),
        pytest.param("<div>" * 3000 + "x", id="deep nesting"),
        pytest.param(
            "<p>a<!-- c --><?php 1 ?><![CDATA[ x ]]></p>", id="comments and instructions"
        ),
    ],
)
def test_what_an_earlier_stage_missed_is_cleaned_here(html: str) -> None:
    shown = body_html(Body(html=html, text="", spans=()))
    assert html_problems(shown, "body") == []
