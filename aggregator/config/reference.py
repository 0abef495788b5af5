"""The key tables of docs/reference/configuration.md, made from the models.

`python -m aggregator.config.reference docs/reference/configuration.md` writes them anew
between the marks; a test fails when they are not up to date.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from aggregator.config.durations import format_duration
from aggregator.config.problems import TABLES, expected_of, header_of
from aggregator.config.tables import Document

__all__ = ["BEGIN", "END", "key_tables", "with_key_tables"]

BEGIN = "<!-- keys: made by aggregator.config.reference -->"
END = "<!-- keys: end -->"


def key_tables() -> str:
    """Every table with every key: what it expects, its default, what it is for."""
    parts = [
        "\n".join(
            (
                f"### `{header_of(pattern)}`",
                "",
                _introduction(model),
                "",
                "| key | expects | default | meaning |",
                "|---|---|---|---|",
                *(_row(model, name, info) for name, info in model.model_fields.items()),
            )
        )
        for pattern, model in TABLES.items()
        if model is not Document
    ]
    return "\n\n".join(parts)


def with_key_tables(page: str) -> str:
    """The page with fresh tables between its marks.

    Raises:
        ValueError: A mark is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{key_tables()}\n\n{END}{after}"


def _introduction(model: type[BaseModel]) -> str:
    # The docstring begins with the table's name, which the heading has already.
    text = " ".join((model.__doc__ or "").split()).partition(": ")[2]
    return f"{text[:1].upper()}{text[1:]}"


def _row(model: type[BaseModel], name: str, info: FieldInfo) -> str:
    cells = (
        f"`{name}`",
        expected_of(model, name).text,
        "required"
        if info.is_required()
        else f"`{_default(info.get_default(call_default_factory=True))}`",
        " ".join((info.description or "").split()),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(value: Any) -> str:  # noqa: ANN401 - any default of any key
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, str):
        return f'"{value.value if isinstance(value, Enum) else value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_default, value))}]"
    return str(value)


def _main(path: Path) -> None:
    path.write_text(with_key_tables(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
