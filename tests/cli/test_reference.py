"""The commands' page is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from aggregator.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_of_commands_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m aggregator.cli.reference docs/reference/commands.md"
    )
