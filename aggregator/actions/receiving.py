"""What hubs bring to a callback: confirmations, denials, pushes.

W3C Recommendation "WebSub" (2018), sections 5.3 and 7. A push that is signed makes its feed
due at once; what it holds is not read: the poll fetches what the publisher serves.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.actions.push_life import confirmed, denied, may_confirm
from aggregator.model.policy import Settings
from aggregator.pipeline.push import due_after_push, poll_as_usual
from aggregator.store import feeds, websub
from aggregator.store.database import Database
from aggregator.store.websub import Subscription

__all__ = [
    "Signature",
    "accept_push",
    "confirm",
    "deny",
    "find_subscription",
    "ignore_push",
    "read_signature",
]

# The Recommendation's list. Most hubs in use sign with SHA-1: an HMAC of it is not broken by
# collisions, and all a forged push could do is to make us poll.
ALGORITHMS: Final = ("sha1", "sha256", "sha384", "sha512")
_MAX_LEASE_DIGITS: Final = 10


class Signature:
    """Checks a push against its signature while it arrives; holds none of it.

    Args:
        secret: What the hub was given.
        algorithm: One of `ALGORITHMS`.
        claimed: The hub's hexadecimal digest; None: there is none to check.
        problem: Why it cannot match, known beforehand, or "".
    """

    def __init__(
        self, secret: str, *, algorithm: str, claimed: str | None, problem: str = ""
    ) -> None:
        self._digest = hmac.new(secret.encode(), digestmod=algorithm)
        self._claimed = (claimed or "").lower()
        self._problem = problem
        self._content = hashlib.sha256()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Takes in the next piece of the body."""
        self.size += len(chunk)
        self._digest.update(chunk)
        self._content.update(chunk)

    @property
    def problem(self) -> str:
        """Why the body so far is not what the hub signed, or ""; as fast either way."""
        ours = self._digest.hexdigest().encode()
        same = hmac.compare_digest(ours, self._claimed.encode())
        return self._problem or ("" if same else "bad signature")

    @property
    def sha256(self) -> str:
        """Hex hash of the body so far."""
        return self._content.hexdigest()


def read_signature(header: str | None, *, secret: str) -> Signature:
    """What to check a push with.

    Args:
        header: X-Hub-Signature: `method=hex`, or None.
        secret: The subscription's.
    """
    algorithm, _, claimed = (header or "").strip().partition("=")
    if algorithm.lower() not in ALGORITHMS:
        problem = "signed in an unknown way" if header else "no signature"
        return Signature(secret, algorithm="sha256", claimed=None, problem=problem)
    return Signature(secret, algorithm=algorithm.lower(), claimed=claimed.strip())


def find_subscription(database: Database, token: str) -> Subscription | None:
    """The subscription a callback belongs to, also an ended one; None: never was one."""
    with database.read() as conn:
        return websub.by_token(conn, token)


def confirm(
    database: Database, token: str, *, mode: str, topic: str, lease_s: str, now: datetime
) -> bool:
    """The hub asks whether we did ask it for this.

    Args:
        database: Where the request is noted.
        token: Of the callback.
        mode: `hub.mode`.
        topic: `hub.topic`.
        lease_s: `hub.lease_seconds`, "" if there was none.
        now: Aware UTC.

    Returns:
        Whether we did; it is in force then.
    """
    with database.write() as conn:
        push = websub.by_token(conn, token)
        if push is None or not may_confirm(push, mode, topic, now=now):
            return False
        websub.save(conn, confirmed(push, _lease(lease_s), now=now))
        return True


def deny(
    database: Database, settings: Settings, token: str, *, topic: str, reason: str, now: datetime
) -> bool:
    """The hub does not want the subscription. Returns whether there was one."""
    with database.write() as conn:
        push = websub.by_token(conn, token)
        if push is None or not push.is_current or push.topic != topic:
            return False
        websub.save(conn, denied(push, reason, now=now))
        every = {feed.id: feed.every for feed in settings.feeds}.get(push.feed_id)
        if every is not None:
            poll_as_usual(conn, push.feed_id, every=every, now=now)
        return True


def accept_push(database: Database, token: str, *, sha256: str, now: datetime) -> None:
    """A signed push arrived: its feed is due. Committed before the hub is answered."""
    with database.write() as conn:
        push = websub.by_token(conn, token)
        if push is None or not push.is_current:
            return
        rung = replace(
            push,
            last_push_at=now,
            pushed_sha256=sha256,
            waiting=True,
            rechecks=0,
            # The one before was looked for in vain, and now there is another.
            fruitless=push.fruitless + (push.waiting and push.rechecks > 0),
            pushes=push.pushes + 1,
        )
        websub.save(conn, rung)
        state = feeds.states(conn, [push.feed_id]).get(push.feed_id)
        if state is not None:
            feeds.bring_forward(conn, push.feed_id, at=due_after_push(rung, state, now))


def ignore_push(database: Database, token: str, *, reason: str, now: datetime) -> None:
    """A push arrived that cannot be believed: it is counted and shown."""
    with database.write() as conn:
        push = websub.by_token(conn, token)
        if push is not None:
            seen = replace(push, ignored=push.ignored + 1, ignored_at=now, ignored_reason=reason)
            websub.save(conn, seen)


def _lease(text: str) -> timedelta | None:
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_LEASE_DIGITS:
        return None
    return timedelta(seconds=int(text))
