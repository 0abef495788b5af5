"""The stage `match`: shingles, bands, facts, evidence, verdict, story assignment. Pure.

    sign      an entry -> bands, keys, blob (stored)
    unlike    two subjects -> whether comparing them is idle; `screen`: many pairs at once
    compare   two subjects -> evidence and verdict
    assign    an entry, its candidates, pins -> which story
    identify  the items of a document -> which stored entries they continue

Candidates are looked up by the shell: entries that share a band or a key.
"""

from aggregator.match.assignment import assign
from aggregator.match.canonical import choose_canonical
from aggregator.match.codec import Content, decode, encode
from aggregator.match.comparing import POLICY_VERSION, compare, logged
from aggregator.match.explaining import explain
from aggregator.match.identity import Identity, IdentityBy, KnownEntry, identify
from aggregator.match.revisions import RevisionChange, revision_changes
from aggregator.match.screening import screen, unlike
from aggregator.match.signing import SIGNATURE_VERSION, sign
from aggregator.match.statistics import RECURRING_RELEASES, Statistics

__all__ = [
    "POLICY_VERSION",
    "RECURRING_RELEASES",
    "SIGNATURE_VERSION",
    "Content",
    "Identity",
    "IdentityBy",
    "KnownEntry",
    "RevisionChange",
    "Statistics",
    "assign",
    "choose_canonical",
    "compare",
    "decode",
    "encode",
    "explain",
    "identify",
    "logged",
    "revision_changes",
    "screen",
    "sign",
    "unlike",
]
