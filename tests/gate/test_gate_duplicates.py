from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    module = importlib.import_module("gate_duplicates")
    monkeypatch.setattr(module, "FLOORS", tmp_path / "floors.json")
    return module


def floors(gate: ModuleType) -> dict[str, dict[str, float]]:
    document: dict[str, dict[str, float]] = json.loads(gate.FLOORS.read_text())
    return document


def test_a_figure_below_its_floor_fails(gate: ModuleType) -> None:
    gate.FLOORS.write_text(json.dumps({"duplicates": {"police.dated.f1": 0.98}}))
    assert gate.judge({"police.dated.f1": 0.97}, raising=False) == 1
    assert gate.judge({"police.dated.f1": 0.98}, raising=False) == 0


def test_more_wrong_merges_than_the_ceiling_fail(gate: ModuleType) -> None:
    gate.FLOORS.write_text(json.dumps({"duplicates": {"lookalikes.wrong": 0}}))
    assert gate.judge({"lookalikes.wrong": 1}, raising=False) == 1


def test_raising_never_lowers_and_leaves_other_gates_alone(gate: ModuleType) -> None:
    gate.FLOORS.write_text(
        json.dumps({"boilerplate": {"open": 0.9}, "duplicates": {"a": 0.9, "b": 0.9}})
    )
    gate.judge({"a": 0.8, "b": 0.95, "c": 0.5}, raising=True)
    assert floors(gate) == {
        "boilerplate": {"open": 0.9},
        "duplicates": {"a": 0.9, "b": 0.95, "c": 0.5},
    }


def test_without_being_asked_nothing_is_written(gate: ModuleType) -> None:
    gate.judge({"a": 0.8}, raising=False)
    assert not gate.FLOORS.exists()


def test_a_budget_stays_what_it_is(gate: ModuleType) -> None:
    gate.judge({"candidates.per_entry": 0.9}, raising=True)
    assert floors(gate)["duplicates"]["candidates.per_entry"] == 6
    assert gate.judge({"candidates.per_entry": 6.1}, raising=True) == 1


def test_skips_where_there_is_no_corpus(
    gate: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(gate, "CORPUS", tmp_path)
    assert gate.main([]) == 0
    assert "skipped" in capsys.readouterr().out


def test_pairs_and_scores(gate: ModuleType) -> None:
    pairs = set(gate.pairs_of([("c", "x"), ("a", "x"), ("b", "x"), ("d", "y")]))
    assert pairs == {("a", "b"), ("a", "c"), ("b", "c")}
    assert gate.scores(2, 4, 3) == pytest.approx(
        {"precision": 0.5, "recall": 2 / 3, "f1": 4 / 7, "wrong": 2, "missed": 1}
    )


def test_labels_hold_positions_only() -> None:
    for line in (SCRIPTS.parent / "tests" / "gate" / "lookalikes.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert row.keys() == {"a", "b", "same", "kind"}
        assert all("#" in row[side] for side in "ab")


@pytest.mark.corpus
@pytest.mark.slow
def test_labels_name_entries_that_exist(gate: ModuleType) -> None:
    if not (gate.CORPUS / "feeds").is_dir():
        pytest.skip("no corpus beside the project")
    paths = sorted((gate.CORPUS / "feeds").iterdir())
    known = {record.id for path in paths for record in gate.feed_records(path)}
    named = {row[side] for row in gate.rows_of(gate.LOOKALIKES) for side in "ab"}
    assert named <= known
