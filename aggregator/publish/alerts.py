"""The message a channel sends: one thing to tell, or many in one. Pure.

Plain text for any service. Titles come from outside: they are put on one line, and what
some services take for a command (`<!channel>`, `@everyone`) is defused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.model.events import AlertKind
from aggregator.model.stories import Story
from aggregator.publish.addresses import story_page
from aggregator.publish.content import canonical, outlet_label
from aggregator.publish.escaping import one_line
from aggregator.publish.words import words_for

__all__ = ["AlertLine", "Message", "alert_message", "trial_message"]

# More than a screen of headlines nobody reads; the pages have the rest.
MAX_LINES: Final = 20
MAX_TITLE: Final = 160
MAX_NOTE: Final = 200
_COMMANDS: Final = re.compile(r"@(?=\w)")
_KINDS: Final = {
    "de": {
        AlertKind.NEW: "Neu",
        AlertKind.REVISION: "Geändert",
        AlertKind.CORRECTION: "Berichtigt",
        AlertKind.WITHDRAWAL: "Zurückgezogen",
        AlertKind.COPY: "Auch bei einem weiteren Anbieter",
    },
    "en": {
        AlertKind.NEW: "New",
        AlertKind.REVISION: "Changed",
        AlertKind.CORRECTION: "Corrected",
        AlertKind.WITHDRAWAL: "Withdrawn",
        AlertKind.COPY: "Carried by another outlet",
    },
}
_MANY: Final = {"de": "{count} Meldungen", "en": "{count} releases"}
_MORE: Final = {"de": "und {count} weitere: {url}", "en": "and {count} more: {url}"}
_SEARCH: Final = {"de": "Suche: {name}", "en": "Search: {name}"}
_TRIAL: Final = {
    "de": ("Probe", "Dieser Kanal funktioniert. Die Nachricht betrifft keine Meldung."),
    "en": ("Test", "This channel works. The message is about no release."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One thing to tell.

    Attributes:
        kind: What about the story.
        story: As it is shown now.
        note: What changed, in words; may be "".
        search: Name of the saved search that found it, or None.
    """

    kind: AlertKind
    story: Story
    note: str = ""
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel sends.

    Attributes:
        title: One line.
        body: Plain text.
    """

    title: str
    body: str


def alert_message(
    lines: Sequence[AlertLine], *, site: str, base_url: str, language: str
) -> Message:
    """One message of all that is to be told.

    Args:
        lines: Oldest first; at least one.
        site: Title of the installation.
        base_url: Where its pages are.
        language: Of the program's own words.
    """
    own = words_for(language).language
    shown = [_line(line, base_url=base_url, language=own) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(_MORE[own].format(count=len(lines) - MAX_LINES, url=base_url))
    if len(lines) == 1:
        line = lines[0]
        title = f"{_KINDS[own][line.kind]}: {_headline(line.story, language=own)}"
    else:
        title = _MANY[own].format(count=len(lines))
    return Message(title=f"{_harmless(site, MAX_TITLE)}: {title}", body="\n\n".join(shown))


def trial_message(*, site: str, language: str) -> Message:
    """A message by which a channel can be tried."""
    title, body = _TRIAL[words_for(language).language]
    return Message(title=f"{_harmless(site, MAX_TITLE)}: {title}", body=body)


def _line(line: AlertLine, *, base_url: str, language: str) -> str:
    story = line.story
    who = story.issuer or outlet_label(canonical(story))
    parts = [
        f"{_KINDS[language][line.kind]}: {_headline(story, language=language)}",
        _harmless(who, MAX_TITLE),
        _harmless(line.note, MAX_NOTE),
        _SEARCH[language].format(name=_harmless(line.search, MAX_TITLE)) if line.search else "",
        story_page(base_url, story.id),
    ]
    return "\n".join(part for part in parts if part)


def _headline(story: Story, *, language: str) -> str:
    return _harmless(story.title, MAX_TITLE) or words_for(language).untitled


def _harmless(text: str, limit: int) -> str:
    line = one_line(text).replace("<", "‹")
    # A word joiner: nobody sees it, and no service takes the word for a name.
    line = _COMMANDS.sub("@\u2060", line)
    return line if len(line) <= limit else f"{line[: limit - 2].rstrip()} …"
