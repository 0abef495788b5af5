"""Hostile content stays text on every page."""

# ruff: noqa: ANN401 - the fixture's class lives in conftest, which cannot be imported
from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("web")

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_hostile_titles_texts_and_rules_stay_text(browser: Any) -> None:
    with browser.database.write() as conn:
        conn.exec_driver_sql("update revisions set title = ?, text = ? || text", (EVIL, EVIL))
        conn.exec_driver_sql(
            "update revisions set issuer = ?, link = 'javascript:alert(1)'", (EVIL,)
        )
        conn.exec_driver_sql("update decisions set rule = ?, decided_by = ?", (EVIL, EVIL))
        conn.exec_driver_sql("update outlets set name = ?", (EVIL,))
        conn.exec_driver_sql("update feeds set last_error = ?, failures = 1", (EVIL,))
        story = conn.exec_driver_sql("select id from stories where status = 'usable'").scalar()
    browser.log_in("eva")
    paths = ["/", "/log", f"/story/{story}?stripped=true", "/feeds", "/review", "/insights"]
    for path in (*paths, "/feeds/bmww-presse"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert 'href="javascript' not in answer.text, path


@pytest.mark.parametrize("path", ["/", "/log"])
def test_hostile_filters_come_back_escaped(browser: Any, path: str) -> None:
    params = dict.fromkeys(("q", "outlet", "issuer", "who", "since"), EVIL)
    answer = browser.get(path, params=params)
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
