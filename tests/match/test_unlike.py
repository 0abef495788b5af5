"""Which comparisons are idle: the fast answer must be the slow one's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.demo.templates import filler, police_report, voting_rights, weather_warning
from aggregator.match import compare, unlike
from aggregator.model.entries import EntryNotice, NoticeKind
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy
from tests.match.conftest import BODY, NOON, build_subject

MakeSubject = Callable[..., Subject]

POLICY = MatchPolicy()
CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus")
)


def as_stored(subject: Subject) -> Subject:
    return replace(subject, signature=replace(subject.signature, keys=(), bands=()))


def holds(a: Subject, b: Subject) -> bool:
    """Whether what is called unlike is DISTINCT, on either side."""
    return not unlike(a, b) or compare(a, b, policy=POLICY).verdict is Verdict.DISTINCT


def test_two_texts_that_share_a_phrase_are_unlike(make_subject: MakeSubject) -> None:
    one = make_subject(
        1,
        title="Haushalt der Gemeinde Sonderau beschlossen",
        body=f"Wie die Behörde am Montag mitteilte, hat der Rat getagt. {BODY}",
    )
    other = make_subject(
        2,
        title="Wehr am Oberlauf wird saniert",
        body="Wie die Behörde am Montag mitteilte, sperrt sie im Mai das Wehr und saniert "
        "seine Pfeiler, Tore und Treppen. Schiffe warten so lange im Vorhafen.",
        outlet="paper",
    )
    assert unlike(one, other)
    assert compare(one, other, policy=POLICY).verdict is Verdict.DISTINCT


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"body": "Ganz andere Worte."}, id="one headline"),
        pytest.param({"title": "Anders", "outlet": "paper"}, id="one text"),
        pytest.param(
            {
                "title": "Anders",
                "body": "Kurz.",
                "notices": (
                    EntryNotice(kind=NoticeKind.WITHDRAWAL, cue="Rückzug", quoted_title="Hafen"),
                ),
            },
            id="a notice",
        ),
        pytest.param({"title": "KORREKTUR: Anders", "body": "Kurz."}, id="a marked headline"),
        pytest.param(
            {"title": "Anders", "body": "Kurz.", "link": "https://amt.example/hafen-7"},
            id="one link",
        ),
    ],
)
def test_what_a_rule_could_ask_for_is_compared(
    make_subject: MakeSubject, other: dict[str, str]
) -> None:
    first = make_subject(1, link="https://amt.example/hafen-7")
    second = make_subject(2, **{"link": None, **other})
    assert not unlike(first, second)
    assert not unlike(as_stored(second), first)


def invented() -> Iterator[Subject]:
    templates = (police_report, voting_rights, weather_warning)
    for number in range(60):
        template = templates[number % 3]
        release = filler(number) if number % 4 == 0 else template(number, NOON.date())
        yield build_subject(
            number,
            title=release.title,
            body=" ".join(release.paragraphs),
            outlet=f"outlet-{number % 5}",
            hours=None if number % 11 == 0 else number,
            link=f"https://outlet-{number % 5}.example/{number % 20}.html",
        )


def test_no_pair_of_invented_releases_is_called_unlike_and_is_not() -> None:
    pairs = list(combinations(invented(), 2))
    assert all(holds(a, as_stored(b)) and holds(as_stored(b), a) for a, b in pairs)
    assert sum(unlike(a, b) for a, b in pairs) > len(pairs) / 2


VOCABULARY = ("der", "hafen", "am", "12", "13", "rat", "will", "amt", "neu", "bau")
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=30)


@settings(deadline=None, max_examples=300)
@given(titles=st.tuples(WORDS, WORDS), bodies=st.tuples(WORDS, WORDS), hours=st.integers(0, 200))
def test_whatever_is_called_unlike_is_distinct(
    titles: tuple[list[str], list[str]], bodies: tuple[list[str], list[str]], hours: int
) -> None:
    sides = [
        build_subject(
            number,
            title=" ".join(titles[number][:8]),
            body=" ".join(bodies[number]),
            outlet=f"outlet-{hours % 2 * number}",
            hours=hours * number,
        )
        for number in (0, 1)
    ]
    assert holds(sides[0], sides[1])
    assert unlike(sides[0], sides[1]) == unlike(sides[1], sides[0])


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "pairs").is_dir(), reason="no corpus here")
def test_no_pair_of_the_corpus_that_shares_a_row_is_called_unlike_and_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    sys.modules.pop("gate_corpus", None)
    import gate_corpus  # noqa: PLC0415 - a script, found by the line above

    from aggregator.match.offline import subject_of  # noqa: PLC0415 - beside it

    documents = sorted(gate_corpus.load("republished"), key=lambda each: each.cluster)
    subjects = [subject_of(each.record, number) for number, each in enumerate(documents)]
    # Neighbours in this order are copies mostly, and every fifth pair is not.
    assert all(holds(a, as_stored(b)) for a, b in pairwise(subjects))
