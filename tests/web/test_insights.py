"""What the plots count."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from typing import Any

import pytest

from aggregator.actions.insights import read_insights
from aggregator.clock import utc_now

pytestmark = pytest.mark.xdist_group("web")


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


def test_an_empty_span_shows_nothing_and_breaks_nothing(browser: Any) -> None:
    with browser.database.write() as conn:
        conn.exec_driver_sql("update entries set effective_at = 0")
        conn.exec_driver_sql("update changes set changed_at = 0")
    assert "Nothing to show yet." in browser.get("/insights?days=7").text
