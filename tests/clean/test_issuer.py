from __future__ import annotations

import pytest

from aggregator.clean import CleanContext, clean, normalise_issuer

ISSUERS = {
    "BFB": ("Bundesministerium für Brücken und Wege", "BMB", "bmb"),
    "MUSTER": ("Muster Werke AG",),
}


@pytest.mark.parametrize(
    ("hint", "issuer"),
    [
        ("Bundesministerium für Brücken und Wege", "BFB"),
        ("Bundesministerium fuer Bruecken und Wege (bmb)", "BFB"),
        ("Pressestelle des Bundesministerium für Brücken und Wege", "BFB"),
        ("bmb", "BFB"),
        ("bfb", "BFB"),
        ("MUSTER WERKE", "MUSTER"),
        ("Muster Werke GmbH & Co. KG", "MUSTER"),
        ("Stadt Beispielhausen (stb)", "Stadt Beispielhausen"),
        ("Musterwerk AG", "Musterwerk AG"),
        ("  ", None),
        (None, None),
    ],
)
def test_spellings_lead_to_one_issuer(hint: str | None, issuer: str | None) -> None:
    assert normalise_issuer(hint, ISSUERS) == issuer


@pytest.mark.parametrize(
    ("head", "issuer"),
    [
        ("Herausgeber: Muster SE", "Muster SE"),
        ("EQS-News: Muster AG / Schlagwort(e): Rückkauf", "Muster AG"),
        ("Polizeipräsidium Musterstadt", "Polizeipräsidium Musterstadt"),
        ("Neue Brücke", None),
    ],
)
def test_masthead_names_the_issuer(head: str, issuer: str | None) -> None:
    text = f"{head}\nDie Brücke über den Fluss ist nach zwei Jahren Bauzeit wieder frei."
    assert clean(text, context=CleanContext()).issuer_hint == issuer
