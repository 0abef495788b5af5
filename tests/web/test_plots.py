"""Plots drawn by matplotlib: the same bytes everywhere, quiet, and loaded late."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.web.charts import Bars, Columns, Drawing, Grid, Look, Series, digest, size
from aggregator.web.plotter import MAX_KEPT, PlotBusyError, Plotter

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
LOOKS = [Look(dark=dark, narrow=narrow) for dark in (False, True) for narrow in (False, True)]
ODD = (
    "$x_{1}$ und $",
    "</text><script>alert(1)</script>",
    "\x00\x1f\ud800",
    "漢字 العربية 🦊",
    "A" * 500,
    "",
)


def bars(*labels: str) -> Bars:
    values = tuple(float(number) for number, _ in enumerate(labels))
    shown = tuple(labels)
    return Bars(labels=labels, series=(Series("n", values),), shown=shown, axis=labels[0])


def drawings(*labels: str) -> list[Drawing]:
    many = tuple(Series(label, (1.0, 0.0, 2.0)) for label in labels[:3])
    counts = tuple(tuple(row * column for column in range(3)) for row in range(len(labels)))
    return [
        bars(*labels),
        Bars(labels=labels[:3], series=many, shown=labels[:3], axis="x"),
        Grid(rows=labels, columns=labels[:3], counts=counts, axis=labels[0]),
        Columns(labels=labels[:3], series=many[:2], axis=labels[0]),
    ]


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_any_label_gives_a_picture_of_the_size_that_was_said(look: Look) -> None:
    plotter = Plotter()
    for drawing in drawings(*ODD):
        tree = ET.fromstring(plotter.svg(drawing, look, now=NOW).bodies[""])
        points = (float(tree.attrib[side].removesuffix("pt")) for side in ("width", "height"))
        assert tuple(round(point * 96 / 72) for point in points) == size(drawing, look)
        assert not list(tree.iter(f"{SVG}script"))
        assert max(len(text.text or "") for text in tree.iter(f"{SVG}text")) < 40


def test_nothing_but_zeros_and_one_single_bar_can_be_drawn() -> None:
    for drawing in drawings("a", "b", "c"):
        Plotter().svg(drawing, Look(), now=NOW)
    Plotter().svg(bars("a"), Look(), now=NOW)
    nothing = Grid(rows=("a",), columns=("b",), counts=((0,),), axis="x")
    Plotter().svg(nothing, Look(), now=NOW)


def test_an_equal_plot_is_drawn_once_and_another_look_again() -> None:
    plotter = Plotter()
    first = plotter.svg(bars("a", "b"), Look(), now=NOW)
    assert plotter.svg(bars("a", "b"), Look(), now=NOW) is first
    assert plotter.svg(bars("a", "b"), Look(dark=True), now=NOW) is not first
    assert plotter.svg(bars("a", "c"), Look(), now=NOW) is not first
    for number in range(MAX_KEPT):
        plotter.svg(bars(str(number)), Look(), now=NOW)
    assert plotter.svg(bars("a", "b"), Look(), now=NOW) is not first


def test_where_matplotlib_finds_nowhere_to_write_there_is_no_plot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise OSError("read-only")

    monkeypatch.setattr("aggregator.web.plotter._load", refuse)
    with pytest.raises(PlotBusyError, match="read-only"):
        Plotter().svg(bars("a"), Look(), now=NOW)


def run(code: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Python as systemd or a container starts it: no home, a directory nobody may write to."""
    folder.chmod(0o555)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    try:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**kept, **environ},
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        folder.chmod(0o755)


DRAW = """
import sys, os
from datetime import datetime, UTC
from hashlib import sha256
from aggregator.web.charts import Bars, Look, Series
from aggregator.web.plotter import Plotter
drawing = Bars(labels=("a", "$b"), series=(Series("n", (1.0, 2.0)),), shown=("1", "2"), axis="n")
assert "matplotlib" not in sys.modules
held = Plotter().svg(drawing, Look(), now=datetime.now(UTC))
assert "MPLCONFIGDIR" not in os.environ
print(sha256(held.bodies[""]).hexdigest())
"""


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no home"),
        pytest.param({"HOME": "/proc/nowhere"}, id="a home that cannot be written"),
    ],
)
def test_it_draws_without_a_home_and_in_a_read_only_directory_and_says_nothing(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    # What a person may have there for other purposes must not change our plots.
    (tmp_path / "matplotlibrc").write_text("svg.fonttype: path\nfont.size: 40\nnonsense\n")
    done = run(DRAW, tmp_path, **environ)
    assert (done.returncode, done.stderr) == (0, "")
    drawing = Bars(
        labels=("a", "$b"), series=(Series("n", (1.0, 2.0)),), shown=("1", "2"), axis="n"
    )
    here = Plotter().svg(drawing, Look(), now=NOW).bodies[""]
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_the_program_starts_without_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys, aggregator.cli.main, aggregator.web.application\n"
        "print(sorted(name for name in sys.modules if name.startswith('matplotlib')))"
    )
    assert run(code, tmp_path).stdout.strip() == "[]"


def test_a_digest_is_the_data_and_nothing_else() -> None:
    assert digest(bars("a", "b")) == digest(bars("a", "b"))
    assert digest(bars("a", "b")) != digest(bars("b", "a"))
