"""The one exception that travels inside the fetch stage.

It never leaves it: `Fetcher.fetch` turns it into a `FetchFailure`. Deep inside a
connection pool or a decoder there is no other way to end an exchange.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.model.fetching import FailureKind

__all__ = ["FetchError"]


class FetchError(Exception):
    """An exchange ends here, with its kind and one sentence for ops.

    Attributes:
        kind: What sort of failure.
        message: One sentence, no secrets, no control characters.
        status: HTTP status, if one was received.
        retry_after: When the server wants to be asked again (aware UTC), or None.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retry_after: datetime | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        super().__init__(message)
