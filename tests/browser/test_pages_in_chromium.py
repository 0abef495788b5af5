"""People's ways through the pages, in a real browser."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]


def find_story(visit: Any, words: str = "Radwegbrücken") -> None:
    visit.open("/")
    visit.page.get_by_role("searchbox").fill(words)
    visit.page.get_by_role("searchbox").press("Enter")
    visit.page.locator(".stories h2 a").first.click()


def test_a_journalist_searches_compares_and_reads_why(visit: Any) -> None:
    find_story(visit)
    page = visit.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Radwegbrücken")
    page.get_by_role("link", name="Show what was cut").click()
    expect(page.locator("del.cut").first).to_be_visible()
    page.get_by_label("Left").select_option(index=0)
    page.get_by_label("Right").select_option(index=1)
    page.get_by_label("boilerplate included").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".sides ins").first).to_be_visible()
    page.locator("#decisions summary").first.click()
    expect(page.locator("#decisions details p").first).to_be_visible()


def test_an_editor_splits_a_story_and_undoes_it(visit: Any) -> None:
    visit.log_in()
    find_story(visit)
    page = visit.page
    before = page.locator(".timeline li").count()
    form = page.locator("#pin-different")
    form.get_by_label("Reason").fill("another release")
    form.get_by_role("button", name="Pin as different").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator(".pins")).to_contain_text("another release")
    assert page.locator(".timeline li").count() < before
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_have_text("Undone.")
    expect(page.locator(".timeline li")).to_have_count(before)


def test_an_editor_chooses_the_canonical_entry_and_leaves_a_note(visit: Any) -> None:
    visit.log_in()
    find_story(visit)
    page = visit.page
    expect(page.locator(".timeline .canonical")).to_contain_text("Bundesministerium")
    form = page.locator("#pin-canonical")
    form.get_by_label("Canonical").select_option(index=1)
    form.get_by_role("button", name="Choose").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator(".timeline .canonical")).not_to_contain_text("Bundesministerium")
    page.get_by_label("Note for colleagues").fill("Figures were checked.")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_role("status")).to_have_text("Noted.")
    expect(page.locator("blockquote.note")).to_contain_text("Figures were checked.")


def test_an_editor_approves_a_learned_block(busy: Any) -> None:
    busy.open("/boilerplate?status=candidate")
    busy.page.get_by_role("button", name="Approve").click()
    expect(busy.page.get_by_role("status")).to_have_text("The block is cut from now on.")
    busy.open("/boilerplate?status=approved")
    expect(busy.page.locator("blockquote.sample")).to_have_count(1)


def test_a_feed_that_fails_says_why_and_is_polled_on_demand(busy: Any) -> None:
    busy.open("/feeds/tagblatt-politik")
    expect(busy.page.locator("dl.facts")).to_contain_text("503 Service Unavailable")
    busy.page.get_by_role("button", name="Poll now").click()
    expect(busy.page.get_by_role("status")).to_have_text("The feed is due now.")


def test_an_editor_pauses_and_resumes_a_feed(visit: Any) -> None:
    visit.log_in()
    visit.open("/feeds")
    visit.page.get_by_role("button", name="Pause: bmww-presse").click()
    expect(visit.page.get_by_role("status")).to_have_text("The feed is paused.")
    visit.page.get_by_role("button", name="Resume").click()
    expect(visit.page.get_by_role("status")).to_have_text("The feed is polled again.")


def test_a_forged_form_is_refused(visit: Any) -> None:
    visit.log_in()
    visit.open("/feeds/bmww-presse")
    forge = "for (const f of document.querySelectorAll('[name=csrf]')) f.value = 'forged'"
    visit.page.evaluate(forge)
    visit.page.get_by_role("button", name="Pause").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Error 403")
    visit.complaints[:] = [c for c in visit.complaints if "403" not in c]


def test_an_editor_logs_out(visit: Any) -> None:
    visit.log_in()
    visit.page.get_by_role("button", name="Log out").click()
    expect(visit.page.get_by_role("link", name="Log in")).to_be_visible()


def test_the_log_is_filtered_by_a_choice_and_the_address_stays_short(visit: Any) -> None:
    visit.open("/log")
    visit.page.get_by_label("Verdict").select_option("duplicate")
    visit.page.wait_for_url("**/log?verdict=duplicate")
    assert visit.page.locator(".decisions .verdict-related").count() == 0


def test_the_keyboard_reaches_everything(visit: Any) -> None:
    visit.open("/")
    page = visit.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("j")
    expect(page.locator(".stories h2 a").first).to_be_focused()


def test_search_and_language_work_without_javascript(chromium: Browser, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(served)
    page.get_by_role("searchbox").fill("Radwegbrücken")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".stories article")).to_have_count(1)
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("searchbox")).to_have_value("Radwegbrücken")
    expect(page.get_by_role("button", name="Suchen")).to_be_visible()
    context.close()
