"""A WebSub hub on loopback that does what a test says, and a daemon it can reach."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl

import httpx

from aggregator.app import make_daemon, open_app, web_services
from aggregator.logs import open_log
from aggregator.store import websub
from aggregator.store.websub import Subscription
from tests.e2e.daemon_world import Desk, TestClock
from tests.fetch.hostile import Behaviour, HostileServer, Seen, answer

__all__ = ["ATOM_LINK", "Hub", "PushDesk", "free_port", "push_config", "pushed_desk"]

CHALLENGE = "a challenge of the hub's"
ATOM_LINK = '<atom:link rel="{rel}" href="{href}"/>'


@dataclass
class Hub:
    """What a hub was asked, and what it says to callbacks.

    Attributes:
        server: Where it listens, at `/hub`.
        lease_s: What it grants.
        confirms: Whether it verifies a request, before it answers it.
        refusal: How it answers instead of taking requests, or None.
        asked: Forms of the requests it got.
        confirmations: Answers of callbacks to its verifications.
    """

    server: HostileServer
    lease_s: int = 86_400
    confirms: bool = True
    refusal: Behaviour | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    pinged: list[list[str]] = field(default_factory=list)
    confirmations: list[httpx.Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.on("/hub", self._behave)

    @property
    def url(self) -> str:
        return self.server.url("/hub")

    def modes(self) -> list[str]:
        return [form["hub.mode"] for form in self.asked]

    def verify(self, form: dict[str, str], **changed: str) -> httpx.Response:
        """Verification of intent, as of a request; `changed` without the prefix `hub.`."""
        asked = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": CHALLENGE,
            "hub.lease_seconds": str(self.lease_s),
        } | {f"hub.{name}": value for name, value in changed.items()}
        wanted = {name: value for name, value in asked.items() if value}
        return httpx.get(form["hub.callback"], params=wanted, trust_env=False)

    def push(
        self, body: bytes, *, method: str = "sha256", secret: str | None = None, nth: int = -1
    ) -> httpx.Response:
        """Content distribution to the callback of a request, signed by default."""
        form = self.asked[nth]
        headers = {"Content-Type": "application/rss+xml"}
        if method:
            key = (form["hub.secret"] if secret is None else secret).encode()
            digest = hmac.new(key, body, getattr(hashlib, method)).hexdigest()
            headers["X-Hub-Signature"] = f"{method}={digest}"
        return httpx.post(form["hub.callback"], content=body, headers=headers, trust_env=False)

    async def _behave(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        pairs = parse_qsl(seen.body.decode(), strict_parsing=True)
        form = dict(pairs)
        if form["hub.mode"] == "publish":
            self.pinged.append(parse_qs(seen.body.decode())["hub.url"])
        else:
            self.asked.append(form)
        if self.refusal is not None:
            return await self.refusal(seen, writer)
        if self.confirms and form["hub.mode"] != "publish":
            self.confirmations.append(await asyncio.to_thread(self.verify, form))
        return await answer(status=202, reason="Accepted")(seen, writer)


@dataclass(frozen=True)
class PushDesk(Desk):
    """A daemon with its pages, in simulated time."""

    async def hubs(self) -> None:
        """Asks and tells hubs what is due."""
        await self.daemon.hubs.look()
        await self.daemon.hubs.idle()

    async def subscribed(self) -> None:
        """Polls what is due, then asks the hubs that were found."""
        await self.daemon.dispatcher.tick()
        await self.daemon.dispatcher.idle()
        await self.hubs()

    def push(self, feed_id: str = "f0") -> Subscription | None:
        with self.app.database.read() as conn:
            return websub.current(conn, feed_id)

    def held(self) -> tuple[Subscription, ...]:
        with self.app.database.read() as conn:
            return websub.subscriptions(conn)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def push_config(
    urls: Iterable[str],
    *,
    port: int,
    every: str = "1h",
    hubs: Iterable[str] = (),
    websub: bool = True,
    more: str = "",
) -> str:
    """One outlet a feed, `f0`, `f1`, ...; the pages at `port`; `more` for each feed."""
    head = (
        "[aggregator]\nallow_private_networks = true\ncontact = 'desk@news.example'\n"
        f"database = 'sqlite:///desk.db'\nbase_url = 'http://127.0.0.1:{port}/'\n"
        f"websub = {str(websub).lower()}\n[web]\nport = {port}\n"
        "[fetch]\nper_host = 16\nhost_spacing = '0s'\n"
        f"[publish]\nhubs = {list(hubs)}\n"
    )
    parts = [head]
    for number, url in enumerate(urls):
        parts.append(
            f"[[outlet]]\nid = 'o{number}'\nname = 'Outlet {number}'\nkind = 'ministry'\n"
            f"[[outlet.feed]]\nid = 'f{number}'\nurl = '{url}'\nevery = '{every}'\n{more}"
        )
    return "\n".join(parts)


@asynccontextmanager
async def pushed_desk(config: Path, clock: TestClock) -> AsyncIterator[PushDesk]:
    """A daemon and its pages on a real socket; time passes when a test says so."""
    log = io.StringIO()
    with open_app(config, environ={}, clock=clock) as app:
        daemon = make_daemon(app, log=open_log(log, verbose=True), pages=web_services(app))
        async with daemon.started():
            yield PushDesk(app=app, daemon=daemon, clock=clock, log=log)
