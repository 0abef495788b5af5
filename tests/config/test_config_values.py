"""Durations, cron lines, URLs and derived ids."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.addresses import (
    check_feed_url,
    comparable_url,
    derive_feed_id,
    is_private,
    mask,
    slug,
)
from aggregator.config.cron import parse_cron
from aggregator.config.durations import format_duration, parse_duration
from aggregator.model.feeds import Feed, Outlet, OutletKind

EVERY_DAY = frozenset(range(1, 32))
WHOLE_DAY = frozenset(range(24))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1h30m", timedelta(minutes=90)),
        ("72h", timedelta(hours=72)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("500ms", timedelta(milliseconds=500)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "15",
        "m",
        "1.5h",
        "-5m",
        "1h 30m",
        "30m1h",
        "1h1h",
        "15M",
        "15 m",
        "٣m",
        "9999999999s",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|unit"):
        parse_duration(text)


@given(st.integers(0, 10**12))
@settings(deadline=None)
def test_a_duration_is_read_as_it_was_written(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_a_cron_line_means_its_sets_of_times() -> None:
    line = parse_cron("*/20 6-8 * jan,Jul mon-FRI")
    assert line.minutes == {0, 20, 40}
    assert line.hours == {6, 7, 8}
    assert line.days == EVERY_DAY
    assert line.months == {1, 7}
    assert line.weekdays == {1, 2, 3, 4, 5}
    assert not line.either_day


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", {0}),
        ("7", {0}),
        ("sun", {0}),
        ("1-5", {1, 2, 3, 4, 5}),
        ("sat-sun", {6, 0}),
        ("0-7", {0, 1, 2, 3, 4, 5, 6}),
        ("*/2", {0, 2, 4, 6}),
        ("mon,wed", {1, 3}),
    ],
)
def test_sunday_is_weekday_0_and_7_and_monday_is_1(field: str, weekdays: set[int]) -> None:
    assert parse_cron(f"0 0 * * {field}").weekdays == weekdays


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("5", {5}),
        ("50-59/4", {50, 54, 58}),
        ("50/4", {50, 54, 58}),
        ("1,2-3,*/30", {0, 1, 2, 3, 30}),
    ],
)
def test_steps_ranges_and_lists_combine(field: str, minutes: set[int]) -> None:
    assert parse_cron(f"{field} * * * *").minutes == minutes
    assert parse_cron(f"{field} * * * *").hours == WHOLE_DAY


def test_two_restricted_day_fields_mean_either() -> None:
    assert parse_cron("0 0 13 * fri").either_day
    assert parse_cron("0 0 31 2 mon").either_day, "Mondays in February exist"
    assert not parse_cron("0 0 13 * *").either_day
    assert not parse_cron("0 0 */2 * fri").either_day


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of month"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "weekday"),
        ("* * * foo *", "month: 'foo'"),
        ("* * * * jan", "weekday: 'jan'"),
        ("*/0 * * * *", "a step of 0"),
        ("5-1 * * * *", "runs backwards"),
        ("* * * * fri-mon", "runs backwards"),
        ("1,,2 * * * *", "minute"),
        ("*-5 * * * *", "minute"),
        ("1-2-3 * * * *", "minute"),
        ("-1 * * * *", "minute"),
        ("0 0 30 2 *", "no month has such a day"),
        ("0 0 31 4,6 *", "no month has such a day"),
        ("0 0 l * *", "day of month"),
        ("@daily", "write 0 0"),
        ("@reboot", "1 fields"),
        ("² * * * *", "minute"),
    ],
)
def test_a_wrong_cron_line_says_which_field(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_cron(line)


@given(st.text("0123456789*/,-@ abcdefjmnosu", max_size=30))
@settings(deadline=None)
def test_any_text_is_a_cron_line_or_a_value_error(text: str) -> None:
    try:
        line = parse_cron(text)
    except ValueError:
        return
    assert line.minutes <= frozenset(range(60))
    assert line.weekdays <= frozenset(range(7))
    assert line.minutes
    assert line.weekdays


@pytest.mark.parametrize(
    "url",
    [
        "https://one.example/feed.xml?a=b&c=%20",
        "http://one.example",
        "https://[2001:db8::1]:8443/feed",
        "http://127.0.0.1:8000/x",
        "https://müller.example/x",
        "https://one.example./x~y",
    ],
)
def test_a_url_that_can_be_fetched_is_kept_as_it_is(url: str) -> None:
    assert check_feed_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one.example/feed",
        "//one.example/feed",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://:80/",
        "https://one.example:0/",
        "https://one.example:99999/",
        "https://one.example:x/",
        "https://[::1/",
        "https://[zz]/",
        "https://one..example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a.b" * 100 + "/",
        "https://one.example/a b",
        "https://one.example\\@two.example/",
        "https://one.example/#",
        " https://one.example/",
        "https://one.example/\u007f",
        "https://one.example/" + "a" * 3000,
        "https://user@one.example/",
    ],
)
def test_a_url_that_cannot_be_fetched_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check_feed_url(url)


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_a_url_or_a_value_error(text: str) -> None:
    for url in (text, f"https://{text}"):
        comparable_url(url)
        derive_feed_id("one", url)
        mask(url)
        try:
            check_feed_url(url)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://one.example", "https://ONE.example:443/", True),
        ("http://one.example:80/a", "http://one.example/a", True),
        ("https://one.example./a", "https://one.example/a", True),
        ("https://one.example/a", "https://one.example/A", False),
        ("https://one.example/a?x", "https://one.example/a", False),
        ("https://one.example/a", "http://one.example/a", False),
    ],
)
def test_spellings_of_one_address_compare_equal(a: str, b: str, *, same: bool) -> None:
    assert (comparable_url(a) == comparable_url(b)) is same


def test_a_derived_id_is_readable_and_depends_on_outlet_and_url_only() -> None:
    url = "https://one.example/SiteGlobals/RSSFeed/DE/RSSFeed-Pressemitteilung.xml"
    assert derive_feed_id("bmwk", url) == "bmwk-pressemitteilung-3bd0bf"
    assert derive_feed_id("bmwk", f"{url}?a") != derive_feed_id("bmwk", url)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/feed.xml", ""),
        ("/presse/aktuell/rss.xml", "aktuell"),
        ("/de/17680/feed", "17680"),
        ("/Über-uns/Öffentlichkeit.rss", "oeffentlichkeit"),
        ("/private/a8f5f167f44f4964e6c998dee827110c/rss", "private"),
        ("/private/k3yk3yk3y/rss", "private"),
        ("/feed?token=hush", ""),
    ],
)
def test_generic_words_and_keys_stay_out_of_derived_ids(path: str, words: str) -> None:
    derived = derive_feed_id("one", f"https://one.example{path}")
    assert derived.rpartition("-")[0] == "-".join(part for part in ("one", words) if part)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20, unique=True))
@settings(deadline=None, max_examples=25)
def test_derived_ids_do_not_depend_on_order(numbers: list[int]) -> None:
    urls = [f"https://one.example/{number}/rss" for number in numbers]
    ids = {url: derive_feed_id("one", url) for url in urls}
    random.Random(0).shuffle(urls)
    assert {url: derive_feed_id("one", url) for url in urls} == ids
    assert len(set(ids.values())) == len(urls)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://u:p@h.example/x", "https://***@h.example/x"),
        ("postgresql://u:p/w@h/x", "postgresql://***@h/x"),
        ("postgresql://u:p@w@h/x", "postgresql://***@h/x"),
        ("https://token@h.example/x", "https://***@h.example/x"),
        ("https://h.example/@name/feed", "https://h.example/@name/feed"),
        ("https://h.example/?a=1&token=abc&b=2", "https://h.example/?a=1&token=***&b=2"),
        ("https://h.example/?api_key=abc", "https://h.example/?api_key=***"),
        ("https://h.example/?accessToken=abc", "https://h.example/?accessToken=***"),
        ("https://h.example/?author=abc&keyword=x", "https://h.example/?author=abc&keyword=x"),
        ("https://h.example/?nn=129192", "https://h.example/?nn=129192"),
    ],
)
def test_secrets_in_urls_are_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    ("changes", "private"),
    [
        ({}, False),
        ({"auth_env": "A"}, True),
        ({"headers": {"X-Key": "a"}}, True),
        ({"url": "https://h.example/rss?key=a"}, True),
        ({"url": "https://h.example/@name"}, False),
    ],
)
def test_a_feed_that_needs_or_holds_a_secret_is_private(
    changes: dict[str, object], *, private: bool
) -> None:
    outlet = Outlet(id="one", name="One", kind=OutletKind.PORTAL)
    values: dict[str, object] = {"id": "f", "url": "https://h.example/", "outlet": outlet}
    assert is_private(Feed(**(values | changes))) is private  # type: ignore[arg-type]  # a test's table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße & Öl", "strasse-oel"),
        ("  ", ""),
        ("a" * 50, "a" * 32),
        ("Ein langer Name, der nicht ganz hineinpasst", "ein-langer-name-der-nicht-ganz"),
    ],
)
def test_a_slug_is_an_id(text: str, expected: str) -> None:
    assert slug(text) == expected
