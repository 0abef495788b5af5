"""Between the model's values and columns: the one place that knows both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.model.entries import Cleaned, EntryNotice, NoticeKind, Span, SpanKind

__all__ = [
    "body_of",
    "notice_rows",
    "notices_from",
    "span_rows",
    "spans_from",
    "storable",
    "storable_or_none",
]


def span_rows(spans: Sequence[Span]) -> list[list[object]]:
    """Spans as JSON: start, end, kind, rule."""
    return [[span.start, span.end, span.kind.value, span.rule] for span in spans]


def spans_from(rows: Sequence[Sequence[Any]]) -> tuple[Span, ...]:
    """What `span_rows` wrote."""
    return tuple(Span(start, end, SpanKind(kind), rule) for start, end, kind, rule in rows)


def notice_rows(notices: Sequence[EntryNotice]) -> list[dict[str, object]]:
    """Notices as JSON."""
    return [
        {
            "kind": notice.kind.value,
            "cue": notice.cue,
            "until": None if notice.until is None else notice.until.isoformat(),
            "quoted_title": notice.quoted_title,
        }
        for notice in notices
    ]


def notices_from(rows: Sequence[Mapping[str, Any]]) -> tuple[EntryNotice, ...]:
    """What `notice_rows` wrote."""
    return tuple(
        EntryNotice(
            kind=NoticeKind(row["kind"]),
            cue=row["cue"],
            until=None if row["until"] is None else datetime.fromisoformat(row["until"]),
            quoted_title=row["quoted_title"],
        )
        for row in rows
    )


def body_of(text: str, spans: Sequence[Sequence[Any]]) -> str:
    """The body readers see: the text less its spans, datelines kept."""
    return Cleaned(text=text, spans=spans_from(spans)).body()


def storable(text: str) -> str:
    """The text without what a database refuses: U+0000 and lone surrogates."""
    text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "ignore").decode("utf-8")


def storable_or_none(text: str | None) -> str | None:
    """The same for a text that may be absent."""
    return None if text is None else storable(text)
