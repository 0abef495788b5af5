from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import UsageError
from aggregator.store.query import All, Either, Field, Fieldname, Not, Query, Words, parse

FERRY, LINE, OPENS = Words(text="ferry"), Words(text="line"), Words(text="opens")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", All(parts=())),
        ("   ", All(parts=())),
        ("ferry", FERRY),
        (" ferry  line ", All(parts=(FERRY, LINE))),
        ("ferry AND line", All(parts=(FERRY, LINE))),
        ("ferry OR line", Either(parts=(FERRY, LINE))),
        ("ferry line OR opens", Either(parts=(All(parts=(FERRY, LINE)), OPENS))),
        ("ferry (line OR opens)", All(parts=(FERRY, Either(parts=(LINE, OPENS))))),
        ("ferry -line", All(parts=(FERRY, Not(part=LINE)))),
        ("-(ferry line)", Not(part=All(parts=(FERRY, LINE)))),
        ("--ferry", Not(part=Not(part=FERRY))),
        ('"ferry line"', Words(text="ferry line")),
        ('-"ferry line"', Not(part=Words(text="ferry line"))),
        ("title:ferry", Words(text="ferry", title=True)),
        ('TITLE:"ferry line"', Words(text="ferry line", title=True)),
        ("or and", All(parts=(Words(text="or"), Words(text="and")))),
        ('"OR"', Words(text="OR")),
        ("SPD-Fraktion", Words(text="SPD-Fraktion")),
        ("10:30", Words(text="10:30")),
        ("outlet:wire", Field(name=Fieldname.OUTLET, value="wire")),
        ("feed:Wire-All", Field(name=Fieldname.FEED, value="Wire-All")),
        ('issuer:"Hafen\u00e4mter, GmbH"', Field(name=Fieldname.ISSUER, value="hafenaemter gmbh")),
        ("kind:MINISTRY", Field(name=Fieldname.KIND, value="ministry")),
        ("verdict:part-of", Field(name=Fieldname.VERDICT, value="part-of")),
        ("language:DE", Field(name=Fieldname.LANGUAGE, value="de")),
    ],
)
def test_a_query_reads_as(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("since:2026-03-01", "UTC", datetime(2026, 3, 1, tzinfo=UTC)),
        ("since:2026-03-01", "Europe/Berlin", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("until:2026-03-01", "UTC", datetime(2026, 3, 2, tzinfo=UTC)),
        ("until:2026-03-01T18:00", "UTC", datetime(2026, 3, 1, 18, tzinfo=UTC)),
        ('since:"2026-03-01T18:00+02:00"', "UTC", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("until:2026-03-29", "Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ],
    ids=[
        "since a day: its begin",
        "days begin where the newsroom is",
        "until a day: its end",
        "until a time: that time",
        "a time with its own zone",
        "the short day of the spring change",
    ],
)
def test_times_are_read_in_the_newsrooms_zone(text: str, zone: str, at: datetime) -> None:
    found = parse(text, timezone=zone)
    assert isinstance(found, Field)
    assert found.at is not None
    assert found.at.astimezone(UTC) == at
    assert found.at.tzinfo in {UTC, ZoneInfo(zone)} or found.at.utcoffset() is not None


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ('ferry "line', 7, "not closed"),
        ("ferry (line", 7, "not closed"),
        ("ferry) line", 6, "no `\\(`"),
        ("ferry ()", 7, "nothing in these"),
        ("OR ferry", 1, "beside `OR`"),
        ("ferry OR", 7, "beside `OR`"),
        ("(ferry OR) line", 8, "beside `OR`"),
        ("AND ferry", 1, "beside `AND`"),
        ("ferry AND", 7, "beside `AND`"),
        ("ferry -", 7, "no letter"),
        ("(-)", 2, "missing after `-`"),
        ("ferry ***", 7, "no letter and no digit"),
        ("colour:red", 1, "`colour:` is no field; there are title:"),
        ("http://wire.example/", 1, "`http:` is no field"),
        ("ferry title: line", 7, "right behind it"),
        ("title:(ferry)", 1, "right behind it"),
        ("kind:blog", 1, "one of ministry, agency, portal, media"),
        ("verdict:same", 1, "one of duplicate"),
        ("since:yesterday", 1, "2026-01-31"),
        ("since:2026-13-01", 1, "2026-01-31"),
        ('issuer:"..."', 1, "needs a name"),
        ('outlet:" "', 1, "needs a value"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(UsageError, match=rf"character {position}: .*{words}"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 2_001, "(" * 21 + "x" + ")" * 21, "x " * 101],
    ids=["too long", "too deep", "too many words"],
)
def test_endless_queries_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@settings(deadline=None)
@given(st.text(alphabet='ab \t"()-:ORAND\u00e4\u0301\x00\ud800', max_size=40))
def test_any_text_is_a_query_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse(text) is not None
