"""Chooses the entry that stands for a story. In: its members; out: one entry id. Pure.

Order: a person's pin; the issuer's own outlet; the fullest text; the earliest. A text that
withdraws or only announces a correction never stands for a release while another
member has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregator.match.codec import decode
from aggregator.model.entries import NoticeKind
from aggregator.model.feeds import OutletKind
from aggregator.model.matching import Subject

__all__ = ["choose_canonical"]

# Trust in a text, best first: the issuer's own, then who passes on what it was given,
# then who edits.
_TRUST = {
    OutletKind.MINISTRY: 0,
    OutletKind.AGENCY: 1,
    OutletKind.PORTAL: 1,
    OutletKind.MEDIA: 2,
}
# A text this share shorter than the fullest counts as equally full: portals drop a
# sentence, add a sub-headline; then the earlier one stands.
FULL_SHARE = 0.9
# Entries of a story arrive within hours of each other. Who claims to have published
# more than this before we first saw it gets no credit for it (a back-dated entry).
CREDIBLE_DELAY = timedelta(hours=72)


def choose_canonical(members: Sequence[Subject], *, pinned: int | None = None) -> int:
    """The canonical entry of a story, whatever arrived first.

    Args:
        members: All entries of the story, in any order; at least one.
        pinned: An entry a person chose; counts if it is a member.

    Returns:
        Its entry id.

    Raises:
        ValueError: There is no member.
    """
    if not members:
        raise ValueError("A story without entries has no canonical entry.")
    if pinned is not None and any(member.entry_id == pinned for member in members):
        return pinned
    texts = [member for member in members if not _notice_only(member)] or list(members)
    best = min(_standing(member) for member in texts)
    texts = [member for member in texts if _standing(member) == best]
    fullest = max(_length(member) for member in texts)
    texts = [member for member in texts if _length(member) >= FULL_SHARE * fullest]
    return min(texts, key=lambda member: (_credible_time(member), member.entry_id)).entry_id


def _standing(member: Subject) -> tuple[int, int]:
    own = member.own_issuer is not None and member.issuer in {None, member.own_issuer}
    return (0 if own else 1, _TRUST[member.outlet_kind])


def _length(member: Subject) -> int:
    """Words of the body; the signature's where the body was not loaded."""
    return len(member.body.split()) if member.body else len(decode(member.signature).words)


def _credible_time(member: Subject) -> datetime:
    if member.first_seen_at - member.effective_at > CREDIBLE_DELAY:
        return member.first_seen_at
    return member.effective_at


def _notice_only(member: Subject) -> bool:
    return any(notice.kind is NoticeKind.WITHDRAWAL for notice in member.notices)
