"""`make demo`: which model it takes, what it leaves, what it says where there is none."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fluvial.models import registry

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs it in a folder of its own, on a machine without any model."""
    monkeypatch.setenv("FLUVIAL_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path / "carried")
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*videos: Path) -> int:
        monkeypatch.setattr(sys, "argv", ["demo.py", *map(str, videos)])
        return module.main()

    return run


def test_the_demo_needs_no_model_but_the_one_that_the_build_carries(
    demo: Callable[..., int],
    make_clip: Callable[..., Path],
    blob_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "carried").mkdir()
    shutil.copy(blob_model, tmp_path / "carried" / "detector.onnx")
    assert demo(make_clip("a.mp4")) == 0
    said = capsys.readouterr().out
    assert "model: bundled; footage: a.mp4" in said
    rows = [json.loads(line) for line in (tmp_path / "out" / "objects.jsonl").read_text().splitlines()]
    assert {row["source"] for row in rows} == {f"{i}-a" for i in (1, 2, 3, 4)}
    assert (tmp_path / "out" / "demo.mp4").stat().st_size > 0
    assert (tmp_path / "out" / "demo.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_without_a_model_the_demo_says_how_to_get_one(
    demo: Callable[..., int], make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(make_clip("a.mp4")) == 1
    said = capsys.readouterr().out
    assert "demo: model 'person-vehicle-bike' is not on this machine\n  hint: fluvial models pull" in said
