"""Plots as SVG, each drawn once: matplotlib is loaded when the first one is asked for."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Final

from aggregator.web.charts import Columns, Drawing, Look, Series, digest
from aggregator.web.document_files import Held

__all__ = ["PlotBusyError", "Plotter"]

# Five plots for two widths, two schemes, two languages are 40; one is 10 to 60 kB.
MAX_KEPT: Final = 80
# A plot takes less than a tenth of a second, loading matplotlib one or two.
PATIENCE_S: Final = 10.0
_FIRST: Final = Columns(labels=("",), series=(Series("", (1.0,)),), axis="")
_FOLDER_VARIABLE: Final = "MPLCONFIGDIR"


class PlotBusyError(Exception):
    """Too many plots are being asked for at once, or none can be drawn here."""


class Plotter:
    """Draws plots and keeps the last ones; safe for threads, one draws at a time.

    Drawing takes a thread, so ask from one and never from the event loop.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Look], Held] = OrderedDict()
        self._lock = threading.Lock()
        self._drawer: Callable[[Drawing, Look], bytes] | None = None

    def svg(self, drawing: Drawing, look: Look, *, now: datetime) -> Held:
        """The plot, from memory if it was drawn before.

        Args:
            drawing: What it shows.
            look: For which reader.
            now: Our clock, for Last-Modified.

        Raises:
            PlotBusyError: It was not to be had in ten seconds, or matplotlib cannot be
                loaded: it needs some directory to write to.
        """
        key = (digest(drawing), look)
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise PlotBusyError
        try:
            held = self._kept.get(key)
            if held is None:
                held = self._kept[key] = Held.of(self._draw(drawing, look), modified=now)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
            return held
        finally:
            self._lock.release()

    def _draw(self, drawing: Drawing, look: Look) -> bytes:
        if self._drawer is None:
            try:
                self._drawer = _load()
            except OSError as error:
                raise PlotBusyError(str(error)) from error
        with warnings.catch_warnings():
            # A sign that the measured font lacks is drawn by the reader's browser; labels
            # that leave no room for the bars are told by the table.
            warnings.simplefilter("ignore", category=UserWarning)
            return self._drawer(drawing, look)


def _load() -> Callable[[Drawing, Look], bytes]:
    """Loads matplotlib, with a directory to write to, and keeps it quiet.

    It wants to keep a list of fonts, and says so in the log where there is no home
    directory or only one that cannot be written, as under systemd or in a container.
    Once it has drawn something it needs the directory no more.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with ExitStack() as stack:
        if not os.environ.get(_FOLDER_VARIABLE):
            made = tempfile.TemporaryDirectory(prefix="aggregator-plots-")
            os.environ[_FOLDER_VARIABLE] = stack.enter_context(made)
            stack.callback(os.environ.pop, _FOLDER_VARIABLE)
        from aggregator.web.figures import draw  # noqa: PLC0415 - whoever sees no plot shall not wait

        draw(_FIRST, Look())
    return draw
