from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("gate_judged")


def test_a_disagreement_nobody_judged_is_told(
    judged: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    result = judged.Result(wrong=["missed a b", "no label c d"])
    known = {("a", "b"): (judged.Judgement.RIGHT, "words-inserted")}
    assert judged.table("set", result, known) == 1
    assert "not judged: c d" in capsys.readouterr().out


def test_wrong_labels_are_turned_round_and_undecidable_ones_left_out(judged: ModuleType) -> None:
    kinds = {"a": "wrong", "b": "undecidable", "c": "right", "d": "wrong"}
    found = [
        *(("missed", (each, "x")) for each in "abc"),
        ("merged", ("d", "x")),
    ]
    known = {(each, "x"): (judged.Judgement(kind), "k") for each, kind in kinds.items()}
    # Of ten gold pairs three are missed; one merge is wrong by the labels.
    result = judged.Result(figures=judged.scores(7, 8, 10))
    as_labelled, turned, decidable = judged.corrected(result, found, known)
    assert as_labelled.endswith("precision 0.8750  recall 0.7000  f1 0.7778")
    assert turned.endswith("precision 1.0000  recall 0.8000  f1 0.8889")
    assert decidable.endswith("precision 1.0000  recall 0.8889  f1 0.9412")


def test_judgements_hold_ids_only(judged: ModuleType) -> None:
    for line in judged.JUDGED.read_text().splitlines():
        row = json.loads(line)
        assert row.keys() == {"a", "b", "judgement", "kind"}
        assert judged.Judgement(row["judgement"])
        assert all(len(word) <= 60 and " " not in word for word in row.values())
