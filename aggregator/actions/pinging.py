"""Tells our own hubs which published documents changed (WebSub, section 6).

    compare documents with what each hub knows | claim | ping, outside any transaction | note

What a hub was told is remembered by the document's hash. So nothing has to be written when
documents are published, a crash in between pings later, and many changes are one ping.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aggregator.actions.hub_parts import HubParts
from aggregator.actions.publish import document_names
from aggregator.fetch import mask_url
from aggregator.model.fetching import FetchFailure, Posted, PostRequest
from aggregator.model.policy import PublishPolicy
from aggregator.store import documents, pings
from aggregator.store.database import Connection
from aggregator.store.pings import Ping

__all__ = ["Told", "announced_documents", "ping_hubs", "untold"]

# Hubs take several `hub.url` in a request; how many, nobody says.
BATCH = 20
# To a hub that refuses several at once each is told alone.
_PERHAPS_TOO_MANY = frozenset({400, 413, 414, 422})
# Longer than an exchange takes: whoever claimed a ping and died does not keep it.
CLAIM = timedelta(minutes=1)
FIRST_RETRY, LONGEST_RETRY, CHANCE = timedelta(seconds=30), timedelta(hours=1), 0.1
MAX_DOUBLINGS = 8
LONGEST_QUIET = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of the pings of one hub.

    Attributes:
        hub: The hub, without secrets.
        documents: How many it was told of.
        error: Why it did not take all of them, or None.
    """

    hub: str
    documents: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """Pings to make: document -> its hash."""

    hub: str
    hashes: Mapping[str, str]


def announced_documents(policy: PublishPolicy) -> tuple[str, ...]:
    """Names of the documents that name our hubs: all live ones."""
    return tuple(name for name in document_names(policy) if not name.startswith("archive/"))


def untold(conn: Connection, policy: PublishPolicy) -> dict[str, dict[str, str]]:
    """Hub -> document -> its hash, of documents whose present state the hub does not know."""
    known = {(ping.hub, ping.document): ping.sha256 for ping in pings.pings(conn)}
    published = documents.published(conn)
    names = [name for name in announced_documents(policy) if name in published]
    found = {
        hub: {
            name: published[name].sha256
            for name in names
            if known.get((hub, name)) != published[name].sha256
        }
        for hub in policy.hubs
    }
    return {hub: hashes for hub, hashes in found.items() if hashes}


async def ping_hubs(parts: HubParts) -> tuple[Told, ...]:
    """Tells each hub what it does not know yet; none waits for another.

    Returns:
        What became of it, one a hub that was pinged.

    Raises:
        StoreError: The database cannot be used.
    """
    if not parts.settings.publish.hubs:
        return ()
    claimed = await parts.in_store(lambda: _claim(parts))
    return tuple(await asyncio.gather(*(_tell(claim, parts) for claim in claimed)))


def _claim(parts: HubParts) -> list[_Claimed]:
    policy, now = parts.settings.publish, parts.clock()
    with parts.database.read() as conn:
        if not _due(conn, policy, now=now):
            return []
    with parts.database.write() as conn:
        pings.forget(conn, hubs=policy.hubs)
        due = _due(conn, policy, now=now)
        for hub, hashes in due.items():
            rows = _rows(conn, hub, hashes)
            pings.save(conn, [replace(row, next_attempt_at=now + CLAIM) for row in rows])
    return [_Claimed(hub=hub, hashes=hashes) for hub, hashes in due.items()]


def _due(conn: Connection, policy: PublishPolicy, *, now: datetime) -> dict[str, dict[str, str]]:
    """What is untold, but of hubs that are being told or that failed a moment ago."""
    resting = {
        ping.hub
        for ping in pings.pings(conn)
        if ping.next_attempt_at is not None and ping.next_attempt_at > now
    }
    return {hub: hashes for hub, hashes in untold(conn, policy).items() if hub not in resting}


async def _tell(claim: _Claimed, parts: HubParts) -> Told:
    names = list(claim.hashes)
    results: dict[str, Posted | FetchFailure] = {}
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        results |= dict.fromkeys(batch, await _ping(claim.hub, batch, parts))
        refused = results[batch[0]]
        if isinstance(refused, FetchFailure) and len(batch) > 1:
            if refused.status not in _PERHAPS_TOO_MANY:
                break
            results |= {name: await _ping(claim.hub, [name], parts) for name in batch}
    chance = parts.draw()
    await parts.in_store(lambda: _note(claim, results, parts=parts, chance=chance))
    failures = [r.message for r in results.values() if isinstance(r, FetchFailure)]
    told = sum(isinstance(result, Posted) for result in results.values())
    error = failures[0] if failures else None
    return Told(hub=mask_url(claim.hub), documents=told, error=error)


async def _ping(hub: str, names: Sequence[str], parts: HubParts) -> Posted | FetchFailure:
    base = parts.settings.publish.base_url
    form = [("hub.mode", "publish"), *(("hub.url", f"{base}{name}") for name in names)]
    request = PostRequest(url=hub, body=urlencode(form).encode("ascii"))
    return await parts.fetcher.post(request, now=parts.clock())


def _note(
    claim: _Claimed,
    results: Mapping[str, Posted | FetchFailure],
    *,
    parts: HubParts,
    chance: float,
) -> None:
    now = parts.clock()
    with parts.database.write() as conn:
        rows = _rows(conn, claim.hub, claim.hashes)
        pings.save(
            conn,
            [
                _after(
                    row,
                    results.get(row.document),
                    sha256=claim.hashes[row.document],
                    now=now,
                    chance=chance,
                )
                for row in rows
            ],
        )


def _after(
    row: Ping, result: Posted | FetchFailure | None, *, sha256: str, now: datetime, chance: float
) -> Ping:
    if result is None:
        # Its turn did not come, since the hub failed before.
        return replace(row, next_attempt_at=None)
    if isinstance(result, Posted):
        return Ping(
            hub=row.hub,
            document=row.document,
            sha256=sha256,
            pinged_at=now,
            pings=row.pings + 1,
            failures=row.failures,
        )
    doubled = FIRST_RETRY * (1 << min(row.attempts, MAX_DOUBLINGS))
    at = now + min(doubled, LONGEST_RETRY) * (1 + CHANCE * chance)
    if result.retry_after is not None:
        at = max(at, min(result.retry_after, now + LONGEST_QUIET))
    return replace(
        row,
        attempts=row.attempts + 1,
        failures=row.failures + 1,
        failing_since=row.failing_since or now,
        last_error=result.message,
        next_attempt_at=at,
    )


def _rows(conn: Connection, hub: str, hashes: Mapping[str, str]) -> list[Ping]:
    known = {ping.document: ping for ping in pings.pings(conn) if ping.hub == hub}
    return [known.get(name, Ping(hub=hub, document=name)) for name in hashes]
