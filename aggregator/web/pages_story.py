"""`/story/{id}`: one story's texts, history, differences, decisions; pins and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aggregator.actions.dossier import (
    Difference,
    StoryFile,
    body_of,
    differ,
    pieces,
    read_story,
    write_note,
)
from aggregator.actions.pins import NewPin, add_pin, remove_pin
from aggregator.errors import UsageError
from aggregator.model.matching import PinKind
from aggregator.model.stories import Story, StoryStatus
from aggregator.publish.addresses import is_secret, web_address
from aggregator.publish.content import body_text, excerpt, story_body
from aggregator.publish.options import ContentMode, content_mode, options_for
from aggregator.store.records import EntryRecord, RevisionRecord
from aggregator.web.evidence import bars
from aggregator.web.guard import EditorPage, checked_editor
from aggregator.web.rendering import OpenPage, Page

__all__ = ["router"]

MAX_REASON = 500


class Asked(BaseModel):
    """What the address asks to see of a story.

    Attributes:
        stripped: Show what was cut.
        left: Left side of the comparison, `ENTRY.REVISION`.
        right: Right side.
        whole: Compare texts as delivered.
        said: What was just done.
    """

    stripped: bool = False
    left: str = ""
    right: str = ""
    whole: bool = False
    said: Literal["", "pinned", "unpinned", "noted"] = ""


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/story/{story_id}", show, response_class=HTMLResponse)
    for path, endpoint in (
        ("/story/{story_id}/pin", pin),
        ("/story/{story_id}/unpin", unpin),
        ("/story/{story_id}/note", note),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=RedirectResponse,
            dependencies=[Depends(checked_editor)],
        )
    return routes


def show(page: OpenPage, story_id: str, asked: Annotated[Asked, Query()]) -> Response:
    """One story; a merged one leads to its survivor."""
    found = read_story(
        page.services.database, story_id, held=page.visitor.is_editor, language=page.language
    )
    if found.story.id != story_id:
        return RedirectResponse(f"/story/{found.story.id}", HTTPStatus.SEE_OTHER)
    modes = _modes(found.story, page)
    shown = [e for e in found.entries if page.visitor.is_editor or _whole(modes, e.entry_id)]
    forms = _forms(shown)
    left, right = _sides(shown, forms, left=asked.left, right=asked.right)
    canonical = found.entries[0].revisions[-1] if found.entries else None
    mode = modes.get(found.story.canonical_id, ContentMode.FULL)
    return page.render(
        "story.html",
        file=found,
        story=found.story,
        entries={entry.entry_id: entry for entry in found.entries},
        stripped=asked.stripped,
        said=asked.said,
        pieces=pieces(canonical) if canonical else (),
        body=body_of(canonical) if canonical else "",
        mode=mode.value,
        beginning=_beginning(found.story, mode),
        whole_text=page.visitor.is_editor or mode is ContentMode.FULL,
        left_out=len(found.entries) > len(shown),
        forms=forms,
        left=left,
        right=right,
        whole=asked.whole,
        diff=_difference(forms, left=left, right=right, whole=asked.whole),
        bars=bars,
        address=partial(_address, found.story),
        timeline=_timeline(found),
    )


def pin(  # noqa: PLR0917 - one parameter a field of the form
    page: EditorPage,
    story_id: str,
    kind: Annotated[PinKind, Form()],
    entry_a: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    entry_b: Annotated[int | None, Form()] = None,
) -> Response:
    """Pins two entries as same or different, or one as the canonical one."""
    outcome = add_pin(
        page.services.database,
        NewPin(kind=kind, entry_a=entry_a, entry_b=entry_b, reason=reason, who=page.visitor.name),
        policy=page.services.settings.match,
        now=page.services.clock(),
    )
    return _back(page, outcome.story_id or story_id, "pinned")


def unpin(
    page: EditorPage,
    story_id: str,
    pin_id: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """Undoes a pin and lets the engine decide again."""
    outcome = remove_pin(
        page.services.database,
        pin_id,
        who=page.visitor.name,
        reason=reason,
        policy=page.services.settings.match,
        now=page.services.clock(),
    )
    return _back(page, outcome.story_id or story_id, "unpinned")


def note(
    page: EditorPage, story_id: str, text: Annotated[str, Form(min_length=1, max_length=2_000)]
) -> Response:
    """Leaves a note for colleagues."""
    write_note(
        page.services.database,
        story_id,
        text=text,
        who=page.visitor.name,
        now=page.services.clock(),
    )
    return _back(page, story_id, "noted")


def _address(story: Story, entry_id: int, link: str | None) -> str | None:
    """A member's link as it may be shown; none that carries a private feed's credentials."""
    member = next((m for m in story.members if m.entry_id == entry_id), None)
    private = member is None or not member.feed_public
    return None if link and private and is_secret(link) else web_address(link)


def _back(page: Page, story_id: str, said: str) -> Response:
    # The documents follow once the answer has gone out.
    after = BackgroundTask(page.services.publisher) if said != "noted" else None
    return RedirectResponse(
        f"/story/{story_id}?{urlencode({'said': said})}#pins",
        HTTPStatus.SEE_OTHER,
        background=after,
    )


def _modes(story: Story, page: Page) -> dict[int, ContentMode]:
    """How much of each member's text readers may see, as in the published documents."""
    options = options_for(page.services.settings.publish)
    if story.status is StoryStatus.WITHDRAWN:
        return {member.entry_id: ContentMode.LINK for member in story.members}
    return {member.entry_id: content_mode(member, options) for member in story.members}


def _whole(modes: Mapping[int, ContentMode], entry_id: int) -> bool:
    return modes.get(entry_id, ContentMode.FULL) is ContentMode.FULL


def _beginning(story: Story, mode: ContentMode) -> str:
    return excerpt(body_text(story_body(story))) if mode is ContentMode.EXCERPT else ""


def _forms(entries: Sequence[EntryRecord]) -> dict[str, tuple[EntryRecord, RevisionRecord]]:
    """Every revision of every entry, by the key that the address names it with."""
    return {
        f"{entry.entry_id}.{revision.number}": (entry, revision)
        for entry in entries
        for revision in entry.revisions
    }


def _sides(
    entries: Sequence[EntryRecord],
    forms: dict[str, tuple[EntryRecord, RevisionRecord]],
    *,
    left: str,
    right: str,
) -> tuple[str, str]:
    """The two sides asked for; else the latest change, else canonical and first copy."""
    for key in (left, right):
        if key and key not in forms:
            raise UsageError("This address compares revisions that the story does not have.")
    keys = list(forms)
    if not keys or (left and right):
        return left, right
    revised = next((e for e in entries if len(e.revisions) > 1), None)
    if revised is not None and not left and not right:
        last = len(revised.revisions)
        return f"{revised.entry_id}.{last - 1}", f"{revised.entry_id}.{last}"
    current = [f"{e.entry_id}.{len(e.revisions)}" for e in entries]
    other = next((key for key in current if key != (left or keys[0])), keys[-1])
    return left or current[0], right or other


def _difference(
    forms: dict[str, tuple[EntryRecord, RevisionRecord]],
    *,
    left: str,
    right: str,
    whole: bool,
) -> Difference | None:
    if left == right or left not in forms or right not in forms:
        return None
    return differ(forms[left][1], forms[right][1], whole=whole)


def _timeline(found: StoryFile) -> list[tuple[EntryRecord, RevisionRecord]]:
    """Every revision of every member in the order in which it came to be known."""
    every = [(entry, revision) for entry in found.entries for revision in entry.revisions]
    return sorted(
        every,
        key=lambda pair: (
            pair[0].effective_at if pair[1].number == 1 else pair[1].recorded_at,
            pair[0].entry_id,
        ),
    )
