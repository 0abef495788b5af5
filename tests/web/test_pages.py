"""The pages as readers get them."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from aggregator.web.language import catalogue, choose_language
from aggregator.web.rendering import environment, local_path
from aggregator.web.security import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.xdist_group("web")


def first_story(browser: TestClient, query: str) -> str:
    found = re.search(r'href="(/story/[0-9a-f-]+)"', browser.get("/", params={"q": query}).text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "path", ["/", "/log", "/feeds", "/feeds/bmww-presse", "/boilerplate", "/insights", "/login"]
)
def test_every_page_answers_in_both_languages(browser: Any, path: str) -> None:
    for language in ("de", "en"):
        answer = browser.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"\sstyle=|\son\w+=|<script>", answer.text)


def test_a_search_finds_one_story_with_its_copies(browser: Any) -> None:
    answer = browser.get("/", params={"q": "Radwegbrücken"}, headers={"Accept-Language": "en"})
    assert answer.text.count("<article") == 1
    assert "outlets" in answer.text
    assert "/feed.atom?q=Radwegbr%C3%BCcken" in answer.text


def test_an_export_holds_the_stories_of_the_view_it_was_asked_from(browser: Any) -> None:
    view = "/?q=&outlet=&kind=agency&issuer=&language=&flag=copies"
    page = browser.get(view).text
    (address,) = re.findall(r'href="(/api/export[^"]*)"', page)
    *lines, manifest, _signature = browser.get(html.unescape(address)).text.splitlines()
    shown = re.findall(r'<h2[^>]*><a href="/story/([0-9a-f-]+)"', page)
    assert shown
    assert [json.loads(line)["id"] for line in lines] == shown
    assert json.loads(manifest)["manifest"]["filters"] == {"kind": "agency", "flag": "copies"}


def test_held_stories_are_shown_to_nobody_but_editors(browser: Any) -> None:
    with browser.database.read() as conn:
        from aggregator.model.stories import StoryStatus  # noqa: PLC0415
        from aggregator.store import story_views  # noqa: PLC0415

        held = story_views.newest(conn, limit=9, statuses={StoryStatus.HELD}).ids
        title = story_views.load(conn, held)[0].title
    assert held
    for path in ("/", "/log", "/boilerplate", "/log.csv", "/log.jsonl"):
        assert title not in browser.get(path).text
    assert browser.get(f"/story/{held[0]}").status_code == 404
    browser.log_in("eva")
    assert browser.get(f"/story/{held[0]}").status_code == 200
    assert title in browser.get("/review").text


def test_pages_follow_each_other_without_gap_or_repeat(browser: Any) -> None:
    seen: list[str] = []
    path = "/"
    while path:
        text = browser.get(path).text
        seen += re.findall(r'<h2[^>]*><a href="(/story/[0-9a-f-]+)"', text)
        more = re.search(r'rel="next" href="([^"]+)"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) > 40


@pytest.mark.parametrize(
    ("params", "words"),
    [
        pytest.param({"q": '"open'}, "quotation mark", id="a phrase that is not closed"),
        pytest.param({"kind": "newspaper"}, "kind", id="a kind that does not exist"),
        pytest.param({"flag": "odd"}, "flag", id="a flag that does not exist"),
        pytest.param({"before": "x"}, "first", id="a page that does not exist"),
    ],
)
def test_what_cannot_be_read_is_said_on_the_page(
    browser: Any, params: dict[str, str], words: str
) -> None:
    answer = browser.get("/", params=params)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert words in answer.text


def test_flags_filter(browser: Any) -> None:
    withdrawn = browser.get("/", params={"flag": "withdrawn"}).text
    assert withdrawn.count("<article") == withdrawn.count('<article class="withdrawn"') == 1
    assert browser.get("/", params={"flag": "copies"}).text.count("<article") > 3


def test_a_story_shows_what_was_cut_only_when_asked(browser: Any) -> None:
    path = first_story(browser, "Radwegbrücken")
    assert 'class="cut"' not in browser.get(path).text
    assert 'class="cut"' in browser.get(f"{path}?stripped=true").text


def test_a_story_compares_any_two_members(browser: Any) -> None:
    path = first_story(browser, "Radwegbrücken")
    keys = re.findall(r'<option value="(\d+\.\d+)"', browser.get(path).text)
    answer = browser.get(path, params={"left": keys[0], "right": keys[1], "whole": "true"})
    assert "<del>" in answer.text
    assert "<ins>" in answer.text
    assert browser.get(path, params={"left": "1.99", "right": keys[0]}).status_code == 400


def test_a_story_shows_decisions_as_bars_and_sentences(browser: Any) -> None:
    text = browser.get(first_story(browser, "Radwegbrücken")).text
    assert 'class="bar"' in text
    assert "These two are the same release." in text


def test_the_log_is_filtered_and_exported(browser: Any) -> None:
    asked = {"verdict": "related", "min_similarity": "0.8"}
    assert 'class="badge verdict-related"' in browser.get("/log", params=asked).text
    assert 'class="badge verdict-duplicate"' not in browser.get("/log", params=asked).text
    rows = [json.loads(line) for line in browser.get("/log.jsonl", params=asked).text.splitlines()]
    assert rows
    assert all(row["verdict"] == "related" and row["similarity"] >= 0.8 for row in rows)
    table = browser.get("/log.csv", params=asked)
    assert table.headers["content-disposition"] == 'attachment; filename="log.csv"'
    assert len(table.text.splitlines()) == len(rows) + 1
    assert browser.get("/log", params={"min_similarity": "2"}).status_code == 400
    assert browser.get("/log.csv", params={"q": '"'}).status_code == 400


@pytest.mark.parametrize("path", ["/nowhere", "/story/ffffffff", "/feeds/nobody"])
def test_what_does_not_exist_is_a_page_too(browser: Any, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_the_language_switch_stays_on_the_page_and_on_our_site(browser: Any) -> None:
    answer = browser.get("/language/de?next=/log", follow_redirects=False)
    assert answer.headers["location"] == "/log"
    assert '<html lang="de">' in browser.get("/", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "",
        "/\tx",
        "javascript:1",
    ],
)
def test_nobody_is_sent_to_another_site(target: str) -> None:
    assert local_path(target) == "/"


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        pytest.param("de", "en", "de", id="the switch wins"),
        pytest.param(None, "fr, de;q=0.5, en;q=0.3", "de", id="the best known one"),
        pytest.param(None, "de;q=0, en", "en", id="q=0 refuses"),
        pytest.param("fr", "", "en", id="English otherwise"),
        pytest.param(None, "de;q=oops,*", "en", id="nonsense is ignored"),
    ],
)
def test_language_choice(chosen: str | None, accepted: str, expected: str) -> None:
    assert choose_language(chosen, accepted) == expected


def test_every_word_of_the_templates_has_both_languages() -> None:
    words = catalogue()
    assert all(set(entry) == {"de", "en"} for entry in words.values())
    loader = environment().loader
    assert loader is not None
    for name in loader.list_templates():
        source = loader.get_source(environment(), name)[0]
        for key in re.findall(r"\bt\('([\w.-]+)'[,)]", source):
            assert key in words, f"{name}: {key}"


def test_a_storys_text_has_no_holes_where_boilerplate_was_cut(browser: Any) -> None:
    stories = re.findall(r'<h2[^>]*><a href="(/story/[0-9a-f-]+)"', browser.get("/").text)
    assert len(stories) > 10
    for story in stories:
        body = re.search(r'<div class="body"[^>]*>(.*?)</div>', browser.get(story).text, re.DOTALL)
        assert body
        assert body[1] == body[1].strip(), story
        assert "\n\n\n" not in body[1], story
