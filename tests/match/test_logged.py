"""What the log keeps of a comparison is what was measured, however it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.match import compare, logged
from aggregator.model.matching import Comparison, Subject, Verdict
from aggregator.model.policy import MatchPolicy
from tests.match.conftest import BODY, TITLE

MakeSubject = Callable[..., Subject]

NAMES = (
    "containment", "containment_long", "resemblance", "opening", "title", "words", "time",
    "title_same", "slug_same", "same_outlet", "same_feed", "shared_link", "shared_number",
    "other_number", "correction", "withdrawal", "addendum", "quoted", "hours", "agency",
    "same_issuer", "facts_aligned",
)  # fmt: skip


@pytest.fixture(
    params=[
        pytest.param({"outlet": "paper"}, id="a copy"),
        pytest.param({"title": "Ganz anders", "body": BODY[:200]}, id="a cut"),
        pytest.param({"title": f"Korrektur: {TITLE}"}, id="a correction"),
        pytest.param({"body": BODY.replace("48", "49")}, id="another figure"),
        pytest.param({"title": "Nichts", "body": "Nichts gemein.", "hours": None}, id="neither"),
    ]
)
def comparison(request: pytest.FixtureRequest, make_subject: MakeSubject) -> Comparison:
    one, other = make_subject(1), make_subject(2, **request.param)
    return compare(one, other, policy=MatchPolicy())


def test_one_measurement_is_what_it_is_among_all(comparison: Comparison) -> None:
    asked = {name: comparison.evidence[name] for name in NAMES if name in comparison.evidence}
    whole = dict(comparison.evidence)
    assert asked == {name: whole[name] for name in NAMES if name in whole}


def test_the_log_keeps_all_measurements_and_the_vetoes(comparison: Comparison) -> None:
    kept = logged(comparison)
    assert kept.pop("vetoes", []) == list(comparison.vetoes)
    assert kept == dict(comparison.evidence)


def test_what_the_log_keeps_is_its_own(comparison: Comparison) -> None:
    logged(comparison)["more"] = True
    assert "more" not in logged(comparison)


def test_a_stored_comparison_is_logged_as_it_is() -> None:
    stored = Comparison(
        verdict=Verdict.RELATED,
        rule="alike",
        similarity=0.5,
        evidence={"title": 0.5},
        vetoes=("figure: 12 / 13",),
    )
    assert logged(stored) == {"title": 0.5, "vetoes": ["figure: 12 / 13"]}
