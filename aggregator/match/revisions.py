"""What changed between two revisions of one entry. In: signatures; out: what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from aggregator.match import facts as facts_of_texts
from aggregator.match.codec import decode
from aggregator.match.shingles import Hashes, figures, membership
from aggregator.model.entries import EntryNotice, NoticeKind
from aggregator.model.matching import Signature

__all__ = ["RevisionChange", "revision_changes"]

# A change of fewer words that touches no figure and no fact is a typing error or a
# style change. Three words are the shortest clause ("not guilty" is two and a fact no
# machine sees; the log shows the text either way).
TYPO_WORDS = 3

_FACT_NOTICES = frozenset({NoticeKind.CORRECTION, NoticeKind.WITHDRAWAL, NoticeKind.ADDENDUM})


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionChange:
    """The difference of two revisions of one entry.

    Attributes:
        changes_facts: `updated` moves: a notice, a changed fact, or new sentences.
        summary: What changed, for the log: conflicts, else counts of words.
        containment: Share of the shorter revision's shingles the longer one holds.
    """

    changes_facts: bool
    summary: tuple[str, ...]
    containment: float


def revision_changes(
    old: Signature, new: Signature, *, notices: Sequence[EntryNotice] = ()
) -> RevisionChange:
    """Judges what a changed entry means for its story.

    Args:
        old: Signature of the revision before.
        new: Signature of the new one.
        notices: What the new revision announces.
    """
    before, after = decode(old), decode(new)
    conflicts = facts_of_texts.conflicts(before.facts, after.facts)
    replaced, figure = _edits(before.words, after.words)
    announced = any(notice.kind in _FACT_NOTICES for notice in notices)
    summary = [str(conflict) for conflict in conflicts]
    if not summary and replaced:
        summary.append(f"{replaced} words changed")
    if before.title.tokens != after.title.tokens:
        summary.append("headline changed")
    few, many = sorted((before.shingles, after.shingles), key=len)
    return RevisionChange(
        changes_facts=announced or bool(conflicts) or figure or replaced > TYPO_WORDS,
        summary=tuple(summary),
        containment=float(membership(few, many).mean()) if len(few) else 1.0,
    )


def _edits(before: Hashes, after: Hashes) -> tuple[int, bool]:
    """Words inserted, deleted or replaced, and whether a figure is among them."""
    count, figure = 0, False
    is_figure_before, is_figure_after = figures(before), figures(after)
    for edit in Levenshtein.opcodes(before.tolist(), after.tolist()):
        if edit.tag == "equal":
            continue
        count += max(edit.src_end - edit.src_start, edit.dest_end - edit.dest_start)
        figure = figure or bool(
            np.any(is_figure_before[edit.src_start : edit.src_end])
            or np.any(is_figure_after[edit.dest_start : edit.dest_end])
        )
    return count, figure
