"""The filters of an [[output]], each way round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Verdict
from aggregator.model.policy import OutputPolicy
from aggregator.model.stories import Member, Story, StoryStatus
from aggregator.publish.selection import newest_first, select

MakeStory = Callable[..., Story]


@pytest.fixture
def story(make_story: MakeStory, make_member: Callable[..., Member]) -> Story:
    members = (make_member(1), make_member(2, verdict=Verdict.REVISION))
    return make_story(1, issuer="BMX", language="de-AT", members=members)


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        pytest.param({}, True, id="no filter keeps all"),
        pytest.param({"outlets": ("outlet2",)}, True, id="any member's outlet counts"),
        pytest.param({"outlets": ("outlet9",)}, False, id="another outlet does not"),
        pytest.param({"without_outlets": ("outlet1",)}, False, id="without its canonical outlet"),
        pytest.param({"without_outlets": ("outlet2",)}, True, id="a copy's outlet is no reason"),
        pytest.param({"issuers": ("bmx",)}, True, id="issuers whatever their case"),
        pytest.param({"issuers": ("BMY",)}, False, id="another issuer"),
        pytest.param({"without_issuers": ("bmx",)}, False, id="without its issuer"),
        pytest.param({"kinds": (OutletKind.PORTAL,)}, True, id="any member's kind counts"),
        pytest.param({"kinds": (OutletKind.MEDIA,)}, False, id="another kind"),
        pytest.param({"without_kinds": (OutletKind.MINISTRY,)}, False, id="without its kind"),
        pytest.param({"without_verdicts": (Verdict.REVISION,)}, False, id="without a verdict"),
        pytest.param({"languages": ("de",)}, True, id="a language covers its regions"),
        pytest.param({"languages": ("de-CH", "en")}, False, id="another region"),
        pytest.param(
            {"outlets": ("outlet2",), "issuers": ("BMY",)}, False, id="all filters must hold"
        ),
    ],
)
def test_filter(output: dict[str, tuple[str, ...]], *, kept: bool, story: Story) -> None:
    chosen = select([story], OutputPolicy(name="x", **output))  # type: ignore[arg-type]
    assert bool(chosen) is kept


def test_the_stores_hits_and_misses_decide_the_queries(make_story: MakeStory) -> None:
    stories = [make_story(n) for n in (1, 2, 3)]
    output = OutputPolicy(name="x", query="ebbe", not_query="flut")
    chosen = select(stories, output, hits={stories[0].id, stories[1].id}, misses={stories[1].id})
    assert chosen == (stories[0],)


def test_an_empty_set_of_hits_selects_nothing(make_story: MakeStory) -> None:
    assert select([make_story(1)], OutputPolicy(name="x", query="ebbe"), hits=set()) == ()


def test_newest_first_leaves_out_what_is_not_shown(make_story: MakeStory) -> None:
    held = make_story(9, status=StoryStatus.HELD)
    bare = make_story(8, members=())
    stories = [make_story(1), held, make_story(3), bare, make_story(2)]
    assert [story.seq for story in newest_first(stories)] == [3, 2, 1]
