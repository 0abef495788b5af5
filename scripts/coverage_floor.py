"""Fails if branch coverage fell below the floor of tests/coverage_floor.json.

`--raise` lifts the floor to what was reached, rounded down; it never lowers it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FLOOR_FILE = Path(__file__).parent.parent / "tests" / "coverage_floor.json"


def measured() -> float:
    """Branch coverage of the last run, in percent."""
    run = [sys.executable, "-m", "coverage"]
    subprocess.run([*run, "combine", "--append", "--quiet"], check=False)
    total = subprocess.run(
        [*run, "report", "--format=total", "--precision=1"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(total.stdout)


def main() -> int:
    """Compares, and raises where asked.

    Returns:
        The exit code: 1 below the floor.
    """
    reached = measured()
    floor = float(json.loads(FLOOR_FILE.read_text())["percent"])
    print(f"branch coverage {reached:.1f} %, floor {floor:.1f} %")
    if "--raise" in sys.argv and reached > floor:
        FLOOR_FILE.write_text(json.dumps({"percent": int(reached)}) + "\n")
    if reached < floor:
        subprocess.run([sys.executable, "-m", "coverage", "report"], check=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
