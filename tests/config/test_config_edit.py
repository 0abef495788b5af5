"""Edits of feeds.toml: what is asked for changes, every other byte stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import load
from aggregator.config.edit import FeedProposal, add_feed, add_feeds, remove_feed
from aggregator.config.layout import Addition, insert_tables
from aggregator.config.starter import starter_text, write_starter
from aggregator.errors import ConfigError, NotFoundError
from aggregator.model.feeds import OutletKind

TEXT = """\
# top
[aggregator]
title = "x"   # keep

# --- ministries
[[outlet]]
id = "a"   # first
name = "A"
kind = "ministry"
  # press
  [[outlet.feed]]
  url = "https://a.example/1"  # one

  # second
  [[outlet.feed]]
  url = "https://a.example/2"
  headers = { X-Key = "x" }

# --- portals
[[outlet]]
id = "b"
name = "B"
kind = "portal"

[[outlet]]
id = "c"
name = "C"
kind = "portal"
[[outlet.feed]]
url = "https://c.example/"
[outlet.feed.headers]  # a table of its own
X-Edition = "de"

[[outlet.boilerplate]]
name = "r"
kind = "about"
start = "x"

# --- issuers
[issuers]
A = ["x"]
# end
"""


def proposal(url: str, outlet: str, **values: object) -> FeedProposal:
    base: dict[str, object] = {"outlet_name": f"New {outlet}", "kind": OutletKind.MEDIA}
    return FeedProposal(url=url, outlet_id=outlet, **(base | values))  # type: ignore[arg-type]  # a test's table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(TEXT)
    return path


def test_a_feed_joins_its_outlet_behind_the_last_one(path: Path) -> None:
    edited = add_feed(path, proposal("https://a.example/3", "a", every="5m"), environ={})
    before, mark, after = TEXT.partition("\n# --- portals")
    new = '  [[outlet.feed]]\n  url = "https://a.example/3"\n  every = "5m"\n'
    assert path.read_text() == before + new + mark + after
    assert [feed.url for feed in edited.feeds] == ["https://a.example/3"]
    assert edited.settings == load(path, environ={})


def test_an_outlets_first_feed_stands_behind_its_keys(path: Path) -> None:
    add_feed(path, proposal("https://b.example/", "b"), environ={})
    new = (
        'kind = "portal"\n  [[outlet.feed]]\n  url = "https://b.example/"\n\n[[outlet]]\nid = "c"'
    )
    assert path.read_text() == TEXT.replace('kind = "portal"\n\n[[outlet]]\nid = "c"', new)


def test_a_feed_stands_behind_the_sub_tables_of_the_last_one(path: Path) -> None:
    add_feed(path, proposal("https://c.example/2", "c"), environ={})
    new = 'X-Edition = "de"\n[[outlet.feed]]\nurl = "https://c.example/2"\n'
    assert path.read_text() == TEXT.replace('X-Edition = "de"\n', new)


def test_a_new_outlet_stands_behind_the_last_one(path: Path) -> None:
    added = proposal(
        "https://n.example/1",
        "n",
        issuer="N",
        title="A\x00 title \n# of it",
        id="n-one",
        cron="0 * * * *",
        language="de",
        full_text=True,
        enabled=False,
    )
    add_feed(path, added, environ={})
    new = """
[[outlet]]
id = "n"
name = "New n"
kind = "media"
issuer = "N"
  [[outlet.feed]]
  url = "https://n.example/1"  # title # of it
  id = "n-one"
  cron = "0 * * * *"
  language = "de"
  full_text = true
  enabled = false
"""
    before, mark, after = TEXT.partition("\n# --- issuers")
    assert path.read_text() == before + new + mark + after


def test_an_outlet_behind_another_table_is_found_too(path: Path) -> None:
    text = TEXT + "\n[[outlet]]\nid = 'z'\nname = 'Z'\nkind = 'media'  # last"
    path.write_text(text)
    add_feed(path, proposal("https://z.example/", "z"), environ={})
    assert path.read_text() == text + '\n  [[outlet.feed]]\n  url = "https://z.example/"\n'


def test_many_feeds_are_added_in_one_go(path: Path) -> None:
    edited = add_feeds(
        path,
        [
            proposal("https://n.example/1", "n"),
            proposal("https://c.example/3", "c"),
            proposal("https://n.example/2", "n"),
            proposal("https://m.example/", "m"),
            proposal("https://A.example:443/1", "a"),
            proposal("https://n.example/1", "n"),
            proposal("no url", "n"),
        ],
        environ={},
    )
    by_outlet = [(feed.outlet.id, feed.url) for feed in edited.feeds]
    assert by_outlet == [
        ("c", "https://c.example/3"),
        ("n", "https://n.example/1"),
        ("n", "https://n.example/2"),
        ("m", "https://m.example/"),
    ]
    assert [item.reason for item in edited.skipped] == [
        "already there",
        "already there",
        "not a feed's URL: it holds the character U+0020",
    ]


def test_a_new_outlet_does_not_take_the_feeds_of_the_last_one(path: Path) -> None:
    path.write_text(TEXT[: TEXT.index("\n[[outlet.boilerplate]]")])
    added = [proposal("https://n.example/", "n"), proposal("https://c.example/3", "c")]
    edited = add_feeds(path, added, environ={})
    assert [feed.outlet.id for feed in edited.feeds] == ["c", "n"]


class MeddlingEnviron(dict[str, str]):
    """Somebody else saves the file whenever the environment is looked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # one use
        self.path.write_text(TEXT + "# mine\n")
        return default


def test_a_file_that_changed_meanwhile_is_not_overwritten(path: Path) -> None:
    with pytest.raises(ConfigError, match="was changed by somebody else meanwhile"):
        add_feed(path, proposal("https://n.example/", "n"), environ=MeddlingEnviron(path))
    assert path.read_text() == TEXT + "# mine\n"


def test_an_id_that_is_taken_is_derived_anew_on_import(path: Path) -> None:
    path.write_text(
        TEXT.replace('url = "https://c.example/"', 'url = "https://c.example/"\nid = "f"')
    )
    edited = add_feeds(path, [proposal("https://n.example/", "n", id="f")], environ={})
    assert edited.feeds[0].id.startswith("n-")


def test_nothing_to_add_leaves_the_file_alone(path: Path) -> None:
    before = path.stat().st_ino
    assert add_feeds(path, [proposal("https://a.example/1", "a")], environ={}).feeds == ()
    assert path.stat().st_ino == before


def test_an_empty_file_gets_its_first_outlet(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text("")
    add_feed(path, proposal("https://n.example/", "n"), environ={})
    assert path.read_text().startswith('[[outlet]]\nid = "n"')


def test_line_ends_of_the_file_are_used(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    add_feed(path, proposal("https://n.example/", "n"), environ={})
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


@pytest.mark.parametrize(
    ("url", "gone"),
    [
        ("https://a.example/1", '  [[outlet.feed]]\n  url = "https://a.example/1"  # one\n'),
        (
            "https://a.example/2",
            '  [[outlet.feed]]\n  url = "https://a.example/2"\n  headers = { X-Key = "x" }\n',
        ),
        (
            "https://c.example/",
            TEXT[TEXT.index('[[outlet.feed]]\nurl = "https://c') : TEXT.index("\n[[outlet.boil")],
        ),
    ],
    ids=["the first of two", "the last of two", "one with a sub-table"],
)
def test_a_removed_feed_leaves_everything_else(path: Path, url: str, gone: str) -> None:
    edited = remove_feed(path, url, environ={})
    assert gone in TEXT
    assert path.read_text() == TEXT.replace(gone, "")
    assert [feed.url for feed in edited.feeds] == [url]


def test_a_feed_is_removed_by_its_id_and_its_outlet_stays(path: Path) -> None:
    (added,) = add_feed(path, proposal("https://b.example/", "b"), environ={}).feeds
    edited = remove_feed(path, added.id, environ={})
    assert path.read_text() == TEXT
    assert [outlet.id for outlet in edited.settings.outlets] == ["a", "b", "c"]


def test_removing_leaves_no_two_blank_lines(path: Path) -> None:
    text = '[[outlet]]\nid = "a"\nname = "A"\nkind = "media"\n\n{}\n[issuers]\n'
    path.write_text(text.format('[[outlet.feed]]\nurl = "https://a.example/"\n'))
    remove_feed(path, "https://a.example/", environ={})
    assert path.read_text() == text.replace("{}\n", "")


def test_an_unknown_feed_is_answered_with_a_suggestion(path: Path) -> None:
    add_feed(path, proposal("https://a.example/3", "a", id="a-press"), environ={})
    with pytest.raises(NotFoundError, match=r"no feed 'a-pres'; did you mean \"a-press\"\?"):
        remove_feed(path, "a-pres", environ={})


@pytest.mark.parametrize(
    ("text", "added", "reason"),
    [
        (TEXT, proposal("https://a.example/2", "a"), "already has"),
        (TEXT, proposal("ftp://a.example/", "a"), "the scheme is not"),
        (TEXT, proposal("https://a.example/3", "a", every="5"), "the unit is missing"),
        (TEXT, proposal("https://n.example/", "N N"), "lower-case letters"),
        (TEXT + "[match]\nwindow = 5", proposal("https://n.example/", "n"), "unit is missing"),
        ("a =", proposal("https://n.example/", "n"), "not valid TOML"),
        (
            "outlet = [{id='a', name='A', kind='media', feed=[{url='https://q.example/'}]}]",
            proposal("https://n.example/", "a"),
            "edit it by hand",
        ),
        (
            "outlet = [{id='a', name='A', kind='media'}]",
            proposal("https://n.example/", "n"),
            "edit it by hand",
        ),
        (
            "[[outlet]]\nid='a'\nname='A'\nkind='media'\nfeed=[{url='https://q.example/'}]",
            proposal("https://n.example/", "a"),
            "edit it by hand",
        ),
    ],
    ids=[
        "a URL that is there",
        "a URL that cannot be fetched",
        "a wrong value",
        "a wrong id",
        "a file with a mistake",
        "a file that is no TOML",
        "outlets as inline tables",
        "a new outlet beside inline ones",
        "feeds as inline tables",
    ],
)
def test_on_a_mistake_nothing_is_changed(
    path: Path, text: str, added: FeedProposal, reason: str
) -> None:
    path.write_text(text)
    before = path.stat().st_ino
    with pytest.raises(ConfigError, match=reason):
        add_feed(path, added, environ={})
    assert path.read_text() == text
    assert path.stat().st_ino == before
    assert list(path.parent.iterdir()) == [path]


def test_an_inline_feed_cannot_be_removed(path: Path) -> None:
    text = "[[outlet]]\nid='a'\nname='A'\nkind='media'\nfeed=[{url='https://q.example/'}]\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match="edit it by hand"):
        remove_feed(path, "https://q.example/", environ={})
    assert path.read_text() == text


def test_mode_and_symbolic_link_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    add_feed(link, proposal("https://n.example/", "n"), environ={})
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "https://n.example/" in path.read_text()


def test_an_unwritable_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written: no such file or directory"):
        write_starter(tmp_path / "missing" / "feeds.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_clear_error(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="cannot be written: permission denied"):
            add_feed(path, proposal("https://n.example/", "n"), environ={})
    finally:
        path.parent.chmod(0o700)
    assert path.read_text() == TEXT


def test_the_starter_works_and_is_not_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    write_starter(path)
    found = load(path, environ={})
    assert all(feed.enabled for feed in found.feeds)
    assert path.read_text("utf-8") == starter_text()
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        write_starter(path)
    assert path.read_text() == "mine"
    write_starter(path, force=True)
    assert path.read_text("utf-8") == starter_text()


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="exists already"):
        write_starter(path)


comments = st.text("ab #[]\"'=", max_size=10).map(lambda text: f"# {text}\n")
gaps = st.lists(comments | st.just("\n"), max_size=3).map("".join)


@given(st.lists(st.tuples(gaps, gaps, st.integers(0, 3)), min_size=1, max_size=4), gaps)
@settings(deadline=None, max_examples=50)
def test_insertion_keeps_every_line(outlets: list[tuple[str, str, int]], end: str) -> None:
    text = ""
    raw: list[dict[str, str]] = []
    for index, (above, between, feeds) in enumerate(outlets):
        text += f'{above}[[outlet]]\nid = "o{index}"\n'
        raw.append({"id": f"o{index}"})
        for feed in range(feeds):
            text += f'{between}  [[outlet.feed]]\n  url = "u{index}-{feed}"\n'
    text += end
    additions = [
        Addition(outlet_id=name, outlet_lines=(f'id = "{name}"',), feeds=(('url = "new"',),))
        for name in (*(item["id"] for item in raw), "new")
    ]
    result = insert_tables(text, {"outlet": raw}, additions).split("\n")
    remaining = iter(result)
    assert all(line in remaining for line in text.split("\n"))
    assert sum('url = "new"' in line for line in result) == len(outlets) + 1
