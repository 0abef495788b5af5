"""Runs a rule in use elsewhere over a stream, for `dedup --method`. Pure.

Every record is compared with all earlier ones inside the window, as such tools do; the best
one at or above the rule's threshold gives it its story. Slow on purpose of fairness: no
blocking spares the rule a comparison.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from aggregator.match.baselines import Baseline
from aggregator.match.offline import OfflineRecord, OfflineRow
from aggregator.model.matching import Verdict

__all__ = ["deduplicate_by_rule"]

# Earlier records that are looked at: more would take hours, and the tools keep fewer.
MOST_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class _Seen:
    record: OfflineRecord
    story: str


def deduplicate_by_rule(
    records: Iterable[OfflineRecord], rule: Baseline, *, window: timedelta
) -> Iterator[OfflineRow]:
    """One row a record, in order, under somebody else's rule.

    Args:
        records: As for `offline.deduplicate`.
        rule: One of `baselines.METHODS`.
        window: Farthest two dated records may lie apart.
    """
    seen: deque[_Seen] = deque(maxlen=MOST_COMPARED)
    for record in records:
        best, similarity = _best(record, seen, rule=rule, window=window)
        story = best.story if best else record.id
        seen.append(_Seen(record=record, story=story))
        yield OfflineRow(
            id=record.id,
            story=story,
            canonical=story,
            verdict=Verdict.DUPLICATE if best else Verdict.DISTINCT,
            matched=best.record.id if best else None,
            similarity=round(similarity, 3) if best else None,
        )


def _best(
    record: OfflineRecord, seen: Iterable[_Seen], *, rule: Baseline, window: timedelta
) -> tuple[_Seen | None, float]:
    best, highest = None, 0.0
    mine = (record.title, record.body)
    for other in seen:
        if _apart(record, other.record, window):
            continue
        similarity = rule.measure(mine, (other.record.title, other.record.body))
        if similarity >= rule.threshold and similarity > highest:
            best, highest = other, similarity
    return best, highest


def _apart(a: OfflineRecord, b: OfflineRecord, window: timedelta) -> bool:
    if a.published is None or b.published is None:
        return False
    return abs(a.published - b.published) > window
