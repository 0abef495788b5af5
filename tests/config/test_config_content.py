"""How much of a text is shown: by outlet, else by kind, else by the kind's default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.errors import ConfigError

OUTLETS = """\
[[outlet]]
id = "post"
name = "Post"
kind = "media"
[[outlet]]
id = "star"
name = "Star"
kind = "media"
content = "full"
[[outlet]]
id = "wire"
name = "Wire"
kind = "agency"
"""


def content(folder: Path, line: str) -> Mapping[str, str]:
    path = folder / "feeds.toml"
    head = "[aggregator]\ncontact = 'a@b.example'\n"
    path.write_text(f"{head}[publish]\n{line}\n{OUTLETS}", encoding="utf-8")
    return load(path, environ={}).publish.outlet_content


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", {"star": "full"}, id="an outlet alone"),
        pytest.param(
            'content = { media = "link" }', {"post": "link", "star": "full"}, id="a kind"
        ),
        pytest.param(
            'content = { media = "full", agency = "excerpt" }',
            {"post": "full", "star": "full", "wire": "excerpt"},
            id="two kinds",
        ),
    ],
)
def test_the_outlet_goes_before_its_kind(
    tmp_path: Path, line: str, expected: Mapping[str, str]
) -> None:
    assert content(tmp_path, line) == expected


@pytest.mark.parametrize("line", ['content = { blog = "link" }', 'content = { media = "some" }'])
def test_other_kinds_and_measures_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        content(tmp_path, line)
    assert "content" in str(caught.value)
