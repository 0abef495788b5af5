"""Pins as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from aggregator.model.matching import Pin, PinKind

__all__ = ["NewPinIn", "PinOut", "PinResult"]

# No longer than a database counts, and exact in JavaScript.
RowId = Annotated[int, Field(ge=1, le=2**53)]


class PinOut(BaseModel):
    """A person's overruling."""

    id: int
    kind: PinKind
    entry_a: int
    entry_b: int | None
    reason: str
    pinned_by: str
    pinned_at: datetime

    @classmethod
    def of(cls, pin: Pin) -> PinOut:
        """An active pin."""
        return cls(
            id=pin.id,
            kind=pin.kind,
            entry_a=pin.entry_a,
            entry_b=pin.entry_b,
            reason=pin.reason,
            pinned_by=pin.pinned_by,
            pinned_at=pin.pinned_at,
        )


class NewPinIn(BaseModel):
    """What an editor says about one entry or two."""

    kind: PinKind
    entry_a: RowId
    entry_b: RowId | None = None
    reason: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


class PinResult(BaseModel):
    """What came of a pin."""

    pin: PinOut
    story: str
    other_story: str | None
    said: str
