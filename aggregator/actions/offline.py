"""Work without a database: strip the boilerplate of one release."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from aggregator.clean import CleanContext, Explanation, clean, explain
from aggregator.model.entries import Cleaned
from aggregator.model.feeds import Outlet
from aggregator.model.policy import CleanPolicy
from aggregator.text import html_to_text, normalise

__all__ = ["Stripped", "looks_like_html", "strip_release", "strip_spans_json"]

# A closing tag or a line break: what HTML has and a plain release has not.
_MARKUP = re.compile(r"</[a-z][a-z0-9]*\s*>|<br\s*/?>|<p[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """One release with its boilerplate marked.

    Attributes:
        cleaned: Text, spans, notices.
        context: What it was cleaned with.
    """

    cleaned: Cleaned
    context: CleanContext

    @property
    def body(self) -> str:
        """What a reader sees."""
        return self.cleaned.body()

    def explained(self) -> tuple[Explanation, ...]:
        """What each rule cut, and why, in the order of the text."""
        return explain(self.cleaned.text, context=self.context)


def looks_like_html(text: str) -> bool:
    """Whether a text is HTML rather than plain text."""
    return _MARKUP.search(text) is not None


def strip_release(
    text: str,
    *,
    outlet: Outlet | None = None,
    language: str | None = None,
    policy: CleanPolicy | None = None,
) -> Stripped:
    """Strips the boilerplate of one plain-text or HTML release.

    Args:
        text: The release; HTML is turned into text first.
        outlet: Whose rules to use besides the generic ones, or None.
        language: `de`, `en`, ..., or None: both.
        policy: Other spellings of issuers, time zone; None for the defaults.
    """
    plain = html_to_text(text) if looks_like_html(text) else normalise(text)
    context = CleanContext(language=language, policy=policy or CleanPolicy())
    if outlet is not None:
        context = replace(
            context,
            outlet_id=outlet.id,
            outlet_kind=outlet.kind,
            issuer=outlet.issuer,
            rules=outlet.boilerplate,
        )
    return Stripped(cleaned=clean(plain, context=context), context=context)


def strip_spans_json(cleaned: Cleaned) -> list[dict[str, object]]:
    """The spans as `aggregator clean --spans` prints them."""
    return [
        {"start": span.start, "end": span.end, "kind": span.kind.value, "rule": span.rule}
        for span in cleaned.spans
    ]
