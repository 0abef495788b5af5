"""Every kind of hostile server at once, for many cycles, two daemons at work.

The page of promises line by line: slow headers, endless bodies, resets, wrong lengths,
bombs of every encoding and stacked ones, redirect loops and redirects to private addresses
in all notations, games with 304, 401 to 503, Retry-After in all forms, flapping, changing
ETags, huge headers. The servers' own counters judge.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.app import open_parts
from aggregator.fetch import Fetcher
from aggregator.logs import open_log
from aggregator.model.fetching import FailureKind
from aggregator.schedule.dispatch import Dispatcher
from aggregator.store import feeds, leases, maintenance, polls
from tests.e2e.daemon_world import (
    START,
    Desk,
    TestClock,
    Witness,
    changing_etags,
    config_text,
    feed_answer,
    http_date,
    opened,
    rss,
)
from tests.fetch.hostile import (
    Behaviour,
    HostileServer,
    Seen,
    answer,
    bomb,
    compressed,
    conditional,
    endless_body,
    hang_up,
    raw,
    redirect,
    reset,
    silent,
    slow_headers,
)
from tests.fetch.test_fetch_guard import LOOPBACK_NOTATIONS, Bent

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPAN = 16 * HOUR
# Neighbours of this machine, and ways out of HTTP.
NEIGHBOURS = (
    *("10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0x0a.1"),
    *("[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "user@127.0.0.1"),
    *("\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021", "metadata.internal"),
)
OTHER_SCHEMES = ("file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "data:,x")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("daemon-hostile")]


def encoded(body: bytes, encoding: str) -> Behaviour:
    return answer(body, headers=[("Content-Encoding", encoding)])


def stacked_bomb() -> Behaviour:
    body = compressed(compressed(bomb("gzip", mebibytes=64), "br"), "zstd")
    return encoded(body, "gzip, br, zstd")


def retry(value: str, *, status: int = 503) -> Behaviour:
    return answer(status=status, headers=[("Retry-After", value)])


def once(first: Behaviour, then: Behaviour) -> Behaviour:
    """The first request gets one answer, every later one another."""
    turn = itertools.chain([first], itertools.repeat(then))

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await next(turn)(seen, writer)

    return behave


def alternating(*behaviours: Behaviour) -> Behaviour:
    turn = itertools.cycle(behaviours)

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await next(turn)(seen, writer)

    return behave


def unasked_304() -> Behaviour:
    """A feed first; then 304 whether or not it was asked for, with another ETag each time."""
    count = itertools.count()

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        number = next(count)
        if number == 0:
            return await feed_answer(rss(["game"]))(seen, writer)
        return await answer(status=304, headers=[("ETag", f'"{number}"')])(seen, writer)

    return behave


def healthy() -> dict[str, Behaviour]:
    gzip = compressed(rss(["packed"]), "gzip")
    return {
        "/etag": conditional(rss(["etag"]), etag='"e,1"'),
        "/weak": conditional(rss(["weak"]), etag='W/"w"'),
        "/modified": conditional(rss(["mod"]), last_modified="Mon, 23 Nov 2026 07:00:00 GMT"),
        "/both": conditional(
            rss(["both"]), etag='"b"', last_modified="Mon, 23 Nov 2026 07:00:00 GMT"
        ),
        "/changing": changing_etags(),
        "/packed": encoded(gzip, "gzip"),
        "/far-hop": redirect("/plain"),
        "/plain": feed_answer(rss(["plain"])),
    }


def failing() -> dict[str, Behaviour]:
    """Routes that never give a feed."""
    found: dict[str, Behaviour] = {
        "/slow-headers": slow_headers(),
        "/silent": silent(),
        "/endless": endless_body(pause_s=0.01),
        "/reset-early": reset(),
        "/reset-late": reset(after=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<rss"),
        "/hang-up": hang_up(),
        "/too-short": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<rss>"),
        "/two-lengths": raw(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n<rss/>x"
        ),
        "/no-number": raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n<rss/>"),
        "/cut-chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n<rss"),
        "/stacked": stacked_bomb(),
        "/thirty": encoded(b"x", ", ".join(["gzip"] * 30)),
        "/unknown-encoding": encoded(b"x", "brainwave"),
        "/loop": redirect("/loop"),
        "/circle-a": redirect("/circle-b"),
        "/circle-b": redirect("/circle-a"),
        "/nowhere": answer(status=302),
        "/huge-header": answer(rss(["h"]), headers=[("X-Huge", "x" * 300_000)]),
        "/many-headers": answer(rss(["h"]), headers=[(f"X-{n}", "1") for n in range(50_000)]),
        "/page": answer(b"<html><body>no feed</body></html>"),
        "/unsolicited": answer(status=304),
        "/teapot": answer(status=418),
    }
    for encoding in ("gzip", "deflate", "raw-deflate", "br", "zstd"):
        body = bomb(encoding, mebibytes=64)
        named = "deflate" if encoding == "raw-deflate" else encoding
        found[f"/bomb-{encoding}"] = encoded(body, named)
    for status in (400, 401, 402, 403, 405, 406, 451, 500, 501, 502, 503, 504):
        found[f"/status-{status}"] = answer(status=status)
    return found


def inside(port: int) -> dict[str, Behaviour]:
    """Redirects to this machine and its neighbours, in all notations."""
    targets = [f"http://{host}:{port}/secret" for host in (*LOOPBACK_NOTATIONS, *NEIGHBOURS)]
    return {f"/inside-{n}": redirect(to) for n, to in enumerate((*targets, *OTHER_SCHEMES))}


def waiting() -> dict[str, tuple[Behaviour, timedelta]]:
    """Answers that ask for patience once, and how much of it."""
    feed = feed_answer(rss(["patience"]))
    date = http_date(START + 5 * HOUR)
    asctime = (START + 5 * HOUR).strftime("%a %b %d %H:%M:%S %Y")
    rfc850 = (START + 5 * HOUR).strftime("%A, %d-%b-%y %H:%M:%S GMT")
    return {
        "/wait-seconds": (once(retry("7200"), feed), 2 * HOUR),
        "/wait-date": (once(retry(date), feed), 4 * HOUR),
        "/wait-asctime": (once(retry(asctime), feed), 4 * HOUR),
        "/wait-rfc850": (once(retry(rfc850), feed), 4 * HOUR),
        "/wait-past": (once(retry(http_date(START - HOUR)), feed), 10 * MINUTE),
        "/wait-zero": (once(retry("0"), feed), 10 * MINUTE),
        "/wait-negative": (once(retry("-5"), feed), 10 * MINUTE),
        "/wait-words": (once(retry("later, please"), feed), 10 * MINUTE),
        "/wait-fraction": (once(retry("12.5"), feed), 10 * MINUTE),
        "/wait-for-ever": (retry("99999999999999"), 11 * HOUR),
    }


@contextmanager
def world(seen: Witness, folder: Path) -> Iterator[Path]:
    """Two servers on this machine: one that is allowed, and redirects that lead inside."""
    routes = {**healthy(), **failing(), **{p: b for p, (b, _) in waiting().items()}}
    routes["/flapping"] = alternating(conditional(rss(["flap"]), etag='"1"'), reset())
    routes["/games"] = unasked_304()
    routes["/gone"] = answer(status=410)
    with HostileServer() as server:
        for path, behaviour in routes.items():
            server.on(path, seen.watching(behaviour))
        hasty = {server.url(p) for p in ("/slow-headers", "/silent", "/endless")}
        config = folder / "feeds.toml"
        config.write_text(
            config_text([server.url(path) for path in routes], hasty=hasty), encoding="utf-8"
        )
        yield config


def assert_polite(seen: Witness) -> None:
    for path in healthy().keys() - {"/plain"}:
        assert min(seen.gaps(path)) >= 2.5 * MINUTE, path
        assert max(seen.gaps(path)) <= HOUR, path
    for path in failing().keys() - {"/loop", "/circle-a", "/circle-b"}:
        gaps = seen.gaps(path)
        # Ten minutes, then doubled at each failure; chance adds at most a tenth.
        assert gaps[0] >= 10 * MINUTE, path
        # Doubled each time, within the jitter and to the next cycle.
        assert all(later > sooner for sooner, later in itertools.pairwise(gaps)), path
        assert 3 <= len(seen.times(path)) <= 8, path
    for path, (_, patience) in waiting().items():
        gaps = seen.gaps(path)
        if gaps:
            assert gaps[0] >= patience, path
        else:
            assert patience >= 11 * HOUR, path
    assert len(seen.times("/gone")) == 1
    assert min(seen.gaps("/flapping")) >= 2.5 * MINUTE


def assert_conditional(seen: Witness) -> None:
    """Wherever validators are known, every request carries them."""
    for path in ("/etag", "/weak", "/modified", "/both", "/changing"):
        shares = [asked.conditional for asked in seen.asked if asked.path == path]
        assert len(shares) > 20, path
        assert shares == [False] + [True] * (len(shares) - 1), path


async def two_daemons(desk: Desk) -> None:
    async with open_parts(desk.app) as parts:
        other = Dispatcher(
            replace(parts, owner="elsewhere/1/1/1"),
            log=open_log(desk.log),
            on_changed=lambda: None,
        )
        while desk.clock.now < START + SPAN:
            desk.clock.advance(5 * MINUTE)
            await asyncio.gather(desk.daemon.dispatcher.tick(), other.tick())
            await asyncio.gather(desk.daemon.dispatcher.idle(), other.idle())


def test_two_daemons_are_polite_to_every_kind_of_hostile_server_for_many_cycles(
    tmp_path: Path,
) -> None:
    clock = TestClock()
    seen = Witness(clock)

    async def run(config: Path) -> None:
        async with opened(config, clock) as desk:
            await two_daemons(desk)
            assert desk.events("poll-crashed") == []
            assert desk.events("poll-not-recorded") == []
            with desk.app.database.read() as conn:
                held = {lease.name for lease in leases.held(conn, now=clock())}
                assert held <= {"scheduler"}
                assert len(feeds.states(conn)) > 50
            assert maintenance.check(desk.app.database) == ()
            merged = await desk.merged()
            for name in ("etag", "weak", "mod", "both", "packed", "plain", "game", "flap"):
                assert f"Release {name} of" in merged, name

    with world(seen, tmp_path) as config:
        asyncio.run(run(config))
    assert_polite(seen)
    assert_conditional(seen)
    # Two dispatchers, one poll: no path was asked twice at one time, but by a redirect.
    hops = {"/plain", "/loop", "/circle-a", "/circle-b"}
    times = [(asked.path, asked.at) for asked in seen.asked if asked.path not in hops]
    assert len(times) == len(set(times))
    assert len(seen.asked) > 800


async def bend(desk: Desk, server: HostileServer, stack: AsyncExitStack) -> None:
    """Public addresses lead to the loopback server; the guard judges as it always does."""

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        known = {"public.test": "93.184.216.34", "metadata.internal": "169.254.169.254"}
        if host not in known:
            raise OSError(-2, "Name or service not known")
        return (known[host],)

    parts = desk.daemon.dispatcher._parts
    fetcher = await stack.enter_async_context(Fetcher(parts.settings.fetch, resolver=resolve))
    pool = fetcher._transport._pool
    pool._network_backend = Bent(pool._network_backend, server.port)
    desk.daemon.dispatcher.use(replace(parts, fetcher=fetcher))


def test_no_redirect_leads_a_daemon_inside_however_often_it_polls(tmp_path: Path) -> None:
    clock = TestClock()
    seen = Witness(clock)
    with HostileServer() as server:
        routes = inside(server.port)
        for path, behaviour in routes.items():
            server.on(path, seen.watching(behaviour))
        server.on("/secret", seen.watching(feed_answer(rss(["secret"]))))
        server.on("/control", seen.watching(feed_answer(rss(["control"]))))
        config = tmp_path / "feeds.toml"
        urls = [server.url(path, host="public.test") for path in (*routes, "/control")]
        text = config_text(urls).replace("allow_private_networks = true\n", "")
        config.write_text(text, encoding="utf-8")

        async def run() -> None:
            async with opened(config, clock) as desk, AsyncExitStack() as stack:
                await bend(desk, server, stack)
                for _ in range(36):
                    await desk.cycle(10 * MINUTE)
                with desk.app.database.read() as conn:
                    states = feeds.states(conn)
                    kinds = {
                        row.error_kind
                        for number in range(len(routes))
                        for row in polls.history(conn, f"f{number}", limit=99)
                    }
                assert kinds == {FailureKind.FORBIDDEN_ADDRESS, FailureKind.REDIRECT}
                assert all(states[f"f{n}"].failures > 1 for n in range(len(routes)))
                merged = await desk.merged()
                assert "Release control of" in merged
                assert "Release secret of" not in merged

        asyncio.run(run())
    assert seen.times("/secret") == []
    assert {asked.path for asked in seen.asked} == {*routes, "/control"}
    for path in routes:
        gaps = seen.gaps(path)
        # Doubled each time, within the jitter and to the next cycle.
        assert all(later > sooner for sooner, later in itertools.pairwise(gaps)), path
