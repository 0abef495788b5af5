"""The shared corpus as the program would get it: parsed, stripped, with its labels.

Read from the folder beside the project, or where AGGREGATOR_CORPUS says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.clean import CleanContext, clean
from aggregator.match.offline import OfflineRecord
from aggregator.model.entries import ParseFailure
from aggregator.model.feeds import OutletKind
from aggregator.model.policy import ParsePolicy
from aggregator.parse import canonical_url, parse_document

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
PORTALS = ("presseportal", "pressebox", "polizei")
RELEASE_NUMBER = re.compile(r"\b\d{6}\s{1,2}-\s?\d{1,4}\b")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record with its labels."""

    record: OfflineRecord
    cluster: str = ""
    kind: str = ""


def load(name: str) -> Iterator[Labelled]:
    """Documents of one file, stripped."""
    with (CORPUS / "pairs" / f"{name}.jsonl").open() as lines:
        for line in lines:
            row = json.loads(line)
            yield Labelled(record_of(row), str(row.get("cluster")), str(row.get("kind", "")))


def record_of(row: Mapping[str, str]) -> OfflineRecord:
    """A row of the corpus as the program would get it."""
    outlet = row.get("outlet") or ""
    published = datetime.fromisoformat(row["published"]).replace(tzinfo=UTC)
    link = row.get("link")
    kind = OutletKind.PORTAL if outlet.lower().startswith(PORTALS) else OutletKind.MEDIA
    return stripped(
        OfflineRecord(
            id=row["id"],
            title=row["title"],
            body=row["text"],
            outlet=outlet,
            outlet_kind=kind,
            published=published,
            link=canonical_url(link) if link else None,
        )
    )


def stripped(record: OfflineRecord) -> OfflineRecord:
    """The same without its boilerplate, with its notices."""
    context = CleanContext(
        title=record.title,
        outlet_id=record.outlet,
        outlet_kind=record.outlet_kind,
        language=record.language,
        published=record.published,
    )
    cleaned = clean(record.body, context=context)
    return replace(record, body=cleaned.body(keep_datelines=False), notices=cleaned.notices)


def undated(labelled: Labelled) -> Labelled:
    """Without its date of publication."""
    return replace(labelled, record=replace(labelled.record, published=None))


def unnumbered(labelled: Labelled) -> Labelled:
    """Without its date and the press office's running number."""
    record = undated(labelled).record
    title = RELEASE_NUMBER.sub("", record.title)
    record = replace(record, title=title, body=RELEASE_NUMBER.sub("", record.body))
    return replace(labelled, record=record)


def feed_records(path: Path) -> Iterator[OfflineRecord]:
    """Entries of one feed document, named by their position in it."""
    if path.suffix in {".opml", ".tsv"}:
        return
    address = f"https://feeds.example/{path.name}"
    parsed = parse_document(
        path.read_bytes(), url=address, content_type=None, policy=ParsePolicy()
    )
    if isinstance(parsed, ParseFailure):
        return
    for number, entry in enumerate(parsed.entries):
        yield stripped(
            OfflineRecord(
                id=f"{path.name}#{number}",
                title=entry.title,
                body=entry.text,
                outlet=path.name,
                published=entry.published,
                link=entry.canonical_link,
                language=entry.language or parsed.language or "en",
            )
        )


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSON Lines file."""
    with path.open() as lines:
        for line in lines:
            yield json.loads(line)
