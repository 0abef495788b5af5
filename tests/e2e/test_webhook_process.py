"""The daemon as a process of its own tells a receiver on loopback, whatever happens to it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.store import leases, maintenance
from aggregator.store.database import Database
from tests.e2e.daemon_world import config_text, feed_answer, rss
from tests.fetch.hostile import HostileServer
from tests.schedule.receiver import Receiver, late, says, signed_by
from tests.tracing import untraced

PATIENCE_S = 90.0
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("webhook-process")]


@contextmanager
def scheduler(config: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    log = config.parent / f"log-{time.monotonic_ns()}"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "--config", str(config), "schedule"],
            stderr=stream,
            text=True,
            start_new_session=True,
            env=untraced(CMS_SECRET=SECRET, **variables),
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def run(config: Path, *words: str, **variables: str) -> str:
    """A command beside the daemon: this process is another one."""
    done = CliRunner().invoke(
        cli, ["--config", str(config), *words], env={"CMS_SECRET": SECRET, **variables}
    )
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def logged(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.glob("log-*")))


def hook_text(receiver: Receiver, name: str = "cms") -> str:
    return (
        f"[[webhook]]\nname = '{name}'\nurl = '{receiver.url('/' + name)}'\n"
        "secret_env = 'CMS_SECRET'\nprivate_network = true\n"
    )


def head_of(folder: Path) -> int:
    database = Database.open(f"sqlite:///{folder / 'desk.db'}")
    try:
        assert maintenance.check(database) == ()
        with database.read() as conn:
            assert leases.held(conn, now=utc_now()) == ()
            return int(conn.exec_driver_sql("SELECT max(seq) FROM changes").scalar() or 0)
    finally:
        database.dispose()


def test_a_daemon_killed_again_and_again_delivers_every_change_in_order(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    names = [f"n{number}" for number in range(60)]
    with HostileServer() as server, Receiver() as receiver:
        server.on("/feed", feed_answer(rss(names)))
        config.write_text(config_text([server.url("/feed")]) + hook_text(receiver), "utf-8")
        receiver.always(late(0.05))
        for kill_at in (5, 20, 40):
            with scheduler(config) as process:
                wait_for(lambda at=kill_at: len(receiver.posts) >= at)  # type: ignore[misc]
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=PATIENCE_S)
        with scheduler(config) as process:
            wait_for(lambda: len({post.seq for post in receiver.posts}) >= 60)
            # Another second shows whether anything comes twice without need.
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        numbers = [post.seq for post in receiver.posts]
        ids = {
            post.seq: {p.id for p in receiver.posts if p.seq == post.seq}
            for post in receiver.posts
        }
    assert sorted(set(numbers)) == list(range(1, head_of(tmp_path) + 1))
    assert numbers == sorted(numbers), "a repetition comes before what follows"
    again = sum(count - 1 for count in Counter(numbers).values())
    assert again <= 3, "at most one for each kill"
    assert all(len(found) == 1 for found in ids.values())
    assert all(signed_by(post, SECRET) for post in receiver.posts)
    assert SECRET not in logged(tmp_path)


def test_a_receiver_that_hangs_delays_neither_polls_nor_another_receiver(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server, Receiver() as slow, Receiver() as quick:
        server.on("/feed", *(feed_answer(rss([f"n{number}"])) for number in range(4)))
        slow.always(late(3600))
        text = config_text([server.url("/feed")], every="1s")
        text += "[schedule]\nmin_every = '1s'\n"
        text += hook_text(slow, "slow") + hook_text(quick, "quick")
        config.write_text(text, "utf-8")
        with scheduler(config) as process:
            wait_for(lambda: len(quick.taken) >= 3)
            assert len(slow.posts) == 1
            merged = tmp_path / "public" / "merged.atom"
            wait_for(lambda: merged.exists() and "Release n2 of" in merged.read_text("utf-8"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        listed = json.loads(run(config, "webhooks", "list", "--json"))
        assert [row["webhook"] for row in listed] == ["slow", "quick"]
        assert listed[0]["behind"] >= 3
        assert listed[1]["delivered"] >= 3


def test_ops_add_a_webhook_see_its_trouble_and_let_it_be_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server, Receiver() as receiver:
        server.on("/feed", feed_answer(rss(["one"])), feed_answer(rss(["two", "one"])))
        text = config_text([server.url("/feed")])
        config.write_text(text, "utf-8")
        with scheduler(config) as process:
            wait_for(lambda: '"new": 1' in logged(tmp_path))
            receiver.always(says(410))
            config.write_text(text + hook_text(receiver), "utf-8")
            wait_for(lambda: "configuration-applied" in logged(tmp_path))
            wait_for(lambda: json.loads(run(config, "webhooks", "list", "--json"))[0]["seq"] == 1)
            for act in ("pause", "resume"):
                run(config, "feeds", act, "f0")
            wait_for(lambda: receiver.posts)
            wait_for(lambda: "webhook-stopped" in logged(tmp_path))
            shown = json.loads(run(config, "webhooks", "show", "cms", "--json"))
            assert (shown["state"], shown["failures"]) == ("stopped", 1)
            assert shown["trouble"][0]["http_status"] == 410
            assert "stopped" in run(config, "status")
            receiver.always(None)
            assert "taken" in run(config, "webhooks", "test", "cms")
            run(config, "webhooks", "retry", "cms")
            wait_for(lambda: [post.seq for post in receiver.taken if post.seq] == [2])
            run(config, "webhooks", "retry", "cms", "--seq", "1")
            wait_for(lambda: [post.seq for post in receiver.taken if post.seq] == [2, 1])
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        tried = receiver.taken[0]
        assert tried.message["type"] == "test"
        assert signed_by(tried, SECRET)
        secret = run(config, "webhooks", "secret").strip()
        assert secret.startswith("whsec_")
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_people_are_told_of_news_once_though_the_daemon_is_killed(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    with HostileServer() as server, Receiver() as receiver:
        old = [f"old{number}" for number in range(8)]
        server.on("/feed", feed_answer(rss(old)), feed_answer(rss(["fresh", *old])))
        text = config_text([server.url("/feed")])
        text += "[[notify]]\nname = 'desk'\nurls_env = 'DESK_URLS'\nlanguage = 'en'\n"
        config.write_text(text, "utf-8")
        variables = {"DESK_URLS": f"json://127.0.0.1:{receiver.port}/T0ken"}
        receiver.always(says(503))
        with scheduler(config, **variables) as process:
            wait_for(lambda: '"new": 8' in logged(tmp_path))
            for act in ("pause", "resume"):
                run(config, "feeds", act, "f0")
            wait_for(lambda: receiver.posts)
            wait_for(lambda: "notify-failed" in logged(tmp_path))
            (listed,) = json.loads(run(config, "notify", "list", "--json"))
            assert (listed["state"], listed["waiting"]) == ("failing", 1)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=PATIENCE_S)
        receiver.always(None)
        with scheduler(config, **variables) as process:
            wait_for(lambda: receiver.taken)
            wait_for(lambda: '"notified"' in logged(tmp_path))
            time.sleep(2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        assert [post.message["title"] for post in receiver.taken] == [
            "Merged releases: New: Release fresh of the office"
        ], "and nothing of what the feed held at its first poll"
        assert "taken" in run(config, "notify", "test", "desk", **variables)
        assert receiver.taken[-1].message["title"] == "Merged releases: Test"
        assert "channel    desk: ok" in run(config, "status")
        assert "T0ken" not in logged(tmp_path)
