"""What a publisher says of push, and how a subscription stands (WebSub)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Advertised", "HubMode", "SubscriptionState"]


class HubMode(StrEnum):
    """What a hub is asked for (`hub.mode`)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class SubscriptionState(StrEnum):
    """How a subscription stands.

    `asked`: not yet confirmed by the hub, or its lease has ended. `active`: until its lease
    ends. `denied`: the hub does not want it. `leaving`: no longer wanted by us. `ended`: its
    callback is gone for ever.
    """

    ASKED = "asked"
    ACTIVE = "active"
    DENIED = "denied"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertised:
    """Who pushes a feed, as its publisher says.

    Attributes:
        hubs: Absolute http(s) URLs, in the publisher's order.
        topic: What to subscribe to: the feed's `self`, else where it was fetched.
    """

    hubs: tuple[str, ...]
    topic: str
