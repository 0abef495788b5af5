"""The interface's language: German or English, its words from translations.toml. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

__all__ = ["LANGUAGES", "catalogue", "choose_language", "translate"]

LANGUAGES = ("de", "en")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> words."""
    text = resources.files("aggregator.web").joinpath("translations.toml").read_text("utf-8")
    return tomllib.loads(text)


def translate(key: str, language: str, **values: object) -> str:
    """The words of a key, their `{names}` filled in.

    Raises:
        KeyError: No such key: a mistake in a template, which a test finds.
    """
    words = catalogue()[key][language]
    return words.format(**values) if values else words


def choose_language(chosen: str | None, accepted: str) -> str:
    """The language to answer in.

    Args:
        chosen: What the reader switched to, or None.
        accepted: The request's Accept-Language header.

    Returns:
        One of `LANGUAGES`; English where neither is asked for.
    """
    if chosen in LANGUAGES:
        return chosen
    wanted = sorted(
        (_weighted(place, part) for place, part in enumerate(accepted.split(",")[:20])),
    )
    return next((tag for weight, _, tag in wanted if weight < 0 and tag in LANGUAGES), "en")


def _weighted(place: int, part: str) -> tuple[float, int, str]:
    tag, _, rest = part.strip().partition(";")
    try:
        weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
    except ValueError:
        weight = 0.0
    return -weight, place, tag.strip().split("-")[0].lower()
