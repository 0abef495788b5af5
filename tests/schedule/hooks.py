"""A configured webhook, what is around it, and one turn of its lane."""

from __future__ import annotations

import asyncio
import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aggregator.fetch import Fetcher
from aggregator.logs import open_log
from aggregator.model.policy import OutputPolicy, WebhookPolicy
from aggregator.schedule.events import Store
from aggregator.schedule.lanes import posting_policy
from aggregator.schedule.webhook_lane import WebhookLane
from aggregator.store import deliveries, webhooks
from aggregator.store.deliveries import DeliveryState
from aggregator.store.webhooks import WebhookState
from tests.actions.desk import Desk
from tests.schedule.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
ANY = OutputPolicy(name="cms")


@dataclass
class Hook:
    """A configured webhook and what is around it."""

    desk: Desk
    policy: WebhookPolicy
    environ: dict[str, str] = field(default_factory=lambda: {"CMS_SECRET": SECRET})
    log: io.StringIO = field(default_factory=io.StringIO)

    def listen(self) -> None:
        with self.desk.database.write() as conn:
            webhooks.sync(conn, {self.policy.name: self.policy.url}, now=self.desk.now)

    def run(self) -> None:
        """One turn of its lane, as the service gives it."""
        asyncio.run(self._run())

    def wait(self, **time: float) -> None:
        self.desk.pass_time(**time)
        self.run()

    def state(self) -> WebhookState:
        with self.desk.database.read() as conn:
            return webhooks.by_name(conn, self.policy.name)

    def dead(self) -> list[int]:
        with self.desk.database.read() as conn:
            found = deliveries.latest(conn, self.state().id, limit=99, states=[DeliveryState.DEAD])
        return [delivery.seq for delivery in found]

    async def _run(self) -> None:
        fetch = posting_policy(
            self.desk.settings.fetch, private_network=self.policy.private_network
        )
        with ThreadPoolExecutor(1) as executor:
            store = Store(
                database=self.desk.database, executor=executor, verify=lambda _conn: None
            )
            async with Fetcher(fetch) as fetcher:
                await WebhookLane(
                    self.policy,
                    settings=self.desk.settings,
                    store=store,
                    fetcher=fetcher,
                    environ=self.environ,
                    clock=self.desk.clock,
                    log=open_log(self.log, verbose=True),
                    draw=lambda: 0.5,
                ).run()


def hook_of(desk: Desk, receiver: Receiver, **more: Any) -> Hook:  # noqa: ANN401 - handed on
    values: dict[str, Any] = {
        "name": "cms",
        "url": receiver.url(),
        "secret_env": "CMS_SECRET",
        "selection": ANY,
        "private_network": True,
    } | more
    hook = Hook(desk=desk, policy=WebhookPolicy(**values))
    hook.listen()
    return hook


def kinds(receiver: Receiver) -> list[str]:
    return [post.message["data"]["kind"] for post in receiver.taken]
