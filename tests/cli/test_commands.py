"""The commands as users type them, over one polled demo world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.main import cli
from aggregator.clock import utc_now
from aggregator.demo.configuration import demo_config
from aggregator.demo.server import serve_world
from aggregator.demo.world import STEP, World
from aggregator.errors import AggregatorError

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration whose feeds have been polled once at the world's last step."""
    folder = tmp_path_factory.mktemp("cli")
    world = World(epoch=utc_now() - 6 * STEP)
    with serve_world(world) as server:
        server.step = 5
        config = folder / "feeds.toml"
        config.write_text(demo_config(world, base=server.base), encoding="utf-8")
        done = run(config, "poll", "--json")
        assert done.exit_code == 0, done.output
        (folder / "poll.json").write_text(done.stdout)
        yield config


def run(config: Path, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(
        cli, ["--config", str(config), *words], input=stdin, standalone_mode=False
    )


def listed(config: Path, *words: str) -> Any:  # noqa: ANN401 - JSON has no type
    done = run(config, *words, "--json")
    assert done.return_value in {0, None}, done.output
    assert done.exception is None, done.exception
    return json.loads(done.stdout)


def test_poll_reports_every_feed_with_the_documented_keys(polled: Path) -> None:
    result = json.loads((polled.parent / "poll.json").read_text())
    assert set(result) == {"feeds", "stories", "published"}
    assert set(result["feeds"][0]) == {
        "feed", "outlet", "url", "status", "entries", "new", "duplicate", "revised", "error",
        "took_s",
    }  # fmt: skip
    assert {feed["status"] for feed in result["feeds"]} == {"ok"}
    assert result["stories"] > 50
    assert any(path.endswith("merged.atom") for path in result["published"])


def test_poll_of_an_unknown_feed_names_it_and_fails(polled: Path) -> None:
    done = run(polled, "poll", "nobody")
    assert isinstance(done.exception, AggregatorError)
    assert "nobody" in str(done.exception)


def test_poll_exits_1_when_no_feed_succeeds(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    config.write_text(
        "[aggregator]\nallow_private_networks = true\ncontact = 'a@b.example'\n"
        "[[outlet]]\nid = 'gone'\nname = 'Gone'\nkind = 'media'\n"
        "[[outlet.feed]]\nurl = 'http://127.0.0.1:9/feed.xml'\n"
    )
    done = run(config, "poll")
    assert done.return_value == 1
    assert "gone" in done.output


def test_stories_list_has_the_documented_keys(polled: Path) -> None:
    stories = listed(polled, "stories", "list", "Radwegbrücken")
    (story,) = stories
    assert {"id", "title", "updated", "issuer", "canonical", "members"} <= set(story)
    assert set(story["members"][0]) == {
        "entry", "feed", "outlet", "link", "title", "published", "verdict",
    }  # fmt: skip
    assert story["members"][0]["outlet"] == "bmww"
    assert len(story["members"]) == 4


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("radwegbruecken", id="umlauts may be written out"),
        pytest.param('"marode Radwegbrücken"', id="a phrase of one outlet's headline"),
        pytest.param("Radwegbrücken outlet:meldeportal", id="a field narrows"),
        pytest.param("Brücke -Fernwärme", id="a stemmed word without another"),
    ],
)
def test_stories_are_found_by(polled: Path, query: str) -> None:
    assert any("Radwegbrücken" in s["title"] for s in listed(polled, "stories", "list", query))


def test_stories_show_tells_what_was_stripped_and_why_it_was_merged(polled: Path) -> None:
    (story,) = listed(polled, "stories", "list", "Radwegbrücken")
    shown = listed(polled, "stories", "show", story["id"])
    kinds = {s["kind"] for e in shown["entries"] for s in e["revisions"][-1]["stripped"]}
    assert {"contact", "legal", "attachments"} <= kinds
    assert {d["action"] for d in shown["decisions"]} >= {"opened", "joined"}
    plain = run(polled, "stories", "show", story["id"])
    assert "Firmenkontakt" in plain.output
    assert "stripped by" in plain.output


def test_the_log_is_searched_by_words_verdict_and_similarity(polled: Path) -> None:
    rows = listed(polled, "log", "search", "Radwegbrücken", "--verdict", "duplicate")
    assert len(rows) == 3
    assert {row["verdict"] for row in rows} == {"duplicate"}
    assert listed(polled, "log", "search", "Radwegbrücken", "--min-similarity", "0.99")
    assert listed(polled, "log", "search", "Radwegbrücken", "--until", "2001-01-01") == []


def test_explain_names_the_rule_in_words(polled: Path) -> None:
    (story,) = listed(polled, "stories", "list", "Radwegbrücken")
    a, b = (member["entry"] for member in story["members"][:2])
    done = run(polled, "explain", str(a), str(b))
    assert "same release" in done.output
    assert "Rule:" in done.output


def test_explain_of_a_missing_entry_says_so(polled: Path) -> None:
    done = run(polled, "explain", "1", "999999")
    assert "999999" in str(done.exception)


def test_feeds_list_and_show_tell_health_without_secrets(polled: Path) -> None:
    feeds = listed(polled, "feeds", "list")
    assert {feed["health"] for feed in feeds} == {"ok"}
    shown = listed(polled, "feeds", "show", "bmww-presse")
    assert shown["polls"][0]["status"] == "ok"


def test_feeds_check_judges_a_feed_and_proposes_an_outlet(polled: Path) -> None:
    url = listed(polled, "feeds", "show", "meldeportal-alle")["url"]
    found = listed(polled, "feeds", "check", url)
    assert found["usable"]
    assert found["format"] == "rss-2.0"
    assert "honoured" in found["validators"]
    assert "[[outlet]]" in found["proposal"]


def test_clean_strips_a_release_from_standard_input(polled: Path) -> None:
    release = (
        "Die Stadt Wendlitz baut eine neue Halle für ihre Wehr.\n\nSie kostet 4 Millionen Euro "
        "und wird 2031 fertig.\n\nPressekontakt:\nStadt Wendlitz\nTelefon: 030 23125-100\n"
    )
    done = run(polled, "clean", "-", stdin=release)
    assert "Pressekontakt" not in done.output
    assert "4 Millionen" in done.output
    explained = run(polled, "clean", "-", "--explain", stdin=release).output
    assert "contact: " in explained
    assert "of the text" in explained
    spans = json.loads(run(polled, "clean", "-", "--spans", stdin=release).stdout)
    assert spans[-1]["kind"] == "contact"
    assert release[spans[-1]["start"] :].startswith("Pressekontakt")


def test_dedup_gives_one_row_a_line_in_the_order_of_the_input(polled: Path) -> None:
    text = (
        "Die Hafenbehörde Sonderhafen erweitert den Containerkai um 240 Meter. Der Ausbau "
        "beginnt im Mai, kostet 61 Millionen Euro und dauert drei Jahre. Das teilte Direktorin "
        "Runa Petersen am Montag mit."
    )
    rows = [
        {"id": "a", "title": "Sonderhafen erweitert Containerkai", "text": text},
        {"id": "b", "title": "Neues aus dem Wald", "text": "Im Tannwald brüten zwei Adler."},
        {"id": "c", "title": "Hafen: Sonderhafen erweitert Containerkai", "text": text},
    ]
    source = polled.parent / "in.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    target = polled.parent / "out.jsonl"
    done = run(polled, "dedup", str(source), "--out", str(target))
    assert done.exit_code == 0, done.output
    out = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["id"] for row in out] == ["a", "b", "c"]
    assert out[0]["story"] == out[2]["story"] != out[1]["story"]
    assert set(out[0]) == {"id", "story", "canonical", "verdict", "matched", "similarity"}


def test_dedup_by_a_rule_in_use_elsewhere_merges_what_ours_keeps_apart(polled: Path) -> None:
    rows = [
        {
            "id": number,
            "title": f"Nordmark Holding AG: Stimmrechtsmitteilung Nr. {number}",
            "text": f"Der Anteil beträgt {share} Prozent. Es gilt die Gesamtzahl der Stimmrechte.",
        }
        for number, share in (("12", "3,07"), ("13", "5,21"))
    ]
    source = polled.parent / "notices.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    target = polled.parent / "notices-out.jsonl"
    stories = {}
    for method in ((), ("--method", "best-title")):
        run(polled, "dedup", str(source), "--out", str(target), *method)
        out = [json.loads(line) for line in target.read_text().splitlines()]
        stories[method] = len({row["story"] for row in out})
    assert stories == {(): 2, ("--method", "best-title"): 1}


def test_dedup_names_the_line_that_is_wrong_and_writes_nothing(polled: Path) -> None:
    source = polled.parent / "bad.jsonl"
    source.write_text('{"id": "a", "title": "x"}\n{"title": "no id"}\n')
    target = polled.parent / "bad-out.jsonl"
    done = run(polled, "dedup", str(source), "--out", str(target))
    assert "line 2" in str(done.exception)
    assert "id" in str(done.exception)
    assert not target.exists()


def test_status_and_db_check_say_that_all_is_well(polled: Path) -> None:
    status = listed(polled, "status")
    assert status["feeds"] == {"ok": 9}
    assert status["last_published_at"]
    assert "sound" in run(polled, "db", "check").output


def test_publish_renders_the_same_bytes_again(polled: Path) -> None:
    merged = polled.parent / "public" / "merged.atom"
    before = merged.read_bytes()
    assert run(polled, "publish").exit_code == 0
    assert merged.read_bytes() == before


def test_an_output_with_a_bad_query_is_named_before_anything_runs(polled: Path) -> None:
    broken = polled.parent / "broken.toml"
    text = polled.read_text(encoding="utf-8")
    broken.write_text(text + '\n[[output]]\nname = "bad"\nquery = "(Hafen"\n')
    done = run(broken, "status")
    assert "[[output]] bad, key query" in str(done.exception)


def test_init_writes_a_file_that_config_check_accepts(tmp_path: Path) -> None:
    config = tmp_path / "feeds.toml"
    assert run(config, "init").exit_code == 0
    assert run(config, "config", "check").exit_code == 0
