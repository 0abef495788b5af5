"""Which processes are measured by coverage: those that can tell what they ran."""

from __future__ import annotations

import os

__all__ = ["tracing_variables", "untraced"]


def tracing_variables() -> dict[str, str]:
    """What makes a new Python process measure itself, if anything does."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_P")}


def untraced(**more: str) -> dict[str, str]:
    """This process's environment for one that need not be measured, and these variables.

    It starts and runs half as long again when it is. One that is killed tells nothing, and
    what many others run is told by the first.
    """
    traced = tracing_variables()
    return {name: value for name, value in os.environ.items() if name not in traced} | more
