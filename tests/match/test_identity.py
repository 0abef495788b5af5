from __future__ import annotations

from hashlib import sha256

from aggregator.match import IdentityBy, KnownEntry, identify, sign
from aggregator.model.entries import Cleaned, ParsedEntry
from aggregator.model.matching import PreparedEntry

BODY = (
    "Der Kreistag hat am Montag den Haushalt beschlossen, der fuer Schulen und Strassen mehr "
    "Geld vorsieht als im Vorjahr und bei den Gebaeuden spart."
)
OTHER = (
    "Die Feuerwehr Niederau sucht Nachwuchs und laedt am Wochenende alle Kinder ab zehn Jahren "
    "zu einer Uebung mit Leiter, Schlauch und Wasserspritze ein."
)


def item(
    title: str = "Kreistag beschliesst Haushalt",
    body: str = BODY,
    guid: str | None = "g1",
    link: str | None = "https://a.example/1",
) -> PreparedEntry:
    signature = sign(
        title=title,
        body_for_matching=body,
        link=link,
        guid=guid,
        published=None,
        language="de",
        outlet_id="kreis",
    )
    return PreparedEntry(
        parsed=ParsedEntry(guid=guid, link=link, canonical_link=link, title=title, text=body),
        cleaned=Cleaned(text=body),
        body=body,
        signature=signature,
        issuer=None,
        language="de",
        content_sha256=sha256(f"{title}|{body}".encode()).hexdigest(),
        body_sha256=sha256(body.encode()).hexdigest(),
    )


def known(entry_id: int, prepared: PreparedEntry) -> KnownEntry:
    return KnownEntry(
        entry_id=entry_id,
        guid=prepared.parsed.guid,
        link=prepared.parsed.canonical_link,
        title=prepared.parsed.title,
        body_sha256=prepared.body_sha256,
        content_sha256=prepared.content_sha256,
        signature=prepared.signature,
    )


def test_an_unknown_item_is_new() -> None:
    (found,) = identify([item()], [])
    assert found.entry_id is None
    assert found.by is IdentityBy.NEW


def test_a_unique_guid_continues_its_entry_unchanged() -> None:
    (found,) = identify([item()], [known(7, item())])
    assert (found.entry_id, found.by, found.changed) == (7, IdentityBy.GUID, False)


def test_an_edited_text_under_its_guid_is_a_revision() -> None:
    edited = item(body=BODY.replace("Montag", "Dienstag"))
    (found,) = identify([edited], [known(7, item())])
    assert (found.entry_id, found.changed) == (7, True)


def test_a_reused_guid_with_another_text_and_title_opens_a_new_entry() -> None:
    (found,) = identify(
        [item(title="Nachwuchs gesucht", body=OTHER, link="https://a.example/2")],
        [known(7, item())],
    )
    assert found.entry_id is None


def test_a_guid_that_occurs_twice_identifies_nothing_and_the_link_does() -> None:
    first = item(link="https://a.example/1")
    second = item(title="Nachwuchs gesucht", body=OTHER, link="https://a.example/2")
    found = identify([second, first], [known(7, first), known(8, second)])
    assert [each.entry_id for each in found] == [8, 7]
    assert {each.by for each in found} == {IdentityBy.LINK}


def test_without_guid_and_link_title_and_body_identify() -> None:
    (found,) = identify([item(guid=None, link=None)], [known(7, item(guid=None, link=None))])
    assert (found.entry_id, found.by) == (7, IdentityBy.TEXT)


def test_the_same_item_twice_in_a_document_is_one() -> None:
    found = identify([item(), item()], [])
    assert found[0].same_as is None
    assert found[1].same_as == 0


def test_an_entry_whose_guid_is_still_there_is_not_taken_through_its_link() -> None:
    shared = "https://a.example/live"
    old = item(guid="g1", link=shared)
    new = item(guid="g2", link=shared + "?2", body=BODY + " Nun auch mit Aussprache.")
    found = identify([new, old], [known(7, old)])
    assert [each.entry_id for each in found] == [None, 7]


def test_headlines_without_text_and_the_same_empty_body_stay_apart() -> None:
    one = item(title="Haushalt beschlossen im Kreis", body="", guid=None, link=None)
    two = item(title="Nachwuchs gesucht in Niederau", body="", guid=None, link=None)
    found = identify([two], [known(7, one)])
    assert found[0].entry_id is None
