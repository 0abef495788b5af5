from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model.entries import Span, SpanKind
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Action, Decision, Verdict
from aggregator.model.stories import StoryStatus
from aggregator.store import decisions, entries, reindexing, search, stories, story_views
from aggregator.store.database import Connection, Database
from aggregator.store.query import parse
from aggregator.store.stories import Joining

if TYPE_CHECKING:
    from tests.contract.conftest import Builder


@pytest.fixture
def library(conn: Connection, make: Builder, now: datetime) -> Connection:
    """Six invented entries of two outlets in two languages."""
    portal = make.outlet("portal", name="Portal f\u00fcr Presse", kind=OutletKind.PORTAL)
    make.know_feeds(conn, make.feed(), make.feed("portal-all", outlet=portal))
    german: Any = {"language": "de", "issuer": "Hafenamt"}
    make.store(
        conn,
        make.prepared("A second ferry line opens.", title="Ferry line"),
        make.prepared(
            "Die neuen F\u00e4hren fahren st\u00fcndlich.", title="F\u00e4hre", **german
        ),
        make.prepared("Ferries run hourly, not daily.", title="Timetable"),
        make.prepared("Stra\u00dfe gesperrt; Umleitung.", title="Stra\u00dfenbau", **german),
        effective_at=now - timedelta(days=2),
    )
    new = replace(
        make.new_entry(make.prepared("Ferry office closed", title="Notice", language="en-GB")),
        feed_id="portal-all",
    )
    entries.insert(conn, [new], now=now)
    opening = stories.Opening(
        story_id=stories.new_id(now), entry_id=5, effective_at=now, surfaced_at=now
    )
    stories.create(conn, [opening], now=now)
    make.store(conn, make.prepared("Nothing about ships.", title="Ferry? No."))
    return conn


def found(conn: Connection, words: str, **more: Any) -> tuple[int, ...]:  # noqa: ANN401 - handed on
    return search.entries(conn, parse(words), **more)


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("ferry", (6, 5, 3, 1)),
        ("FERRIES", (6, 5, 3, 1)),
        ("ferry line", (1,)),
        ('"ferry line"', (1,)),
        ('"line ferry"', ()),
        ('"second ferry"', (1,)),
        ("ferry -line", (6, 5, 3)),
        ("-ferry", (4, 2)),
        ("-ferry -f\u00e4hre", (4,)),
        ("line OR hourly", (3, 1)),
        ("(line OR hourly) -timetable", (1,)),
        ("ferry (line OR -hourly)", (6, 5, 1)),
        ("title:ferry", (6, 1)),
        ('title:"ferry line"', (1,)),
        ("-title:ferry ferry", (5, 3)),
        ("f\u00e4hren", (2,)),
        ("faehre", (2,)),
        ("STRASSE", (4,)),
        ("stra\u00dfen", (4,)),
        ("outlet:portal", (5,)),
        ('outlet:"portal f\u00fcr presse"', (5,)),
        ("feed:portal-all", (5,)),
        ("kind:agency ferry", (6, 3, 1)),
        ("issuer:hafenamt", (4, 2)),
        ("language:de", (4, 2)),
        ("language:en notice", (5,)),
        ("verdict:distinct line", (1,)),
        ("verdict:duplicate", ()),
        ("since:2026-03-01", (6, 5)),
        ("until:2026-02-28 ferry", (3, 1)),
        ("ferry OR outlet:portal OR issuer:hafenamt", (6, 5, 4, 3, 2, 1)),
        ("-(ferry OR issuer:hafenamt)", ()),
        ("", (6, 5, 4, 3, 2, 1)),
        ("unheard", ()),
    ],
)
def test_a_query_finds_these_entries_newest_first(
    library: Connection, words: str, ids: tuple[int, ...]
) -> None:
    assert found(library, words) == ids


def test_boilerplate_is_not_searched_and_a_teaser_stands_for_a_missing_text(
    conn: Connection, make: Builder
) -> None:
    masthead = Span(0, 8, SpanKind.MASTHEAD, "r")
    make.store(
        conn,
        make.prepared("Newswire\nThe bridge opens.", spans=(masthead,)),
        make.prepared("", summary="A bridge in short"),
    )
    assert found(conn, "newswire") == ()
    assert found(conn, "bridge") == (2, 1)


def test_a_page_begins_where_the_last_one_ended(library: Connection) -> None:
    assert found(library, "ferry", limit=2) == (6, 5)
    assert found(library, "ferry", limit=2, before=5) == (3, 1)
    assert found(library, "-ferry", limit=1, before=4) == (2,)


def test_a_new_revision_replaces_what_the_entry_is_found_by(
    library: Connection, make: Builder, now: datetime
) -> None:
    new = make.prepared("A third tram line opens.", title="Tram line")
    entries.revise(
        library, [entries.NewRevision(entry_id=1, prepared=new, fetched_at=now)], now=now
    )
    assert found(library, "second") == ()
    assert found(library, "tram third") == (1,)


def test_held_stories_are_found_by_nobody_but_editors(library: Connection, now: datetime) -> None:
    story_id = story_views.of_entries(library, [5])[5]
    stories.set_status(library, story_id, StoryStatus.HELD, reason="embargo", now=now)
    assert found(library, "ferry") == (6, 3, 1)
    assert found(library, "ferry", statuses=tuple(StoryStatus)) == (6, 5, 3, 1)
    assert story_id not in search.stories(library, parse("ferry")).ids
    assert search.matching(library, parse("office"), story_ids=[story_id]) == {story_id}


def test_stories_come_once_in_the_order_of_their_newest_matching_entry(
    library: Connection, make: Builder, now: datetime
) -> None:
    ids = {n: story_views.of_entries(library, [n])[n] for n in range(1, 7)}
    new = entries.insert(library, [make.new_entry(make.prepared("Ferry again."))], now=now)
    joining = Joining(
        story_id=ids[1], entry_id=new[0], verdict=Verdict.DUPLICATE, effective_at=now
    )
    stories.join(library, [joining], now=now)
    expected = (ids[1], ids[6], ids[5], ids[3])
    assert search.stories(library, parse("ferry")) == search.StoryHits(ids=expected)
    first = search.stories(library, parse("ferry"), limit=1)
    second = search.stories(library, parse("ferry"), limit=2, before=first.next)
    third = search.stories(library, parse("ferry"), limit=2, before=second.next)
    assert (first.ids, second.ids, third.ids) == (expected[:1], expected[1:3], expected[3:])
    assert third.next is None
    assert search.matching(library, parse("line"), story_ids=list(ids.values())) == {ids[1]}


@pytest.fixture
def log(library: Connection, now: datetime) -> Connection:
    def decision(
        entry_id: int, matched: int | None, similarity: float | None, **more: object
    ) -> Decision:
        values: dict[str, Any] = {
            "verdict": Verdict.DUPLICATE,
            "decided_by": "engine",
            "evidence": {},
        } | more
        return Decision(
            entry_id=entry_id,
            matched_entry_id=matched,
            story_id="s",
            action=Action.JOINED,
            rule="same-body",
            similarity=similarity,
            policy_version="p",
            decided_at=now - timedelta(days=entry_id),
            **values,
        )

    decisions.record(
        library,
        [
            decision(1, 5, 0.9, evidence={"vetoes": ["figure: 12 / 13"]}),
            decision(2, None, None, verdict=Verdict.DISTINCT, decided_by="Edith"),
            decision(3, 1, 0.4, verdict=Verdict.REVISION),
        ],
    )
    return library


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", (3, 2, 1)),
        ("ferry", (3, 1)),
        ("title:timetable", (3,)),
        ("figure", (1,)),
        ('"12 13"', (1,)),
        ("edith", (2,)),
        ('"same body" -edith', (3, 1)),
        ("-ferry", (2,)),
        ("outlet:portal", (1,)),
        ("portal", (1,)),
        ("outlet:wire ferry", (3, 1)),
        ("kind:portal OR issuer:hafenamt", (2, 1)),
        ("language:de", (2,)),
        ("verdict:revision", (3,)),
        ("since:2026-02-28", (2, 1)),
        ("until:2026-02-27", (3,)),
        ("feed:wire figure", (1,)),
    ],
)
def test_a_query_finds_these_decisions_newest_first(
    log: Connection, words: str, ids: tuple[int, ...]
) -> None:
    assert search.decisions(log, parse(words)) == ids


def test_decisions_are_narrowed_by_similarity_and_paged(log: Connection) -> None:
    assert search.decisions(log, parse(""), min_similarity=0.5) == (1,)
    assert search.decisions(log, parse(""), limit=1, before=3) == (2,)


def test_decisions_about_what_is_held_are_not_shown(log: Connection, now: datetime) -> None:
    story_id = story_views.of_entries(log, [5])[5]
    stories.set_status(log, story_id, StoryStatus.HELD, reason="embargo", now=now)
    assert search.decisions(log, parse("")) == (3, 2)


def test_an_index_built_anew_finds_the_same(log: Connection) -> None:
    queries = ("ferry", '"ferry line"', "title:ferry", "f\u00e4hre", "-ferry")
    before = [(found(log, q), search.decisions(log, parse(q))) for q in queries]
    reindexing.reindex(log)
    assert [(found(log, q), search.decisions(log, parse(q))) for q in queries] == before


def test_an_index_of_another_analyser_is_built_anew_when_the_database_is_opened(
    url: str, make: Builder
) -> None:
    with Database.open(url) as old, old.write() as conn:
        make.know_feeds(conn)
        make.store(conn, make.prepared("A bridge opens."))
        conn.exec_driver_sql("UPDATE meta SET value = '0/old' WHERE key = 'analyser'")
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("DELETE FROM entry_search")
        else:
            conn.exec_driver_sql("INSERT INTO entry_search(entry_search) VALUES ('delete-all')")
    with Database.open(url) as new, new.read() as conn:
        assert found(conn, "bridge") == (1,)
        assert reindexing.is_current(conn)


def test_a_long_text_is_found_by_its_begin_and_the_databases_agree_on_the_rest(
    conn: Connection, make: Builder
) -> None:
    crowd = " ".join(["the crowd"] * 300 + ["cheered loudly"])
    endless = " ".join(f"word{n}" for n in range(20_000))
    make.store(conn, make.prepared(crowd), make.prepared(endless))
    assert found(conn, '"crowd cheered"') == ()
    assert found(conn, '"cheered loudly"') == (1,)
    assert found(conn, "word14999") == (2,)
    assert found(conn, "word15000") == ()


WORD = st.sampled_from(
    [
        "ferry",
        "ferries",
        "F\u00c4HRE",
        "Stra\u00dfe",
        "1,5",
        "e5",
        "1e5",
        "a-b",
        "\u044f\u0445\u0442\u0430",
        "\u8239",
        "x" * 70,
        "na\u00efve",
        "12.3.0-rc1",
        "the",
        "and",
        "OR",
        "it's",
        "C\u2082",
        "\u2460",
    ]
)
DOCUMENT = st.tuples(
    st.lists(WORD, max_size=4).map(" ".join),
    st.lists(WORD, max_size=12).map(" ".join),
    st.sampled_from(["de", "en", "fr", "xx"]),
)
LEAF = st.one_of(
    WORD.map(lambda word: f'"{word}"'),
    st.lists(WORD, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    WORD.map(lambda word: f'title:"{word}"'),
    st.sampled_from(["language:de", "outlet:wire", "outlet:nobody", "since:2026-03-02"]),
)
QUERY = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        inner.map(lambda query: f"-{query}"),
    ),
    max_leaves=5,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents=st.lists(DOCUMENT, max_size=5), queries=st.lists(QUERY, min_size=1, max_size=8))
def test_both_databases_find_the_same_set(
    both: list[Database], make: Builder, documents: list[tuple[str, str, str]], queries: list[str]
) -> None:
    answers = []
    for database in both:
        with database.write() as conn:
            make.know_feeds(conn)
            items = [
                make.prepared(text, title=title, language=language)
                for title, text, language in documents
            ]
            first = make.store(conn, *items)[0] if items else 1
            answers.append(
                [[entry_id - first for entry_id in found(conn, query)] for query in queries]
            )
            conn.rollback()
    assert answers[0] == answers[1]


@pytest.fixture
def both(
    new_sqlite: Callable[[], str], new_postgresql: Callable[[], str]
) -> Iterator[list[Database]]:
    opened = [Database.open(new_sqlite()), Database.open(new_postgresql())]
    yield opened
    for database in opened:
        database.dispose()
