"""Who is asking: log-ins, their cookies, tokens against forged forms, a limit of guesses.

Sessions live in the database; the cookie holds a random secret of which only the hash is
stored. Every form of a session carries its CSRF token; the log-in form, which has no
session yet, carries a token that must equal a cookie.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.requests import Request
from starlette.responses import Response

from aggregator.store import accounts
from aggregator.store.accounts import Role, Session, User
from aggregator.web.services import WebServices

__all__ = [
    "LOGIN_COOKIE",
    "SESSION_COOKIE",
    "LoginLimit",
    "Visitor",
    "check_password",
    "client_key",
    "end_session",
    "hash_password",
    "secure_cookies",
    "start_session",
    "visitor_of",
]

SESSION_COOKIE: Final = "session"
LOGIN_COOKIE: Final = "login_token"
# A working week away ends a log-in; use prolongs it.
SESSION_LENGTH: Final = timedelta(days=7)
# A write a request would make every page a writer; this often is exact enough.
TOUCH_EVERY: Final = timedelta(minutes=10)
SECRET_BYTES: Final = 32

# 10 wrong passwords in 15 minutes from one address or for one name: OWASP's order of
# magnitude; argon2 itself takes tens of milliseconds a guess.
MAX_FAILURES: Final = 10
FAILURE_WINDOW: Final = timedelta(minutes=15)
# Addresses remembered at a time, so that a flood cannot fill the memory.
MAX_REMEMBERED: Final = 10_000
_IPV6: Final = 6
_SUBSCRIBER_BITS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who sent a request.

    Attributes:
        user: The account, or None: not logged in.
        csrf: What a form of theirs must carry; "" for those not logged in.
    """

    user: User | None = None
    csrf: str = ""

    @property
    def is_editor(self) -> bool:
        """Whether they may overrule the machine."""
        return self.user is not None and self.user.role is Role.EDITOR

    @property
    def name(self) -> str:
        """Their name, "" if not logged in."""
        return self.user.name if self.user else ""


class LoginLimit:
    """Counts wrong passwords by address and by name. One an application; safe for threads."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[datetime]] = {}
        self._lock = threading.Lock()

    def blocks(self, *keys: str, now: datetime) -> bool:
        """Whether one of the keys has failed too often of late."""
        with self._lock:
            return any(len(self._recent(key, now)) >= MAX_FAILURES for key in keys)

    def failed(self, *keys: str, now: datetime) -> None:
        """Notes a wrong password."""
        with self._lock:
            for key in keys:
                recent = self._recent(key, now)
                recent.append(now)
                self._failures[key] = recent
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.pop(next(iter(self._failures)))

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        found = self._failures.get(key, deque(maxlen=MAX_FAILURES))
        while found and found[0] <= now - FAILURE_WINDOW:
            found.popleft()
        return found


def hash_password(password: str) -> str:
    """The argon2id hash to store, with argon2-cffi's recommended parameters."""
    return PasswordHasher().hash(password)


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is the user's; takes as long where there is no such user."""
    hasher = PasswordHasher()
    if user is None:
        hasher.hash(password)
        return False
    try:
        return hasher.verify(user.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def secure_cookies(services: WebServices, request: Request) -> bool:
    """Whether cookies go over HTTPS only: by configuration, or since the request came so."""
    return services.settings.web.secure_cookies or request.url.scheme == "https"


def client_key(request: Request) -> str:
    """What wrong passwords are counted by: the client's address, of IPv6 its /64.

    Whoever has one IPv6 address has at least 2**64 of them (RFC 6177).
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == _IPV6:
        return str(ipaddress.ip_network((address, _SUBSCRIBER_BITS), strict=False))
    return host


def start_session(
    services: WebServices, user: User, *, request: Request, response: Response
) -> None:
    """Opens a session and hands its cookie to the browser."""
    now = services.clock()
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with services.database.write() as conn:
        accounts.purge_sessions(conn, now=now)
        accounts.open_session(
            conn,
            Session(
                secret_sha256=_sha256(secret),
                user_id=user.id,
                csrf=secrets.token_urlsafe(SECRET_BYTES),
                created_at=now,
                last_seen_at=now,
                expires_at=now + SESSION_LENGTH,
            ),
        )
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(SESSION_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure_cookies(services, request),
    )


def end_session(services: WebServices, request: Request, response: Response) -> None:
    """Ends the request's session, if any, and takes the cookie back."""
    secret = request.cookies.get(SESSION_COOKIE)
    if secret:
        with services.database.write() as conn:
            accounts.close_session(conn, _sha256(secret))
    response.delete_cookie(SESSION_COOKIE)


def visitor_of(services: WebServices, request: Request) -> Visitor:
    """Who sent the request."""
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        return Visitor()
    now, key = services.clock(), _sha256(secret)
    with services.database.read() as conn:
        found = accounts.find_session(conn, key, now=now)
    if found is None:
        return Visitor()
    session, user = found
    if now - session.last_seen_at > TOUCH_EVERY:
        with services.database.write() as conn:
            accounts.touch_session(conn, key, now=now, expires_at=now + SESSION_LENGTH)
    return Visitor(user=user, csrf=session.csrf)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
