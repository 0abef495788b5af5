"""The shipped feeds.toml and the reference page are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.config.loading import settings_of_text
from aggregator.config.problems import TABLES
from aggregator.config.reference import key_tables, with_key_tables
from aggregator.model.feeds import OutletKind

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "feeds.toml"
PAGE = ROOT / "docs" / "reference" / "configuration.md"


def test_the_shipped_file_follows_public_bodies_and_portals_but_no_media() -> None:
    found = load(SHIPPED, environ={})
    assert len(found.feeds) >= 50
    for feed in found.feeds:
        assert feed.id.startswith(feed.outlet.id), "every shipped feed has a readable id"
        assert feed.language, feed.id
        assert not (feed.enabled and feed.outlet.kind is OutletKind.MEDIA), feed.id
    for outlet in found.outlets:
        feeds = [feed for feed in found.feeds if feed.outlet == outlet]
        assert any(feed.enabled for feed in feeds) is (outlet.kind is not OutletKind.MEDIA)
        assert outlet.issuer is None or outlet.kind is OutletKind.MINISTRY


def test_shipped_issuers_are_named_by_one_spelling() -> None:
    found = load(SHIPPED, environ={})
    spellings = {text for texts in found.clean.issuers.values() for text in texts}
    assert not {outlet.issuer for outlet in found.outlets} & spellings


def test_defaults_are_written_as_a_configuration_writes_them() -> None:
    assert '`["new", "correction", "withdrawal"]`' in key_tables()
    assert "<" not in key_tables()


def test_the_key_tables_of_the_reference_are_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    fresh = with_key_tables(page)
    assert page == fresh, "python -m aggregator.config.reference docs/reference/configuration.md"


def test_every_key_is_in_the_reference_with_default_and_meaning() -> None:
    tables = key_tables()
    for model in TABLES.values():
        if model is TABLES[()]:
            continue
        for name in model.model_fields:
            rows = re.findall(rf"^\| `{name}` \| (.+) \| (.+) \| (.+) \|$", tables, re.MULTILINE)
            assert rows, name
            for expected, default, meaning in rows:
                assert expected != "another value", name
                assert default == "required" or default.startswith("`"), name
                assert meaning.endswith("."), name


def test_every_table_is_in_the_reference() -> None:
    page = PAGE.read_text("utf-8")
    for name in TABLES[()].model_fields:
        assert f"### `[{name}]`" in page or f"### `[[{name}]]`" in page


def test_examples_of_the_reference_load() -> None:
    examples = re.findall(r"```toml\n(.+?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        settings_of_text(example, path=Path("feeds.toml"), environ={})


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the marks"):
        with_key_tables("# Configuration")
