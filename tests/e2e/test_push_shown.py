"""What ops and readers see of push: pages, commands, metrics; never a secret."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from aggregator.cli.main import cli
from tests.e2e.daemon_world import TestClock, feed_answer, rss
from tests.e2e.hub import ATOM_LINK, Hub, PushDesk, free_port, push_config, pushed_desk
from tests.fetch.hostile import HostileServer, answer

SECOND = timedelta(seconds=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


def test_push_is_shown_wherever_a_feed_is_and_no_secret_with_it(tmp_path: Path) -> None:
    clock, port = TestClock(), free_port()
    # The commands read the machine's clock.
    with HostileServer() as server:
        hub, ours = Hub(server), server.url("/ours")
        server.on("/ours", answer(b"out of order", status=500))
        server.on("/feed", feed_answer(rss(["one"], inside=link(hub))))
        config = tmp_path / "feeds.toml"
        hub.lease_s = 80 * 86_400
        text = push_config([server.url("/feed")], port=port, hubs=[ours])
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.subscribed()
                await asyncio.to_thread(hub.push, b"rung")
                await asyncio.to_thread(hub.push, b"forged", secret="guessed")
                await desk.merged()
                await desk.hubs()
                await seen_by_everybody(desk, hub, config=config, ours=ours)

        asyncio.run(run())


def link(hub: Hub) -> str:
    return ATOM_LINK.format(rel="hub", href=hub.url)


async def seen_by_everybody(desk: PushDesk, hub: Hub, *, config: Path, ours: str) -> None:
    base = desk.app.settings.publish.base_url
    pages = {
        path: (await asyncio.to_thread(httpx.get, base + path, trust_env=False)).text
        for path in ("feeds", "feeds/f0", "metrics", "api/feeds")
    }
    run = CliRunner()
    for command in ("feeds show f0", "feeds show f0 --json", "status", "status --json"):
        args = ["--config", str(config), *command.split()]
        pages[command] = (await asyncio.to_thread(run.invoke, cli, args)).output
    assert "active until" in pages["feeds"]
    assert "1 not believed (the last one: bad signature)" in pages["feeds/f0"]
    assert hub.url in pages["feeds/f0"]
    for line in (
        'aggregator_push_subscriptions{state="active"} 1.0',
        'aggregator_pushes_total{fate="accepted"} 1.0',
        'aggregator_pushes_total{fate="ignored"} 1.0',
        'aggregator_hub_waiting_documents{hub="127.0.0.1"} ',
        'aggregator_pings_total{fate="failed",hub="127.0.0.1"} ',
    ):
        assert line in pages["metrics"]
    assert f"active until 2027-02-11 08:00 UTC at {hub.url}" in pages["feeds show f0"]
    assert "1 ignored, the last one: bad signature" in pages["feeds show f0"]
    shown = json.loads(pages["feeds show f0 --json"])["push"]
    assert (shown["state"], shown["pushes"], shown["ignored"]) == ("active", 1, 1)
    assert "push       1 active" in pages["status"]
    assert "documents not told yet; HTTP 500" in pages["status"]
    assert json.loads(pages["status --json"])["hubs"][0]["hub"] == ours
    (form,) = hub.asked
    for secret in (form["hub.secret"], form["hub.callback"].rpartition("/")[2]):
        for where, page in pages.items():
            assert secret not in page, where
        assert secret not in desk.log.getvalue()
