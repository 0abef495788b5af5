from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from aggregator.clean import RULES_VERSION, CleanContext, RuleError, clean
from aggregator.model.entries import SpanKind
from aggregator.model.feeds import BoilerplateRule

LEDE = "Die Brücke über den Fluss ist nach zwei Jahren Bauzeit seit heute wieder frei."
MORE = "Die Arbeiten haben nach Angaben der Stadt rund vier Millionen Euro gekostet."
BODY = f"{LEDE}\n\n{MORE}"
SEED = "seed_bmwi_on_portal"


def body(text: str, *, title: str = "", rules: tuple[BoilerplateRule, ...] = ()) -> list[str]:
    """The words that are kept; where a line was cut, an empty line may stand."""
    return clean(text, context=CleanContext(title=title, rules=rules)).body().split()


@pytest.mark.parametrize(
    "line",
    [
        "Zeugen werden gebeten, sich unter der Telefonnummer 0999 12345 zu melden.",
        "Sachdienliche Hinweise nimmt das Revier West unter 0999/939-4611 entgegen.",
        "Hinweise bitte an das Polizeirevier Mitte, Tel.: 0999 83397-0.",
        "Anyone with information is asked to call Detective Example at 555-123-4567.",
        "Die Hotline ist unter 0800 1234567 rund um die Uhr erreichbar.",
        "„Wir freuen uns sehr über die neue Brücke“, sagte Bürgermeisterin Muster.",
        "Hintergrund: Das Bauwerk stammt aus dem Jahr 1903 und war seit 2019 gesperrt.",
        "Die Stadt zählt 68.000 Menschen, davon pendeln 5.500 täglich über den Fluss.",
        "Über die Brücke fahren am Tag nach Angaben der Stadt rund 12.000 Autos.",
        "About 300 people came to the opening of the bridge on Saturday afternoon.",
    ],
)
@pytest.mark.parametrize("tail", ["", "\n\nPressekontakt:\nErika Muster\nTel. 0999 54321"])
def test_facts_stay_whatever_they_look_like(line: str, tail: str) -> None:
    assert body(f"{LEDE}\n\n{line}{tail}") == f"{LEDE} {line}".split()


@pytest.mark.parametrize(
    "headline",
    [
        pytest.param("Über Stock und Stein", id="a headline that begins with Ueber"),
        pytest.param("Kontakt zur Außenwelt bricht ab", id="a headline that begins with Kontakt"),
        pytest.param("Foto-Ausstellung eröffnet", id="a headline that begins with Foto"),
        pytest.param(
            "Zurück in die Zukunft mit dem Rad", id="a headline that begins with Zurueck"
        ),
        pytest.param("Share prices rise again", id="a headline that begins with Share"),
    ],
)
def test_sub_headlines_amid_the_text_stay(headline: str) -> None:
    assert body(f"{LEDE}\n\n{headline}\n\n{MORE}") == f"{LEDE} {headline} {MORE}".split()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param(f"Neue Brücke ist frei\n\n{BODY}", "Neue Brücke ist frei", id="as it is"),
        pytest.param(f"NEUE BRUECKE IST FREI\n\n{BODY}", "Neue Brücke ist frei", id="in capitals"),
        pytest.param(
            f"Neue Brücke\nist frei\n\n{BODY}", "Neue Brücke ist frei", id="on two lines"
        ),
        pytest.param(
            f"Neue Brücke ist seit heute wieder frei\n\n{BODY}", "Neue Brücke ist seit …", id="cut"
        ),
        pytest.param(
            f"Home\nNeue Brücke ist nun frei\nNeue Brücke ist nun frei\n\n{BODY}",
            "",
            id="said twice, though the entry has no title",
        ),
    ],
)
def test_title_at_the_top_goes(text: str, title: str) -> None:
    assert body(text, title=title) == BODY.split()


def test_title_that_is_the_whole_text_stays() -> None:
    assert body(LEDE, title=LEDE) == LEDE.split()


def test_sub_headline_below_the_title_stays() -> None:
    text = (
        f"Neue Brücke ist frei\nBürgermeisterin dankt den Arbeitern der Stadt\n12.03.2024\n{LEDE}"
    )
    wanted = f"Bürgermeisterin dankt den Arbeitern der Stadt\n{LEDE}"
    assert body(text, title="Neue Brücke ist frei") == wanted.split()


@pytest.mark.parametrize(
    ("above", "below"),
    [
        pytest.param("18.05.2024 – 12:41\nPolizeipräsidium Musterstadt", "", id="police header"),
        pytest.param("FOR IMMEDIATE RELEASE\nCase #: 22NF2421", "", id="American header"),
        pytest.param("Pressemitteilung Nr. 12/2024\nDatum: 3. März 2024", "", id="office header"),
        pytest.param("", "lr\nRückfragen bitte an:\nStadt\nTelefon: 0999 1234", id="initials"),
        pytest.param("", "###\nSome words that nobody knows here", id="words below the end mark"),
        pytest.param(
            "", "Erika Muster, Pressestelle\nTelefon: 0999 1234", id="unlabelled contact"
        ),
        pytest.param(
            "", "Erica Example\n+1 (555) 123-4567\nerica@firm.example", id="bare contact"
        ),
        pytest.param("", "Teilen\nFacebook\nTwitter\nMehr Brücken", id="share bar, then a link"),
        pytest.param(
            "",
            "Über die Muster AG\nDie Muster AG baut seit 1950 Brücken in aller Welt.\n"
            "Über die Beispiel GmbH\nDie Beispiel GmbH plant sie und prüft sie danach.\n"
            "Pressekontakt\nErika Muster\nTel.: 0999 4711",
            id="several about sections, then a contact",
        ),
    ],
)
def test_frames_of_a_release_go(above: str, below: str) -> None:
    assert body(f"{above}\n\n{BODY}\n\n{below}") == BODY.split()


def test_contact_block_amid_the_text_leaves_what_follows() -> None:
    contact = "Herausgeber:\nPressestelle der Stadt\nMarkt 1\n10999 Musterstadt\n+49 999 1234"
    assert body(f"{LEDE}\n{contact}\n{MORE}\n{LEDE}") == f"{LEDE} {MORE} {LEDE}".split()


def test_text_of_one_line_is_cut_inside_the_line() -> None:
    text = (
        f"14.11.2024 – 13:53 Musterstadt (ots) - {LEDE} {MORE} Rückfragen bitte an: Stadt "
        "Musterstadt - Pressestelle - Telefon: 0999 1234 http://www.stadt.example "
        "Original-Content von: Stadt Musterstadt, übermittelt durch news aktuell "
        "Der Beitrag Neue Brücke erschien zuerst auf Musternews ."
    )
    result = clean(text, context=CleanContext())
    assert result.body() == f"Musterstadt (ots) - {LEDE} {MORE}"
    assert result.body(keep_datelines=False) == f"{LEDE} {MORE}"
    assert result.issuer_hint == "Stadt Musterstadt"


def test_hard_line_breaks_are_no_sign_offs() -> None:
    text = (
        "The driver was under the influence on Monday when he drove into oncoming cars and hit\n"
        "the car that carried a woman of fifty and her daughter, whose name was Melissa Example-\n"
        "Sample\nContact: Erica Example\n555-123-4567"
    )
    assert body(text)[-2:] == ["Example-", "Sample"]


def test_release_on_a_portal_names_issuer_and_rights() -> None:
    text = (
        f"Brücke frei\n\nPressemeldung der Firma Bundesamt für Brücken (bfb)\n\n{BODY}\n\n"
        "Firmenkontakt und Herausgeber der Meldung:\nBundesamt für Brücken (bfb)\n"
        "Musterstr. 3-5\n10999 Musterstadt\nTelefon: +49 (999) 12345\nhttp://www.amt.example\n\n"
        "Dateianlagen:\n    • Erika Muster auf der Brücke, © Amt\n\nWeiterführende Links\n\n"
        "Für die oben stehende Pressemitteilung ist allein der Herausgeber verantwortlich."
    )
    result = clean(text, context=CleanContext())
    assert result.body() == BODY
    assert result.issuer_hint == "Bundesamt für Brücken"
    assert result.rights is not None
    assert result.rights.startswith("Für die oben stehende")
    assert result.text == text


@pytest.mark.parametrize(
    ("rule", "text", "wanted"),
    [
        pytest.param(
            BoilerplateRule(name="own", kind="links", start="^Mehr auf", scope="line"),
            f"{LEDE}\nMehr auf unserer Seite, die Sie kennen.\n{MORE}",
            f"{LEDE}\n{MORE}",
            id="line",
        ),
        pytest.param(
            BoilerplateRule(name="own", kind="legal", start="^Hinweis der Stadt"),
            f"{LEDE}\n\nHinweis der Stadt\nAlles ohne Gewähr und nur bis morgen.\n\n{MORE}",
            f"{LEDE}\n\n{MORE}",
            id="block is the paragraph",
        ),
        pytest.param(
            BoilerplateRule(name="own", kind="legal", start="^Anfang", end="^Ende der Box"),
            f"{LEDE}\nAnfang\nIrgendein Satz steht hier in dieser Box.\nEnde der Box\n{MORE}",
            f"{LEDE}\n{MORE}",
            id="block up to its end",
        ),
        pytest.param(
            BoilerplateRule(name="own", kind="navigation", start="^Unser Service", scope="tail"),
            f"{LEDE}\nUnser Service\n{MORE}",
            LEDE,
            id="tail",
        ),
        pytest.param(
            BoilerplateRule(
                name="own", kind="masthead", start="^Und nun zur Meldung", scope="head"
            ),
            f"Ein Vorspann steht hier, der zu jeder Meldung gehört.\nUnd nun zur Meldung\n{LEDE}",
            LEDE,
            id="head",
        ),
    ],
)
def test_users_own_rule_cuts(rule: BoilerplateRule, text: str, wanted: str) -> None:
    result = clean(text, context=CleanContext(rules=(rule,)))
    assert result.body().split() == wanted.split()
    assert {span.rule for span in result.spans} == {"own"}


@pytest.mark.parametrize(
    "rule",
    [
        BoilerplateRule(name="own", kind="person", start="x"),
        BoilerplateRule(name="own", kind="legal", start="("),
        BoilerplateRule(name="own", kind="legal", start="x", scope="page"),
    ],
    ids=["an unknown kind", "a broken pattern", "an unknown scope"],
)
def test_users_wrong_rule_is_named(rule: BoilerplateRule) -> None:
    with pytest.raises(RuleError, match="own"):
        clean(LEDE, context=CleanContext(rules=(rule,)))


def test_result_and_context_cross_processes() -> None:
    context = CleanContext(title="Neue Brücke")
    result = clean(BODY, context=pickle.loads(pickle.dumps(context)))
    assert pickle.loads(pickle.dumps(result)) == result
    assert result.version == RULES_VERSION


def test_text_of_boilerplate_alone_is_cut_whole() -> None:
    text = (
        "About Example Corp.\nExample Corp. is the world leader in bridges.\n"
        "Example Forward-Looking Statement\nCertain statements in this release may be wrong."
    )
    result = clean(text, context=CleanContext())
    assert result.body() == ""
    assert {span.kind for span in result.spans} == {SpanKind.ABOUT, SpanKind.LEGAL}


@pytest.mark.corpus
def test_clients_example_comes_out_as_its_body() -> None:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "releases"
    if not folder.is_dir():
        pytest.skip("no corpus beside the project")
    text = (folder / f"{SEED}.txt").read_text(encoding="utf-8").split("\n", 1)[1]
    gold = (folder / f"{SEED}.clean.txt").read_text(encoding="utf-8")
    result = clean(text, context=CleanContext())
    assert result.body().split() == gold.split()
    assert result.issuer_hint == "Bundesministerium für Wirtschaft und Technologie"
    assert "verantwortlich" in (result.rights or "")
