"""The fixed storyline: which outlet carries which release, when, and in which form."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.demo.forms import Dress
from aggregator.demo.items import DemoFeed, FeedForm, Relation

__all__ = ["FEEDS", "PLAN", "Appearance", "Change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an outlet changed in a release's own words: (old, new) pairs.

    Attributes:
        replaced: In title and paragraphs alike.
        title: Another headline, or None.
        lead: A paragraph put in front, or None.
    """

    replaced: tuple[tuple[str, str], ...] = ()
    title: str | None = None
    lead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """One release in one feed.

    Attributes:
        step: When it appears, or when it replaces the item of the same guid.
        feed: Where.
        release: Which release.
        dress: In which form.
        relation: The planted truth.
        change: What the outlet changed.
        guid: Set where a later appearance replaces this one; else derived.
    """

    step: int
    feed: str
    release: str
    dress: Dress
    relation: Relation
    change: Change = Change()
    guid: str | None = None


FEEDS = (
    DemoFeed(
        id="bmww-presse", outlet_id="bmww", outlet_name="Bundesministerium fuer Wege und Wasser",
        kind="ministry", issuer="BMWW", language="de", form=FeedForm.RSS20,
    ),
    DemoFeed(
        id="bmgv-presse", outlet_id="bmgv",
        outlet_name="Bundesministerium fuer Gesundheit und Vorsorge",
        kind="ministry", issuer="BMGV", language="de", form=FeedForm.ATOM10,
    ),
    DemoFeed(
        id="met-news", outlet_id="met", outlet_name="Ministry of Energy Transition",
        kind="ministry", issuer="MET", language="en", form=FeedForm.JSON,
    ),
    DemoFeed(
        id="dna-inland", outlet_id="dna", outlet_name="Deutsche Nachrichten-Agentur DNA",
        kind="agency", issuer=None, language="de", form=FeedForm.RSS20, full_text=True,
    ),
    DemoFeed(
        id="northwire-uk", outlet_id="northwire", outlet_name="Northwire", kind="agency",
        issuer=None, language="en", form=FeedForm.ATOM03,
    ),
    DemoFeed(
        id="meldeportal-alle", outlet_id="meldeportal", outlet_name="Meldeportal",
        kind="portal", issuer=None, language="de", form=FeedForm.RSS20,
    ),
    DemoFeed(
        id="blaulicht-nordmark", outlet_id="blaulicht", outlet_name="Blaulicht Nordmark",
        kind="portal", issuer=None, language="de", form=FeedForm.RSS10,
    ),
    DemoFeed(
        id="tagblatt-politik", outlet_id="tagblatt", outlet_name="Nordmark-Tagblatt",
        kind="media", issuer=None, language="de", form=FeedForm.RSS092,
    ),
    DemoFeed(
        id="courier-top", outlet_id="courier", outlet_name="The Harbour Courier",
        kind="media", issuer=None, language="en", form=FeedForm.RSS20,
    ),
)  # fmt: skip

_COPY, _TEASER, _ORIGINAL = Relation.COPY, Relation.TEASER, Relation.ORIGINAL


def _at(  # noqa: PLR0917 - one line of the storyline's table
    step: int,
    feed: str,
    release: str,
    dress: Dress,
    relation: Relation,
    change: Change = Change(),
) -> Appearance:
    return Appearance(
        step=step, feed=feed, release=release, dress=dress, relation=relation, change=change
    )


PLAN = (
    # The ministry first, then everybody: own page, wire, portal, teaser.
    _at(0, "bmww-presse", "bruecken", Dress.OWN, _ORIGINAL),
    _at(0, "dna-inland", "bruecken", Dress.WIRE, _COPY,
        Change(title="Ministerium gibt 240 Millionen Euro für marode Radwegbrücken")),
    _at(0, "meldeportal-alle", "bruecken", Dress.PORTAL, _COPY),
    _at(0, "tagblatt-politik", "bruecken", Dress.TEASER, _TEASER,
        Change(title="Verkehr: Bund stellt 240 Millionen Euro für die Sanierung von Radwegbrücken "
                     "bereit")),
    # The wire first, the ministry later: the ministry becomes canonical.
    _at(0, "dna-inland", "impfkonferenz", Dress.WIRE, _COPY),
    _at(1, "bmgv-presse", "impfkonferenz", Dress.OWN, _ORIGINAL),
    _at(2, "meldeportal-alle", "impfkonferenz", Dress.PORTAL, _COPY),
    # English, through a JSON Feed and Atom 0.3.
    _at(0, "met-news", "windpark", Dress.OWN, _ORIGINAL),
    _at(1, "northwire-uk", "windpark", Dress.WIRE, _COPY,
        Change(title="Dunmore Bank offshore wind farm wins approval")),
    _at(1, "courier-top", "windpark", Dress.TEASER, _TEASER),
    # One figure is corrected, under another guid and announced as such.
    _at(1, "bmww-presse", "mindestlohn", Dress.OWN, _ORIGINAL),
    _at(1, "meldeportal-alle", "mindestlohn", Dress.PORTAL, _COPY),
    _at(3, "bmww-presse", "mindestlohn", Dress.OWN, Relation.CORRECTION,
        Change(title="Korrektur: Neue Schleuse Wendlitz nimmt im Oktober den Betrieb auf",
               replaced=(("318 Millionen", "381 Millionen"),),
               lead="Korrektur: Die Baukosten betrugen 381 Millionen Euro, nicht 318 Millionen "
                    "Euro. Es folgt die korrigierte Fassung.")),
    # Withdrawn by the agency that had carried it.
    _at(2, "dna-inland", "fernwaerme", Dress.WIRE, _ORIGINAL),
    _at(4, "dna-inland", "fernwaerme", Dress.SHORT, Relation.WITHDRAWAL,
        Change(title="Rückzug: Stadtwerke Lindenhall nehmen Großwärmepumpe am Klärwerk in "
                     "Betrieb",
               lead="Bitte verwenden Sie die Meldung „Stadtwerke Lindenhall nehmen "
                    "Großwärmepumpe am Klärwerk in Betrieb“ nicht. Sie wird zurückgezogen.")),
    # Under embargo: shown nowhere before its time.
    _at(2, "bmgv-presse", "grenzwert", Dress.OWN, Relation.EMBARGO,
        Change(lead="Sperrfrist: 12. Januar 2035, 10.00 Uhr")),
    # A silent revision under the same guid.
    Appearance(step=2, feed="met-news", release="rueckruf", dress=Dress.OWN,
               relation=_ORIGINAL, guid="met-smart-meters"),
    Appearance(step=4, feed="met-news", release="rueckruf", dress=Dress.OWN,
               relation=_ORIGINAL, guid="met-smart-meters",
               change=Change(replaced=(("650,000 meters", "560,000 meters"),))),
    _at(3, "northwire-uk", "rueckruf", Dress.WIRE, _COPY),
    # A foundation's release on the portal and, cut short, on a wire.
    _at(3, "meldeportal-alle", "museum", Dress.PORTAL, _ORIGINAL),
    _at(3, "dna-inland", "museum", Dress.SHORT, _COPY,
        Change(title="Stiftung kauft Nachlass von Fotografin Thea Varnholt")),
)  # fmt: skip
