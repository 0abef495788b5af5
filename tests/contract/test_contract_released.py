"""An editor ends an embargo; what was known then does not hold the release again."""

from __future__ import annotations

import pytest

from aggregator.actions.releasing import release_story
from aggregator.errors import NotFoundError, UsageError
from aggregator.model.stories import StoryStatus
from aggregator.store import outbox
from tests.contract import test_contract_never_shown as never_shown
from tests.contract.test_contract_never_shown import (
    NOTICE,
    OWN,
    TEXT,
    WIRE,
    WITHDRAWAL,
    Newsroom,
    until,
)

newsroom = never_shown.newsroom
UNREADABLE = f"Sperrfrist: Beginn der Rede\n\n{TEXT}"


def release(room: Newsroom) -> None:
    (story,) = room.story_ids()
    release_story(room.database, story, who="eva", reason="agreed", now=room.now)
    room.publish()


@pytest.mark.parametrize("text", [until(17), UNREADABLE], ids=["with an end", "without one"])
def test_a_released_story_stays_so_when_its_embargo_is_found_again(
    newsroom: Newsroom, text: str
) -> None:
    newsroom.deliver(OWN, text)
    assert newsroom.status() is StoryStatus.HELD
    release(newsroom)
    assert newsroom.status() is StoryStatus.USABLE
    assert "merged.atom" in newsroom.told()
    newsroom.deliver(OWN, text)
    newsroom.deliver(OWN, text + " Das teilte das Amt mit.")
    newsroom.deliver(WIRE, text)
    assert newsroom.status() is StoryStatus.USABLE
    with newsroom.database.read() as conn:
        notes = [c.note for c in outbox.changes_of(conn, newsroom.story().id)]
    assert "released by eva: agreed" in notes


def test_an_end_nobody_knew_holds_a_released_story_again(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(12))
    release(newsroom)
    newsroom.deliver(OWN, until(17))
    assert newsroom.status() is StoryStatus.HELD
    release(newsroom)
    newsroom.deliver(WIRE, until(17))
    assert newsroom.status() is StoryStatus.USABLE


def test_only_what_an_embargo_holds_can_be_released(newsroom: Newsroom) -> None:
    newsroom.deliver(OWN, until(17))
    newsroom.deliver(OWN, NOTICE, title=WITHDRAWAL)
    assert newsroom.status() is StoryStatus.WITHHELD
    with pytest.raises(UsageError, match="withdrawn before it was shown"):
        release(newsroom)
    with pytest.raises(NotFoundError):
        release_story(newsroom.database, "ffff", who="eva", now=newsroom.now)
