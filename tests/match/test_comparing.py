from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.match import compare, explain
from aggregator.model.entries import EntryNotice, NoticeKind
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy

MakeSubject = Callable[..., Subject]

POLICY = MatchPolicy()
MERGES = {Verdict.DUPLICATE, Verdict.REVISION}


def test_a_portal_copy_with_another_headline_is_a_duplicate(make_subject: MakeSubject) -> None:
    release = make_subject(1)
    copy = make_subject(
        2,
        title="Schubverbaende fahren wieder",
        body="Pressemeldung eines Amtes. " + release.body,
        outlet="portal",
        kind=OutletKind.PORTAL,
        hours=5,
    )
    assert compare(release, copy, policy=POLICY).verdict is Verdict.DUPLICATE


def test_a_teaser_of_the_opening_is_a_duplicate(make_subject: MakeSubject) -> None:
    release = make_subject(1)
    teaser = make_subject(2, body=" ".join(release.body.split()[:22]), outlet="paper", hours=3)
    assert compare(release, teaser, policy=POLICY).verdict is Verdict.DUPLICATE


def test_the_same_template_of_another_week_is_another_release(make_subject: MakeSubject) -> None:
    text = (
        "Auch in der kommenden Woche kontrolliert das Ordnungsamt Niederau die "
        "Geschwindigkeit. Gemessen wird am {a} in der {b}, am {c} in der {d} und auf der "
        "{e}. Die Messungen werden fortgesetzt."
    )
    march = text.format(
        a="9. Maerz 2026", b="Lindenallee", c="10. Maerz 2026", d="Hafenstrasse", e="B 12"
    )
    april = text.format(
        a="6. April 2026", b="Torgasse", c="7. April 2026", d="Ringstrasse", e="B 71"
    )
    title = "Stadtgebiet Niederau: Geschwindigkeitsmessungen"
    a = make_subject(1, title=title, body=march, hours=None)
    b = make_subject(2, title=title, body=april, hours=None)
    result = compare(a, b, policy=POLICY)
    assert (result.verdict, result.rule) == (Verdict.RELATED, "fact-conflict")
    assert result.vetoes


def test_a_stated_correction_is_a_revision(make_subject: MakeSubject) -> None:
    release = make_subject(1)
    corrected = make_subject(
        2,
        title="Berichtigung: " + release.title,
        body=release.body.replace("48 Millionen", "84 Millionen"),
        notices=(EntryNotice(kind=NoticeKind.CORRECTION, cue="Berichtigung"),),
        hours=4,
    )
    result = compare(release, corrected, policy=POLICY)
    assert result.verdict is Verdict.REVISION
    assert result.rule == "correction"


@pytest.mark.parametrize(
    ("changed", "outlet", "rule"),
    [
        ({}, "wasserbau", "correction"),
        ({"48 Millionen": "84 Millionen"}, "wasserbau", "figure-conflict"),
        ({}, "paper", "number-conflict"),
    ],
    ids=[
        "a correction may have a number of its own",
        "but then no fact may differ",
        "and one outlet says both",
    ],
)
def test_a_stated_correction_under_another_number(
    make_subject: MakeSubject, changed: dict[str, str], outlet: str, rule: str
) -> None:
    title = "POL-NA: 260302 - {} Neue Schleuse bei Niederau in Betrieb genommen"
    release = make_subject(1, title=title.format("0012"))
    apology = "Wir bitten das Versehen bei der Abschrift zu entschuldigen und danken allen"
    body = f"{release.body} {apology} aufmerksamen Lesern."
    for old, new in changed.items():
        body = body.replace(old, new)
    again = make_subject(
        2,
        title="Korrektur: " + title.format("0017"),
        body=body,
        notices=(EntryNotice(kind=NoticeKind.CORRECTION, cue="Korrektur"),),
        outlet=outlet,
        hours=1,
    )
    result = compare(release, again, policy=POLICY)
    assert result.evidence["other_number"]
    assert 0.8 < result.evidence["containment_long"] < 0.85  # type: ignore[operator]
    assert result.rule == rule


def test_one_changed_figure_in_an_equal_text_is_a_silent_correction(
    make_subject: MakeSubject,
) -> None:
    release = make_subject(1)
    changed = make_subject(2, body=release.body.replace("48 Millionen", "84 Millionen"), hours=4)
    result = compare(release, changed, policy=POLICY)
    assert result.verdict is Verdict.REVISION
    assert result.rule == "silent-correction"


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ("Bericht Teil 1", "Bericht Teil 2"),
        ("Werkzeug 3.5.0 veroeffentlicht", "Werkzeug 3.5.1 veroeffentlicht"),
        ("Unwetter in Hessen erwartet", "Unwetter im Saarland erwartet"),
    ],
    ids=[
        "parts of a series are two entries",
        "two versions are two entries",
        "two places are two entries",
    ],
)
def test_a_replaced_slot_in_a_title_keeps_short_entries_apart(
    make_subject: MakeSubject, mine: str, other: str
) -> None:
    a = make_subject(1, title=mine, body="")
    b = make_subject(2, title=other, body="", hours=1)
    result = compare(a, b, policy=POLICY)
    assert result.verdict not in MERGES


def test_a_replaced_version_in_a_headline_is_named(make_subject: MakeSubject) -> None:
    a = make_subject(1, title="Werkzeug 3.5.0 veroeffentlicht", body="")
    b = make_subject(2, title="Werkzeug 3.5.1 veroeffentlicht", body="", hours=1)
    result = compare(a, b, policy=POLICY)
    assert (result.verdict, result.rule) == (Verdict.RELATED, "headline-slot")
    assert result.vetoes


def test_an_equal_headline_hours_apart_is_the_same_agency_copy(make_subject: MakeSubject) -> None:
    a = make_subject(1, title="Wetter: Erster Frost am Oberlauf gemeldet", body="", outlet="eins")
    b = make_subject(2, title="Erster Frost am Oberlauf gemeldet", body="", outlet="zwei", hours=2)
    assert compare(a, b, policy=POLICY).verdict is Verdict.DUPLICATE


def test_one_headline_over_two_own_teasers_is_no_duplicate(make_subject: MakeSubject) -> None:
    title = "Erster Frost am Oberlauf gemeldet"
    a = make_subject(
        1,
        title=title,
        outlet="eins",
        body="Gaertner decken ihre Beete ab, denn in der Nacht sank das Thermometer unter null.",
    )
    b = make_subject(
        2,
        title=title,
        outlet="zwei",
        body="Warum der Winter in diesem Jahr frueher kommt und was das fuer Bauern bedeutet.",
    )
    assert compare(a, b, policy=POLICY).verdict not in MERGES


def test_an_explanation_names_rule_and_evidence(make_subject: MakeSubject) -> None:
    a, b = make_subject(1), make_subject(2, outlet="portal", hours=2)
    words = explain(a, b, compare(a, b, policy=POLICY))
    assert "same release" in words
    assert "2 hours apart" in words
    assert "100 %" in words
