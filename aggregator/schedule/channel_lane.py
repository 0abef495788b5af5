"""One channel: what happened is noted at once, and told as its rate limit allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aggregator.actions.alerts import Batch, after_message, batch, may_send_at, notice
from aggregator.actions.webhook_rules import wait_after
from aggregator.clock import Clock
from aggregator.logs import Log
from aggregator.model.policy import NotifyPolicy, Settings
from aggregator.notify import send
from aggregator.publish.alerts import Message, alert_message
from aggregator.schedule.events import Store
from aggregator.store import alerts
from aggregator.store.alerts import ChannelState
from aggregator.store.database import Connection
from aggregator.workers import Limit, Workers

__all__ = ["ChannelLane", "tell"]


async def tell(
    channel: NotifyPolicy, message: Message, *, environ: Mapping[str, str], workers: Workers
) -> str | None:
    """Sends one message; what went wrong in words without secrets, or None."""
    urls = environ.get(channel.urls_env, "").split()
    if not urls:
        return f"nothing was sent: the variable {channel.urls_env} is not set"
    answer = await workers.run_async(send, urls, title=message.title, body=message.body)
    return answer.message if isinstance(answer, Limit) else answer


@dataclass(frozen=True, kw_only=True)
class ChannelLane:
    """Tells what is due by one channel.

    Attributes:
        channel: As configured.
        settings: The whole configuration.
        store: The database, under the lease.
        workers: Killable child processes, in which apprise runs.
        environ: Holds the addresses.
        clock: Aware UTC.
        log: Says what failed.
        draw: Gives a number in [0, 1].
    """

    channel: NotifyPolicy
    settings: Settings
    store: Store
    workers: Workers
    environ: Mapping[str, str]
    clock: Clock
    log: Log
    draw: Callable[[], float]

    @property
    def name(self) -> str:
        """As a lane."""
        return f"channel {self.channel.name}"

    async def run(self) -> None:
        """Notes what happened; sends one message if there is something and it may."""
        while await self._notice():
            pass
        state = await self.store.read(self._state)
        if may_send_at(state, self.channel.at_most, now=self.clock()) > self.clock():
            return
        found = await self.store.read(lambda conn: batch(conn, self.channel, self.settings))
        if found is None:
            return
        error = await self._send(found) if found.lines else None
        wait = wait_after(state.failures + 1, jitter=self.draw())
        await self.store.write(lambda conn: self._settle(conn, found, error, wait=wait))

    async def _notice(self) -> bool:
        """Notes a stretch; whether there is more."""

        def note(conn: Connection) -> None:
            alerts.note(conn, seen.found)
            alerts.advance(conn, self.channel.name, seq=seen.cursor)

        state = await self.store.read(self._state)
        seen = await self.store.read(
            lambda conn: notice(conn, self.channel, state, self.settings, now=self.clock())
        )
        if seen.cursor > state.seq:
            await self.store.write(note)
        return seen.more

    async def _send(self, found: Batch) -> str | None:
        policy = self.settings.publish
        message = alert_message(
            found.lines,
            site=policy.title,
            base_url=policy.base_url,
            language=self.channel.language,
        )
        error = await tell(self.channel, message, environ=self.environ, workers=self.workers)
        log = self.log.bind(channel=self.channel.name, told=len(found.lines))
        if error is None:
            log.info("notified")
        else:
            log.warning("notify-failed", error=error)
        return error

    def _settle(
        self, conn: Connection, found: Batch, error: str | None, *, wait: timedelta
    ) -> None:
        now = self.clock()
        if error is None:
            alerts.mark_sent(conn, found.ids, now=now)
        if found.lines:
            state = after_message(
                self._state(conn), error, limit=self.channel.at_most, now=now, wait=wait
            )
            alerts.save_state(conn, state)

    def _state(self, conn: Connection) -> ChannelState:
        return next(s for s in alerts.channel_list(conn) if s.name == self.channel.name)
