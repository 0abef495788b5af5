"""`/log`: the dedup log, searched and filtered by the address; exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response, StreamingResponse

from aggregator.actions.browsing import LogFilter, LogPage, browse_log
from aggregator.actions.log import LogRow
from aggregator.errors import UsageError
from aggregator.model.matching import Verdict
from aggregator.web.evidence import bars
from aggregator.web.rendering import OpenPage, Page

__all__ = ["router"]

PAGE_SIZE: Final = 40
EXPORT_CHUNK: Final = 500
# An export answers a desk's question; whoever wants everything reads the API.
EXPORT_ROWS: Final = 20_000
# A spreadsheet runs a cell that begins so as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Asked(BaseModel):
    """The filters as they stand in the address."""

    q: str = ""
    outlet: str = ""
    verdict: str = ""
    since: str = ""
    until: str = ""
    min_similarity: str = ""
    who: str = ""
    before: int | None = None

    def wanted(self) -> LogFilter:
        """The filter.

        Raises:
            UsageError: The least similarity is no number from 0 to 1.
        """
        least: float | None = None
        if self.min_similarity.strip():
            try:
                least = float(self.min_similarity.replace(",", "."))
            except ValueError:
                least = -1.0
            if not 0.0 <= least <= 1.0:
                raise UsageError("The least similarity is a number from 0 to 1.")
        return LogFilter(
            words=self.q,
            outlet=self.outlet,
            verdict=self.verdict,
            since=self.since,
            until=self.until,
            min_similarity=least,
            who=self.who,
        )


AskedQuery = Annotated[Asked, Query()]


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/log", show, response_class=HTMLResponse)
    routes.add_api_route("/log.csv", export_csv, response_class=StreamingResponse)
    routes.add_api_route("/log.jsonl", export_json_lines, response_class=StreamingResponse)
    return routes


def show(page: OpenPage, asked: AskedQuery) -> Response:
    """A page of decisions."""
    problem, found = "", LogPage(rows=())
    try:
        found = _browse(page, asked, limit=PAGE_SIZE, before=asked.before)
    except UsageError as error:
        problem = str(error)
    return page.render(
        "log.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        found=found,
        problem=problem,
        filters=asked.model_dump(exclude={"before"}),
        first=asked.before is None,
        outlets=[outlet.id for outlet in page.services.settings.outlets],
        verdicts=[verdict.value for verdict in Verdict],
        bars=bars,
    )


def export_csv(page: OpenPage, asked: AskedQuery) -> Response:
    """Every decision that the filters leave, as CSV."""
    names = list(_plain(None))

    def lines() -> Iterator[str]:
        yield _csv_line(names)
        for row in _every(page, asked):
            yield _csv_line([_cell(value) for value in _plain(row).values()])

    return _download(page, asked, lines(), name="log.csv", media_type="text/csv")


def export_json_lines(page: OpenPage, asked: AskedQuery) -> Response:
    """Every decision that the filters leave, as JSON lines with their evidence."""

    def lines() -> Iterator[str]:
        for row in _every(page, asked):
            whole = {**_plain(row), "evidence": dict(row.decision.evidence)}
            yield json.dumps(whole, ensure_ascii=False, default=str) + "\n"

    return _download(page, asked, lines(), name="log.jsonl", media_type="application/jsonl")


def _browse(page: Page, asked: Asked, *, limit: int, before: int | None) -> LogPage:
    return browse_log(
        page.services.database,
        asked.wanted(),
        limit=limit,
        before=before,
        timezone=page.services.settings.publish.timezone,
        language=page.language,
    )


def _every(page: Page, asked: Asked) -> Iterator[LogRow]:
    at: int | None = None
    for _ in range(EXPORT_ROWS // EXPORT_CHUNK):
        found = _browse(page, asked, limit=EXPORT_CHUNK, before=at)
        yield from found.rows
        at = found.next
        if at is None:
            return


def _download(
    page: Page, asked: Asked, lines: Iterator[str], *, name: str, media_type: str
) -> Response:
    # A wrong query must be an answer of its own, before the first line is sent.
    _browse(page, asked, limit=1, before=None)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private"}
    return StreamingResponse(lines, media_type=f"{media_type}; charset=utf-8", headers=headers)


def _plain(row: LogRow | None) -> dict[str, object]:
    """One decision as flat values; of None the names alone."""
    d = row.decision if row else None
    return {
        "id": d and d.id,
        "decided_at": d and d.decided_at.isoformat(),
        "decided_by": d and d.decided_by,
        "action": d and d.action.value,
        "verdict": d and d.verdict.value,
        "rule": d and d.rule,
        "similarity": d and d.similarity,
        "entry": d and d.entry_id,
        "outlet": row and row.outlet_id,
        "title": row and row.title,
        "matched_entry": d and d.matched_entry_id,
        "matched_outlet": row and row.matched_outlet_id,
        "matched_title": row and row.matched_title,
        "story": d and d.story_id,
    }


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv_line(cells: list[object] | list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
