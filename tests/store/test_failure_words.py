"""What a person reads when the database does not answer."""

from __future__ import annotations

import psycopg
import pytest

from aggregator.errors import StoreUnavailableError
from aggregator.store.failures import translated

SAID = (
    'connection failed: connection to server at "db.example", port 5432 failed: Connection '
    "refused\n\tIs the server running on that host and accepting TCP/IP connections?"
)


@pytest.mark.parametrize("said", [SAID, f"{SAID.splitlines()[0]}."], ids=["libpq's", "one line"])
def test_a_database_that_is_away_is_told_in_whole_sentences(said: str) -> None:
    with (
        pytest.raises(StoreUnavailableError) as told,
        translated("postgresql://desk@db.example/news"),
    ):
        raise psycopg.OperationalError(said)
    words = str(told.value)
    assert "cannot be used now: connection failed: " in words
    assert "Connection refused. Check that the server runs" in words
    assert "?" not in words
