"""Draws charts as SVG with matplotlib. Import it late: that alone takes half a second.

The same chart gives the same bytes in every process. Text stays text. The SVG has styles
of its own, so it is sent as a document of its own with a policy that allows them.
Colours: Okabe and Ito 2008 ("Color universal design") and viridis, which people with any
colour vision can tell apart; stacked series differ in hatching too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aggregator.publish.escaping import label
from aggregator.web.charts import Bars, Columns, Drawing, Grid, Look, Series, size

__all__ = ["draw"]

_PIXELS_PER_INCH: Final = 96
_LONGEST: Final = {False: 34, True: 20}
_TICKS: Final = {False: 8, True: 4}
_HATCHES: Final = ("", "///", "\\\\\\")
_LIGHT_MIDDLE: Final = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class _Palette:
    """Colours of the pages (static/site.css) and of the data."""

    ink: str
    soft: str
    line: str
    paper: str
    series: tuple[str, ...]
    heat: str


_LIGHT: Final = _Palette(
    ink="#1c1b19",
    soft="#57534c",
    line="#dcd8cf",
    paper="#fbfaf7",
    series=("#0072B2", "#D55E00", "#009E73"),
    heat="viridis_r",
)
_DARK: Final = _Palette(
    ink="#e8e5de",
    soft="#b0aba1",
    line="#353b42",
    paper="#14171a",
    series=("#56B4E9", "#E69F00", "#009E73"),
    heat="viridis",
)


def draw(drawing: Drawing, look: Look) -> bytes:
    """The chart as an SVG document.

    Not for several threads at a time: matplotlib's fonts and settings are shared.
    """
    palette = _DARK if look.dark else _LIGHT
    width, height = size(drawing, look)
    _settle(font_size=9.0 if look.narrow else 10.0)
    figure = Figure(
        figsize=(width / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH), layout="constrained"
    )
    axes = figure.add_subplot()
    match drawing:
        case Bars():
            _bars(axes, drawing, palette=palette, look=look)
        case Grid():
            _grid(axes, drawing, palette=palette, look=look)
        case Columns():
            _columns(axes, drawing, palette=palette, look=look)
    _quiet(axes, palette)
    return _svg(figure)


def _settle(*, font_size: float) -> None:
    # Nothing that somebody put into a configuration file of matplotlib's holds here.
    mpl.rcdefaults()
    settings = mpl.rcParams
    settings["svg.fonttype"] = "none"
    settings["svg.hashsalt"] = "newsroom-aggregator"
    # A name with dollar signs is a name, not a formula.
    settings["text.parse_math"] = False
    # DejaVu Sans comes with matplotlib and is measured; it is wider than what browsers put
    # in its place, so nothing overlaps.
    settings["font.family"] = ["sans-serif"]
    settings["font.sans-serif"] = ["DejaVu Sans", "Noto Sans", "Segoe UI", "Roboto", "Arial"]
    settings["font.size"] = font_size


def _svg(figure: Figure) -> bytes:
    out = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    return out.getvalue()


def _bars(axes: Axes, drawing: Bars, *, palette: _Palette, look: Look) -> None:
    places = np.arange(len(drawing.labels))
    start = np.zeros(len(drawing.labels))
    for number, series in enumerate(drawing.series):
        values = np.array(series.values)
        axes.barh(places, values, left=start, height=0.72, **_paint(number, series, palette))
        start += values
    top = float(start.max()) or 1.0
    for place, (end, words) in enumerate(zip(start, drawing.shown, strict=True)):
        axes.text(
            float(end) + top / 100, place, _short(words, look), va="center", color=palette.ink
        )
    # Room for the words behind the longest bar.
    axes.set_xlim(0, top * (1.3 if look.narrow else 1.12))
    axes.set_ylim(len(drawing.labels) - 0.4, -0.6)
    axes.set_yticks(places, [_short(name, look) for name in drawing.labels])
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS[look.narrow], integer=True))
    axes.set_xlabel(label(drawing.axis))
    axes.grid(axis="x", color=palette.line, linewidth=0.8)
    _legend(axes, drawing.series, palette=palette, look=look)


def _columns(axes: Axes, drawing: Columns, *, palette: _Palette, look: Look) -> None:
    places = np.arange(len(drawing.labels))
    start = np.zeros(len(drawing.labels))
    for number, series in enumerate(drawing.series):
        values = np.array(series.values)
        axes.bar(places, values, bottom=start, width=0.8, **_paint(number, series, palette))
        start += values
    step = -(-len(places) // _TICKS[look.narrow])
    written = places[::step]
    axes.set_xticks(written, [_short(drawing.labels[place], look) for place in written])
    # A few columns shall not fill the whole width.
    axes.set_xlim(-0.6, max(len(places), 14) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(label(drawing.axis))
    axes.grid(axis="y", color=palette.line, linewidth=0.8)
    _legend(axes, drawing.series, palette=palette, look=look)


def _grid(axes: Axes, drawing: Grid, *, palette: _Palette, look: Look) -> None:
    counts = np.array(drawing.counts, dtype=float)
    scale = Normalize(vmin=0, vmax=max(float(counts.max()), 1.0))
    colours = mpl.colormaps[palette.heat]
    shown = np.ma.masked_equal(counts, 0)
    # Cells as paths: an image inside the SVG would be a foreign thing to its policy.
    axes.pcolormesh(shown, cmap=colours, norm=scale, edgecolors=palette.paper, linewidth=2)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            red, green, blue, _ = colours(scale(count))
            light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
            ink = "#000000" if light > _LIGHT_MIDDLE**2 else "#ffffff"
            axes.text(
                column + 0.5, row + 0.5, str(int(count)), ha="center", va="center", color=ink
            )
    axes.set_xlim(0, len(drawing.columns))
    axes.set_ylim(len(drawing.rows), 0)
    axes.set_yticks(np.arange(len(drawing.rows)) + 0.5, [_short(r, look) for r in drawing.rows])
    names = [_short(column, look) for column in drawing.columns]
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=30, ha="right")
    axes.set_xlabel(label(drawing.axis))


def _paint(number: int, series: Series, palette: _Palette) -> dict[str, Any]:
    return {
        "color": palette.series[number],
        "hatch": _HATCHES[number],
        "edgecolor": palette.paper,
        "linewidth": 0.6,
        "label": label(series.name),
    }


def _legend(axes: Axes, series: Sequence[Series], *, palette: _Palette, look: Look) -> None:
    if len(series) > 1 and isinstance(axes.figure, Figure):
        axes.figure.legend(
            loc="outside upper left",
            ncols=1 if look.narrow else len(series),
            frameon=False,
            labelcolor=palette.ink,
            handlelength=1.4,
            borderpad=0,
        )


def _quiet(axes: Axes, palette: _Palette) -> None:
    """The page's colours, and no frame."""
    axes.set_axisbelow(True)
    axes.tick_params(color=palette.line, labelcolor=palette.ink, length=0, pad=5)
    for side in axes.spines.values():
        side.set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(palette.soft)


def _short(text: str, look: Look) -> str:
    """One line, fit to be shown, not too long."""
    line, longest = label(text), _LONGEST[look.narrow]
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
