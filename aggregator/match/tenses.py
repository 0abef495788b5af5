"""Whether a text announces or reports. In: token hashes; out: a sign. Pure.

An announcement ("wird", "will take place") and the report afterwards ("fuehrte", "took
place") share a template, a place and often a date; only the tense tells them apart.
"""

from __future__ import annotations

import numpy as np

from aggregator.match.shingles import Hashes, membership, token_hashes

__all__ = ["tense"]

# Words: the opening says it; further down announcements tell what happened before.
OPENING = 60

# "werden" is left out: witnesses "werden gebeten" in every report.
_FUTURE = np.unique(
    token_hashes(
        [
            "wird",
            "demnaechst",
            "laedt",
            "einladung",
            "kuendigt",
            "geplant",
            "bevorstehende",
            "will",
            "shall",
            "upcoming",
            "invites",
            "announces",
            "planned",
        ]
    )
)
_PAST = np.unique(
    token_hashes(
        [
            "wurde",
            "wurden",
            "hatte",
            "hatten",
            "fuehrte",
            "fuehrten",
            "fand",
            "fanden",
            "kam",
            "kamen",
            "war",
            "waren",
            "konnte",
            "konnten",
            "was",
            "were",
            "had",
            "took",
            "held",
        ]
    )
)


def tense(words: Hashes) -> int:
    """1 for an opening in the future tense only, -1 for the past only, else 0.

    Args:
        words: Token hashes of the body in order.
    """
    opening = words[:OPENING]
    future = bool(membership(opening, _FUTURE).any())
    past = bool(membership(opening, _PAST).any())
    return int(future) - int(past)
