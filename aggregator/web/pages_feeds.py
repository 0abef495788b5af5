"""`/feeds`: health, schedule and history of each feed; pause, resume, poll now."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.feeds import FeedHealth, feed_health, feed_history
from aggregator.actions.push_report import PushReport, feed_pushes
from aggregator.actions.steering import SteerFeed, steer_feed
from aggregator.fetch import mask_url
from aggregator.store import polls
from aggregator.store.polls import PollRecord
from aggregator.web.drawing import sparkline
from aggregator.web.guard import EditorPage, checked_editor
from aggregator.web.rendering import OpenPage

__all__ = ["router"]

SPARK_POLLS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One feed of the list.

    Attributes:
        health: Configuration, state, last poll.
        spark: Points of its sparkline, new entries a poll, oldest first.
        new: New entries in these polls.
        gap: One of these polls may have missed entries.
        push: How it is pushed, or None: it is not.
    """

    health: FeedHealth
    spark: str
    new: int
    gap: bool
    push: PushReport | None


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/feeds", show_all, response_class=HTMLResponse)
    routes.add_api_route("/feeds/{feed_id}", show, response_class=HTMLResponse)
    routes.add_api_route(
        "/feeds/{feed_id}/{act}",
        steer,
        methods=["POST"],
        response_class=RedirectResponse,
        dependencies=[Depends(checked_editor)],
    )
    return routes


def show_all(page: OpenPage) -> Response:
    """All feeds, those with trouble first."""
    found = feed_health(page.services.database, page.services.settings)
    with page.services.database.read() as conn:
        history = {h.feed.id: polls.history(conn, h.feed.id, limit=SPARK_POLLS) for h in found}
    pushes = feed_pushes(page.services.database, now=page.services.clock())
    rows = [_row(h, history[h.feed.id], pushes.get(h.feed.id)) for h in found]
    order = ("failing", "new", "paused", "ok", "disabled")
    rows.sort(key=lambda row: order.index(row.health.word))
    counts = {word: sum(r.health.word == word for r in rows) for word in order}
    return page.render(
        "feeds.html", rows=rows, counts={w: n for w, n in counts.items() if n}, mask=mask_url
    )


def show(
    page: OpenPage, feed_id: str, said: Literal["", "pause", "resume", "poll"] = ""
) -> Response:
    """One feed with its latest polls."""
    found = feed_history(page.services.database, page.services.settings, feed_id)
    with page.services.database.read() as conn:
        history = polls.history(conn, feed_id, limit=SPARK_POLLS)
    pushes = feed_pushes(page.services.database, now=page.services.clock())
    row = _row(found.health, history, pushes.get(feed_id))
    return page.render("feed.html", row=row, polls=history, mask=mask_url, said=said)


def steer(
    page: EditorPage,
    feed_id: str,
    act: SteerFeed,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Pauses, resumes or polls a feed."""
    steer_feed(
        page.services.database,
        feed_id,
        act=act,
        reason=reason,
        who=page.visitor.name,
        now=page.services.clock(),
    )
    return RedirectResponse(f"/feeds/{feed_id}?said={act}", HTTPStatus.SEE_OTHER)


def _row(health: FeedHealth, history: tuple[PollRecord, ...], push: PushReport | None) -> FeedRow:
    counts = [poll.new for poll in reversed(history)]
    return FeedRow(
        health=health,
        spark=sparkline(counts),
        new=sum(counts),
        gap=any(poll.gap for poll in history),
        push=push,
    )
