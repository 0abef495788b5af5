"""Each rule of the table meets the case it is there for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aggregator.match import Statistics, compare, explain
from aggregator.match.rules import RULES, Rule, is_veto
from aggregator.model.entries import EntryNotice, NoticeKind
from aggregator.model.matching import Comparison, Subject, Verdict
from aggregator.model.policy import MatchPolicy

MakeSubject = Callable[..., Subject]

POLICY = MatchPolicy()
NEWS = (
    "Das Wehr bei Niederau haelt das Wasser zurueck, bis die Turbine im Fruehjahr neue Lager "
    "bekommt. Taucher haben am Sockel Risse gefunden, die mit Harz verpresst werden. Die Wanderer "
    "gehen so lange ueber den Steg am Muehlhof, den das Technische Hilfswerk gebaut hat."
)


def judged(a: Subject, b: Subject, **statistics: Statistics) -> Comparison:
    return compare(a, b, policy=POLICY, statistics=statistics)


def test_a_withdrawal_that_quotes_only_the_headline_finds_its_release(
    make_subject: MakeSubject,
) -> None:
    release = make_subject(1)
    notice = make_subject(
        2,
        title="Bitte nicht verwenden",
        body=f'Wir ziehen die Meldung "{release.title}" zurueck und bitten um Entschuldigung.',
        notices=(
            EntryNotice(
                kind=NoticeKind.WITHDRAWAL, cue="nicht verwenden", quoted_title=release.title
            ),
        ),
        hours=6,
    )
    assert set(release.signature.keys) & set(notice.signature.keys)
    result = judged(release, notice)
    assert (result.verdict, result.rule) == (Verdict.REVISION, "withdrawal")


def test_an_addendum_with_the_old_headline_is_another_release(make_subject: MakeSubject) -> None:
    release = make_subject(1)
    more = make_subject(2, title=f"Nachtrag zu: {release.title}", body=NEWS, hours=20)
    assert judged(release, more).rule == "addendum"


def test_two_copies_of_one_addendum_are_one(make_subject: MakeSubject) -> None:
    title = "Nachtrag zu: Neue Schleuse bei Niederau in Betrieb genommen"
    a = make_subject(1, title=title, body=NEWS)
    b = make_subject(2, title=title, body=NEWS, outlet="portal", hours=2)
    assert judged(a, b).verdict is Verdict.DUPLICATE


def test_a_release_inside_a_digest_is_part_of_it(make_subject: MakeSubject) -> None:
    release = make_subject(1)
    digest = make_subject(
        2,
        title="Zusammenfassung: Meldungen des Tages",
        body=f"{NEWS}\n\n{release.body}\n\n{' '.join(reversed(NEWS.split()))}",
        outlet="portal",
        hours=3,
    )
    assert set(release.signature.bands) & set(digest.signature.bands)
    assert judged(release, digest).verdict is Verdict.PART_OF


def test_other_release_numbers_keep_alike_texts_apart(make_subject: MakeSubject) -> None:
    a = make_subject(1, title="POL-NI: 260310 - 0101 Niederau: Kontrolle am Wehr")
    words = a.body.split()
    b = make_subject(
        2,
        title="POL-NI: 260310 - 0102 Niederau: Kontrolle am Wehr",
        body=" ".join(words[:40] + NEWS.split()[:20]),
        hours=1,
    )
    assert judged(a, b).rule == "number-conflict"


def test_a_shared_release_number_has_no_window(make_subject: MakeSubject) -> None:
    title = "POL-NI: 260310 - 0101 Niederau: Kontrolle am Wehr"
    a = make_subject(1, title=title)
    b = make_subject(2, title=title, outlet="portal", hours=24 * 30)
    assert judged(a, b).verdict is Verdict.DUPLICATE


def test_the_same_text_long_after_is_another_release(make_subject: MakeSubject) -> None:
    a, b = make_subject(1), make_subject(2, outlet="portal", hours=24 * 10)
    result = judged(a, b)
    assert result.rule == "outside-window"
    assert is_veto(result.rule)


def test_two_changed_figures_are_no_silent_correction(make_subject: MakeSubject) -> None:
    a = make_subject(1)
    other = a.body.replace("48 Millionen", "52 Millionen").replace("17 Millionen", "23 Millionen")
    result = judged(a, make_subject(2, body=other, outlet="portal", hours=2))
    assert (result.verdict, result.rule) == (Verdict.RELATED, "figure-conflict")
    assert len(result.vetoes) == 2


def test_another_feed_with_the_same_page_and_a_changed_figure_revises(
    make_subject: MakeSubject,
) -> None:
    link = "https://amt.example/presse/neue-schleuse"
    a = make_subject(1, link=link)
    b = make_subject(
        2, body=a.body.replace("48 Mill", "52 Mill"), link=link, outlet="land", hours=200
    )
    assert judged(a, b).rule == "same-link-changed"


def test_an_old_headline_over_another_text_is_nothing(make_subject: MakeSubject) -> None:
    a, b = make_subject(1), make_subject(2, body=NEWS, hours=24 * 60)
    assert (judged(a, b).verdict, judged(a, b).rule) == (Verdict.DISTINCT, "long-ago")


def test_one_stock_teaser_under_two_headlines_is_a_series(make_subject: MakeSubject) -> None:
    teaser = "Der Wetterdienst warnt vor Sturm und Hagel und raet, Haus und Garten zu sichern."
    a = make_subject(1, title="Schwere Unwetter in Nordland erwartet", body=teaser)
    b = make_subject(2, title="Schwere Unwetter im Suederland erwartet", body=teaser, hours=5)
    assert judged(a, b).verdict is Verdict.RELATED


def test_one_outlet_may_send_again_after_days(make_subject: MakeSubject) -> None:
    assert judged(make_subject(1), make_subject(2, hours=24 * 5)).verdict is Verdict.DUPLICATE


def test_an_announcement_and_its_report_are_two_releases(make_subject: MakeSubject) -> None:
    place = "in der Halle am Hafen von Niederau mit Musik, Kuchen und einer Probefahrt fuer Kinder"
    before = make_subject(1, body=f"Der Verein wird am Samstag sein Fest feiern, {place}. {NEWS}")
    after = make_subject(
        2,
        body=f"Der Verein fuehrte am Samstag sein Fest durch, {place}. Es kamen mehr als gedacht "
        "und der Vorstand dankte allen, die gebacken, gespielt und gefahren sind.",
        hours=30,
        outlet="portal",
    )
    assert judged(before, after).verdict is Verdict.RELATED


def test_one_bulletin_page_carries_many_reports(make_subject: MakeSubject) -> None:
    link = "https://polizei.example/berichte/104711"
    template = (
        "Die Streife hielt in {place} einen Wagen an, dessen Fahrer unter Drogen stand. Die "
        "Beamten liessen Blut abnehmen und untersagten die Weiterfahrt. Er war {how}."
    )
    a = make_subject(
        1,
        title="Fahrt unter Drogen beendet",
        body=template.format(place="der Lindenallee", how="ohne Schein unterwegs"),
        link=link,
    )
    b = make_subject(
        2,
        title="Fahrt unter Drogen gestoppt",
        body=template.format(place="Oberwald am Markt", how="schon bekannt"),
        link=link,
        hours=0.5,
    )
    assert judged(a, b).verdict is Verdict.RELATED


def test_a_retitled_page_keeps_its_article_id(make_subject: MakeSubject) -> None:
    a = make_subject(
        1,
        title="Frost am Oberlauf: Obstbauern bangen um die Bluete",
        body="",
        link="https://www.blatt.example/land/frost-am-oberlauf-41735146.html",
    )
    b = replace(
        make_subject(
            2,
            title="Frost am Oberlauf: Bauern bangen um Bluete",
            body="",
            link="https://m.blatt.example/land/bauern-bangen-41735146.html",
            hours=3,
        ),
        feed_id="blatt-mobil",
    )
    assert judged(a, b).rule == "same-link"


def test_months_of_a_template_on_a_first_poll_stay_apart(make_subject: MakeSubject) -> None:
    text = (
        "In der kommenden Woche wird wieder gemessen. Das Ordnungsamt bittet alle, langsam zu "
        "fahren, und dankt den Anwohnern fuer ihre Geduld. Ab {day} steht der Wagen {where}."
    )
    days = [("2. Maerz 2026", "am Markt"), ("9. Maerz 2026", "am Tor"), ("16. Maerz 2026", "hier")]
    weeks = [
        make_subject(at, title="Messungen der Woche", body=text.format(day=d, where=w), hours=None)
        for at, (d, w) in enumerate(days)
    ]
    verdicts = {judged(a, b).verdict for a in weeks for b in weeks if a.entry_id < b.entry_id}
    assert verdicts == {Verdict.RELATED}


def test_what_all_releases_of_an_outlet_share_is_no_evidence(make_subject: MakeSubject) -> None:
    frame = " ".join(NEWS.split()[:30])
    own = ["Erlen wachsen am Ufer nach", "Kinder malen den Zaun bunt an"]
    a, b = (
        make_subject(at, title=f"{text}", body=f"{text}. {frame}", hours=at, outlet=outlet)
        for at, (text, outlet) in enumerate(zip(own, ("office", "portal"), strict=True))
    )
    known = Statistics.of([frame])
    assert judged(a, b).verdict is Verdict.DUPLICATE
    for outlet in ("office", "portal"):
        result = judged(a, b, **{outlet: known})
        assert (result.verdict, result.rule) == (Verdict.RELATED, "template")
        assert result.evidence["recurring"] == pytest.approx(0.84, abs=0.05)
    assert "sentences that recur in the outlet's releases" in explain(a, b, result)


def test_a_copy_stays_a_copy_whatever_recurs_in_it(make_subject: MakeSubject) -> None:
    frame = " ".join(NEWS.split()[:30])
    own = "Erlen wachsen am Ufer nach, und Kinder malen dort den Zaun mit Farbe aus Beeren an."
    release = make_subject(1, body=f"{own} {frame}")
    portal = make_subject(
        2, title="Am Ufer wachsen Erlen", body=f"{own} {frame} Mehr dazu hier.", outlet="portal"
    )
    teaser = make_subject(3, body=frame, outlet="paper", hours=2)
    for copy in (portal, teaser):
        result = judged(release, copy, wasserbau=Statistics.of([frame]))
        assert result.verdict is Verdict.DUPLICATE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name} says why")
def test_every_rule_has_a_sentence_for_people(rule: Rule) -> None:
    assert rule.sentence.endswith(".")


def test_rule_names_are_unique() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))


def test_a_passage_behind_two_openings_is_no_copy(make_subject: MakeSubject) -> None:
    quote = " ".join(NEWS.split()[14:])
    own = (
        (
            "Der Muehlenverein Otterdiek zieht Bilanz, nachdem die Sanierung der alten Saege fuer "
            "dieses Jahr zu Ende ging und die letzten Balken unter Dach und Fach sind."
        ),
        (
            "Wer am Wochenende am Fluss entlanglaufen will, braucht neue Wege, denn von den "
            "beiden Bruecken ist wegen eines Gutachtens nur noch die kleinere geoeffnet."
        ),
    )
    a, b = (
        make_subject(at, title=text[:30], body=f"{text} {quote}", outlet=outlet)
        for at, (text, outlet) in enumerate(zip(own, ("office", "portal"), strict=True))
    )
    result = judged(a, b)
    assert (result.verdict, result.rule) == (Verdict.RELATED, "other-openings")
