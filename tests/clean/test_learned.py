from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.clean import (
    NOTHING_LEARNED,
    BlockStatistics,
    CleanContext,
    LearnedBlocks,
    LearnPolicy,
    add_sighting,
    block_hashes,
    clean,
    document_frequency,
    explain,
    learn,
    observe,
    united,
)
from aggregator.model.entries import SpanKind

NOW = datetime(2024, 3, 11, tzinfo=UTC)
STANDING = "Wer Brücken liebt, findet bei uns im Haus am Markt immer ein offenes Ohr."
PLACES = ("Norden", "Süden", "Osten", "Westen", "Zentrum", "Hafen", "Wald", "Tal")


def release(place: str, standing: str = STANDING) -> str:
    return (
        f"Die Brücke im {place} der Stadt ist seit heute wieder für alle frei.\n\n"
        f"Im {place} haben die Arbeiten nach Angaben der Stadt zwei Jahre gedauert.\n\n"
        f"Nun rollen die Autos im {place} wieder über den Fluss, freut sich der Rat.\n\n{standing}"
    )


def counted(texts: list[str]) -> dict[int, BlockStatistics]:
    """Statistics as the store would keep them, one release a text."""
    rows: dict[int, BlockStatistics] = {}
    for text in texts:
        for sighting in observe(text):
            rows[sighting.block] = add_sighting(rows.get(sighting.block), sighting, now=NOW)
    return rows


def learned(
    texts: list[str], *, now: datetime = NOW, policy: LearnPolicy | None = None
) -> LearnedBlocks:
    rows = counted(texts).values()
    return learn(rows, releases=len(texts), policy=policy or LearnPolicy(), now=now)


def test_standing_sentence_of_different_releases_is_cut_and_named() -> None:
    active = learned([release(place) for place in PLACES])
    text = release("Park")
    context = CleanContext(learned=active)
    (span,) = clean(text, context=context).spans
    assert text[span.start : span.end] == STANDING
    assert span.kind is SpanKind.LEARNED
    assert span.rule.startswith("learned.")
    assert clean(text, context=context).version.endswith(active.version)
    assert "repeats this sentence" in explain(text, context=context)[0].reason


def test_near_duplicate_of_a_standing_sentence_is_cut_too() -> None:
    active = learned([release(place) for place in PLACES])
    other = STANDING.replace("immer", "stets")
    assert clean(release("Park", other), context=CleanContext(learned=active)).spans


@pytest.mark.parametrize(
    "standing",
    [
        pytest.param(
            "„Wir lieben alle Brücken dieser Stadt“, sagte Erika Muster dazu.", id="a quote"
        ),
        pytest.param("Zeugen melden sich bitte bei der Polizei am Markt.", id="an appeal"),
    ],
)
def test_what_must_stay_is_never_learned(standing: str) -> None:
    active = learned([release(place, standing) for place in PLACES])
    assert active == NOTHING_LEARNED


def test_recurring_lede_is_never_learned() -> None:
    same = "Die Stadt misst auch in der kommenden Woche wieder an vielen Stellen."
    active = learned([f"{same}\n\n{release(place)}" for place in PLACES])
    assert clean(f"{same}\n\n{STANDING}", context=CleanContext(learned=active)).spans == ()


def test_sentence_that_carries_changing_figures_is_a_template() -> None:
    texts = [
        release(p, f"Die Arbeiten haben {n} Millionen Euro gekostet, so der Rat.")
        for n, p in enumerate(PLACES)
    ]
    assert learned(texts) == NOTHING_LEARNED


def test_learned_sentence_with_new_figures_stays() -> None:
    fixed = "Seit 1903 verbindet die Brücke beide Ufer der schönen Stadt am Fluss."
    active = learned([release(place, fixed) for place in PLACES])
    context = CleanContext(learned=active)
    assert clean(release("Park", fixed), context=context).spans
    assert clean(release("Park", fixed.replace("1903", "1904")), context=context).spans == ()


def test_text_that_is_mostly_template_loses_nothing() -> None:
    active = learned([release(place) for place in PLACES])
    text = f"Die Brücke im Park ist frei und schön.\n\n{STANDING}"
    assert clean(text, context=CleanContext(learned=active)).spans == ()


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ([release(p) for p in PLACES[:4]], "too few releases"),
        ([release(p) for p in PLACES[:5]] + [release(str(n), "") for n in range(40)], "too rare"),
        (
            [f"Lede der Brücke im {p} ist das.\n\n{STANDING}\n\n{release(p, '')}" for p in PLACES],
            "too high up",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_thresholds_hold(texts: list[str], why: str) -> None:
    assert learned(texts) == NOTHING_LEARNED, why


def test_block_decays() -> None:
    texts = [release(place) for place in PLACES]
    assert learned(texts, now=NOW + timedelta(days=179)).blocks
    assert learned(texts, now=NOW + timedelta(days=181)) == NOTHING_LEARNED


@pytest.mark.parametrize(("verdict", "active"), [(True, 1), (False, 0)])
def test_a_persons_word_goes_before_the_counts(verdict: bool, active: int) -> None:  # noqa: FBT001 - a parameter
    count = 1 if verdict else 8
    rows = counted([release(place) for place in PLACES[:count]])
    (row,) = (row for row in rows.values() if row.sample == STANDING)
    decided = BlockStatistics(
        **{name: getattr(row, name) for name in row.__dataclass_fields__ if name != "approved"},
        approved=verdict,
    )
    found = learn([decided], releases=count, policy=LearnPolicy(), now=NOW + timedelta(days=999))
    assert len(found.blocks) == active


def test_set_is_bounded_and_versioned() -> None:
    texts = [release(p, f"{STANDING}\n\n{STANDING.replace('Haus', 'Büro')}") for p in PLACES]
    both = learned(texts)
    one = learned(texts, policy=LearnPolicy(max_blocks=1))
    assert (len(both.blocks), len(one.blocks)) == (2, 1)
    assert both.version != one.version != NOTHING_LEARNED.version
    assert united(one, both) == both
    assert pickle.loads(pickle.dumps(both)) == both


def test_matching_reads_the_same_statistics() -> None:
    rows = counted([release(place) for place in PLACES])
    frequency = document_frequency(rows.values())
    shared = {block for block in block_hashes(release("Park")) if frequency.get(block, 0) > 1}
    assert len(shared) == 1


def test_repeated_sentence_of_one_release_counts_once() -> None:
    sightings = observe(f"{release('Park')}\n\n{STANDING}")
    assert len({s.block for s in sightings}) == len(sightings)
