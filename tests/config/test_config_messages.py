"""Every mistake has one message that names file, line, table, key, found and expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config.addresses import derive_feed_id
from aggregator.config.loading import settings_of_text
from aggregator.errors import ConfigError

OUTLET = '[[outlet]]\nid = "one"\nname = "One"\nkind = "portal"\n'
FEED = OUTLET + '[[outlet.feed]]\nurl = "https://one.example/rss"\n'
RULE = OUTLET + '[[outlet.boilerplate]]\nname = "r"\nkind = "about"\nstart = "x"\n'
DERIVED = derive_feed_id("one", "https://one.example/rss")
OUTPUT = FEED + '[[output]]\nname = "energy"\n'


def problems(text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        settings_of_text(text, path=Path("feeds.toml"), environ=environ or {})
    return caught.value.problems


MISTAKES = {
    "an unknown key comes with a suggestion": (
        '[aggregator]\nbase_ur = "http://x.example/"',
        ["feeds.toml:2: [aggregator]", 'key "base_ur"', "unknown key", 'mean "base_url"?'],
    ),
    "an unknown table comes with a suggestion": (
        '[agregator]\ntitle = "x"',
        ["feeds.toml:1: top level", 'key "agregator"', 'mean "aggregator"?'],
    ),
    "a key of another table is sent there": (
        OUTLET + 'url = "https://one.example/rss"',
        ['feeds.toml:5: [[outlet]] "one"', 'key "url"', "it is a key of [[outlet.feed]]"],
    ),
    "a feed outside an outlet is sent there": (
        '[[feed]]\nurl = "https://one.example/rss"',
        ["feeds.toml:1: top level", 'key "feed"', "it is a key of [[outlet]]"],
    ),
    "an unknown key does not show its value": (
        FEED + 'pasword = "hush-hush"',
        ['[[outlet]] "one" [[outlet.feed]] no. 1', 'key "pasword"', "unknown key"],
    ),
    "a missing key says what is expected": (
        OUTLET + '[[outlet.feed]]\nid = "x"',
        ["feeds.toml:5:", 'key "url"', "missing, expected an absolute http or https URL"],
    ),
    "a wrong type shows what was found": (
        FEED + "full_text = 1",
        ["feeds.toml:7:", 'key "full_text"', "found 1, expected true or false"],
    ),
    "a table where a value is due": (
        "[aggregator.title]\nx = 1",
        ['key "title"', "found a table, expected text on one line"],
    ),
    "a value where a table is due": (
        "aggregator = 5",
        ["feeds.toml:1: top level", "found 5, expected a table: [aggregator]"],
    ),
    "a single table where several are due": (
        '[outlet]\nid = "one"',
        ["found a table, expected an array of tables, written as [[outlet]]"],
    ),
    "a number as outlet": ("outlet = [5]", ['key "outlet" no. 1', "found 5"]),
    "an array where text is due": ("[aggregator]\ntitle = []", ["found an empty array"]),
    "a very large number": ("[fetch]\nconcurrency = 0x" + "f" * 5000, ["a very large number"]),
    "a date where text is due": (
        "[aggregator]\ntitle = 2026-01-02",
        ["found 2026-01-02, expected text"],
    ),
    "a number that is none": ("[schedule]\njitter = nan", ["found nan", "from 0 to 1"]),
    "a number out of range": ("[fetch]\nper_host = 17", ["found 17", "from 1 to 16"]),
    "a duration without unit": (
        FEED + 'every = "15"',
        ['found "15" (the unit is missing), expected a duration'],
    ),
    "a duration as number": (
        "[match]\nwindow = 72",
        ["feeds.toml:2: [match]", "found 72 (the unit is missing)", '"72h"'],
    ),
    "a duration in words": (
        FEED + 'every = "15 min"',
        ['found "15 min" (not a duration)', 'such as "15m"'],
    ),
    "a duration out of range": (FEED + 'timeout = "1ms"', ['found "1ms"', '"1s" to "10m"']),
    "a truth value as duration": (FEED + "every = true", ["found true (not a duration)"]),
    "a cron line with a wrong minute": (
        FEED + 'cron = "61 * * * *"',
        ["feeds.toml:7:", 'key "cron"', "minute: '61' is not within 0-59", "five fields"],
    ),
    "a cron line with seconds": (
        FEED + 'cron = "0 0 * * * *"',
        ["6 fields instead of 5", "minute hour day-of-month month weekday"],
    ),
    "a cron macro": (FEED + 'cron = "@hourly"', ["write 0 * * * * instead"]),
    "every and cron at once": (
        FEED + 'every = "5m"\ncron = "* * * * *"',
        ["feeds.toml:8:", "found every and cron, expected one of them"],
    ),
    "a URL with another scheme": (
        OUTLET + '[[outlet.feed]]\nurl = "ftp://one.example/rss"',
        ["feeds.toml:6:", "the scheme is not http or https", "absolute http or https URL"],
    ),
    "a URL without host": (OUTLET + '[[outlet.feed]]\nurl = "https:///rss"', ["host is missing"]),
    "a URL with fragment": (
        OUTLET + '[[outlet.feed]]\nurl = "https://one.example/rss#top"',
        ["it has a fragment"],
    ),
    "a URL with user and password": (
        OUTLET + '[[outlet.feed]]\nurl = "https://me:hush-hush@one.example/rss"',
        ['found "https://***@one.example/rss"', "auth_env"],
    ),
    "a URL with a line break": (
        OUTLET + '[[outlet.feed]]\nurl = "https://one.example/r\\nss"',
        ["it holds the character U+000A", "r\\u000ass"],
    ),
    "a base URL with query": (
        '[aggregator]\nbase_url = "http://x.example/?a"',
        ['key "base_url"', "it has a query"],
    ),
    "an unknown time zone": (
        '[aggregator]\ntimezone = "Europe/Berlni"',
        ["no such time zone", 'mean "Europe/Berlin"?'],
    ),
    "a path as time zone": ('[aggregator]\ntimezone = "../../etc"', ["no such time zone"]),
    "a language in words": (
        FEED + 'language = "german"',
        ["not a language tag", '"de" or "de-AT"'],
    ),
    "an unknown kind": (
        OUTLET.replace("portal", "minstry"),
        ["feeds.toml:4:", 'found "minstry"', '"ministry", "agency"', 'mean "ministry"?'],
    ),
    "an id with capitals": (OUTLET.replace('"one"', '"One"'), ["lower-case letters"]),
    "an empty name": (OUTLET.replace('"One"', '" "'), ['key "name"', "it is empty"]),
    "a contact that is none": ('[aggregator]\ncontact = "me"', ["neither a mail address nor"]),
    "a contact that breaks the header": (
        '[aggregator]\ncontact = "a@b.example\\r\\nX: y"',
        ["neither a mail address nor"],
    ),
    "a contact no header can carry": ('[aggregator]\ncontact = "ü@b.example"', ["mail address"]),
    "another database": (
        '[aggregator]\ndatabase = "mysql://me:hush-hush@db/x"',
        ['found "mysql://***@db/x"', "sqlite:///file.db or postgresql://"],
    ),
    "an old scheme of PostgreSQL": (
        '[aggregator]\ndatabase = "postgres://db/x"',
        ["write postgresql://"],
    ),
    "a database in memory": (
        '[aggregator]\ndatabase = "sqlite:///:memory:"',
        ["it names no file"],
    ),
    "a proxy without scheme": ('[fetch]\nproxy = "proxy:3128"', ["http://host:port"]),
    "a proxy with a path": (
        '[fetch]\nproxy = "http://me:hush-hush@proxy.example:3128/x"',
        ['found "http://***@proxy.example:3128/x"', "something follows host and port"],
    ),
    "a User-Agent that is not ASCII": ('[fetch]\nuser_agent = "ü"', ["ASCII characters only"]),
    "a header's name with a space": (
        FEED + 'headers = { "X Key" = "hush-hush" }',
        ['key "headers" "X Key"', "not the name of a header"],
    ),
    "an id that is too long": (OUTLET.replace('"one"', f'"{"a" * 101}"'), ["longer than 100"]),
    "a name that is too long": (OUTLET.replace('"One"', f'"{"a" * 301}"'), ["longer than 300"]),
    "a name over two lines": (OUTLET.replace("One", "O\\nne"), ["a control character"]),
    "a regular expression that is too long": (
        RULE.replace('"x"', f'"{"x" * 1001}"'),
        ["longer than 1000"],
    ),
    "a path that is empty": ('[aggregator]\noutput_dir = ""', ['key "output_dir"', "empty"]),
    "a path with a zero byte": ('[aggregator]\noutput_dir = "a\\u0000"', ["a control"]),
    "a database with a space": ('[aggregator]\ndatabase = "sqlite:///a b"', ["a space"]),
    "a header of the program": (
        FEED + 'headers = { "If-None-Match" = "x" }',
        ['key "headers" "If-None-Match"', "the program sets it"],
    ),
    "a header's value is not shown": (
        FEED + 'headers = { X-Key = "hush-hush\\n" }',
        ['key "headers" "X-Key"', "a value that is not shown here"],
    ),
    "headers as text are not shown": (
        FEED + 'headers = "X-Key: hush-hush"',
        ["a value that is not shown here", "a table of request headers"],
    ),
    "a password where a variable's name is due": (
        FEED + 'auth_env = "me:hush-hush"',
        ["a value that is not shown here", "the NAME of an environment variable"],
    ),
    "an unknown kind of boilerplate": (
        RULE.replace('"about"', '"abuot"'),
        ['[[outlet.boilerplate]] "r"', "no such kind", 'mean "about"?'],
    ),
    "a regular expression that does not compile": (
        RULE.replace('"x"', '"(a"'),
        ["feeds.toml:8:", 'key "start"', "does not compile"],
    ),
    "an ambiguous regular expression": (RULE.replace('"x"', '"[[a]]"'), ["does not compile"]),
    "a regular expression that matches everything": (
        RULE.replace('"x"', '"a*"'),
        ["it would match everywhere"],
    ),
    "two outlets of one id": (
        OUTLET + OUTLET,
        ["feeds.toml:6:", 'found "one", which outlet no. 1 already has', "used once"],
    ),
    "two feeds of one id": (
        OUTLET
        + '[[outlet.feed]]\nid = "f"\nurl = "https://one.example/1"\n'
        + '[[outlet.feed]]\nid = "f"\nurl = "https://one.example/2"\n',
        ["feeds.toml:9:", 'found "f", which outlet no. 1, feed no. 1 already has'],
    ),
    "an id that another feed derives": (
        FEED + f'[[outlet.feed]]\nid = "{DERIVED}"\nurl = "https://one.example/2"\n',
        [f'found "{DERIVED}", which outlet no. 1, feed no. 1 already has'],
    ),
    "two feeds of one URL": (
        FEED + '[[outlet.feed]]\nurl = "https://ONE.example:443/rss"\n',
        ["feeds.toml:8:", "which outlet no. 1, feed no. 1 already has"],
    ),
    "two rules of one name": (
        RULE + '[[outlet.boilerplate]]\nname = "r"\nkind = "about"\nstart = "y"\n',
        ["which outlet no. 1, boilerplate no. 1 already has"],
    ),
    "two outputs of one name": (
        OUTPUT + '[[output]]\nname = "energy"\n',
        ["feeds.toml:10:", "which output no. 1 already has"],
    ),
    "an output named like a document of the program": (
        OUTPUT.replace("energy", "merged"),
        ['[[output]] "merged"', "a document of the program has this name"],
    ),
    "an output of an outlet that does not exist": (
        OUTPUT + 'outlets = ["one", "oen"]',
        ['[[output]] "energy"', 'key "outlets" no. 2', 'found "oen"', 'mean "one"?'],
    ),
    "an output without outlets that do not exist": (
        OUTPUT + 'without_outlets = ["two"]',
        ['key "without_outlets" no. 1', "expected the id of an [[outlet]]"],
    ),
    "an output without founding members": (
        OUTPUT + 'without_verdicts = ["distinct"]',
        ['found "distinct", expected "duplicate" or "revision"'],
    ),
    "an empty query": (OUTPUT + 'query = ""', ['key "query"', "it is empty"]),
    "unknown content": (OUTPUT + 'content = "ful"', ['"full", "excerpt"', 'mean "full"?']),
    "a spelling of two issuers": (
        '[issuers]\nA = ["Amt"]\nB = ["AMT"]',
        ["feeds.toml:3: [issuers]", 'key "B" no. 1', '"A" of [issuers] already has'],
    ),
    "a spelling that is no array": (
        '[issuers]\nA = "Amt"',
        ['[issuers], key "A"', 'found "Amt", expected an array of spellings'],
    ),
    "an interval below the lowest": (
        FEED + 'every = "10s"',
        ['"10s"', 'expected at least min_every of [schedule], "1m"'],
    ),
    "bounds that cross": (
        FEED + 'min_every = "1h"\nmax_every = "10m"\nevery = "2h"',
        ['"10m", expected at least every, "2h"'],
    ),
    "an upper bound below the interval": (
        FEED + 'every = "2h"\nmax_every = "1h"',
        ["feeds.toml:8:", '"1h", expected at least every, "2h"'],
    ),
    "a highest interval below the lowest": (
        '[schedule]\nmin_every = "1h"\nmax_every = "1m"',
        ["feeds.toml:3: [schedule]", 'expected at least min_every, "1h"'],
    ),
    "not TOML": ("[aggregator]\ntitle = ", ["feeds.toml:2:9: not valid TOML: Invalid value"]),
    "an open string": ('title = "x', ["feeds.toml:1:11: not valid TOML"]),
    "a key with an umlaut": ("[issuers]\nfür = []", ["feeds.toml:2:2:", "stands in quotes"]),
    "a key twice": ("a = 1\na = 2", ["not valid TOML", "overwrite"]),
    "nested too deeply": ("a = " + "[" * 9999, ["not valid TOML: nested too deeply"]),
    "a number Python refuses": ("a = 1" + "0" * 5000, ["not valid TOML"]),
}


@pytest.mark.parametrize(("text", "parts"), MISTAKES.values(), ids=MISTAKES)
def test_message(text: str, parts: list[str]) -> None:
    found = problems(text)
    assert any(all(part in message for part in parts) for message in found), found
    for message in found:
        assert message.startswith("feeds.toml")
        assert message.isprintable()
        assert "hush-hush" not in message


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_no_mistake_is_told_twice(text: tuple[str, list[str]]) -> None:
    found = problems(text[0])
    assert len(set(found)) == len(found)
    # One mistake, one message; two rows hold a second one that follows from the first.
    assert len(found) <= 2


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        OUTLET.replace("portal", "x")
        + '[[outlet.feed]]\nurl = "x"\nevery = 5\n'
        + OUTLET
        + '[[output]]\nname = "energy"\noutlets = ["no"]\n[fetch]\nconcurrency = 0\n'
    )
    assert [message.split(":")[1] for message in found] == ["4", "6", "7", "9", "14", "16"]


def test_the_environment_is_named_when_it_is_wrong() -> None:
    (message,) = problems("", {"AGGREGATOR_DATABASE": "mysql://me:hush-hush@db/x"})
    assert message.startswith("environment, AGGREGATOR_DATABASE: found")
    assert "mysql://***@db/x" in message
    assert "hush-hush" not in message


def test_a_comment_behind_a_value_does_not_shift_lines() -> None:
    text = '[aggregator] # a\n# b\n\ntitle = "x" # c\n\n# d\nlanguage = 5 # e\n'
    assert problems(text)[0].startswith("feeds.toml:7:")


def test_strings_and_arrays_over_lines_do_not_shift_lines() -> None:
    text = '[aggregator]\ntitle = """a\n[x]\n"""\n[issuers]\nA = [ # ]\n  "x",\n]\nB = 5\n'
    found = problems(text)
    assert [message.split(":")[1] for message in found] == ["2", "9"]
