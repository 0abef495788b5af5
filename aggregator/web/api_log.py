"""The dedup log, and explanations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from aggregator.actions.browsing import LogFilter, browse_log
from aggregator.actions.log import explain_pair
from aggregator.actions.visible import check_visible
from aggregator.model.matching import Verdict
from aggregator.web.api_models import (
    DecisionList,
    DecisionOut,
    ExplanationOut,
    plain,
)
from aggregator.web.api_parameters import EntryId, Limit, RowCursor, Text, Words
from aggregator.web.api_pin_models import PinOut
from aggregator.web.problems import problems
from aggregator.web.services import WebServices

__all__ = ["router"]

Tongue = Annotated[Literal["de", "en"], Query(description="Language of the sentences")]
Similarity = Annotated[float | None, Query(ge=0, le=1, description="At least so similar")]
Date = Annotated[
    str, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A day like 2026-01-31")
]


def router(services: WebServices) -> APIRouter:
    """`/decisions`, `/explain`."""
    routes = APIRouter(tags=["log"])
    _add_decisions(routes, services)
    _add_explanation(routes, services)
    return routes


def _add_decisions(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/decisions", responses=problems())
    def search_decisions(  # noqa: PLR0913, PLR0917 - one for each filter
        q: Words = "",
        outlet: Text = "",
        verdict: Verdict | None = None,
        since: Date = "",
        until: Date = "",
        min_similarity: Similarity = None,
        who: Text = "",
        language: Tongue = "en",
        cursor: RowCursor = None,
        limit: Limit = 50,
    ) -> DecisionList:
        """Decisions of the dedup log with their evidence, newest first."""
        wanted = LogFilter(
            words=q,
            outlet=outlet,
            verdict=verdict.value if verdict else "",
            since=since,
            until=until,
            min_similarity=min_similarity,
            who=who,
        )
        page = browse_log(
            services.database,
            wanted,
            limit=limit,
            before=cursor,
            timezone=services.settings.publish.timezone,
            language=language,
        )
        return DecisionList(decisions=[DecisionOut.of(row) for row in page.rows], next=page.next)


def _add_explanation(routes: APIRouter, services: WebServices) -> None:
    @routes.get("/explain/{entry_id}/{other_id}", responses=problems(HTTPStatus.NOT_FOUND))
    def explain(entry_id: EntryId, other_id: EntryId, language: Tongue = "en") -> ExplanationOut:
        """Why two entries are (not) the same release under today's policy."""
        with services.database.read() as conn:
            check_visible(conn, [entry_id, other_id])
        found = explain_pair(
            services.database,
            entry_id,
            other_id,
            policy=services.settings.match,
            language=language,
        )
        return ExplanationOut(
            entry_a=entry_id,
            entry_b=other_id,
            verdict=found.comparison.verdict,
            rule=found.comparison.rule,
            similarity=found.comparison.similarity,
            evidence=plain(found.comparison.evidence),
            vetoes=list(found.comparison.vetoes),
            words=found.words,
            pins=[PinOut.of(pin) for pin in found.pins],
        )
