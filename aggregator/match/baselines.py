"""Rules in use elsewhere, for `dedup --method`: a table that shows users why not. Pure.

Each judges two texts by one similarity and one threshold, as published. Facts, times and
outlets do not count. Measured on the labelled corpus in `docs/decisions/0102-verdict.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from aggregator.text import fold, tokens

__all__ = ["METHODS", "Baseline"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """One such rule.

    Attributes:
        name: As in `--method`.
        threshold: From here on two texts are one, in [0, 1].
        measure: Similarity in [0, 1] of (title, text) and (title, text).
        description: What it does, for `--help`.
    """

    name: str
    threshold: float
    measure: Callable[[tuple[str, str], tuple[str, str]], float]
    description: str

    def same(self, a: tuple[str, str], b: tuple[str, str]) -> bool:
        """Whether the rule takes the two for one."""
        return self.measure(a, b) >= self.threshold


def _title_ratio(a: tuple[str, str], b: tuple[str, str]) -> float:
    return fuzz.ratio(fold(a[0]), fold(b[0])) / 100


def _title_trigram(a: tuple[str, str], b: tuple[str, str]) -> float:
    """Jaccard similarity of character trigrams, words padded as pg_trgm does."""
    first, second = _trigrams(a[0]), _trigrams(b[0])
    union = first | second
    return len(first & second) / len(union) if union else 0.0


def _trigrams(title: str) -> frozenset[str]:
    padded = [f"  {word} " for word in tokens(title)]
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def _best_title(a: tuple[str, str], b: tuple[str, str]) -> float:
    """The best of four title scores, as feed readers' plugins take it."""
    first, second = fold(a[0]), fold(b[0])
    scorers = (fuzz.ratio, fuzz.partial_ratio, fuzz.token_sort_ratio, fuzz.token_set_ratio)
    return max(scorer(first, second) for scorer in scorers) / 100


def _body_token_set(a: tuple[str, str], b: tuple[str, str]) -> float:
    return fuzz.token_set_ratio(fold(a[1]), fold(b[1])) / 100


METHODS: Mapping[str, Baseline] = {
    baseline.name: baseline
    for baseline in (
        Baseline("title-ratio", 0.85, _title_ratio, "Levenshtein ratio of titles from .85"),
        Baseline("title-trigram", 0.75, _title_trigram, "trigram similarity of titles from .75"),
        Baseline("best-title", 0.8, _best_title, "best of four title scores above .80"),
        Baseline("body-token-set", 0.9, _body_token_set, "token_set_ratio of texts from .90"),
    )
}
