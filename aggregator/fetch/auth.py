"""The Authorization header of a feed, made from the value of its `auth_env` variable."""

from __future__ import annotations

import base64

__all__ = ["auth_headers", "basic"]


def auth_headers(value: str) -> dict[str, str]:
    """The headers that log in to a feed; hand them to `FetchRequest.headers`.

        >>> auth_headers("Bearer abc")
        {'Authorization': 'Bearer abc'}
        >>> auth_headers("reader:secret")
        {'Authorization': 'Basic cmVhZGVyOnNlY3JldA=='}

    Args:
        value: `user:password` or `Bearer ...`, as the environment holds it.

    Raises:
        ValueError: It is neither. The message never holds the value.
    """
    text = value.strip()
    if not text.isprintable():
        raise ValueError("the credentials hold control characters")
    scheme, _, token = text.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return {"Authorization": f"Bearer {token.strip()}"}
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("expected 'user:password' or 'Bearer TOKEN'")
    return basic(user, password)


def basic(user: str, password: str) -> dict[str, str]:
    """Basic authentication, RFC 7617 with UTF-8."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}
