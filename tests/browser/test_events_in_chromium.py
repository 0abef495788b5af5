"""Kept searches and the page of listeners, in a real browser."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.judging import breaches, too_wide

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280], ids=["on a phone", "on a desk"])
def test_the_pages_of_events_are_for_everybody(visit: Any, scheme: Any, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.page.emulate_media(color_scheme=scheme)
    visit.log_in()
    for path in ("/searches?q=Radweg", "/events"):
        visit.open(path)
        assert breaches(visit.page) == []
        assert not too_wide(visit.page)


def test_a_search_is_saved_from_the_start_page_and_removed(visit: Any) -> None:
    visit.log_in()
    page = visit.page
    visit.open("/")
    page.get_by_role("searchbox").fill("Radweg")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Save this search").click()
    page.get_by_label("Name").fill("Cycle paths")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The search is saved.")
    assert breaches(page) == []
    page.get_by_role("link", name="Cycle paths").click()
    expect(page.get_by_role("searchbox")).to_have_value("Radweg")
    visit.open("/searches")
    page.get_by_role("button", name="Remove: Cycle paths").click()
    expect(page.get_by_role("status")).to_have_text("The search is removed.")
