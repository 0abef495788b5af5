"""OPML in and out."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.config import load
from aggregator.config.edit import FeedProposal, add_feeds
from aggregator.config.loading import settings_of_text
from aggregator.config.opml import export_opml, import_opml
from aggregator.errors import ConfigError
from aggregator.model.feeds import OutletKind
from aggregator.model.policy import Settings

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = Path("subs.opml")
CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
SHIPPED = Path(__file__).parents[2] / "feeds.toml"

CONFIG = """
[aggregator]
title = "Alles & mehr"
[[outlet]]
id = "a"
name = "Amt <A>"
kind = "ministry"
issuer = "A"
  [[outlet.feed]]
  url = "https://a.example/1?x=1&y=2"
  id = "a-press"
  cron = "0 * * * *"
  language = "de-AT"
  full_text = true
  [[outlet.feed]]
  url = "https://a.example/2"
  every = "1h30m"
[[outlet]]
id = "m"
name = "M"
kind = "media"
  [[outlet.feed]]
  url = "https://m.example/off"
  enabled = false
  [[outlet.feed]]
  url = "https://m.example/rss?token=hush-hush"
  [[outlet.feed]]
  url = "https://m.example/paid"
  auth_env = "M_AUTH"
"""


def read(body: str, kind: OutletKind = OutletKind.PORTAL) -> tuple[FeedProposal, ...]:
    text = f'<?xml version="1.0"?><opml version="2.0"><head/><body>{body}</body></opml>'
    return import_opml(text.encode(), source=SOURCE, kind=kind)


def config(text: str = CONFIG) -> Settings:
    return settings_of_text(text, path=Path("/srv/feeds.toml"), environ={})


def outlines(content: bytes) -> list[dict[str, str]]:
    root = etree.fromstring(content)
    return [
        {str(name): str(value) for name, value in outline.attrib.items()}
        for outline in root.iter("outline")
        if "xmlUrl" in outline.attrib
    ]


def test_what_is_exported_comes_back_as_it_was(tmp_path: Path) -> None:
    before = config()
    path = tmp_path / "feeds.toml"
    path.write_text("")
    content = export_opml(before, created=CREATED, disabled=True, private=True)
    after = add_feeds(
        path, import_opml(content, source=SOURCE, kind=OutletKind.PORTAL), environ={}
    )
    old = [
        (f.id, f.url, f.outlet, f.cron, f.every, f.language, f.full_text, f.enabled)
        for f in before.feeds
    ]
    new = [
        (f.id, f.url, f.outlet, f.cron, f.every, f.language, f.full_text, f.enabled)
        for f in after.settings.feeds
    ]
    assert new == old
    assert after.skipped == ()


def test_the_shipped_feeds_come_back_as_they_were(tmp_path: Path) -> None:
    before = load(SHIPPED, environ={})
    path = tmp_path / "feeds.toml"
    path.write_text("")
    content = export_opml(before, created=CREATED, disabled=True)
    edited = add_feeds(
        path, import_opml(content, source=SOURCE, kind=OutletKind.PORTAL), environ={}
    )
    assert {f.id: (f.url, f.outlet, f.language, f.enabled) for f in edited.feeds} == {
        f.id: (f.url, f.outlet, f.language, f.enabled) for f in before.feeds
    }


def test_an_export_is_opml_2_in_folders_by_kind() -> None:
    content = export_opml(config(), created=CREATED)
    root = etree.fromstring(content)
    assert content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "Alles & mehr"
    assert root.findtext("head/dateCreated") == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert [folder.get("text") for folder in root.findall("body/outline")] == ["Ministries"]
    first, second = outlines(content)
    assert first["type"] == "rss"
    assert first["xmlUrl"] == "https://a.example/1?x=1&y=2"
    assert first["text"] == "Amt <A>: press"
    assert first["category"] == "/ministry/a"
    assert second["text"].startswith("Amt <A>: ")


def test_disabled_and_private_feeds_are_exported_on_demand_only() -> None:
    assert b"hush-hush" not in export_opml(config(), created=CREATED, disabled=True)
    assert b"/paid" not in export_opml(config(), created=CREATED)
    assert b"/off" not in export_opml(config(), created=CREATED)
    everything = outlines(export_opml(config(), created=CREATED, disabled=True, private=True))
    assert len(everything) == 5
    assert [item["xmlUrl"] for item in everything if item.get("isComment")] == [
        "https://m.example/off"
    ]


def test_an_export_of_nothing_still_has_an_outline() -> None:
    root = etree.fromstring(export_opml(config(""), created=CREATED))
    assert len(root.findall("body/outline")) == 1


def test_an_export_is_equal_for_equal_settings() -> None:
    assert export_opml(config(), created=CREATED) == export_opml(config(), created=CREATED)


def test_a_feed_without_folder_is_an_outlet_of_its_host() -> None:
    (found,) = read('<outline text="One" xmlUrl="https://www.one.example/rss" htmlUrl="x"/>')
    assert found == FeedProposal(
        url="https://www.one.example/rss",
        outlet_id="one-example",
        outlet_name="One",
        kind=OutletKind.PORTAL,
        title="One",
    )


def test_two_feeds_of_one_host_are_one_outlet_named_by_it() -> None:
    found = read(
        '<outline text="A" xmlUrl="https://one.example/a"/>'
        '<outline text="B" xmlUrl="https://feeds.one.example/b"/>'
    )
    assert {item.outlet_id for item in found} == {"one-example"}
    assert found[0].outlet_name == "one.example"


def test_feeds_on_a_host_of_many_are_outlets_by_title() -> None:
    (found,) = read('<outline text="Ein Blatt" xmlUrl="https://feeds.feedburner.com/x"/>')
    assert found.outlet_id == "ein-blatt"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("Ministries", OutletKind.MINISTRY),
        ("Bundesländer: Ministerien", OutletKind.MINISTRY),
        ("Behörden", OutletKind.MINISTRY),
        ("Nachrichtenagenturen", OutletKind.AGENCY),
        ("News agencies", OutletKind.AGENCY),
        ("Presseportale", OutletKind.PORTAL),
        ("Zeitungen", OutletKind.MEDIA),
        ("Tech", OutletKind.PORTAL),
    ],
)
def test_a_folder_names_the_kind(folder: str, kind: OutletKind) -> None:
    (found,) = read(f'<outline text="{folder}"><outline xmlUrl="https://one.example/"/></outline>')
    assert found.kind is kind


def test_a_folder_inside_a_kind_is_an_outlet() -> None:
    found = read(
        '<outline text="Ministries"><outline text="Amt für Öl">'
        '<outline text="P" xmlUrl="https://a.example/"/>'
        '<outline text="Q" xmlUrl="https://b.example/"/></outline></outline>'
    )
    assert {(item.outlet_id, item.outlet_name) for item in found} == {
        ("amt-fuer-oel", "Amt für Öl")
    }


def test_what_is_commented_comes_in_disabled() -> None:
    found = read(
        '<outline text="x" isComment="true"><outline xmlUrl="https://a.example/"/></outline>'
        '<outline xmlUrl="https://b.example/"/>'
    )
    assert [item.enabled for item in found] == [False, True]


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL"])
def test_case_of_attributes_does_not_count(name: str) -> None:
    assert read(f'<outline {name}="https://a.example/"/>')[0].url == "https://a.example/"


def test_bare_ampersands_are_read_as_meant() -> None:
    (found,) = read('<outline text="A & B &amp; C" xmlUrl="https://a.example/?a=1&b=2"/>')
    assert found.url == "https://a.example/?a=1&b=2"
    assert found.title == "A & B & C"


@pytest.mark.parametrize(
    ("text", "language"),
    [("de", "de"), ("en_US", "en-US"), ("unknown", None), ("english", None), ("", None)],
)
def test_a_language_is_taken_when_it_is_one(text: str, language: str | None) -> None:
    (found,) = read(f'<outline xmlUrl="https://a.example/" language="{text}"/>')
    assert found.language == language


def test_values_of_ours_that_are_wrong_are_left_out() -> None:
    (found,) = read(
        '<outline xmlns:agg="https://aggregator.invalid/ns/1" xmlUrl="https://a.example/"'
        ' agg:id="Ä" agg:outlet="Amt A" agg:kind="x" agg:every="1ms" agg:cron="61 * * * *"/>'
    )
    assert (found.id, found.every, found.cron) == (None, None, None)
    assert found.outlet_id == "amt-a"
    assert found.kind is OutletKind.PORTAL


def test_a_cron_line_wins_over_an_interval() -> None:
    (found,) = read(
        '<outline xmlns:agg="https://aggregator.invalid/ns/1" xmlUrl="https://a.example/"'
        ' agg:every="5m" agg:cron="1 * * * *"/>'
    )
    assert (found.every, found.cron) == (None, "1 * * * *")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "subs.opml:1: not well-formed"),
        (b"{}", "not well-formed"),
        (b"<opml><body>", "not well-formed"),
        (b"<rss/>", "found <rss>, expected <opml>"),
        (b"<opml/>", "expected <opml> with a <body>"),
        (b'<!DOCTYPE o [<!ENTITY a "b">]><opml><body/></opml>', "defines entities"),
        (
            b'<!DOCTYPE o [<!ENTITY a SYSTEM "x">]><opml><body><outline t="&a;"/></body></opml>',
            "not well-formed|defines entities",
        ),
        (b"<opml><body>" + b"<outline>" * 10_000, "depth|not well-formed"),
        (b" " * (17 * 1024 * 1024), "larger than"),
    ],
    ids=[
        "nothing",
        "another format",
        "cut off",
        "a feed",
        "no body",
        "an entity",
        "an external entity",
        "nested too deeply",
        "too large",
    ],
)
def test_what_is_no_opml_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        import_opml(content, source=SOURCE, kind=OutletKind.MEDIA)


def test_entities_do_not_expand() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    text = (
        f'<!DOCTYPE o [<!ENTITY e0 "x">{levels}]><opml><body><outline text="&e9;"/></body></opml>'
    )
    with pytest.raises(ConfigError):
        import_opml(text.encode(), source=SOURCE, kind=OutletKind.MEDIA)


attribute_values = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
) | st.sampled_from(["https://a.example/x", "de", "1h", "ministry", "true"])
names = st.sampled_from(
    ["text", "title", "xmlUrl", "language", "isComment"]
    + [
        f"{{https://aggregator.invalid/ns/1}}{name}"
        for name in ("id", "outlet", "outletName", "kind", "issuer", "every", "cron", "fullText")
    ]
)
trees: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(names, attribute_values, max_size=8).map(lambda attributes: (attributes, [])),
    lambda inner: st.tuples(
        st.dictionaries(names, attribute_values, max_size=3), st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)


def grow(parent: etree._Element, tree: Any) -> None:  # noqa: ANN401 - a recursive tuple
    attributes, children = tree
    outline = etree.SubElement(parent, "outline", attributes)
    for child in children:
        grow(outline, child)


@given(trees)
@settings(deadline=None)
def test_any_opml_can_be_merged(
    tmp_path_factory: pytest.TempPathFactory,
    tree: Any,  # noqa: ANN401 - a recursive tuple
) -> None:
    root = etree.Element("opml")
    grow(etree.SubElement(root, "body"), tree)
    found = import_opml(etree.tostring(root), source=SOURCE, kind=OutletKind.MEDIA)
    path = tmp_path_factory.mktemp("opml") / "feeds.toml"
    path.write_text("")
    edited = add_feeds(path, found, environ={})
    assert len(edited.feeds) + len(edited.skipped) == len(found)


@pytest.mark.corpus
def test_real_subscriptions_can_be_merged(tmp_path: Path) -> None:
    files = sorted((CORPUS / "feeds").glob("*.opml"))
    if not files:
        pytest.skip("the shared corpus is not there")
    path = tmp_path / "feeds.toml"
    path.write_text("")
    for file in files:
        found = import_opml(file.read_bytes(), source=file, kind=OutletKind.MEDIA)
        edited = add_feeds(path, found, environ={})
        assert found
        assert {item.reason for item in edited.skipped} <= {"already there"}
