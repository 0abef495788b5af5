"""Entries come back from the store without their keys; that must not change a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import compare
from aggregator.match.shared_keys import shared_keys
from aggregator.model.matching import Subject
from aggregator.model.policy import MatchPolicy
from tests.match.conftest import build_subject


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


HOSTS = ("amt.example", "www.amt.example", "m.Amt.example", "amt.example:8080", "blatt.example")
PATHS = ("/hafen-1234567.html", "/neu/hafen-1234567.html", "/a?hafen=7", "/", "", "/1234567")
LINKS = st.one_of(
    st.none(),
    st.builds(
        lambda host, path: f"https://{host}{path}", st.sampled_from(HOSTS), st.sampled_from(PATHS)
    ),
)
TITLES = st.sampled_from(
    [
        "Unfall mit Flucht",
        "POL-NM: 021126 - 7 Unfall",
        "POL-NM: 021126 - 8 Unfall",
        "PM Nr. 12/2026: Wehr",
    ]
)


def plainly_shared(a: Subject, b: Subject) -> tuple[bool, bool, bool]:
    """Link, number, other number, from all keys of both."""
    links_a, links_b, numbers_a, numbers_b = (
        {key for key in each.signature.keys if key.startswith(prefix)}
        for prefix in ("link:", "number:")
        for each in (a, b)
    )
    number = bool(numbers_a & numbers_b)
    return bool(links_a & links_b), number, bool(numbers_a and numbers_b) and not number


@settings(deadline=None, max_examples=300)
@given(links=st.tuples(LINKS, LINKS), titles=st.tuples(TITLES, TITLES))
def test_keys_that_are_not_made_again_are_not_shared(
    links: tuple[str | None, str | None], titles: tuple[str, str]
) -> None:
    a, b = (build_subject(number, title=titles[number], link=links[number]) for number in (0, 1))
    expected = plainly_shared(a, b)
    assert shared_keys(a, as_stored(b)) == expected
    assert shared_keys(as_stored(b), a) == expected
