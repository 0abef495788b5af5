"""Measures polling of the scaled demo world; asserts nothing.

Cold (every feed is new), then again with nothing new (all answers 304), beside bare httpx
with feedparser in two processes in the same run. Wall time: polling uses worker processes.
The outlets are served from memory by a process of their own.

Usage: python scripts/bench_polling.py [--feeds N] [--items N]   (100, 35)
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Process, SimpleQueue
from pathlib import Path
from time import perf_counter

import feedparser
import httpx

from aggregator.actions.poll import poll_feeds
from aggregator.app import App, open_app, open_parts
from aggregator.demo.configuration import demo_config
from aggregator.demo.documents import content_type, render_feed
from aggregator.demo.items import DemoFeed
from aggregator.demo.world import World
from aggregator.store.database import Database

CONCURRENCY = 20
_LOOPBACK = "127.0.0.1"


def main(arguments: Sequence[str]) -> int:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description="Measures polling.")
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--items", type=int, default=35)
    sizes = parser.parse_args(arguments)
    world = World(scaled_feeds=sizes.feeds, scaled_items=sizes.items)
    ports: SimpleQueue[int] = SimpleQueue()
    server = Process(target=serve, args=(world, ports), daemon=True)
    server.start()
    base = f"http://{_LOOPBACK}:{ports.get()}"
    try:
        with tempfile.TemporaryDirectory() as place:
            ours = measure_ours(Path(place), world, base)
        bare = asyncio.run(measure_bare([base + feed.path for feed in scaled(world)]))
    finally:
        server.terminate()
        server.join()
    show(ours, bare, feeds=sizes.feeds)
    return 0


def show(ours: Mapping[str, float], bare: Mapping[str, float], *, feeds: int) -> None:
    """The table."""
    print(f"{feeds} feeds, {ours['entries']:.0f} entries stored")
    print(f"{'':10} {'seconds':>8} {'feeds/s':>8} {'bare s':>8} {'ratio':>6}")
    for name in ("cold", "all 304"):
        mine, other = ours[name], bare[name]
        print(f"{name:10} {mine:8.2f} {feeds / mine:8.1f} {other:8.2f} {mine / other:6.2f}")


def scaled(world: World) -> list[DemoFeed]:
    """The feeds the scale is about."""
    return [feed for feed in world.feeds if feed.id.startswith("scaled-")]


def measure_ours(place: Path, world: World, base: str) -> dict[str, float]:
    """Seconds of two rounds of the program itself."""
    config = place / "feeds.toml"
    config.write_text(demo_config(world, base=base), encoding="utf-8")
    with open_app(config, environ={}) as app:
        times = asyncio.run(rounds(app))
        return times | {"entries": stored(app.database)}


async def rounds(app: App) -> dict[str, float]:
    """Polls all scaled feeds twice."""
    chosen = [feed for feed in app.settings.feeds if feed.id.startswith("scaled-")]
    times = {}
    async with open_parts(app) as parts:
        for name in ("cold", "all 304"):
            begun = perf_counter()
            reports = await poll_feeds(chosen, parts, on_report=lambda _report: None)
            times[name] = perf_counter() - begun
            print(name, {report.status.value for report in reports}, file=sys.stderr)
    return times


def stored(database: Database) -> int:
    """How many entries there are."""
    with database.read() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM entries").scalar_one())


async def measure_bare(urls: Sequence[str]) -> dict[str, float]:
    """Seconds of a loop that fetches and parses, and stores nothing."""
    times, etags = {}, dict.fromkeys(urls, "")
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(items_of, [b"", b""]))
        for name in ("cold", "all 304"):
            begun = perf_counter()
            await bare_round(urls, etags, pool)
            times[name] = perf_counter() - begun
    return times


async def bare_round(
    urls: Sequence[str], etags: dict[str, str], pool: ProcessPoolExecutor
) -> None:
    """One round over all feeds."""
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(CONCURRENCY)
    async with httpx.AsyncClient(trust_env=False) as client:

        async def one(url: str) -> None:
            async with gate:
                answer = await client.get(url, headers={"If-None-Match": etags[url]})
            if answer.status_code == httpx.codes.OK:
                etags[url] = answer.headers["etag"]
                await loop.run_in_executor(pool, items_of, answer.content)

        await asyncio.gather(*map(one, urls))


def items_of(body: bytes) -> int:
    """How many entries feedparser finds."""
    return len(feedparser.parse(body).entries)


def serve(world: World, ports: SimpleQueue[int]) -> None:
    """Serves the world until the process ends; tells its port."""
    asyncio.run(serving(world, ports))


async def serving(world: World, ports: SimpleQueue[int]) -> None:
    """All documents, rendered once."""
    answers: dict[str, tuple[bytes, bytes, bytes]] = {}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                etag, full, unchanged = answers[head.split(b" ", 2)[1].decode()]
                writer.write(unchanged if etag in head else full)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, _LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    for feed in world.feeds:
        body = render_feed(feed, world.items(feed.id, 0), base=f"http://{_LOOPBACK}:{port}")
        etag = b'"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
        named = b"ETag: " + etag + b"\r\nContent-Type: " + content_type(feed.form).encode()
        full = b"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %d\r\n\r\n%s" % (named, len(body), body)
        answers[feed.path] = etag, full, b"HTTP/1.1 304 Not Modified\r\n" + named + b"\r\n\r\n"
    ports.put(port)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
