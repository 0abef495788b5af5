"""Every page there is, in both languages, light and dark, on a desk and on a phone."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute

from aggregator.clock import utc_now
from aggregator.model.policy import (
    CleanPolicy,
    FetchPolicy,
    MatchPolicy,
    ParsePolicy,
    PublishPolicy,
    SchedulePolicy,
    Settings,
)
from aggregator.store.database import Database
from aggregator.web.application import create_app
from aggregator.web.services import WebServices
from tests.browser.judging import breaches, broken_images, clipped, too_wide

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]

# Route -> what is looked at; {story} is a story of several outlets.
PLACES: Final = {
    "/": ["/", "/?q=Radwegbrücken", "/?q=nothing-of-the-kind", "/?q=("],
    "/story/{story_id}": ["{story}", "{story}?stripped=true"],
    "/log": ["/log", "/log?q=Radwegbrücken", "/log?verdict=related"],
    "/feeds": ["/feeds"],
    "/feeds/{feed_id}": ["/feeds/bmww-presse", "/feeds/tagblatt-politik", "/feeds/courier-top"],
    "/review": ["/review"],
    "/boilerplate": ["/boilerplate", "/boilerplate?status=active"],
    "/insights": ["/insights", "/insights?days=7"],
    "/login": ["/login"],
    "/account": ["/account"],
    "/subscribers": ["/subscribers"],
    "/events": ["/events"],
    "/searches": ["/searches", "/searches?q=Radwegbrücken&kind=agency"],
}
ALL: Final = [*(place for places in PLACES.values() for place in places), "/nowhere", "/api/docs"]
# Errors of the server's making are errors in the console too, which is right.
WANTED: Final = ("404", "400")


def addresses(tour: Any) -> Iterable[str]:
    tour.open("/?flag=copies")
    first = tour.page.locator(".stories h2 a", has_text="Radweg").first
    story = first.get_attribute("href")
    return [place.replace("{story}", story) for place in ALL]


def settle(tour: Any) -> None:
    tour.complaints[:] = [c for c in tour.complaints if not any(code in c for code in WANTED)]


def pages(routes: Iterable[BaseRoute]) -> Iterable[str]:
    """Paths of the routes that answer a GET with a page."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from pages(inner.routes)
        elif isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            kind = getattr(route.response_class, "value", route.response_class)
            if isinstance(kind, type) and issubclass(kind, HTMLResponse):
                yield route.path


def test_no_page_is_left_out_of_the_tour(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'desk.db'}")
    settings = Settings(
        path=tmp_path / "feeds.toml",
        database=f"sqlite:///{tmp_path / 'desk.db'}",
        outlets=(),
        feeds=(),
        fetch=FetchPolicy(),
        parse=ParsePolicy(),
        clean=CleanPolicy(),
        match=MatchPolicy(),
        publish=PublishPolicy(output_dir=tmp_path),
        schedule=SchedulePolicy(),
    )
    app = create_app(WebServices(database=database, settings=settings, clock=utc_now))
    assert set(pages(app.routes)) == PLACES.keys()
    database.dispose()


# Each language, scheme and width meets each other once.
@pytest.mark.parametrize(
    ("tour", "scheme", "width"),
    [
        pytest.param("en-GB", "light", 1280, id="English, light, on a desk"),
        pytest.param("de-DE", "dark", 1280, id="German, dark, on a desk"),
        pytest.param("de-DE", "light", 360, id="German, light, on a phone"),
        pytest.param("en-GB", "dark", 360, id="English, dark, on a phone"),
    ],
    indirect=["tour"],
)
def test_every_page_is_for_everybody(tour: Any, scheme: Any, width: int) -> None:
    tour.page.set_viewport_size({"width": width, "height": 800})
    tour.page.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}
    for address in addresses(tour):
        tour.open(address)
        wrong = breaches(tour.page) + broken_images(tour.page) + clipped(tour.page)
        if too_wide(tour.page):
            wrong.append("scrolls sideways")
        if wrong:
            found[address] = wrong
    settle(tour)
    assert found == {}


@pytest.mark.parametrize("tour", ["en-GB"], indirect=True)
def test_the_plots_are_those_for_the_reader(tour: Any) -> None:
    for width, scheme, wanted in (
        (1280, "light", "scheme=light&width=wide"),
        (1280, "dark", "scheme=dark&width=wide"),
        (360, "light", "scheme=light&width=narrow"),
        (360, "dark", "scheme=dark&width=narrow"),
    ):
        tour.page.set_viewport_size({"width": width, "height": 800})
        tour.page.emulate_media(color_scheme=scheme)
        tour.open("/insights")
        shown = tour.page.evaluate("[...document.images].map(image => image.currentSrc)")
        assert len(shown) == 5
        assert all(wanted in address for address in shown)
        assert broken_images(tour.page) == []
