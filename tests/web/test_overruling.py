"""Pins take effect at once, are logged, and can be undone."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

import re
from typing import Any

import pytest

from aggregator.actions.pins import NewPin, add_pin, remove_pin
from aggregator.clock import utc_now
from aggregator.errors import NotFoundError, UsageError
from aggregator.model.matching import Action, PinKind
from aggregator.model.policy import MatchPolicy
from aggregator.model.stories import Story
from aggregator.store import audit, decisions, feeds, search, story_views
from aggregator.store.query import parse

pytestmark = pytest.mark.xdist_group("web")

POLICY = MatchPolicy()


def story_about(browser: Any, words: str) -> Story:
    with browser.database.read() as conn:
        return story_views.load(conn, search.stories(conn, parse(words)).ids[:1])[0]


def pin(browser: Any, kind: str, a: int, b: int | None = None) -> Any:
    new = NewPin(kind=PinKind(kind), entry_a=a, entry_b=b, reason="a test", who="eva")
    return add_pin(browser.database, new, policy=POLICY, now=utc_now())


def undo(browser: Any, pin_id: int) -> Any:
    return remove_pin(browser.database, pin_id, who="eva", reason="", policy=POLICY, now=utc_now())


def stories_of(browser: Any, *entries: int) -> list[str]:
    with browser.database.read() as conn:
        found = story_views.of_entries(conn, entries)
    return [found[entry] for entry in entries]


def test_different_splits_a_story_and_undoing_merges_it_again(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    first, last = story.members[0].entry_id, story.members[-1].entry_id
    outcome = pin(browser, "different", first, last)
    left, right = stories_of(browser, first, last)
    assert left != right
    assert story.id in {left, right}
    undo(browser, outcome.pin.id)
    assert stories_of(browser, first, last) == [story.id, story.id]
    with browser.database.read() as conn:
        logged = [d for d in decisions.between(conn, first, last) if d.decided_by == "eva"]
        trail = audit.latest(conn, limit=2, subject=f"entry:{first}")
    assert [d.action for d in logged] == [Action.PINNED, Action.UNPINNED]
    assert logged[0].rule == "a test"
    assert {row.action for row in trail} == {"pin", "unpin"}


def test_same_merges_two_stories_and_undoing_splits_them_again(browser: Any) -> None:
    one, other = (
        story_about(browser, "Radwegbrücken"),
        story_about(browser, "Sturmwarnung OR Sturmböen"),
    )
    a, b = one.members[0].entry_id, other.members[0].entry_id
    outcome = pin(browser, "same", a, b)
    assert len(set(stories_of(browser, a, b))) == 1
    undo(browser, outcome.pin.id)
    assert len(set(stories_of(browser, a, b))) == 2
    # Everything else stays where it was.
    assert len(set(stories_of(browser, *(m.entry_id for m in one.members)))) == 1


def test_canonical_changes_the_face_of_a_story_until_undone(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    other = story.members[-1].entry_id
    outcome = pin(browser, "canonical", other)
    assert story_about(browser, "Radwegbrücken").canonical_id == other
    undo(browser, outcome.pin.id)
    assert story_about(browser, "Radwegbrücken").canonical_id == story.canonical_id


def test_pins_that_make_no_sense_are_refused(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    a, b = story.members[0].entry_id, story.members[1].entry_id
    for kind, entries in (("same", (a, a)), ("same", (a, None)), ("canonical", (a, b))):
        with pytest.raises(UsageError):
            pin(browser, kind, *entries)
    with pytest.raises(NotFoundError):
        pin(browser, "same", a, 999_999)
    with pytest.raises(NotFoundError):
        undo(browser, 999)
    pin(browser, "different", a, b)
    with pytest.raises(UsageError, match="already"):
        pin(browser, "different", b, a)


def test_a_pin_replaces_the_one_that_says_the_opposite(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    a, b = story.members[0].entry_id, story.members[1].entry_id
    pin(browser, "different", a, b)
    pin(browser, "same", a, b)
    assert len(set(stories_of(browser, a, b))) == 1


def test_merging_against_a_pin_between_other_members_is_refused(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    a, b, c = (member.entry_id for member in story.members[:3])
    pin(browser, "different", a, c)
    if stories_of(browser, a)[0] == stories_of(browser, b)[0]:
        with pytest.raises(UsageError, match="different"):
            pin(browser, "same", b, c)
    else:
        with pytest.raises(UsageError, match="different"):
            pin(browser, "same", a, b)


def test_an_editor_pins_and_undoes_on_the_page(browser: Any) -> None:
    browser.log_in("eva")
    story = story_about(browser, "Radwegbrücken")
    path = f"/story/{story.id}"
    entries = [member.entry_id for member in story.members]
    fields = {
        "csrf": browser.token(path), "kind": "different", "reason": "<b>other</b>",
        "entry_a": str(entries[0]), "entry_b": str(entries[-1]),
    }  # fmt: skip
    answer = browser.post(f"{path}/pin", data=fields)
    assert answer.status_code == 200
    assert "&lt;b&gt;other&lt;/b&gt;" in answer.text
    assert len(set(stories_of(browser, entries[0], entries[-1]))) == 2
    found = re.search(r'name="pin_id" value="(\d+)"', answer.text)
    assert found
    browser.post(f"{path}/unpin", data={"csrf": fields["csrf"], "pin_id": found[1]})
    assert len(set(stories_of(browser, *entries))) == 1


def test_a_merged_story_leads_to_its_survivor(browser: Any) -> None:
    one, other = (
        story_about(browser, "Radwegbrücken"),
        story_about(browser, "Sturmwarnung OR Sturmböen"),
    )
    outcome = pin(browser, "same", one.members[0].entry_id, other.members[0].entry_id)
    gone = ({one.id, other.id} - {outcome.story_id}).pop()
    answer = browser.get(f"/story/{gone}", follow_redirects=False)
    assert answer.headers["location"] == f"/story/{outcome.story_id}"


def test_notes_for_colleagues_are_escaped(browser: Any) -> None:
    browser.log_in("eva")
    path = f"/story/{story_about(browser, 'Radwegbrücken').id}"
    text = "<script>alert(1)</script>"
    answer = browser.post(f"{path}/note", data={"csrf": browser.token(path), "text": text})
    assert "&lt;script&gt;" in answer.text
    assert text not in answer.text


def test_an_editor_steers_a_feed(browser: Any) -> None:
    browser.log_in("eva")
    token = browser.token("/feeds")

    def state() -> Any:
        with browser.database.read() as conn:
            return feeds.states(conn, ["bmww-presse"])["bmww-presse"]

    browser.post("/feeds/bmww-presse/pause", data={"csrf": token, "reason": "<i>noise</i>"})
    assert state().paused_at is not None
    assert "&lt;i&gt;noise" in browser.get("/feeds").text
    browser.post("/feeds/bmww-presse/resume", data={"csrf": token})
    assert state().paused_at is None
    before = state().next_poll_at
    browser.post("/feeds/bmww-presse/poll", data={"csrf": token})
    assert state().next_poll_at >= before
    assert browser.post("/feeds/bmww-presse/explode", data={"csrf": token}).status_code == 422


def test_review_confirms_with_one_click(browser: Any) -> None:
    browser.log_in("eva")
    text = browser.get("/review").text
    found = re.search(
        r'name="kind" value="(different)".*?"entry_a" value="(\d+)".*?"entry_b" value="(\d+)"',
        text,
    )
    assert found
    fields = {
        "csrf": browser.token("/review"),
        "kind": found[1],
        "entry_a": found[2],
        "entry_b": found[3],
    }
    answer = browser.post("/review/pin", data=fields)
    assert answer.status_code == 200
    assert 'role="status"' in answer.text


def merged(browser: Any) -> str:
    return str(browser.get("/merged.atom").text)


def test_a_pin_on_the_page_is_in_the_documents_without_any_daemon(browser: Any) -> None:
    story = story_about(browser, "Radwegbrücken")
    browser.log_in("eva")
    before = merged(browser).count("<entry")
    fields = {
        "csrf": browser.token("/"),
        "kind": "different",
        "entry_a": str(story.members[0].entry_id),
        "entry_b": str(story.members[-1].entry_id),
    }
    browser.post(f"/story/{story.id}/pin", data=fields)
    assert merged(browser).count("<entry") == before + 1
    browser.post("/review/pin", data={**fields, "kind": "same"})
    assert merged(browser).count("<entry") == before


def test_review_goes_on_where_it_was_and_takes_the_last_decision_back(browser: Any) -> None:
    browser.log_in("eva")
    page = browser.get("/review").text
    form = re.search(
        r'name="kind" value="different"><input type="hidden" name="entry_a" value="(\d+)">'
        r'<input type="hidden" name="entry_b" value="(\d+)"><input type="hidden" name="at" '
        r'value="near-1">',
        page,
    )
    assert form
    fields = {
        "csrf": browser.token("/review"),
        "kind": "different",
        "entry_a": form[1],
        "entry_b": form[2],
        "at": "near-1",
    }
    after = browser.post("/review/pin", data=fields)
    own = f'name="entry_a" value="{form[1]}"><input type="hidden" name="entry_b" value="{form[2]}"'
    assert own in page
    assert own not in after.text
    assert re.search(r'<li id="near-1" data-decide>\s*<p>.*? autofocus', after.text)
    pin_id = re.search(r'name="pin_id" value="(\d+)"', after.text)
    assert pin_id
    undone = {"csrf": fields["csrf"], "pin_id": pin_id[1], "at": "near-1"}
    assert own in browser.post("/review/unpin", data=undone).text


@pytest.mark.parametrize("at", ["", "x", "weakest-x", "nothing-1", "near-999999999999", "<b>"])
def test_a_place_that_is_none_is_passed_over(browser: Any, at: str) -> None:
    browser.log_in("eva")
    assert browser.get("/review", params={"at": at}).status_code == 200


@pytest.mark.parametrize(
    ("language", "sentence", "other"),
    [("de", "Regel: ", "Rule: "), ("en", "Rule: ", "Regel: ")],
    ids=["German", "English"],
)
def test_reasons_are_told_in_the_visitors_language(
    browser: Any, language: str, sentence: str, other: str
) -> None:
    story = story_about(browser, "Radwegbrücken")
    browser.log_in("eva")
    for path in ("/log", f"/story/{story.id}", "/review"):
        text = browser.get(path, headers={"Accept-Language": language}).text
        assert sentence in text, path
        assert f"<p>{other}" not in text, path
