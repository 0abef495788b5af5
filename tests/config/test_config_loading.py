"""From the file to the policies."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.config.advice import advice
from aggregator.errors import EXIT_USAGE, ConfigError
from aggregator.model.feeds import BoilerplateRule, Feed, Outlet, OutletKind, Priority
from aggregator.model.matching import Verdict
from aggregator.model.policy import (
    FetchPolicy,
    MatchPolicy,
    OutputPolicy,
    ParsePolicy,
    SchedulePolicy,
    Settings,
)

WHOLE = r"""
[aggregator]
title = "Alles"
base_url = "https://news.example/feeds"
database = "sqlite:///data/a.db?mode=rw"
output_dir = "out"
language = "EN-GB"
timezone = "Europe/Vienna"
contact = "desk@newsroom.example"
allow_private_networks = true

[defaults]
every = "20m"
language = "de"
headers = { X-Edition = "de" }

[[outlet]]
id = "bmwk"
name = " Ministerium "
kind = "ministry"
issuer = "bmwi"
content = "excerpt"
  [[outlet.feed]]
  url = "https://bmwk.example/presse.xml"
  id = "bmwk-press"
  every = "10m"
  min_every = "5m"
  max_every = "2h"
  language = "en"
  full_text = true
  enabled = false
  timeout = "1m"
  headers = {}
  auth_env = "BMWK_AUTH"
  window = "7d"
  user_agent = "me ({contact})"
  max_bytes = 2048
  priority = "wire"
  ignore_ttl = true
  [[outlet.feed]]
  url = "https://bmwk.example/aktuell.xml"
  cron = " */10   6-22 * * mon-fri "
  [[outlet.boilerplate]]
  name = "hotline"
  kind = "contact"
  start = '^Hotline:'
  end = 'Uhr$'
  scope = "tail"

[issuers]
BMWK = ["BMWi", "Bundesministerium für Wirtschaft"]

[match]
window = "48h"
hold_embargoed = false

[fetch]
proxy = "http://u:p@proxy.example:3128"
max_redirects = 3
concurrency = 8
per_host = 1
host_spacing = "250ms"

[parse]
time_limit = "5s"
memory_limit = 536870912
max_entries = 100
workers = 1

[schedule]
min_every = "30s"
max_every = "12h"
jitter = 0

[publish]
page_size = 50
hubs = ["https://hub.example/"]

[[output]]
name = "energy"
query = "energie OR strom"
not_query = "gas"
outlets = ["bmwk"]
without_outlets = []
issuers = ["Bundesministerium für Wirtschaft"]
without_issuers = ["Anderer"]
kinds = ["ministry"]
without_kinds = ["media"]
without_verdicts = ["revision"]
languages = ["de"]
content = "link"
updates = "new-entry"
"""


def settings_of(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = folder / "feeds.toml"
    path.write_text(text, "utf-8")
    return load(path, environ=environ or {})


def test_every_key_reaches_its_policy(tmp_path: Path) -> None:
    found = settings_of(tmp_path, WHOLE)
    outlet = Outlet(
        id="bmwk",
        name="Ministerium",
        kind=OutletKind.MINISTRY,
        issuer="BMWK",
        content="excerpt",
        boilerplate=(
            BoilerplateRule(
                name="hotline", kind="contact", start="^Hotline:", end="Uhr$", scope="tail"
            ),
        ),
    )
    assert found.path == tmp_path / "feeds.toml"
    assert found.database == f"sqlite:///{tmp_path}/data/a.db?mode=rw"
    assert found.outlets == (outlet,)
    press, current = found.feeds
    assert press == Feed(
        id="bmwk-press",
        url="https://bmwk.example/presse.xml",
        outlet=outlet,
        every=timedelta(minutes=10),
        min_every=timedelta(minutes=5),
        max_every=timedelta(hours=2),
        language="en",
        full_text=True,
        enabled=False,
        timeout_s=60.0,
        headers={},
        auth_env="BMWK_AUTH",
        window=timedelta(days=7),
        user_agent="me (desk@newsroom.example)",
        max_bytes=2048,
        priority=Priority.WIRE,
        ignore_ttl=True,
    )
    assert current.cron == "*/10 6-22 * * mon-fri"
    assert current.every == timedelta(minutes=15)
    assert current.language == "de"
    assert current.headers == {"X-Edition": "de"}
    assert current.id.startswith("bmwk-aktuell-")
    assert found.fetch.proxy == "http://u:p@proxy.example:3128"
    assert "(+desk@newsroom.example)" in found.fetch.user_agent
    assert found.fetch == FetchPolicy(
        user_agent=found.fetch.user_agent,
        allow_private_networks=True,
        proxy=found.fetch.proxy,
        max_redirects=3,
        concurrency=8,
        per_host=1,
        host_spacing_s=0.25,
    )
    assert found.parse == ParsePolicy(
        timezone="Europe/Vienna",
        language="en-GB",
        time_limit_s=5.0,
        memory_limit_bytes=536870912,
        max_entries=100,
        workers=1,
    )
    assert found.clean.issuers == {"BMWK": ("BMWi", "Bundesministerium für Wirtschaft")}
    assert found.clean.timezone == "Europe/Vienna"
    assert found.match == MatchPolicy(window=timedelta(hours=48), hold_embargoed=False)
    assert found.schedule == SchedulePolicy(
        timezone="Europe/Vienna",
        min_every=timedelta(seconds=30),
        max_every=timedelta(hours=12),
        jitter=0,
    )
    publish = found.publish
    assert publish.title == "Alles"
    assert publish.base_url == "https://news.example/feeds/"
    assert publish.output_dir == tmp_path / "out"
    assert publish.contact == "desk@newsroom.example"
    assert publish.page_size == 50
    assert publish.hubs == ("https://hub.example/",)
    assert publish.outlet_content == {"bmwk": "excerpt"}
    assert publish.outputs == (
        OutputPolicy(
            name="energy",
            query="energie OR strom",
            not_query="gas",
            outlets=("bmwk",),
            issuers=("BMWK",),
            without_issuers=("Anderer",),
            kinds=(OutletKind.MINISTRY,),
            without_kinds=(OutletKind.MEDIA,),
            without_verdicts=(Verdict.REVISION,),
            languages=("de",),
            content="link",
            updates="new-entry",
        ),
    )


def test_settings_cross_a_process_boundary(tmp_path: Path) -> None:
    found = settings_of(tmp_path, WHOLE)
    assert pickle.loads(pickle.dumps(found)) == found


def test_an_empty_file_means_the_defaults_of_the_model(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "")
    assert found.match == MatchPolicy()
    assert found.parse == ParsePolicy()
    assert found.schedule == SchedulePolicy()
    assert found.feeds == ()
    assert found.database == f"sqlite:///{tmp_path}/aggregator.db"
    assert found.publish.output_dir == tmp_path / "public"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("", "sqlite:////srv/file.db"),
        ("postgresql://u:p@db/x", "postgresql://u:p@db/x"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
    ],
    ids=["an empty one does not count", "PostgreSQL is kept", "a file is kept"],
)
def test_the_variable_overrides_the_database(tmp_path: Path, override: str, expected: str) -> None:
    text = '[aggregator]\ndatabase = "sqlite:////srv/file.db"'
    found = settings_of(tmp_path, text, {"AGGREGATOR_DATABASE": override})
    assert found.database == expected


FEED = '[[outlet]]\nid = "a"\nname = "A"\nkind = "portal"\n[[outlet.feed]]\nurl = "https://a.example/"\n'


@pytest.mark.parametrize(
    ("defaults", "own", "every", "cron"),
    [
        ("", "", 15, None),
        ('every = "5m"', "", 5, None),
        ('every = "5m"', 'every = "7m"', 7, None),
        ('cron = "0 * * * *"', "", 15, "0 * * * *"),
        ('cron = "0 * * * *"', 'every = "7m"', 7, None),
        ('every = "5m"', 'cron = "1 * * * *"', 15, "1 * * * *"),
    ],
)
def test_a_feeds_own_keys_win_over_defaults(
    tmp_path: Path, defaults: str, own: str, every: int, cron: str | None
) -> None:
    (feed,) = settings_of(tmp_path, f"[defaults]\n{defaults}\n{FEED}{own}\n").feeds
    assert feed.every == timedelta(minutes=every)
    assert feed.cron == cron


@pytest.mark.parametrize(
    ("kind", "own", "expected"),
    [
        pytest.param("ministry", "", True, id="defaults hold for a ministry"),
        pytest.param("media", "", False, id="defaults never fetch a medium's articles"),
        pytest.param("media", "full_text = true", True, id="its own feed may ask for it"),
    ],
)
def test_full_text_of_media_is_asked_for_by_name(
    tmp_path: Path, kind: str, own: str, *, expected: bool
) -> None:
    text = f"[defaults]\nfull_text = true\n{FEED.replace('portal', kind)}{own}\n"
    (feed,) = settings_of(tmp_path, text).feeds
    assert feed.full_text is expected


def test_a_long_interval_raises_the_adaptive_bound(tmp_path: Path) -> None:
    (feed,) = settings_of(tmp_path, f'{FEED}every = "7d"\n').feeds
    assert feed.max_every == timedelta(days=7)


def test_the_lowest_interval_holds_for_feeds_that_state_none(tmp_path: Path) -> None:
    (feed,) = settings_of(tmp_path, f'[schedule]\nmin_every = "1h"\n{FEED}').feeds
    assert feed.every == timedelta(hours=1)


def test_a_relative_path_is_settled_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    found = load(Path("feeds.toml"), environ={})
    assert found.path == tmp_path / "feeds.toml"
    assert found.database == f"sqlite:///{tmp_path}/aggregator.db"
    assert found.publish.output_dir == tmp_path / "public"


def test_a_byte_order_mark_and_crlf_are_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(b"\xef\xbb\xbf[aggregator]\r\ntitle = 'x'\r\n")
    assert load(path, environ={}).publish.title == "x"


def test_a_missing_file_is_answered_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; `aggregator init`") as caught:
        load(tmp_path / "feeds.toml", environ={})
    assert caught.value.exit_code == EXIT_USAGE


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        load(tmp_path, environ={})


def test_a_path_with_a_zero_byte_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(Path("a\0b"), environ={})


def test_bytes_that_are_no_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(b"# a\n# \xfc\n")
    with pytest.raises(ConfigError, match=r"feeds.toml:2: not UTF-8 \(byte 0xfc\)"):
        load(path, environ={})


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    with pytest.raises(ConfigError, match="larger than"):
        load(path, environ={})


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (FEED, "contact is missing"),
        ('[aggregator]\ncontact = "me@example.org"\n' + FEED, "contact is still"),
        ("", "no feed is enabled"),
        (FEED + 'auth_env = "NOT_SET"', "the variable NOT_SET is not set"),
        (FEED.replace("portal", "media") + "full_text = true", "mind its copyright"),
        ("[aggregator]\nwebsub = true\n" + FEED, "hubs on the internet cannot reach 127.0.0.1"),
        (
            '[aggregator]\nwebsub = true\nbase_url = "http://desk.local/"\n' + FEED,
            "hubs on the internet cannot reach desk.local",
        ),
        (
            '[publish]\nhubs = ["https://hub.news/"]\n[web]\nreading = "closed"\n' + FEED,
            "hubs cannot fetch what nobody may read",
        ),
    ],
)
def test_advice_on_what_was_probably_not_meant(tmp_path: Path, text: str, note: str) -> None:
    assert any(note in line for line in advice(settings_of(tmp_path, text), environ={}))


def test_no_advice_where_all_is_meant(tmp_path: Path) -> None:
    text = '[aggregator]\ncontact = "desk@newsroom.tv"\n' + FEED + 'auth_env = "SET"'
    assert advice(settings_of(tmp_path, text), environ={"SET": "a:b"}) == ()


@pytest.mark.parametrize(
    "head",
    [
        'base_url = "https://desk.news/"\nwebsub = true',
        'base_url = "http://8.8.8.8/"\nwebsub = true',
        "allow_private_networks = true\nwebsub = true",
        "websub = false",
    ],
    ids=["a name", "a public address", "an intranet", "no push"],
)
def test_no_advice_on_push_where_hubs_may_reach_us(tmp_path: Path, head: str) -> None:
    settings = settings_of(tmp_path, f"[aggregator]\n{head}\n{FEED}")
    assert not any("hubs" in line for line in advice(settings, environ={}))
