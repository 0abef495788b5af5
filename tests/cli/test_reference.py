"""The commands' page is what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_of_commands_is_current(tmp_path: Path) -> None:
    # In a process of its own: click keeps the help option of whichever context came first.
    made = tmp_path / "commands.md"
    subprocess.run([sys.executable, "-m", "aggregator.cli.reference", str(made)], check=True)
    assert PAGE.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), (
        "run: python -m aggregator.cli.reference docs/reference/commands.md"
    )
