from __future__ import annotations

import pytest

from aggregator.clean.segments import evened, paragraphs, sentences, split_lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Eins ist da. Zwei ist da.", ["Eins ist da.", "Zwei ist da."]),
        (
            "Am 3. März kam Dr. Muster. Dann ging er.",
            ["Am 3. März kam Dr. Muster.", "Dann ging er."],
        ),
        ("Das war 2024. Danach nicht.", ["Das war 2024.", "Danach nicht."]),
        ("Er fragt: „Wann?“ Sie weiß es.", ["Er fragt: „Wann?“", "Sie weiß es."]),
        ("Headline\n\nText folgt hier", ["Headline", "Text folgt hier"]),
        ("", []),
    ],
)
def test_sentences_end_where_they_end(text: str, found: list[str]) -> None:
    assert [s.text for s in sentences(text)] == found
    assert all(text[s.start : s.end] == s.text for s in sentences(text))


def test_paragraphs_end_at_empty_lines_or_else_at_lines() -> None:
    assert [p.text for p in paragraphs("a\nb\n\nc")] == ["a\nb", "c"]
    assert [p.text for p in paragraphs("a\nb")] == ["a", "b"]


def test_lines_know_their_place_and_mend_mojibake() -> None:
    first, second, third = split_lines("  eins\n\nRÃ¼ckfragen an:\nx Presse: y", lambda _l, _w: [])
    assert (first.start, first.end, first.gap) == (2, 6, False)
    assert second.text == "Rückfragen an:"
    assert "rückfragen" in second.keys
    assert (second.gap, third.gap) == (True, False)


def test_line_is_split_at_its_cut_points() -> None:
    whole, part = split_lines("Text. Kontakt: x", lambda _line, _words: [6])
    assert (whole.text, whole.glued) == ("Text.", False)
    assert (part.text, part.glued, part.start) == ("Kontakt: x", True, 6)


def test_evened_keeps_offsets() -> None:
    text = "It's\xa0`so`"
    assert evened(text) == "It’s ’so’"
    assert len(evened(text)) == len(text)
