"""`/insights`: plots drawn on the server, each with its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from aggregator.actions.insights import KeptInsights
from aggregator.web.charts import Drawing, Look, digest, size
from aggregator.web.documents import answer
from aggregator.web.insight_charts import Chart, insight_charts
from aggregator.web.language import translate
from aggregator.web.plotter import PlotBusyError, Plotter
from aggregator.web.rendering import OpenPage
from aggregator.web.services import WebServices

__all__ = ["IMAGE_POLICY", "router"]

MAX_DAYS: Final = 366
# An image is a document of its own; the page's stricter policy stays as it is.
IMAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_NARROW: Final = "(max-width: 40rem)"
_DARK: Final = "(prefers-color-scheme: dark)"
# A browser takes the first that holds.
_LOOKS: Final = (
    (f"{_DARK} and {_NARROW}", Look(dark=True, narrow=True)),
    (_NARROW, Look(narrow=True)),
    (_DARK, Look(dark=True)),
    ("", Look()),
)

_Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Charts = Callable[[int, str], tuple[Chart, ...]]


class Asked(BaseModel):
    """What an image's address says; every value is bounded."""

    days: _Days = 30
    lang: Literal["de", "en"] = "en"
    scheme: Literal["light", "dark"] = "light"
    width: Literal["narrow", "wide"] = "wide"
    v: Annotated[str, Field(max_length=64)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One `source` of a `picture`; the last one is its `img`.

    Attributes:
        media: When it is taken; "" always.
        address: Where the image is.
        width: In CSS pixels.
        height: In CSS pixels.
    """

    media: str
    address: str
    width: int
    height: int


def router(services: WebServices) -> APIRouter:
    """The routes of this module."""
    kept, plotter = KeptInsights(services.database), Plotter()

    def charts(days: int, language: str) -> tuple[Chart, ...]:
        zone = services.settings.publish.timezone
        found = kept.read(now=services.clock(), days=days, timezone=zone)

        def words(key: str, **values: object) -> str:
            return translate(key, language, **values)

        return insight_charts(found, words, language=language)

    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/insights", _page(charts), response_class=HTMLResponse)
    routes.add_api_route("/insights/{name}.svg", _image(charts, plotter), methods=["GET", "HEAD"])
    return routes


def _page(charts: Charts) -> Callable[..., Response]:
    def show(page: OpenPage, days: Annotated[_Days, Query()] = 30) -> Response:
        """The plots of the last days."""
        found = charts(days, page.language)
        sources = {
            chart.name: _sources(chart, days=days, language=page.language)
            for chart in found
            if chart.wide is not None
        }
        return page.render("insights.html", charts=found, sources=sources, days=days)

    return show


def _image(charts: Charts, plotter: Plotter) -> Callable[..., Response]:
    def image(page: OpenPage, name: str, asked: Annotated[Asked, Query()]) -> Response:
        """One plot; sync, so a thread draws it and not the event loop."""
        look = Look(dark=asked.scheme == "dark", narrow=asked.width == "narrow")
        found = charts(asked.days, asked.lang)
        drawing = next((_drawn(chart, look) for chart in found if chart.name == name), None)
        if drawing is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            held = plotter.svg(drawing, look, now=page.services.clock())
        except PlotBusyError as error:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            raise HTTPException(status, headers={"Retry-After": "30"}) from error
        # The address names what was drawn: an image of that name never changes.
        fresh = "private, max-age=86400" if asked.v == digest(drawing) else "private, no-cache"
        headers = {
            "Cache-Control": fresh,
            "Content-Security-Policy": IMAGE_POLICY,
            "Content-Type": "image/svg+xml",
        }
        return answer(page.request, held, headers)

    return image


def _drawn(chart: Chart, look: Look) -> Drawing | None:
    return chart.narrow if look.narrow else chart.wide


def _sources(chart: Chart, *, days: int, language: str) -> tuple[Source, ...]:
    found = []
    for media, look in _LOOKS:
        drawing = _drawn(chart, look)
        assert drawing is not None
        asked = {
            "days": days,
            "lang": language,
            "scheme": "dark" if look.dark else "light",
            "width": "narrow" if look.narrow else "wide",
            "v": digest(drawing),
        }
        width, height = size(drawing, look)
        address = f"/insights/{chart.name}.svg?{urlencode(asked)}"
        found.append(Source(media=media, address=address, width=width, height=height))
    return tuple(found)
