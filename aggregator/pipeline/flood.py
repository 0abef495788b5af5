"""Whether a document's many new items are news, or an old feed in new clothes. Pure.

A relaunched site gives every old release a new guid, a new link, sometimes a new text and
a new date. Hundreds of "new" stories would bury the news of the day. They are stored and
matched, but held back until another poll's entry joins them or a person releases them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregator.model.entries import ParsedEntry

__all__ = ["FLOOD", "held_back"]

# New items of one document from which on it is a flood. Documents of real feeds hold 10 to
# 100 items as a rule; a busy wire brings some dozens an hour.
FLOOD = 100
# So long without a successful poll, many items dated since then are what was missed.
LONG_SILENCE = timedelta(hours=24)


def held_back(
    new: Sequence[ParsedEntry], *, last_ok_at: datetime | None, now: datetime
) -> frozenset[int]:
    """Positions of the new items that are not seen to be news.

    News is dated after the last successful poll; but a flood of items all dated within the
    last hours is an import, unless the feed was silent for long.

    Args:
        new: Items never stored before, of one document.
        last_ok_at: The last successful poll before this one; None on a first poll, whose
            old items are expected.
        now: Aware UTC.

    Returns:
        Positions in `new`; none where it is no flood.
    """
    if last_ok_at is None or len(new) < FLOOD:
        return frozenset()
    fresh = frozenset(n for n, item in enumerate(new) if _dated_after(item, last_ok_at))
    everything = frozenset(range(len(new)))
    if len(fresh) >= FLOOD and now - last_ok_at < LONG_SILENCE:
        return everything
    return everything - fresh


def _dated_after(item: ParsedEntry, moment: datetime) -> bool:
    return item.published is not None and item.published >= moment
