from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.match import assign, choose_canonical, compare
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Action, Assignment, Pin, PinKind, Subject
from aggregator.model.policy import MatchPolicy

MakeSubject = Callable[..., Subject]

POLICY = MatchPolicy()


def decide(entry: Subject, stored: list[Subject], *, pins: tuple[Pin, ...] = ()) -> Assignment:
    canonicals: dict[str, Subject] = {}
    for subject in stored:
        canonicals.setdefault(str(subject.story_id), subject)
    return assign(
        entry,
        [(subject, compare(entry, subject, policy=POLICY)) for subject in stored],
        canonicals=canonicals,
        pins=pins,
        policy=POLICY,
    )


def pin(kind: PinKind, a: int, b: int) -> Pin:
    return Pin(
        kind=kind,
        entry_a=a,
        entry_b=b,
        reason="seen by eye",
        pinned_by="editor",
        pinned_at=datetime(2026, 3, 10, tzinfo=UTC),
    )


def test_an_entry_like_no_other_opens_a_story(make_subject: MakeSubject) -> None:
    other = make_subject(
        1, title="Kreis spart", body="Der Kreis spart im Haushalt. " * 9, story="s"
    )
    result = decide(make_subject(2), [other])
    assert result.action is Action.OPENED
    assert result.story_id is None


def test_a_copy_joins_the_story_of_its_release(make_subject: MakeSubject) -> None:
    result = decide(make_subject(2, outlet="portal", hours=1), [make_subject(1, story="s")])
    assert result.action is Action.JOINED
    assert result.story_id == "s"
    assert not result.changes_facts


def test_a_copy_of_a_correction_joins_and_does_not_revise_again(make_subject: MakeSubject) -> None:
    release = make_subject(1, story="s")
    body = release.body.replace("48 Millionen", "84 Millionen")
    corrected = make_subject(2, body=body, hours=2, story="s")
    result = decide(make_subject(3, body=body, outlet="portal", hours=3), [release, corrected])
    assert result.action is Action.JOINED
    assert result.matched_entry_id == 2


def test_a_full_text_unites_the_stories_of_its_opening_and_its_end(
    make_subject: MakeSubject,
) -> None:
    full = make_subject(3, hours=2)
    words = full.body.split()
    opening = make_subject(1, body=" ".join(words[:25]), outlet="eins", story="old")
    ending = make_subject(
        2, title="Umbau des Wehrs", body=" ".join(words[35:]), outlet="zwei", story="young"
    )
    result = decide(full, [ending, opening][::-1])
    assert result.story_id == "old"
    assert result.absorb == ("young",)


def test_an_entry_that_contradicts_the_canonical_entry_stays_out(
    make_subject: MakeSubject,
) -> None:
    release = make_subject(1, title="Halbzeit, Teil 1", story="s")
    teaser = make_subject(
        2, title="Schleuse", body=" ".join(release.body.split()[:25]), outlet="eins", story="s"
    )
    part_two = make_subject(3, title="Halbzeit, Teil 2", hours=1)
    result = decide(part_two, [release, teaser])
    assert result.action is Action.OPENED
    assert result.relations


@pytest.mark.parametrize(
    ("kind", "action"),
    [(PinKind.SAME, Action.JOINED), (PinKind.DIFFERENT, Action.OPENED)],
    ids=["a pin joins what nothing else would", "a pin keeps out what everything else joins"],
)
def test_a_pin_decides_against_every_verdict(
    make_subject: MakeSubject, kind: PinKind, action: Action
) -> None:
    body = "Ein ganz anderer Text ueber den Kreistag." if kind is PinKind.SAME else None
    stored = make_subject(1, story="s", **({"body": body, "title": "Kreistag"} if body else {}))
    result = decide(make_subject(2, hours=1), [stored], pins=(pin(kind, 1, 2),))
    assert result.action is action


def test_the_issuers_own_outlet_stands_for_the_story(make_subject: MakeSubject) -> None:
    own = make_subject(
        5, kind=OutletKind.MINISTRY, own_issuer="LFW", issuer="LFW", hours=9, outlet="lfw"
    )
    portal = make_subject(4, kind=OutletKind.PORTAL, issuer="LFW", outlet="portal")
    assert choose_canonical([portal, own]) == 5


def test_the_fullest_text_stands_before_the_earliest(make_subject: MakeSubject) -> None:
    full = make_subject(2, kind=OutletKind.MEDIA, hours=3)
    teaser = make_subject(1, kind=OutletKind.MEDIA, body=" ".join(full.body.split()[:20]))
    assert choose_canonical([teaser, full]) == 2


def test_back_dating_gains_nothing(make_subject: MakeSubject) -> None:
    honest = make_subject(1, kind=OutletKind.MEDIA, hours=0)
    liar = replace(
        make_subject(2, kind=OutletKind.MEDIA, hours=5),
        effective_at=honest.effective_at - timedelta(days=30),
    )
    assert choose_canonical([liar, honest]) == 1


def test_a_persons_choice_stands(make_subject: MakeSubject) -> None:
    assert choose_canonical([make_subject(1), make_subject(2, hours=4)], pinned=2) == 2


def test_a_story_without_entries_has_no_canonical_entry() -> None:
    with pytest.raises(ValueError, match="without entries"):
        choose_canonical([])
