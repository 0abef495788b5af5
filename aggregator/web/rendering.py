"""Renders templates: the environment, and what every page is given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import resources
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from aggregator.match.explaining import difference
from aggregator.web.language import choose_language, translate
from aggregator.web.services import WebServices
from aggregator.web.sessions import Visitor, visitor_of

__all__ = [
    "LANGUAGE_COOKIE",
    "LogInFirstError",
    "OpenPage",
    "Page",
    "environment",
    "local_path",
    "open_page",
    "public_page",
]

LANGUAGE_COOKIE: Final = "language"
_STATIC: Final = ("site.css", "site.js")


class LogInFirstError(Exception):
    """Reading is closed, or this is for editors: the visitor is sent to the log-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One request's surroundings.

    Attributes:
        request: The request.
        services: The shell's parts.
        visitor: Who asks.
        language: `de` or `en`.
    """

    request: Request
    services: WebServices
    visitor: Visitor
    language: str

    def words(self, key: str, **values: object) -> str:
        """The words of a key in the reader's language."""
        return translate(key, self.language, **values)

    def render(self, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """Renders a template; nobody but the reader's browser may keep the answer."""
        environment_: Environment = self.request.app.state.templates
        zone = ZoneInfo(self.services.settings.publish.timezone)
        body = environment_.get_template(template).render(
            t=self.words,
            lang=self.language,
            visitor=self.visitor,
            path=self.request.url.path,
            here=_here(self.request),
            site_title=self.services.settings.publish.title,
            closed=self.services.settings.web.reading == "closed",
            when=partial(_moment, zone=zone, language=self.language),
            **context,
        )
        headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
        return HTMLResponse(body, status_code=status, headers=headers)


def environment() -> Environment:
    """Templates with autoescaping; an unknown name is an error, not an empty space."""
    found = Environment(
        loader=PackageLoader("aggregator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["percent"] = _percent
    found.filters["query"] = _query
    found.filters["difference"] = difference
    found.globals["static"] = _versioned()
    return found


def open_page(request: Request) -> Page:
    """A page for whoever may read.

    Raises:
        LogInFirstError: Reading is closed and the visitor is not logged in.
    """
    page = public_page(request)
    if page.services.settings.web.reading == "closed" and page.visitor.user is None:
        raise LogInFirstError
    return page


def public_page(request: Request) -> Page:
    """A page for everybody, even where reading is closed: the log-in and errors."""
    services: WebServices = request.app.state.services
    return Page(
        request=request,
        services=services,
        visitor=visitor_of(services, request),
        language=choose_language(
            request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", "")
        ),
    )


OpenPage = Annotated[Page, Depends(open_page)]


def local_path(target: str) -> str:
    """Where to go next: a path of ours, or the start page if it is none."""
    parts = urlsplit(target)
    strange = "\\" in target or any(ord(c) < ord(" ") for c in target)
    if parts.scheme or parts.netloc or strange or not target.startswith("/"):
        return "/"
    return "/" if target.startswith("//") else target


def _here(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _moment(moment: datetime, *, zone: ZoneInfo, language: str, short: bool = False) -> str:
    local = moment.astimezone(zone)
    if language == "de":
        return local.strftime("%d.%m. %H:%M" if short else "%d.%m.%Y, %H:%M Uhr")
    return local.strftime("%d %b %H:%M" if short else "%d %b %Y, %H:%M")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{round(100 * value)} %"


def _query(values: dict[str, object], **changed: object) -> str:
    """A query string of the values that are set, some of them changed."""
    return urlencode([(k, v) for k, v in {**values, **changed}.items() if v not in {None, ""}])


def _versioned() -> Callable[[str], str]:
    """Addresses of our static files, with their hash: browsers may keep them for ever."""
    folder = resources.files("aggregator.web").joinpath("static")
    versions = {
        name: hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest()[:12]
        for name in _STATIC
    }
    return lambda name: f"/static/{name}?v={versions[name]}"
