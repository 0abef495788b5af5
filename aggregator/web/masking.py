"""Keeps secret addresses out of the server's access log."""

from __future__ import annotations

import logging
from typing import Final

from aggregator.logs import mask_addresses

__all__ = ["mask_access_log"]

_ACCESS_LOG: Final = "uvicorn.access"


class _Masking(logging.Filter):
    """Masks the secrets in a record's arguments; drops no record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask_addresses(arg) if isinstance(arg, str) else arg for arg in record.args
            )
        return True


def mask_access_log() -> None:
    """Makes uvicorn's access log mask them; calling it again changes nothing."""
    log = logging.getLogger(_ACCESS_LOG)
    if not any(isinstance(known, _Masking) for known in log.filters):
        log.addFilter(_Masking())
