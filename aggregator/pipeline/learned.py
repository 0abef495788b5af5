"""Learned blocks between the store and the pure cleaner."""

from __future__ import annotations

from aggregator.clean import NOTHING_LEARNED, LearnedBlocks
from aggregator.model.feeds import Outlet
from aggregator.store import blocks
from aggregator.store.database import Connection

__all__ = ["active_blocks", "scopes_of"]


def scopes_of(outlet: Outlet) -> tuple[str, ...]:
    """The scopes whose learned blocks apply to an outlet's entries."""
    own = (f"outlet:{outlet.id}",)
    return (*own, f"issuer:{outlet.issuer}") if outlet.issuer else own


def active_blocks(conn: Connection, outlet: Outlet) -> LearnedBlocks:
    """The outlet's active and approved learned blocks, as the cleaner takes them."""
    rows = blocks.active(conn, scopes_of(outlet))
    return NOTHING_LEARNED if not rows else _as_learned(rows)


def _as_learned(rows: tuple[blocks.LearnedBlock, ...]) -> LearnedBlocks:
    raise NotImplementedError(rows)
