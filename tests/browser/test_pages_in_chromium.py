"""People's ways through the pages, in a real browser."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_core_python  # type: ignore[import-untyped] # a wrapper around one script
import pytest
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]

PAGES = [
    "/",
    "/log",
    "/feeds",
    "/feeds/bmww-presse",
    "/boilerplate",
    "/insights",
    "/login",
    "/nowhere",
]
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_story(visit: Any, words: str = "Radwegbrücken") -> None:
    visit.open("/")
    visit.page.get_by_role("searchbox").fill(words)
    visit.page.get_by_role("searchbox").press("Enter")
    visit.page.locator(".stories h2 a").first.click()


def breaches(page: Any) -> list[str]:
    """What axe-core finds; evaluated by the debugger, which the pages' CSP does not bind."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' | ')))",
        RULES,
    )
    assert isinstance(found, list)
    return found


def too_wide(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(visit: Any, scheme: Any) -> None:
    visit.page.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        visit.open(path)
        found[path] = breaches(visit.page)
    find_story(visit)
    found["story"] = breaches(visit.page)
    visit.page.get_by_role("link", name="Show what was cut").click()
    found["stripped"] = breaches(visit.page)
    visit.log_in()
    for path in ("/review", "/feeds"):
        visit.open(path)
        found[f"editor {path}"] = breaches(visit.page)
    find_story(visit)
    found["editor story"] = breaches(visit.page)
    # A page that does not exist is an error in the console, which is right.
    visit.complaints[:] = [c for c in visit.complaints if "404" not in c]
    assert {path: broken for path, broken in found.items() if broken} == {}


def test_no_page_scrolls_sideways_on_a_phone(visit: Any) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 740})
    visit.log_in()
    wide = []
    for path in (*PAGES[:-1], "/review"):
        visit.open(path)
        if too_wide(visit.page):
            wide.append(path)
    find_story(visit)
    visit.page.get_by_role("link", name="Show what was cut").click()
    if too_wide(visit.page):
        wide.append("story")
    assert wide == []


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
