"""The parts of bench/gpu.py that need no GPU."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.syspath_prepend(str(BENCH / "gpu_parts"))

    def load(name: str) -> ModuleType:
        return __import__(name)

    yield load
    for name in ("detections", "results", "plan", "harness"):
        sys.modules.pop(name, None)


def test_detections_are_compared_object_by_object(parts: Any) -> None:
    apart = parts("detections").apart
    one, other = [0, 0.9, 10.0, 10.0, 20.0, 20.0], [1, 0.5, 50.0, 50.0, 5.0, 5.0]
    moved = [0, 0.895, 10.5, 10.0, 20.0, 20.0]
    seen = apart([[one, other]], [[other, moved]])
    assert (seen.pixels, seen.both, seen.missing) == (0.5, 2, 0)
    assert seen.confidence == pytest.approx(0.005)


def test_an_object_that_one_side_lacks_is_missing(parts: Any) -> None:
    apart = parts("detections").apart
    sure, unsure = [0, 0.9, 10.0, 10.0, 20.0, 20.0], [0, 0.28, 90.0, 90.0, 20.0, 20.0]
    assert apart([[sure, unsure]], [[sure]]).missing == 0  # too unsure to be told
    assert apart([[sure]], [[]]).missing == 1
    assert apart([[sure]], [[sure], []]).missing == 1  # a whole frame


def result(folder: Path, value: float) -> None:
    row = {"name": "wall", "value": value, "unit": "of it", "at_most": None, "at_least": 0.95, "spread": None}
    machine = {"gpu": ["H100"], "torch, cuda": "2 13", "commit": "abc", "when": "now", "command": "bench/gpu.py"}
    told = {
        "machine": machine,
        "rows": [{**row, "note": "a|b", "is_good": value >= 0.95}],
        "not measured": ["wall x: y"],
    }
    (folder / "gpu-wall.json").write_text(json.dumps(told))


def test_the_table_is_made_of_the_results_and_checked(parts: Any, tmp_path: Path, capsys: Any) -> None:
    results = parts("results")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{results.BEGIN}\n{results.END}\nafter\n")
    result(tmp_path, 0.9)
    assert results.page(tmp_path, page, check=True) == 1
    assert "its table is not of bench/results/gpu-*.json" in capsys.readouterr().out
    assert results.page(tmp_path, page, check=False) == 0
    assert "| wall | 0.9 of it | **>= 0.95, missed** | a/b |" in page.read_text()
    assert "| wall x | not measured | | y |" in page.read_text()
    assert not any(line.endswith(" ") for line in page.read_text().splitlines())
    assert page.read_text().startswith("before\n") and page.read_text().endswith("after\n")
    assert results.page(tmp_path, page, check=True) == 0


def test_a_page_without_a_place_is_told(parts: Any, tmp_path: Path, capsys: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    assert parts("results").page(tmp_path, page, check=False) == 1
    assert "no place for the table" in capsys.readouterr().out
