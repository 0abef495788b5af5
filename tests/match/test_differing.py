"""The word diff that people look at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match.differing import DiffKind, word_diff


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(
            "a b c", "a b c", [("equal", "a b c", "a b c")], id="equal texts are one part"
        ),
        pytest.param(
            "12 bridges now",
            "13 bridges now",
            [("changed", "12 ", "13 "), ("equal", "bridges now", "bridges now")],
            id="a changed figure stands alone",
        ),
        pytest.param("a b", "a", [("equal", "a ", "a"), ("removed", "b", "")], id="words removed"),
        pytest.param("", "a", [("added", "", "a")], id="words added"),
        pytest.param("a  b", "a b", [("equal", "a  b", "a b")], id="white space is no difference"),
        pytest.param("", "", [], id="nothing to compare"),
    ],
)
def test_word_diff(left: str, right: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(p.kind.value, p.left, p.right) for p in word_diff(left, right)] == expected


TEXTS = st.text(alphabet="ab \n", max_size=60)


@given(left=TEXTS, right=TEXTS)
def test_parts_join_to_the_texts_again(left: str, right: str) -> None:
    parts = word_diff(left, right)
    assert "".join(part.left for part in parts) == left
    assert "".join(part.right for part in parts) == right
    assert all(
        part.left.split() == part.right.split() for part in parts if part.kind is DiffKind.EQUAL
    )
