"""Digests known by how they are built, before a release of theirs has come."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match import compare, sign
from aggregator.match.assignment import assign
from aggregator.match.codec import decode
from aggregator.match.digests import NO_PARTS, Parts, find_parts, pack, unpack
from aggregator.match.offline import MemoryIndex, OfflineRecord, deduplicate
from aggregator.model.matching import Subject, Verdict
from aggregator.model.policy import MatchPolicy
from aggregator.text import tokens
from tests.match.conftest import BODY, NOON

MakeSubject = Callable[..., Subject]
POLICY = MatchPolicy()
BEES = (
    "Nach einem milden Winter haben die Imker am Oberlauf ihre Voelker gezaehlt und mehr davon "
    "gefunden als je zuvor. Der Vorsitzende Olrich fuehrt das auf spaete Weiden zurueck, die noch "
    "im November bluehten, und warnt vor Hunger im Maerz, wenn die Kaesten leer sind und draussen "
    "nichts waechst."
)
ORGAN = (
    "Mit einem Konzert ohne Noten hat die Gemeinde Hennerode ihre Orgel wieder in Dienst "
    "gestellt. Der Orgelbauer Tiemann nahm jede Pfeife aus dem Gehaeuse, wusch sie im Bach und "
    "stimmte sie nach dem Ruf eines Kuckucks, den die Kinder aufgenommen hatten, bevor der Sommer "
    "zu Ende ging."
)
SINGLES = {
    "Imker zaehlen ihre Voelker": BEES,
    "Orgel in Hennerode klingt wieder": ORGAN,
    "Neue Schleuse bei Niederau in Betrieb genommen": BODY,
}
NUMBERED = " ".join(
    f"260310 - {number} {title}. {body}"
    for number, (title, body) in enumerate(SINGLES.items(), 411)
)
HEADED = "\n\n".join(f"{title}\n\n{body}" for title, body in SINGLES.items())
PLAIN = "\n\n".join(SINGLES.values())
DIGESTS = {
    "numbered by a press office": ("Aus dem Kreis Niederau", NUMBERED),
    "each under its headline": ("Am Dienstag berichtenswert", HEADED),
    "named by its headline": ("Tagesueberblick Niederau vom 10. Maerz 2026", PLAIN),
}


def record(name: str, title: str, body: str) -> OfflineRecord:
    return OfflineRecord(id=name, title=title, body=body, outlet=name, published=NOON)


@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_digest_is_merged_with_none_of_its_releases_in_any_order(
    digest: tuple[str, str], order: tuple[int, ...]
) -> None:
    texts = [*SINGLES.items(), digest]
    records = [record(str(n), *texts[n]) for n in order]
    rows = deduplicate(records, index=MemoryIndex(), policy=POLICY)
    assert len({row.story for row in rows}) == 4


def test_releases_that_come_after_their_digest_are_related_to_it() -> None:
    texts = [DIGESTS["each under its headline"], *SINGLES.items()]
    records = [record(str(n), *text) for n, text in enumerate(texts)]
    rows = list(deduplicate(records, index=MemoryIndex(), policy=POLICY))
    assert [(row.verdict, row.matched) for row in rows[1:]] == [(Verdict.PART_OF, "0")] * 3


@pytest.mark.parametrize("digest", DIGESTS.values(), ids=DIGESTS)
def test_its_first_release_is_a_part_of_it(
    digest: tuple[str, str], make_subject: MakeSubject
) -> None:
    whole = make_subject(1, title=digest[0], body=digest[1], outlet="portal")
    first = make_subject(2, title="Imker zaehlen ihre Voelker", body=BEES, outlet="imker", hours=1)
    for one, other in ((whole, first), (first, whole)):
        comparison = compare(one, other, policy=POLICY)
        assert (comparison.verdict, comparison.rule) == (Verdict.PART_OF, "part-of")


@pytest.mark.parametrize(
    ("title", "body", "starts"),
    [
        (
            "Aus dem Kreis",
            f"260310 - 1 Bienen. {BEES} 260310 - 2 Orgel. {ORGAN}",
            [f"260310 - 1 Bienen. {BEES}"],
        ),
        ("Tagesrueckblick", PLAIN, [BEES, f"{BEES} {ORGAN}"]),
        (
            "Am Dienstag",
            HEADED,
            [
                f"Imker zaehlen ihre Voelker {BEES}",
                f"Imker zaehlen ihre Voelker {BEES} Orgel in Hennerode klingt wieder {ORGAN}",
            ],
        ),
    ],
    ids=["a number before each", "its headline says so", "a headline above each"],
)
def test_parts_begin_where_the_text_before_them_ends(
    title: str, body: str, starts: list[str]
) -> None:
    assert find_parts(title, body).starts == (0, *(len(tokens(ahead)) for ahead in starts))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Schleuse in Betrieb", f"{BODY}\n\nZum Bau\n\n{BEES}\n\nZum Wehr\n\n{ORGAN}"),
        ("Schleuse in Betrieb", f"Amt: Gewinn fuer alle\n\n{BODY}\n\nZum Wehr\n\n{ORGAN}"),
        (
            "Schleuse in Betrieb",
            f"Wie unter 260310 - 411 berichtet: {BEES} Und 260310 - 412 dazu: {BODY}",
        ),
        ("Land legt Ueberblick zum Bau aller Schleusen am Fluss vor", PLAIN),
        ("Tagesueberblick", f"{BEES}\n\n{ORGAN}"),
        ("Tagesueberblick", ""),
        ("", "\n\n\n\n"),
    ],
    ids=[
        "sub-headlines behind a lede",
        "a sub-headline above and one below",
        "numbers of others in a sentence",
        "a headline that tells what happened",
        "two paragraphs under a digest's headline",
        "nothing",
        "empty paragraphs",
    ],
)
def test_these_are_no_digests(title: str, body: str) -> None:
    assert find_parts(title, body) == NO_PARTS


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Mehr Voelker als je zuvor", " ".join((BEES + " " + ORGAN).split()[:70])),
        ("Tagesueberblick Niederau vom 10. Maerz 2026", BEES),
        ("Ein Tagesueberblick fuer Niederau vom 10. Maerz 2026", BEES),
    ],
    ids=["ending amid a part", "under the same headline", "under a like headline"],
)
def test_a_cut_of_a_text_built_like_a_digest_stays_its_copy(
    title: str, body: str, make_subject: MakeSubject
) -> None:
    whole = make_subject(1, title=DIGESTS["named by its headline"][0], body=PLAIN, outlet="portal")
    cut = make_subject(2, title=title, body=body, outlet="paper", hours=1)
    assert compare(whole, cut, policy=POLICY).verdict is Verdict.DUPLICATE


def test_a_section_under_another_headline_than_the_release_s_stays_a_copy(
    make_subject: MakeSubject,
) -> None:
    whole = make_subject(1, title="Was am Oberlauf geschah", body=HEADED, outlet="portal")
    cut = make_subject(2, title="Weiden bluehen spaet", body=BEES, outlet="paper", hours=1)
    assert compare(whole, cut, policy=POLICY).verdict is Verdict.DUPLICATE


def test_a_release_with_more_news_appended_stays_its_copy(make_subject: MakeSubject) -> None:
    title = "Imker zaehlen ihre Voelker"
    release = make_subject(1, title=title, body=BEES, outlet="imker")
    portal = make_subject(2, title=title, body=HEADED, outlet="portal", hours=1)
    assert compare(release, portal, policy=POLICY).verdict is Verdict.DUPLICATE


def test_a_copy_of_a_digest_joins_the_digest(make_subject: MakeSubject) -> None:
    title, body = DIGESTS["named by its headline"]
    stored = [
        make_subject(n, title=single, body=text, story=f"s{n}", outlet=f"office-{n}")
        for n, (single, text) in enumerate(SINGLES.items())
    ]
    stored.append(make_subject(8, title=title, body=body, story="digest", outlet="portal"))
    copy = make_subject(9, title=title, body=f"{body}\n\nAlles Weitere.", outlet="paper", hours=1)
    assignment = assign(
        copy,
        [(each, compare(copy, each, policy=POLICY)) for each in stored],
        canonicals={str(each.story_id): each for each in stored},
        policy=POLICY,
    )
    assert assignment.story_id == "digest"
    assert {entry for entry, _ in assignment.relations} == {0, 1, 2}
    assert {c.verdict for _, c in assignment.relations} == {Verdict.PART_OF}


def test_signatures_carry_parts_of_digests_only() -> None:
    def parts(title: str, body: str) -> Parts:
        signature = sign(
            title=title,
            body_for_matching=body,
            link=None,
            guid=None,
            published=NOON,
            language="de",
            outlet_id="office",
        )
        return decode(signature).parts

    title, body = DIGESTS["each under its headline"]
    assert parts(title, body) == find_parts(title, body) != NO_PARTS
    assert parts("Schleuse in Betrieb", f"{BODY} {BEES}") == NO_PARTS


@given(starts=st.lists(st.integers(0, 10_000)), headed=st.booleans())
def test_packed_parts_come_back(*, starts: list[int], headed: bool) -> None:
    parts = Parts(tuple(starts), tuple(start + 5 for start in starts) if headed else ())
    assert unpack(pack(parts)) == parts


@given(
    title=st.text(max_size=60),
    paragraphs=st.lists(st.text(max_size=300), max_size=12),
)
def test_parts_of_any_text_begin_inside_it_in_order(title: str, paragraphs: list[str]) -> None:
    body = "\n\n".join(paragraphs)
    starts = find_parts(title, body).starts
    assert list(starts) == sorted(starts)
    assert all(0 <= at <= len(tokens(body)) for at in starts)
