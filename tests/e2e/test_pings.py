"""Our own hubs hear of what was published; and two aggregators through one hub."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from aggregator.actions.pinging import untold
from aggregator.cli.main import cli
from aggregator.model.entries import ParsedFeed
from aggregator.model.policy import ParsePolicy
from aggregator.model.push import Advertised
from aggregator.parse import advertised_hubs, parse_document
from aggregator.store import pings
from tests.e2e.daemon_world import TestClock, feed_answer, rss
from tests.e2e.hub import Hub, PushDesk, free_port, push_config, pushed_desk
from tests.fetch.hostile import HostileServer, answer, silent

MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon")]


def names(urls: list[str]) -> set[str]:
    return {url.rpartition("/")[2] for url in urls}


def read(said: httpx.Response) -> ParsedFeed | None:
    kind = said.headers["content-type"]
    found = parse_document(
        said.content, url=str(said.url), content_type=kind, policy=ParsePolicy()
    )
    return found if isinstance(found, ParsedFeed) else None


def test_a_hub_is_told_of_each_changed_document_once_and_of_many_in_one_request(
    tmp_path: Path,
) -> None:
    clock, port = TestClock(), free_port()
    with HostileServer() as server:
        hub = Hub(server)
        server.on("/feed", feed_answer(rss(["one"])), feed_answer(rss(["two", "one"])))
        config = tmp_path / "feeds.toml"
        text = push_config([server.url("/feed")], port=port, hubs=[hub.url])
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.cycle(SECOND)
                await desk.merged()
                await desk.hubs()
                (first,) = hub.pinged
                assert f"http://127.0.0.1:{port}/merged.atom" in first
                assert {"merged.rss", "merged.json", "merged.ninjs.json", "all.atom"} <= names(
                    first
                )
                assert "index.json" not in names(first)
                await desk.hubs()
                await desk.merged()
                await desk.hubs()
                assert len(hub.pinged) == 1
                await desk.cycle(2 * HOUR)
                await desk.merged()
                await desk.hubs()
                first, second = hub.pinged
                assert "merged.atom" in names(second)
                assert "sources.opml" not in names(second)

        asyncio.run(run())


def test_a_document_says_where_it_is_and_who_pushes_it(tmp_path: Path) -> None:
    clock, port = TestClock(), free_port()
    with HostileServer() as server:
        hub = Hub(server)
        server.on("/feed", feed_answer(rss(["one"])))
        config = tmp_path / "feeds.toml"
        text = push_config([server.url("/feed")], port=port, hubs=[hub.url])
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.cycle(SECOND)
                merged = await desk.merged()
                await desk.hubs()
                assert f'<link rel="hub" href="{hub.url}"/>' in merged
                for url in hub.pinged[0]:
                    said = await asyncio.to_thread(httpx.get, url, trust_env=False)
                    assert said.status_code == 200
                    links = said.headers["link"]
                    assert links == f'<{hub.url}>; rel="hub", <{url}>; rel="self"'
                    found = advertised_hubs(None, read(said), url="http://elsewhere.example/")
                    if not url.endswith((".ninjs.json", ".opml")):
                        assert found == Advertised(hubs=(hub.url,), topic=url)
                search = await asyncio.to_thread(
                    httpx.get, f"http://127.0.0.1:{port}/feed.atom?q=release", trust_env=False
                )
                assert search.status_code == 200
                assert "link" not in search.headers
                assert 'rel="hub"' not in search.text

        asyncio.run(run())


def test_a_hub_that_fails_delays_nothing_and_is_told_later(tmp_path: Path) -> None:
    clock, port = TestClock(), free_port()
    with HostileServer() as server:
        hub = Hub(server, refusal=answer(b"down", status=503, headers=[("Retry-After", "600")]))
        server.on("/feed", feed_answer(rss(["one"])), feed_answer(rss(["two", "one"])))
        server.on("/silent", silent())
        config = tmp_path / "feeds.toml"
        hubs = [hub.url, server.url("/silent")]
        text = push_config([server.url("/feed")], port=port, hubs=hubs)
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.cycle(SECOND)
                await desk.merged()
                await desk.daemon.hubs.look()  # and nobody waits for the silent one
                await desk.cycle(2 * HOUR)
                assert "Release two of" in await desk.merged()
                await desk.daemon.hubs.stop()
                clock.advance(MINUTE)
                hub.refusal = None
                await told_at_last(desk, hub)

        async def told_at_last(desk: PushDesk, hub: Hub) -> None:
            before = len(hub.pinged)
            with desk.app.database.read() as conn:
                waiting = untold(conn, desk.app.settings.publish)
            assert "merged.atom" in waiting[hub.url]
            clock.advance(HOUR)
            await desk.daemon.hubs.look()
            for _ in range(100):
                await asyncio.sleep(0.05)
                with desk.app.database.read() as conn:
                    if hub.url not in untold(conn, desk.app.settings.publish):
                        break
            assert len(hub.pinged) == before + 1

        asyncio.run(run())


def test_failures_are_noted_in_words_and_back_off(tmp_path: Path) -> None:
    clock, port = TestClock(), free_port()
    with HostileServer() as server:
        hub = Hub(server, refusal=answer(b"no such topic", status=404))
        server.on("/feed", feed_answer(rss(["one"])))
        config = tmp_path / "feeds.toml"
        text = push_config([server.url("/feed")], port=port, hubs=[hub.url])
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.cycle(SECOND)
                await desk.merged()
                start = clock()
                while clock() - start < 6 * HOUR:
                    await desk.hubs()
                    clock.advance(30 * SECOND)
                assert 9 <= len(hub.pinged) <= 14
                with desk.app.database.read() as conn:
                    rows = pings.pings(conn)
                (failed,) = {row.last_error for row in rows}
                assert "HTTP 404" in str(failed)
                assert all(row.failing_since is not None for row in rows)
                assert "HTTP 404" in str(desk.events("ping-failed")[0]["error"])

        asyncio.run(run())


def test_a_hub_that_takes_one_url_at_a_time_gets_them_one_by_one(tmp_path: Path) -> None:
    clock, port = TestClock(), free_port()
    with HostileServer() as server:
        hub = Hub(server)

        async def picky(seen: object, writer: asyncio.StreamWriter) -> bool:
            status = 400 if len(hub.pinged[-1]) > 1 else 204
            return await answer(status=status)(seen, writer)  # type: ignore[arg-type]

        hub.refusal = picky
        server.on("/feed", feed_answer(rss(["one"])))
        config = tmp_path / "feeds.toml"
        text = push_config([server.url("/feed")], port=port, hubs=[hub.url])
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with pushed_desk(config, clock) as desk:
                await desk.cycle(SECOND)
                await desk.merged()
                await desk.hubs()
                assert [len(urls) for urls in hub.pinged] == [len(hub.pinged[0])] + [1] * len(
                    hub.pinged[0]
                )
                with desk.app.database.read() as conn:
                    assert untold(conn, desk.app.settings.publish) == {}

        asyncio.run(run())


def test_commands_ping_too_and_what_a_crash_left_untold(tmp_path: Path) -> None:
    with HostileServer() as server:
        hub = Hub(server)
        server.on("/feed", feed_answer(rss(["one"])))
        config = tmp_path / "feeds.toml"
        port = free_port()
        config.write_text(push_config([server.url("/feed")], port=port), encoding="utf-8")
        run = CliRunner()
        # Published, and the process ended before anybody was told.
        done = run.invoke(cli, ["--config", str(config), "poll"])
        assert done.exit_code == 0, done.output
        config.write_text(
            push_config([server.url("/feed")], port=port, hubs=[hub.url]), encoding="utf-8"
        )
        done = run.invoke(cli, ["--config", str(config), "poll"])
        assert done.exit_code == 0, done.output
        assert "merged.atom" in names(hub.pinged[0])
        assert len(hub.pinged) == 1
        hub.refusal = answer(b"down", status=500)
        server.on("/feed", feed_answer(rss(["two", "one"])))
        done = run.invoke(cli, ["--config", str(config), "poll"])
        assert done.exit_code == 0, done.output
        assert f"the hub {hub.url} was not told: HTTP 500" in done.stderr
        done = run.invoke(cli, ["--config", str(config), "publish"])
        assert done.exit_code == 0, done.output
        assert len(hub.pinged) == 2  # it rests after its failure


def test_two_aggregators_and_a_hub_between_them(tmp_path: Path) -> None:
    """Publisher -> first aggregator -> its hub -> second aggregator's callback."""
    clock = TestClock()
    first_port, second_port = free_port(), free_port()
    with HostileServer() as server:
        hub = Hub(server)
        server.on("/feed", feed_answer(rss(["one"])))
        first, second = tmp_path / "first", tmp_path / "second"
        for folder in (first, second):
            folder.mkdir()
        (first / "feeds.toml").write_text(
            push_config([server.url("/feed")], port=first_port, hubs=[hub.url], websub=False),
            encoding="utf-8",
        )
        topic = f"http://127.0.0.1:{first_port}/merged.atom"
        (second / "feeds.toml").write_text(
            push_config([topic], port=second_port), encoding="utf-8"
        )

        async def run() -> None:
            async with (
                pushed_desk(first / "feeds.toml", clock) as one,
                pushed_desk(second / "feeds.toml", clock) as two,
            ):
                await one.cycle(SECOND)
                await one.merged()
                await one.hubs()
                await two.subscribed()
                assert [form["hub.topic"] for form in hub.asked] == [topic]
                server.on("/feed", feed_answer(rss(["two", "one"])))
                await one.cycle(2 * HOUR)  # the first one polls its publisher
                await two.daemon.dispatcher.tick()  # and so does the second one, too early
                await two.daemon.dispatcher.idle()
                assert "Release two of" not in await two.merged()
                await one.merged()
                await one.hubs()
                assert topic in hub.pinged[-1]
                said = await asyncio.to_thread(httpx.get, topic, trust_env=False)
                pushed = await asyncio.to_thread(hub.push, said.content)
                assert pushed.status_code == 204
                await two.cycle(11 * SECOND)
                assert "Release two of" in await two.merged()

        asyncio.run(run())
