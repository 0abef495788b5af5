"""The conditions of the rules, and their thresholds with their origins. Pure.

Each asks first for what is measured cheaply: what it does not ask for is not measured.

"Corpus" is the labelled set of 4,446 republished texts, 59 police pairs and 339 teaser
pairs; `docs/decisions/0102-verdict.md` has the figures and what was rejected.
"""

from __future__ import annotations

from aggregator.match.evidence import Evidence
from aggregator.match.facts_model import RELEASE_NUMBER, Conflict, FactKind

__all__ = [
    "addendum",
    "alike",
    "announcement",
    "copy",
    "copy_undated",
    "correction",
    "fact_conflict",
    "figure_conflict",
    "headline",
    "number_conflict",
    "other_openings",
    "own_texts",
    "part_of",
    "same_link",
    "series",
    "silent_correction",
    "some_text",
    "template",
    "withdrawal",
]

# Containment of the shorter text in the longer one from which they are one text, where
# the times agree and no fact differs. Corpus: reworded copies reach down to .25, other
# texts of the same day stay below .3.
COPY = 0.3
# The same inside one outlet. A re-send is nearly the same text under a like headline,
# while two reports about one topic share phrases (real feeds: .3 to .55 of short items),
# and items of one series all but a title and a date (a webinar's invitations: .88).
COPY_OUTLET = 0.6
COPY_OUTLET_SHORT = 0.85
RESENT_RETITLED = 0.9
# The same where no time speaks. Corpus, pairs without a conflict: from .6 on 3,237 true
# and 18 false ones, all 18 of fewer than 30 words.
COPY_UNDATED = 0.6
# The same for texts of a sentence or two: an outlet's stock sentence reaches .65 of them.
# Under like headlines, or between outlets within hours, less is enough.
COPY_SHORT = 0.7
COPY_SHORT_BACKED = 0.5
SENTENCE_WORDS = 30
# Undated texts from here on if their facts agree too (`SHARED_FACTS`): 43 true and no
# false pairs, where all others are 55 true and 48 false.
COPY_SHARED = 0.4
SHARED_FACTS = 0.8
# Below, two headlines are unlike. Undated, two short texts of one outlet under unlike
# headlines are its stock phrases ("Photographs for our report no. ..."), however alike.
UNLIKE_HEADLINES = 0.6
# Both texts are one but for typing errors and one figure: a changed figure costs three
# shingles, so a text of 60 words keeps .95.
NEAR_IDENTICAL = 0.85
# Aligned facts a stated correction may change. More of them are another release of the
# same template.
MAX_CORRECTED = 3
# A correction that says so may carry a number of its own and some words more or less. Corpus:
# twelve pairs, all true, from .8 on; down to .3 there is no false one.
RENUMBERED = 0.8
# News about an earlier release quotes up to half of it (corpus: .53).
ADDENDUM = 0.6
# So much of the shorter text must be recurring sentences for them to matter; what is left of
# it must be a copy as a whole text must. Corpus: no true pair is lost at `COPY`; invented
# templates: 245 wrong merges cold, 56 with .1, 16 with .25, 4 with .3.
TEMPLATE_SHARE = 0.3
# Fewer word runs of its own are no text of its own.
OWN_RUNS = 3
# A copy begins as its release does: of 3,538 merged pairs of the corpus none has less than
# this of either opening in the other text. Where an editor replaced the opening, this much of
# the whole must return; fillings of a template that opens with its own words share up to .65.
OPENING = 0.15
OTHER_OPENINGS = 0.7
# An announcement and its after-report share their template (corpus: .3 to .75).
ANNOUNCEMENT = 0.8
# A release inside a digest: all of it, in less than half of the digest, whose opening is
# another release's.
PART_CONTAINMENT = 0.8
PART_SHARE = 0.5
PART_OPENING = 0.2
PART_WORDS = 40
# One link says little by itself: a bulletin's page carries many reports of one template
# (real feeds: containment up to .6, headlines up to .95 alike).
LINK_TITLE = 0.7
# Headlines travel between outlets within hours: labelled teasers median 0, p90 3 h,
# max 7 h; inside one outlet they stay for days.
HEADLINE_HOURS = 24.0
HEADLINE_HOURS_OUTLET = 72.0
# A body below is a label ("The morning briefing"), no teaser of its own.
LABEL_WORDS = 8
# Below this nothing is worth a row in the log.
ALIKE_TEXT = 0.2
ALIKE_TITLE = 0.7


def withdrawal(e: Evidence) -> bool:
    """One withdraws the other."""
    if not e.withdrawal or (e.outside and not e.keyed):
        return False
    return _anchored(e) or e.containment >= NEAR_IDENTICAL


def correction(e: Evidence) -> bool:
    """One corrects the other and says so."""
    if not e.correction or (e.outside and not e.keyed):
        return False
    if len(_differing(e)) > MAX_CORRECTED:
        return False
    if e.other_number and not _one_text(e):
        return _renumbered(e)
    if e.inside or e.keyed:
        return _anchored(e) or e.containment >= COPY_UNDATED
    # Without times a template's sibling would do: no more than one fact may differ.
    return e.containment >= NEAR_IDENTICAL and e.title_same and len(_differing(e)) <= 1


def same_link(e: Evidence) -> bool:
    """One address, and the text stayed, or there is no text and the headline stayed."""
    if not e.shared_link or e.title_slot is not None or (e.same_feed and not e.inside):
        return False
    if len(_differing(e)) > MAX_CORRECTED or any(c.in_title for c in e.conflicts):
        return False
    if e.words_short >= LABEL_WORDS:
        return e.containment >= NEAR_IDENTICAL
    return e.title >= LINK_TITLE and not e.conflicts


def addendum(e: Evidence) -> bool:
    """One brings news about the other."""
    return e.addendum and e.containment < ADDENDUM and alike(e)


def announcement(e: Evidence) -> bool:
    """One announces what the other reports."""
    return COPY <= e.containment < ANNOUNCEMENT and e.announcement


def silent_correction(e: Evidence) -> bool:
    """One changed figure in an otherwise equal long text.

    Never an ordinal, identifier, version, date or place, unless both carry one release
    number: the number then says that it is one release.
    """
    if e.containment < NEAR_IDENTICAL or e.short or (e.outside and not e.keyed):
        return False
    differing = _differing(e)
    if len(differing) != 1 or differing[0].in_title:
        return False
    if e.shared_number:
        return True
    figure = differing[0] not in e.hard or differing[0].kind is FactKind.TIME
    return figure and not e.other_number and (e.inside or e.title_same)


def fact_conflict(e: Evidence) -> bool:
    """A date, place, identifier, version or ordinal differs."""
    return (e.title >= UNLIKE_HEADLINES or e.containment >= COPY) and bool(e.hard)


def figure_conflict(e: Evidence) -> bool:
    """Figures differ."""
    return e.containment >= COPY and bool(_differing(e))


def number_conflict(e: Evidence) -> bool:
    """Two release numbers; a re-send gets a new one too, but then nothing else differs."""
    return e.other_number and not _one_text(e) and alike(e)


def series(e: Evidence) -> bool:
    """One pattern of headline and text, filled with other words in both."""
    return some_text(e) and not e.keyed and e.words_short >= LABEL_WORDS and e.title_framed


def template(e: Evidence) -> bool:
    """What they share is, but for too little, what the outlet's releases share."""
    if e.beside is None or e.keyed or e.beside.recurring < TEMPLATE_SHARE:
        return False
    if e.beside.own < OWN_RUNS:
        # A teaser that is all template: its headline tells which release it is of.
        return not (e.title_same or e.slug_same)
    return e.beside.shared < COPY


def other_openings(e: Evidence) -> bool:
    """They share something behind two openings: a frame, a quote, a standing paragraph."""
    if not COPY <= e.containment < OTHER_OPENINGS:
        return False
    if e.keyed or e.title_same or e.slug_same:
        return False
    return e.opening < OPENING and e.opening_long < OPENING


def part_of(e: Evidence) -> bool:
    """The shorter one stands inside the longer one, among other releases."""
    if e.containment < PART_CONTAINMENT or e.words_short < PART_WORDS or e.title_same:
        return False
    if e.containment_long < PART_SHARE and e.opening_long < PART_OPENING:
        return True
    # Corpus: 171 true pairs are a text and the cut it begins with, under unlike headlines; so
    # the text must be built as a digest is.
    return e.part and e.title < UNLIKE_HEADLINES and not e.keyed and not e.slug_same


def some_text(e: Evidence) -> bool:
    """Enough common text to speak of."""
    return e.containment >= COPY


def copy(e: Evidence) -> bool:
    """One text, at one time."""
    if not e.inside:
        return False
    if e.same_outlet and not e.shared_number:
        return _resent(e)
    return e.containment >= (_sentence_copy(e) if _sentence(e) else COPY)


def copy_undated(e: Evidence) -> bool:
    """One text, whenever."""
    if e.inside:
        return False
    if e.same_outlet and not e.shared_number:
        return _resent(e)
    shared = e.agreement.shared
    if _sentence(e):
        backed = shared is not None and shared >= SHARED_FACTS
        return e.containment >= (_sentence_copy(e) if backed else NEAR_IDENTICAL)
    if shared is None or shared >= SHARED_FACTS:
        return e.containment >= COPY_SHARED
    return e.containment >= COPY_UNDATED


def _resent(e: Evidence) -> bool:
    """One outlet sends a text again."""
    if e.title < UNLIKE_HEADLINES:
        both = min(e.containment, e.containment_long)
        return not e.short and both >= RESENT_RETITLED
    if e.short:
        # One teaser under headlines that differ in a word is a series ("Storms in A",
        # "Storms in B"); a headline rewritten, or on one page, is the same.
        series = e.title_replaced and not e.shared_link
        return not series and e.containment >= COPY_OUTLET_SHORT
    return e.containment >= COPY_OUTLET


def _sentence(e: Evidence) -> bool:
    return e.words_short < SENTENCE_WORDS


def _sentence_copy(e: Evidence) -> float:
    """How much of a sentence or two must return, by what else speaks for it."""
    if e.title >= UNLIKE_HEADLINES:
        return COPY if e.inside else COPY_SHORT_BACKED
    hours = e.timing.hours
    soon = hours is not None and hours <= HEADLINE_HOURS and not e.same_outlet
    return COPY_SHORT_BACKED if soon else COPY_SHORT


def own_texts(e: Evidence) -> bool:
    """One headline over two newsrooms' own words."""
    if not (e.title_same or e.slug_same):
        return False
    return e.containment < COPY and e.words_short >= LABEL_WORDS


def headline(e: Evidence) -> bool:
    """One headline within hours, and no text that says otherwise."""
    hours = HEADLINE_HOURS_OUTLET if e.same_outlet else HEADLINE_HOURS
    if e.timing.hours is None or e.timing.hours > hours or not e.short:
        return False
    if e.same_outlet:
        return e.title_same and e.kicker_same and e.words_short < LABEL_WORDS
    return e.title_same or e.slug_same


def alike(e: Evidence) -> bool:
    """Worth a journalist's look."""
    return e.containment >= ALIKE_TEXT or e.title >= ALIKE_TITLE


def _anchored(e: Evidence) -> bool:
    """Something beside alike words says that a notice means this very release."""
    return e.keyed or e.quoted or (e.title_same and e.inside)


def _renumbered(e: Evidence) -> bool:
    """A correction under a number of its own: one outlet, one headline, and no fact differs."""
    both = min(e.containment, e.containment_long)
    return e.same_outlet and e.title_same and both >= RENUMBERED and not _differing(e)


def _one_text(e: Evidence) -> bool:
    near = min(e.containment, e.containment_long) >= NEAR_IDENTICAL
    return near and not _differing(e)


def _differing(e: Evidence) -> tuple[Conflict, ...]:
    """Conflicts, release numbers apart."""
    return tuple(c for c in e.conflicts if c.role != RELEASE_NUMBER)
