"""The stage `clean`: segments, rules (data), learned blocks -> boilerplate spans. Pure."""

from aggregator.clean.blocks import BlockSighting, block_hashes, observe
from aggregator.clean.explain import Explanation, explain
from aggregator.clean.issuer import normalise_issuer
from aggregator.clean.learned import (
    NOTHING_LEARNED,
    BlockStatistics,
    LearnedBlock,
    LearnedBlocks,
    LearnPolicy,
    add_sighting,
    document_frequency,
    learn,
    united,
)
from aggregator.clean.notices import find_notices
from aggregator.clean.rules import RuleError, rule_book, user_rules
from aggregator.clean.stage import RULES_VERSION, CleanContext, clean

__all__ = [
    "NOTHING_LEARNED",
    "RULES_VERSION",
    "BlockSighting",
    "BlockStatistics",
    "CleanContext",
    "Explanation",
    "LearnPolicy",
    "LearnedBlock",
    "LearnedBlocks",
    "RuleError",
    "add_sighting",
    "block_hashes",
    "clean",
    "document_frequency",
    "explain",
    "find_notices",
    "learn",
    "normalise_issuer",
    "observe",
    "rule_book",
    "united",
    "user_rules",
]
