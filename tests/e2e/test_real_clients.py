"""Feed readers as people use them, subscribed to every document over the whole demo world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

import pytest
from reader import Entry

from aggregator.actions.pins import NewPin, add_pin
from aggregator.actions.publish import publish_changed
from aggregator.app import App, web_services
from aggregator.demo.items import Relation
from aggregator.demo.script import PLAN
from aggregator.model.matching import PinKind
from aggregator.model.stories import StoryStatus
from tests.e2e.demo_run import LAST_STEP, Ran, run_demo, story_of
from tests.e2e.demo_run import stories_by_release as by_release
from tests.e2e.subscribers import Listener, ReaderClient, ScriptClient, Told, serving

pytestmark = pytest.mark.xdist_group("demo-clients")

LISTS = ("merged.atom", "merged.rss", "merged.json", "feed.atom?q=")
SEARCH = "feed.atom?q=Schleuse"
EVERYTHING = (*LISTS, SEARCH, "corrections.atom", "news.atom")
SCRIPTED = tuple(name for name in EVERYTHING if not name.endswith(".json"))
OUTPUT = '\n[[output]]\nname = "news"\nupdates = "new-entry"\n'
AGAIN = LAST_STEP + 1
MERGED = ("bruecken", "museum")
CHANGED = {Relation.CORRECTION, Relation.WITHDRAWAL}


@dataclass(frozen=True)
class Read:
    """The world, and what its readers heard of it.

    Attributes:
        ids: Release -> atom:id of its story, by the planted truth.
        shown: atom:ids of all stories that readers may see.
        kept: Document -> what `reader` had of it before the merger, by id.
    """

    listener: Listener
    reader: ReaderClient
    scripts: dict[str, ScriptClient]
    ids: dict[str, str]
    shown: set[str]
    kept: dict[str, dict[str, Entry]]

    @property
    def told(self) -> list[Told]:
        """What `reader` told before the merger."""
        return [one for one in self.reader.told if one.turn <= AGAIN]


def revised() -> dict[str, int]:
    """Release -> the step in which its facts change, by the plan."""
    steps = {at.release: at.step for at in PLAN if at.relation in CHANGED}
    guids = Counter(at.guid for at in PLAN if at.guid)
    again = {at.release: at.step for at in PLAN if at.guid and guids[at.guid] > 1}
    return steps | again


def copied() -> set[tuple[str, int]]:
    """(release, step) in which one more outlet carries a release that is known."""
    first = {release: min(a.step for a in PLAN if a.release == release) for release in releases()}
    return {(at.release, at.step) for at in PLAN if at.step > first[at.release]}


def releases() -> set[str]:
    return {at.release for at in PLAN}


def only(ids: set[str]) -> str:
    (found,) = ids
    return found


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    # The copy of feedparser inside `reader` wants a package that feedparser has replaced.
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("READER_NO_VENDORED_FEEDPARSER", "1")
        listener = Listener()
        stack.callback(listener.socket.close)
        readers = ReaderClient(listener.base, EVERYTHING)
        ways = {"both": ("etag", "modified"), "tags": ("etag",), "dates": ("modified",)}
        scripts = {
            name: ScriptClient(listener.base, SCRIPTED, validators=way)
            for name, way in ways.items()
        }

        stack.callback(readers.close)

        def subscribers(app: App, turn: int) -> None:
            if turn == 0:
                stack.enter_context(serving(web_services(app), listener))
            listener.turn = turn
            readers.update(turn)
            for script in scripts.values():
                script.update(turn)

        def configure(config: str) -> str:
            return config.replace("http://127.0.0.1:8000/", listener.base) + OUTPUT

        folder = tmp_path_factory.mktemp("clients")
        with run_demo(folder, configure=configure, subscribers=subscribers) as ran:
            ids = {
                release: f"urn:uuid:{only(found)}" for release, found in by_release(ran).items()
            }
            held = {r for r in ids if story_of(ran, r).status is StoryStatus.HELD}
            kept = {document: readers.kept(document) for document in EVERYTHING}
            merge(ran, *MERGED)
            listener.turn = AGAIN + 1
            readers.update(AGAIN + 1)
            shown = {ids[release] for release in ids.keys() - held}
            yield Read(listener, readers, scripts, ids=ids, shown=shown, kept=kept)


def merge(ran: Ran, *releases: str) -> None:
    """A person says that the two are one."""
    one, other = (story_of(ran, release).canonical_id for release in releases)
    pin = NewPin(kind=PinKind.SAME, entry_a=one, entry_b=other, who="eva")
    app = ran.app
    add_pin(app.database, pin, policy=app.settings.match, now=app.clock())
    publish_changed(app.database, app.settings, clock=app.clock)


def heard(told: list[Told], document: str, *, new: bool | None = None) -> list[Told]:
    return [one for one in told if one.document == document and new in {None, one.new}]


@pytest.mark.parametrize("document", LISTS)
def test_reader_is_told_of_every_story_once_under_one_id(read: Read, document: str) -> None:
    new = Counter(one.id for one in heard(read.told, document, new=True))
    assert new == dict.fromkeys(read.shown, 1)
    assert read.kept[document].keys() == read.shown


@pytest.mark.parametrize("document", LISTS)
def test_revisions_reach_reader_as_updates_of_the_entry_it_has(read: Read, document: str) -> None:
    kept = read.kept[document]
    wanted = {(read.ids[release], step) for release, step in revised().items()}
    moved = set()
    for entry_id in kept:
        times = [o for o in read.told if (o.document, o.id) == (document, entry_id)]
        for before, after in pairwise(times):
            if after.updated != before.updated:
                moved.add((entry_id, after.turn))
    assert moved == wanted
    assert "381 Millionen" in str(kept[read.ids["mindestlohn"]].content)


@pytest.mark.parametrize("document", LISTS)
def test_reader_is_told_again_only_of_stories_that_changed_or_were_copied(
    read: Read, document: str
) -> None:
    again = {(one.id, one.turn) for one in heard(read.told, document, new=False)}
    wanted = {
        (read.ids[release], step)
        for release, step in {*copied(), *revised().items()}
        if read.ids[release] in read.shown
    }
    assert again == wanted


def test_a_search_is_a_feed_like_any_other(read: Read) -> None:
    assert read.kept[SEARCH].keys() == {read.ids["mindestlohn"]}
    told = [(one.new, one.turn) for one in read.told if one.document == SEARCH]
    assert told == [(True, 1), (False, 3)]


def test_the_corrections_feed_tells_of_each_change_once(read: Read) -> None:
    told = [one for one in read.told if one.document == "corrections.atom"]
    assert [one.new for one in told] == [True] * len(told)
    assert sorted(one.turn for one in told) == sorted(revised().values())
    links = {entry.link for entry in read.kept["corrections.atom"].values()}
    wanted = {read.ids[release] for release in revised()}
    assert {f"urn:uuid:{str(link).rpartition('/')[2]}" for link in links} == wanted


def test_an_output_of_new_entries_shows_a_revision_as_an_entry_of_its_own(read: Read) -> None:
    new = Counter(one.id for one in heard(read.told, "news.atom", new=True))
    assert set(new.values()) == {1}
    # The first revision keeps the story's own id, each later one adds an entry.
    assert read.shown <= new.keys()
    later = [o for o in read.told if o.document == "news.atom" and o.id not in read.shown]
    assert sorted(one.turn for one in later if one.new) == sorted(revised().values())


@pytest.mark.parametrize("validators", ["both", "tags", "dates"])
def test_a_script_with_feedparser_misses_nothing_and_sees_nothing_twice(
    read: Read, validators: str
) -> None:
    told = read.scripts[validators].told
    for document in LISTS:
        if document in SCRIPTED:
            new = Counter(one.id for one in heard(told, document, new=True))
            assert new == dict.fromkeys(read.shown, 1), document
    for document in SCRIPTED:
        theirs = [o for o in read.told if o.document == document]
        fresh = {(one.id, one.turn) for one in theirs if one.new}
        assert {(o.id, o.turn) for o in heard(told, document, new=True)} == fresh, document
    changed = {(one.id, one.turn) for one in heard(told, "merged.atom", new=False)}
    assert changed == {(read.ids[r], step) for r, step in revised().items()}


def test_whoever_sends_validators_gets_304_when_nothing_changed(read: Read) -> None:
    last = [answer for answer in read.listener.served if answer.turn == AGAIN]
    assert Counter(a.path for a in last) == {
        name: 4 if name in SCRIPTED else 1 for name in EVERYTHING
    }
    assert {(a.status, a.conditional) for a in last} == {(304, True)}
    first = {(a.status, a.conditional) for a in read.listener.served if a.turn == 0}
    assert first == {(200, False)}
    # Before the first correction its feed has nothing to say.
    early = [a for a in read.listener.served if a.path == "corrections.atom" and a.turn in {1, 2}]
    assert {a.status for a in early} == {304}


def test_a_merger_afterwards_retires_one_entry_and_tells_of_no_new_one(read: Read) -> None:
    told = [(o.id, o.new) for o in heard(read.reader.told, "merged.atom") if o.turn > AGAIN]
    assert told == [(read.ids[MERGED[0]], False)]
    # `reader` knows no tombstones and never forgets: the retired entry stays as it was.
    assert read.reader.kept("merged.atom").keys() == read.shown
