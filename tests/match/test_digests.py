"""Digests known by what they hold, not by their headline."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from aggregator.match import compare
from aggregator.match.assignment import assign
from aggregator.match.offline import MemoryIndex, OfflineRecord, deduplicate
from aggregator.model.matching import Action, Subject, Verdict
from aggregator.model.policy import MatchPolicy
from tests.match.conftest import BODY, NOON

MakeSubject = Callable[..., Subject]
POLICY = MatchPolicy()
SINGLES = {
    "Imker zaehlen ihre Voelker": (
        "Nach einem milden Winter haben die Imker am Oberlauf ihre Voelker gezaehlt und mehr "
        "davon gefunden als je zuvor. Der Vorsitzende Olrich fuehrt das auf spaete Weiden "
        "zurueck, die noch im November bluehten, und warnt vor Hunger im Maerz, wenn die Kaesten "
        "leer sind und draussen nichts waechst."
    ),
    "Orgel in Hennerode klingt wieder": (
        "Mit einem Konzert ohne Noten hat die Gemeinde Hennerode ihre Orgel wieder in Dienst "
        "gestellt. Der Orgelbauer Tiemann nahm jede Pfeife aus dem Gehaeuse, wusch sie im Bach "
        "und stimmte sie nach dem Ruf eines Kuckucks, den die Kinder aufgenommen hatten, bevor "
        "der Sommer zu Ende ging."
    ),
    "Neue Schleuse bei Niederau in Betrieb genommen": BODY,
}
DIGEST = "Am Donnerstag berichtenswert"


def singles(make_subject: MakeSubject) -> list[Subject]:
    return [
        make_subject(n, title=title, body=body, story=f"s{n}", outlet=f"office-{n}")
        for n, (title, body) in enumerate(SINGLES.items())
    ]


def test_an_entry_that_holds_two_releases_joins_neither(make_subject: MakeSubject) -> None:
    stored = singles(make_subject)
    digest = make_subject(9, title=DIGEST, body="\n\n".join(SINGLES.values()), outlet="portal")
    # One alone would be taken for its teaser: the digest begins with it.
    assert compare(digest, stored[0], policy=POLICY).verdict is Verdict.DUPLICATE
    assignment = assign(
        digest,
        [(each, compare(digest, each, policy=POLICY)) for each in stored],
        canonicals={str(each.story_id): each for each in stored},
        policy=POLICY,
    )
    assert (assignment.action, assignment.verdict) == (Action.OPENED, Verdict.PART_OF)
    assert {entry for entry, _ in assignment.relations} == {0, 1, 2}
    assert {c.verdict for _, c in assignment.relations} == {Verdict.PART_OF}


def test_two_cuts_of_one_release_are_no_parts(make_subject: MakeSubject) -> None:
    words = BODY.split()
    cuts = [
        make_subject(n, title=title, body=body, story=f"s{n}", outlet=f"paper-{n}", hours=1)
        for n, (title, body) in enumerate(
            (
                ("Schleuse geht in Betrieb", " ".join(words[:45])),
                ("Schleuse geht in den Betrieb", " ".join(words[20:])),
            )
        )
    ]
    whole = make_subject(9)
    assignment = assign(
        whole,
        [(each, compare(whole, each, policy=POLICY)) for each in cuts],
        canonicals={str(each.story_id): each for each in cuts},
        policy=POLICY,
    )
    assert assignment.story_id == "s0"


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_singles_and_then_their_digest_are_four_stories(order: tuple[int, ...]) -> None:
    items = list(SINGLES.items())
    records = [
        OfflineRecord(
            id=str(n), title=items[n][0], body=items[n][1], outlet=f"o{n}", published=NOON
        )
        for n in order
    ]
    text = "\n\n".join(items[n][1] for n in order)
    records.append(
        OfflineRecord(id="digest", title=DIGEST, body=text, outlet="portal", published=NOON)
    )
    rows = deduplicate(records, index=MemoryIndex(), policy=POLICY)
    assert len({row.story for row in rows}) == 4
