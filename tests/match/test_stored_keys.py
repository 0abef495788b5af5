"""Entries come back from the store without their keys; that must not change a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aggregator.match import compare
from aggregator.match.shared_keys import shared_keys
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy


def as_stored(subject: Subject) -> Subject:
    return replace(subject, signature=replace(subject.signature, keys=()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            {"title": "POL-NM: 021126 - 7 Wendlitz: Unfall mit Flucht"},
            {"title": "POL-NM: 021126 - 7 Wendlitz: Unfall mit Flucht, Nachtrag"},
            id="two reports of one number",
        ),
        pytest.param(
            {"title": "POL-NM: 021126 - 7 Wendlitz: Unfall mit Flucht"},
            {"title": "POL-NM: 021126 - 8 Wendlitz: Unfall mit Flucht"},
            id="two reports of other numbers",
        ),
        pytest.param(
            {"link": "https://amt.example/meldungen/hafen-1234567.html"},
            {"link": "https://amt.example/meldungen/hafen-neu-1234567.html"},
            id="one article under two addresses",
        ),
    ],
)
def test_a_stored_entry_is_compared_like_a_new_one(
    make_subject: Callable[..., Subject], first: dict[str, str], second: dict[str, str]
) -> None:
    a, b = make_subject(entry_id=1, **first), make_subject(entry_id=2, **second)
    assert shared_keys(a, as_stored(b)) == shared_keys(a, b)
    fresh = compare(a, b, policy=MatchPolicy())
    stored = compare(a, as_stored(b), policy=MatchPolicy())
    assert (stored.verdict, stored.rule) == (fresh.verdict, fresh.rule)
