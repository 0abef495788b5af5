"""A database of each kind for the tests that run the daemon on both."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.contract.postgresql import create_database, named

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    server: str = request.getfixturevalue("postgres_server")
    name = f"desk_{next(_NUMBERS)}"
    create_database(server, name)
    return named(server, name)
