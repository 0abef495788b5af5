"""Polls every real feed document of the shared corpus, served on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aggregator.actions.poll import poll_feeds
from aggregator.actions.publish import publish_changed
from aggregator.app import App, open_app, open_parts
from aggregator.model.feeds import PollStatus
from aggregator.pipeline.reports import PollReport
from aggregator.publish.validate import validate
from aggregator.store import maintenance

CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
FEEDS = CORPUS / "feeds"
NOT_FEEDS = frozenset({"provenance.tsv", "quirks.tsv"})

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.xdist_group("corpus-feeds"),
    pytest.mark.skipif(not FEEDS.is_dir(), reason="the shared corpus is not here"),
]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, logs nothing."""

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def config_for(base: str, names: list[str]) -> str:
    parts = [
        (
            "[aggregator]\nallow_private_networks = true\nlanguage = 'de'\n"
            "contact = 'newsdesk@example.org'\n[fetch]\nper_host = 8\nhost_spacing = '0s'\n"
        )
    ]
    for number, name in enumerate(names):
        parts.append(
            f"[[outlet]]\nid = 'o{number}'\nname = 'Outlet {number}'\nkind = 'media'\n"
            f"[[outlet.feed]]\nid = 'f{number}'\nurl = '{base}/{name}'\n"
        )
    return "\n".join(parts)


def poll_and_publish(app: App) -> tuple[dict[str, PollReport], bytes]:
    async def once() -> tuple[PollReport, ...]:
        async with open_parts(app) as parts:
            return await poll_feeds(app.settings.feeds, parts, on_report=lambda _report: None)

    reports = asyncio.run(once())
    published = publish_changed(app.database, app.settings, clock=app.clock)
    return {report.feed_id: report for report in reports}, published.merged.read_bytes()


def test_every_entry_of_73_real_feeds_is_stored_and_a_second_poll_changes_nothing(
    tmp_path: Path,
) -> None:
    names = sorted(path.name for path in FEEDS.iterdir() if path.name not in NOT_FEEDS)
    opml = {f"f{i}" for i, name in enumerate(names) if name.endswith(".opml")}
    with served(FEEDS) as base:
        config = tmp_path / "feeds.toml"
        config.write_text(config_for(base, names), encoding="utf-8")
        with open_app(config, environ={}) as app:
            first, merged = poll_and_publish(app)
            second, again = poll_and_publish(app)
            with app.database.read() as conn:
                sizes = maintenance.sizes(conn)
    failed = {feed: r.error for feed, r in first.items() if r.status is PollStatus.FAILED}
    assert set(failed) == opml, json.dumps(failed, indent=1)
    # Every item is an entry, unless the document holds the very same item twice.
    total = sum(report.recorded.entries for report in first.values())
    assert sum(report.recorded.bad_items for report in first.values()) == 0
    assert sizes.entries == sum(report.recorded.new for report in first.values())
    assert total - sizes.entries <= 12
    assert total > 1_500
    assert [r.recorded.new + r.recorded.revised for r in second.values()] == [0] * len(names)
    assert again == merged
    problems = validate(merged, media_type="application/atom+xml")
    assert [str(problem) for problem in problems] == []
