"""Secret addresses, tokens and review by keys, in a real browser."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.judging import breaches, too_wide

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]


def make_address(visit: Any, name: str = "Night desk") -> str:
    visit.open("/subscribers")
    visit.page.get_by_label("Subscriber").fill(name)
    visit.page.get_by_role("button", name="Make address").click()
    return str(visit.page.locator("input.secret").first.input_value())


def make_token(visit: Any) -> str:
    visit.open("/account")
    visit.page.get_by_label("What for").fill("CMS")
    visit.page.get_by_label("Valid for").select_option("90d")
    visit.page.get_by_role("button", name="Make token").click()
    return str(visit.page.locator("input.secret").input_value())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280], ids=["on a phone", "on a desk"])
def test_the_pages_of_access_are_for_everybody(visit: Any, scheme: Any, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.page.emulate_media(color_scheme=scheme)
    visit.log_in()
    for make in (make_address, make_token):
        make(visit)
        assert breaches(visit.page) == []
        assert not too_wide(visit.page)
        # Once more with a row in the list and nothing to copy.
        visit.page.goto(visit.page.url)
        assert breaches(visit.page) == []
        assert not too_wide(visit.page)


def test_an_address_is_copied_used_and_revoked(visit: Any) -> None:
    visit.log_in()
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = make_address(visit)
    visit.page.get_by_role("button", name="Copy").first.click()
    expect(visit.page.get_by_role("button", name="Copied")).to_be_visible()
    assert visit.page.evaluate("navigator.clipboard.readText()") == address
    path = address[address.index("/s/") :]
    request = visit.page.context.request
    assert request.get(visit.base + path).status == 200
    visit.page.get_by_role("button", name="Revoke: Night desk").click()
    expect(visit.page.get_by_role("status")).to_have_text("The address is revoked.")
    assert request.get(visit.base + path).status == 410


def test_review_goes_by_keys(visit: Any) -> None:
    visit.log_in()
    visit.open("/review")
    page = visit.page
    expect(page.locator("[data-keys]")).to_be_visible()
    expect(page.locator("kbd").first).to_be_visible()
    # s and d need a pair that has the focus.
    page.keyboard.press("s")
    assert "said" not in page.url
    page.keyboard.press("j")
    first = page.locator("[data-decide]").first
    expect(first.locator("[data-step]")).to_be_focused()
    decided = first.get_attribute("id")
    names = first.locator("[data-step]").inner_text()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("d")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    # The work goes on at the pair that moved up.
    expect(page.locator(f"#{decided} [data-step]")).to_be_focused()
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_have_text("Undone.")
    expect(page.locator("[data-decide] [data-step]", has_text=names).first).to_be_visible()


def test_keys_walk_only_to_rows_that_a_key_decides(busy: Any) -> None:
    busy.open("/review")
    page = busy.page
    rows = page.locator("[data-decide]")
    for number in range(rows.count()):
        page.keyboard.press("j")
        expect(rows.nth(number).locator("[data-step]")).to_be_focused()
        assert rows.nth(number).locator("[data-key]").count() > 0
    # The story in quarantine is passed over; from its link the keys lead on.
    told = page.get_by_role("link", name="Released with its feed, further down.")
    expect(page.locator("[data-decide]", has=told)).to_have_count(0)
    flooded = page.locator("#flooded-1 [data-step]")
    expect(flooded).to_be_focused()
    page.keyboard.press("k")
    before = page.evaluate("document.activeElement.href")
    for key, href in (("j", flooded.evaluate("link => link.href")), ("k", before)):
        told.focus()
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.href") == href
    assert breaches(page) == []
    told.click()
    assert page.url.endswith("#flooded")


def test_a_held_story_is_released_by_a_key(visit: Any) -> None:
    visit.log_in()
    visit.open("/review")
    page = visit.page
    row = page.locator("li", has=page.locator("form[action='/review/release-story']")).first
    title = row.locator("[data-step]").inner_text()
    row.locator("[data-step]").focus()
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("form[action='/review/release-story']")).to_have_count(0)
    visit.open("/")
    expect(page.get_by_role("article").get_by_role("link", name=title)).to_have_count(1)


def test_single_keys_can_be_turned_off(visit: Any) -> None:
    visit.log_in()
    visit.open("/review")
    page = visit.page
    toggle = page.get_by_role("button", name="Keyboard shortcuts")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(page.locator("kbd").first).to_be_hidden()
    page.locator("[data-step]").first.focus()
    page.keyboard.press("d")
    page.keyboard.press("j")
    expect(page.locator("[data-step]").first).to_be_focused()
    # It is remembered for the other pages.
    visit.open("/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_without_javascript_everything_is_there_but_the_keys(chromium: Any, served: str) -> None:
    context = chromium.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/login?next=/review")
    page.get_by_label("Name").fill("eva")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.locator("kbd").first).to_be_hidden()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_hidden()
    page.locator("[data-decide]").first.get_by_role("button").first.click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_have_text("Undone.")
    page.goto(f"{served}/subscribers")
    page.get_by_label("Subscriber").fill("Night desk")
    page.get_by_role("button", name="Make address").click()
    expect(page.locator("input.secret").first).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()
