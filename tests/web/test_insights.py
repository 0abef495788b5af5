"""What the plots count, say and look like, and how they are sent."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

import inspect
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.routing import APIRoute

from aggregator.actions.insights import KeptInsights, read_insights
from aggregator.clock import utc_now
from aggregator.model.stories import ChangeKind
from aggregator.store import outbox, story_views
from aggregator.store.outbox import Happening
from aggregator.web.charts import Columns
from aggregator.web.insight_charts import NAMES, insight_charts
from aggregator.web.language import translate
from aggregator.web.pages_insights import IMAGE_POLICY, router
from aggregator.web.security import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.xdist_group("web")

SVG = "{http://www.w3.org/2000/svg}"


def addresses(page: str) -> list[str]:
    found = re.findall(r'(?:src|srcset)="(/insights/[^"]+)"', page)
    return [unescape(address) for address in found]


def texts(svg: bytes) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_demo_world_is_counted(browser: Any) -> None:
    found = read_insights(browser.database, now=utc_now(), days=30, timezone="Europe/Berlin")
    counts = found.republishing.counts
    assert counts["BMWW", "meldeportal"] >= 1
    # An issuer's own outlet republishes nobody, whoever was first.
    assert not {("BMWW", "bmww"), ("BMGV", "bmgv"), ("MET", "met")} & set(counts)
    assert sum(day.entries for day in found.days) > sum(day.copies for day in found.days) > 5
    assert all(0 <= share.cut <= share.characters for share in found.shares)
    assert found.shares[0].cut > 0
    assert all(lead.minutes >= 0 for lead in found.leads)
    assert sum(sum(kinds.values()) for kinds in found.changes.values()) >= 2


def test_counts_are_kept_for_a_minute_or_until_a_story_changes(browser: Any) -> None:
    kept, now = KeptInsights(browser.database), utc_now()

    def read(after: timedelta) -> object:
        return kept.read(now=now + after, days=30, timezone="Europe/Berlin")

    first = read(timedelta(0))
    assert read(timedelta(seconds=30)) is first
    later = read(timedelta(seconds=90))
    assert later is not first
    with browser.database.write() as conn:
        (story,) = story_views.newest(conn, limit=1).ids
        outbox.write(conn, [Happening(story_id=story, kind=ChangeKind.MENDED)], now=now)
    assert read(timedelta(seconds=100)) is not later


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_plot_has_an_image_for_each_reader_a_finding_and_a_table(
    browser: Any, language: str
) -> None:
    browser.cookies.set("language", language)
    page = browser.get("/insights").text
    assert "<svg" not in page
    for name in NAMES:
        mine = [address for address in addresses(page) if f"/{name}.svg" in address]
        assert len(mine) == 4
        assert {address.split("scheme=")[1].split("&")[0] for address in mine} == {"light", "dark"}
    findings = re.findall(r'<img class="plot"[^>]+alt="([^"]+)"', page)
    assert len(findings) == len(NAMES)
    # What it says, not what it is called.
    assert all(re.search(r"\d", finding) for finding in findings)
    assert page.count("<table>") == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_an_svg_with_text_and_a_policy_of_its_own(browser: Any, name: str) -> None:
    page = browser.get("/insights")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    for address in addresses(page.text):
        if f"/{name}.svg" not in address:
            continue
        image = browser.get(address)
        assert image.headers["content-type"] == "image/svg+xml"
        assert image.headers["content-security-policy"] == IMAGE_POLICY
        assert image.headers["x-content-type-options"] == "nosniff"
        assert image.headers["cache-control"] == "private, max-age=86400"
        tree = ET.fromstring(image.content)
        assert not {e.tag for e in tree.iter()} & {f"{SVG}script", f"{SVG}image"}
        assert len(texts(image.content)) > 2
        again = browser.get(address, headers={"If-None-Match": image.headers["etag"]})
        assert again.status_code == 304


def test_no_plot_is_drawn_in_the_event_loop(browser: Any) -> None:
    found = router(browser.app.state.services).routes
    routes = {route.path: route.endpoint for route in found if isinstance(route, APIRoute)}
    assert set(routes) == {"/insights", "/insights/{name}.svg"}
    assert not any(inspect.iscoroutinefunction(endpoint) for endpoint in routes.values())


def test_light_and_dark_narrow_and_wide_differ(browser: Any) -> None:
    images = {
        browser.get(f"/insights/daily.svg?scheme={scheme}&width={width}").content
        for scheme in ("light", "dark")
        for width in ("narrow", "wide")
    }
    assert len(images) == 4


def test_a_plot_speaks_the_language_of_its_page(browser: Any) -> None:
    german = texts(browser.get("/insights/daily.svg?lang=de").content)
    english = texts(browser.get("/insights/daily.svg?lang=en").content)
    assert "Kopien" in german
    assert "Duplicates" in english


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("daily.svg?days=0", id="no days"),
        pytest.param("daily.svg?days=99999", id="too many days"),
        pytest.param("daily.svg?scheme=pink", id="a scheme there is not"),
        pytest.param("daily.svg?width=100000", id="a width of one's own"),
        pytest.param("daily.svg?lang=xx", id="a language there is not"),
        pytest.param(f"daily.svg?v={'a' * 1000}", id="a long version"),
        pytest.param("nothing.svg", id="a plot there is not"),
        pytest.param("..%2f..%2fetc.svg", id="a path"),
    ],
)
def test_an_address_cannot_ask_for_more_than_there_is(browser: Any, address: str) -> None:
    answer = browser.get(f"/insights/{address}")
    assert answer.status_code in {404, 422}
    assert "svg+xml" not in answer.headers["content-type"]


def test_closed_reading_closes_the_images_too(opened: Any) -> None:
    with opened(reading="closed") as browser:
        answer = browser.get("/insights/daily.svg", follow_redirects=False)
        assert answer.status_code == 303


def test_an_empty_span_shows_nothing_and_breaks_nothing(browser: Any) -> None:
    with browser.database.write() as conn:
        conn.exec_driver_sql("update entries set effective_at = 0")
        conn.exec_driver_sql("update changes set changed_at = 0")
    assert "Nothing to show yet." in browser.get("/insights?days=7").text
    assert browser.get("/insights/daily.svg?days=7").status_code == 404


def test_numbers_and_days_are_written_as_the_language_does(browser: Any) -> None:
    found = read_insights(browser.database, now=utc_now(), days=30, timezone="Europe/Berlin")
    by_language = {}
    for language in ("de", "en"):

        def words(key: str, language: str = language, **values: object) -> str:
            return translate(key, language, **values)

        charts = insight_charts(found, words, language=language)
        assert [chart.name for chart in charts] == list(NAMES)
        assert isinstance(charts[2].wide, Columns)
        by_language[language] = charts[2].wide
    assert re.fullmatch(r"\d+\.\d+\.", by_language["de"].labels[0])
    assert re.fullmatch(r"\d+ [A-Z][a-z]{2}", by_language["en"].labels[0])
