"""The plots of /insights: what each shows, says and lists, out of the counts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aggregator.actions.insights import Insights
from aggregator.model.stories import ChangeKind
from aggregator.web.charts import Bars, Columns, Drawing, Grid, Series

__all__ = ["NAMES", "Chart", "insight_charts"]

NAMES: Final = ("republished", "lead", "daily", "share", "corrections")
# More bars than this no eye compares; the table has them all.
MAX_BARS: Final = 20
MAX_BARS_NARROW: Final = 12
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_KINDS: Final = (ChangeKind.CORRECTED, ChangeKind.REVISED, ChangeKind.WITHDRAWN)

Words = Callable[..., str]
Cell = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One plot and its table.

    Attributes:
        name: One of `NAMES`; also the image's.
        wide: As a screen shows it; None where there is nothing to show.
        narrow: As a phone shows it.
        finding: What it says, in a sentence.
        heads: Of the table.
        rows: Of the table.
    """

    name: str
    wide: Drawing | None = None
    narrow: Drawing | None = None
    finding: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Teller:
    """Words and numbers in the reader's language."""

    words: Words
    language: str

    def __call__(self, key: str, **values: object) -> str:
        return self.words(f"insights.{key}", **values)

    def number(self, value: float) -> str:
        """With one decimal unless it is whole."""
        text = f"{value:.1f}".removesuffix(".0")
        return text.replace(".", ",") if self.language == "de" else text

    def duration(self, minutes: float) -> str:
        """In minutes, hours or days, whichever is read at a glance."""
        if minutes < 2 * _HOUR:
            return self("minutes_short", n=round(minutes))
        if minutes < 2 * _DAY:
            return self("hours_short", n=self.number(minutes / _HOUR))
        return self("days_short", n=self.number(minutes / _DAY))

    def percent(self, share: float) -> str:
        return f"{round(100 * share)} %"

    def day(self, day: date) -> str:
        return f"{day.day}.{day.month}." if self.language == "de" else f"{day.day} {day:%b}"


def insight_charts(found: Insights, words: Words, *, language: str) -> tuple[Chart, ...]:
    """All plots in the order of `NAMES`.

    Args:
        found: The counts.
        words: Words of a key, its names filled in.
        language: `de` or `en`, for numbers and dates.
    """
    tell = _Teller(words, language)
    return tuple(
        chart(found, tell) for chart in (_republished, _lead, _daily, _share, _corrections)
    )


def _republished(found: Insights, tell: _Teller) -> Chart:
    known = found.republishing
    if not known.issuers:
        return Chart(name="republished")
    pairs = sorted(
        (
            (issuer, outlet, known.counts[issuer, outlet])
            for issuer in known.issuers
            for outlet in known.outlets
            if known.counts.get((issuer, outlet))
        ),
        key=lambda pair: (-pair[2], pair[:2]),
    )
    issuer, outlet, most = pairs[0]
    told = tell("republished_finding", issuer=issuer, outlet=outlet, n=most, pairs=len(pairs))
    counts = tuple(
        tuple(known.counts.get((issuer, outlet), 0) for outlet in known.outlets)
        for issuer in known.issuers
    )
    return Chart(
        name="republished",
        wide=Grid(rows=known.issuers, columns=known.outlets, counts=counts, axis=tell("outlet")),
        # A grid of twelve columns is too wide for a phone: there, the pairs that count most.
        narrow=_bars(
            [f"{issuer} → {outlet}" for issuer, outlet, _ in pairs],
            [n for _, _, n in pairs],
            [str(n) for _, _, n in pairs],
            axis=tell("count"),
            most=MAX_BARS_NARROW,
        ),
        finding=told,
        heads=(tell("issuer"), tell("outlet"), tell("count")),
        rows=tuple(pairs),
    )


def _lead(found: Insights, tell: _Teller) -> Chart:
    if not found.leads:
        return Chart(name="lead")
    shown = [tell.duration(lead.minutes) for lead in found.leads]
    labels = [f"{lead.issuer} → {lead.outlet}" for lead in found.leads]
    values = [lead.minutes for lead in found.leads]
    told = tell("lead_finding", first=labels[0], soon=shown[0], last=labels[-1], late=shown[-1])
    return Chart(
        name="lead",
        wide=_bars(labels, values, shown, axis=tell("minutes"), most=2 * MAX_BARS),
        narrow=_bars(labels, values, shown, axis=tell("minutes"), most=MAX_BARS_NARROW),
        finding=told,
        heads=(tell("issuer"), tell("outlet"), tell("minutes"), tell("copies")),
        rows=tuple(
            (lead.issuer, lead.outlet, tell.number(lead.minutes), lead.copies)
            for lead in found.leads
        ),
    )


def _daily(found: Insights, tell: _Teller) -> Chart:
    days = found.days
    if not days:
        return Chart(name="daily")
    entries, copies = sum(d.entries for d in days), sum(d.copies for d in days)
    busiest = max(days, key=lambda day: day.entries)
    told = tell(
        "daily_finding",
        entries=entries,
        share=tell.percent(copies / entries),
        day=tell.day(busiest.day),
        n=busiest.entries,
    )
    columns = Columns(
        labels=tuple(tell.day(day.day) for day in days),
        series=(
            Series(tell("fresh"), tuple(float(day.entries - day.copies) for day in days)),
            Series(tell("copies"), tuple(float(day.copies) for day in days)),
        ),
        axis=tell("entries"),
    )
    return Chart(
        name="daily",
        wide=columns,
        narrow=columns,
        finding=told,
        heads=(tell("day"), tell("entries"), tell("copies")),
        rows=tuple((day.day.isoformat(), day.entries, day.copies) for day in days),
    )


def _share(found: Insights, tell: _Teller) -> Chart:
    known = [share for share in found.shares if share.characters]
    if not known:
        return Chart(name="share")
    labels = [share.outlet_id for share in known]
    parts = [share.cut / share.characters for share in known]
    shown = [tell.percent(part) for part in parts]
    told = tell("share_finding", first=labels[0], much=shown[0], last=labels[-1], little=shown[-1])
    scale = [100 * part for part in parts]
    axis = tell("percent_cut")
    return Chart(
        name="share",
        wide=_bars(labels, scale, shown, axis=axis, most=MAX_BARS),
        narrow=_bars(labels, scale, shown, axis=axis, most=MAX_BARS_NARROW),
        finding=told,
        heads=(tell("outlet"), tell("entries"), tell("characters"), tell("share")),
        rows=tuple(
            (share.outlet_id, share.entries, share.characters, words)
            for share, words in zip(known, shown, strict=True)
        ),
    )


def _corrections(found: Insights, tell: _Teller) -> Chart:
    if not found.changes:
        return Chart(name="corrections")
    kinds = [kind for kind in _KINDS if any(kind in by for by in found.changes.values())]
    names = {kind: tell(f"kind_{kind.value}") for kind in kinds}
    ranked = sorted(found.changes.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    told = tell(
        "corrections_finding",
        n=sum(sum(by.values()) for by in found.changes.values()),
        issuer=ranked[0][0] or tell("nobody"),
        most=sum(ranked[0][1].values()),
    )

    def bars(most: int) -> Bars:
        top = ranked[:most]
        return Bars(
            labels=tuple(issuer or tell("nobody") for issuer, _ in top),
            series=tuple(
                Series(names[kind], tuple(float(by.get(kind, 0)) for _, by in top))
                for kind in kinds
            ),
            shown=tuple(str(sum(by.values())) for _, by in top),
            axis=tell("count"),
        )

    return Chart(
        name="corrections",
        wide=bars(MAX_BARS),
        narrow=bars(MAX_BARS_NARROW),
        finding=told,
        heads=(tell("issuer"), tell("change"), tell("count")),
        rows=tuple(
            (issuer or tell("nobody"), names[kind], by[kind])
            for issuer, by in ranked
            for kind in kinds
            if kind in by
        ),
    )


def _bars(
    labels: Sequence[str],
    values: Sequence[float],
    shown: Sequence[str],
    *,
    axis: str,
    most: int,
) -> Bars:
    """One series, its first `most` bars."""
    return Bars(
        labels=tuple(labels[:most]),
        series=(Series(axis, tuple(float(value) for value in values[:most])),),
        shown=tuple(shown[:most]),
        axis=axis,
    )
