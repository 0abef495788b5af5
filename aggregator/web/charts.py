"""What a plot shows, apart from how it is drawn: labels, numbers, the space it takes. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = ["Bars", "Columns", "Drawing", "Grid", "Look", "Series", "digest", "size"]

# CSS pixels: the page's text column, and a phone of 360 less its margins.
WIDE: Final = 960
NARROW: Final = 330
_ROW: Final = 26
_GRID_ROW: Final = 34
_AXIS: Final = 56
_LEGEND: Final = 22
_COLUMNS_HEIGHT: Final = 240


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of one kind, and what they count."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Horizontal bars, one a label; several series are stacked.

    Attributes:
        labels: From top to bottom.
        series: Each as long as `labels`.
        shown: Each bar's value in words, written at its end.
        axis: What the numbers count.
    """

    labels: tuple[str, ...]
    series: tuple[Series, ...]
    shown: tuple[str, ...]
    axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A heat map.

    Attributes:
        rows: Labels from top to bottom.
        columns: Labels from left to right.
        counts: A tuple a row; 0 stays empty.
        axis: What the numbers count.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Upright columns over time; several series are stacked.

    Attributes:
        labels: One a column, oldest first; only a few are written.
        series: Each as long as `labels`.
        axis: What the numbers count.
    """

    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str


Drawing = Bars | Grid | Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """For which reader a plot is drawn.

    Attributes:
        dark: On a dark page.
        narrow: On a phone.
    """

    dark: bool = False
    narrow: bool = False


def size(drawing: Drawing, look: Look) -> tuple[int, int]:
    """Width and height of the plot in CSS pixels."""
    width = NARROW if look.narrow else WIDE
    match drawing:
        case Bars():
            height = _ROW * len(drawing.labels) + _AXIS + _legend(drawing.series, look)
        case Grid():
            height = _GRID_ROW * len(drawing.rows) + 2 * _AXIS
        case Columns():
            height = _COLUMNS_HEIGHT + _legend(drawing.series, look)
    return width, height


def _legend(series: tuple[Series, ...], look: Look) -> int:
    """Its height: names one above the other on a phone; none for one series."""
    if len(series) <= 1:
        return 0
    return _LEGEND * (len(series) if look.narrow else 1)


def digest(drawing: Drawing) -> str:
    """A name for exactly this plot: equal for equal data, in every process."""
    return hashlib.sha256(repr(drawing).encode("utf-8", "surrogatepass")).hexdigest()[:16]
