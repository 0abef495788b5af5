"""The stage `clean`: segments, rules (data), learned blocks -> boilerplate spans. Pure."""

from aggregator.clean.issuer import normalise_issuer
from aggregator.clean.learned import NOTHING_LEARNED, LearnedBlocks
from aggregator.clean.notices import find_notices
from aggregator.clean.rules import RuleError, rule_book, user_rules
from aggregator.clean.stage import RULES_VERSION, CleanContext, clean

__all__ = [
    "NOTHING_LEARNED",
    "RULES_VERSION",
    "CleanContext",
    "LearnedBlocks",
    "RuleError",
    "clean",
    "find_notices",
    "normalise_issuer",
    "rule_book",
    "user_rules",
]
