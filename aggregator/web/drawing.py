"""Geometry of small plots, drawn by templates as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["SPARK_HEIGHT", "SPARK_WIDTH", "sparkline"]

SPARK_WIDTH = 120
SPARK_HEIGHT = 24
_EDGE = 2.0


def sparkline(counts: Sequence[int]) -> str:
    """Points of a polyline in a box of 120 x 24; "" for fewer than two counts."""
    if len(counts) <= 1:
        return ""
    top = max(*counts, 1)
    step = (SPARK_WIDTH - 2 * _EDGE) / (len(counts) - 1)
    tall = SPARK_HEIGHT - 2 * _EDGE
    return " ".join(
        f"{_EDGE + at * step:.1f},{SPARK_HEIGHT - _EDGE - tall * count / top:.1f}"
        for at, count in enumerate(counts)
    )
