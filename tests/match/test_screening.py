"""Pairs screened at once: the same answers as one by one, whatever the texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.demo.templates import filler, police_report
from aggregator.match import screen, unlike
from aggregator.match.screening import _surely_faint
from aggregator.match.shingles import shared, shingle_set
from aggregator.model.matching import Subject
from tests.match.conftest import BODY, NOON, build_subject

MakeSubject = Callable[..., Subject]

RELEASES = [
    filler(number) if number % 3 else police_report(number, NOON.date()) for number in range(36)
]


def as_stored(subject: Subject) -> Subject:
    return replace(subject, signature=replace(subject.signature, keys=(), bands=()))


def one_by_one(pairs: list[tuple[Subject, Subject]]) -> list[bool]:
    return [not unlike(a, b) for a, b in pairs]


def faint(
    a: np.ndarray[tuple[int], np.dtype[np.uint32]], b: np.ndarray[tuple[int], np.dtype[np.uint32]]
) -> bool:
    mine, other = shingle_set(a), shingle_set(b)
    return shared(mine, other) / max(1, min(len(mine), len(other))) < 0.2


def test_no_pairs_have_no_answers() -> None:
    assert screen([]) == []


def test_a_polls_pairs_are_screened_as_each_would_be_alone() -> None:
    subjects = [
        build_subject(
            number,
            title=release.title,
            body=" ".join(release.paragraphs),
            outlet=f"outlet-{number % 5}",
            link=f"https://Outlet-{number % 5}.example/{number % 10}.html",
        )
        for number, release in enumerate(RELEASES)
    ]
    pairs = [(a, as_stored(b)) for a, b in combinations(subjects, 2)]
    pairs += [(as_stored(b), a) for a, b in pairwise(subjects)]
    found = screen(pairs)
    assert found == one_by_one(pairs)
    assert 0 < sum(found) < len(pairs) / 2


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        pytest.param("", BODY, id="no text"),
        pytest.param("Hafen", "Hafen", id="one word on both sides"),
        pytest.param("Hafen neu", BODY, id="two words, which run into the next text"),
        pytest.param("Hafen " * 300, "Hafen neu und alt. " * 30, id="one run again and again"),
        pytest.param(
            BODY, f"{BODY[:120]} {'Ganz andere Worte stehen hier. ' * 40}", id="an opening"
        ),
        pytest.param(
            f"{'Die Pumpe läuft. ' * 90} {BODY[:150]}",
            f"{BODY[:150]} {'Der Pegel sinkt weiter. ' * 90}",
            id="little beside what both hold, and that again and again",
        ),
        pytest.param(BODY, f"{BODY[:40]} ohne alles Weitere.", id="a teaser"),
    ],
)
def test_odd_texts_are_screened_as_they_would_be_alone(
    make_subject: MakeSubject, mine: str, other: str
) -> None:
    one = make_subject(1, title="Haushalt der Gemeinde beschlossen", body=mine)
    two = make_subject(2, title="Wehr am Oberlauf wird saniert", body=other, outlet="paper")
    pairs = [(one, two), (two, one), (one, one), (two, two)]
    assert screen(pairs) == one_by_one(pairs)


def test_a_link_that_holds_the_others_headline_is_worth_a_look(make_subject: MakeSubject) -> None:
    one = make_subject(1, title="Haushalt der Gemeinde beschlossen", body="Kurz und knapp gesagt.")
    link = "https://paper.example/haushalt-der-gemeinde-beschlossen.html"
    two = make_subject(2, title="Rat einig", body=BODY, outlet="paper", link=link)
    assert screen([(one, two), (two, one)]) == [True, True]


def test_one_address_is_worth_a_look_however_its_host_is_written(
    make_subject: MakeSubject,
) -> None:
    link = "https://Amt.example/a?hafen=7"
    one = make_subject(1, title="Haushalt der Gemeinde beschlossen", body="Kurz.", link=link)
    two = make_subject(2, title="Wehr wird saniert", body=BODY, outlet="paper", link=link)
    assert screen([(one, as_stored(two)), (as_stored(two), one)]) == [True, True]


# Few words make texts that share many runs, and runs that return in one text.
TEXTS = st.one_of(
    st.lists(st.integers(0, 5), max_size=60),
    st.lists(st.integers(0, 400), max_size=60),
    st.builds(
        lambda words, times: words * times,
        st.lists(st.integers(0, 40), max_size=40),
        st.integers(1, 30),
    ),
)


@settings(deadline=None, max_examples=400)
@given(texts=st.lists(TEXTS, min_size=2, max_size=6))
def test_what_is_surely_faint_is_faint(texts: list[list[int]]) -> None:
    # Odd multiples spread small numbers over all hashes.
    hashes = [
        (np.array(text, dtype=np.uint64) * 2_654_435_761 % 2**32).astype("<u4") for text in texts
    ]
    pairs = [(a, b) for a in hashes for b in hashes]
    sure = _surely_faint([(a.tobytes(), b.tobytes()) for a, b in pairs])
    assert all(faint(a, b) for (a, b), said in zip(pairs, sure, strict=True) if said)


def test_texts_that_share_nothing_are_told_apart_without_their_shingles() -> None:
    dice = np.random.default_rng(5)
    texts = [dice.integers(0, 2**32, 220, dtype=np.uint32).tobytes() for _ in range(12)]
    assert all(_surely_faint(list(combinations(texts, 2))))
