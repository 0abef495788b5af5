"""Secret addresses `/s/SECRET/...`: what feed readers have in place of a log-in.

The secret is the whole right to read: it is compared by its hash, stands in no answer but
the subscriber's own, and every answer forbids browsers to pass the address on.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from aggregator.actions.access import subscriber_of
from aggregator.web.services import WebServices

__all__ = [
    "PRIVATE_HEADERS",
    "PRIVATE_PREFIX",
    "is_private",
    "require_subscriber",
    "subscriber_address",
]

PRIVATE_PREFIX: Final = "/s/{secret}"
PRIVATE_HEADERS: Final[Mapping[str, str]] = {
    # Links of a document must not carry its address to other sites.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


def require_subscriber(request: Request, secret: str) -> None:
    """Lets those with an address of their own read, however reading is configured.

    Raises:
        HTTPException: 404: there is no such address; 410: it was revoked, so that readers
            give it up.
    """
    services: WebServices = request.app.state.services
    found = subscriber_of(services.database, secret, now=services.clock())
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if found.revoked_at is not None:
        raise HTTPException(HTTPStatus.GONE, "This address was revoked.")


def subscriber_address(base_url: str, secret: str) -> str:
    """What stands in place of `base_url` for a subscriber; ends in "/"."""
    return f"{base_url}s/{secret}/"


def is_private(path: str) -> bool:
    """Whether a request's path is below a secret address."""
    return path.startswith("/s/")
