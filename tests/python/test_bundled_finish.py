"""The last step of the bundled model's making, but for the training and the measuring, which take hours and assets."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluvial.models import BUNDLED, entry

ROOT = Path(__file__).parents[2]
Run = Callable[..., list[list[str]]]


@pytest.fixture
def finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, as a module that puts the model into a folder of the test."""
    spec = importlib.util.spec_from_file_location("finish", ROOT / "training" / "bundled" / "finish.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CARRIED", tmp_path / "carried")
    return module


@pytest.fixture
def run(finish: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the script; an export writes so many bytes. Returns the commands that it called."""

    def main(*args: Path | str, size: int = 1000) -> list[list[str]]:
        called: list[list[str]] = []

        def answer(command: list[str], check: bool) -> None:
            called.append(command[1:])
            if "export" in command:
                write(Path(command[5]), size)

        monkeypatch.setattr(sys, "argv", ["finish.py", *map(str, args)])
        monkeypatch.setattr(subprocess, "run", answer)
        assert finish.main() == 0
        return called

    return main


def write(file: Path, size: int) -> None:
    for suffix in (file.suffix, ".bin", ".md") if file.suffix == ".xml" else (file.suffix, ".md"):
        file.with_suffix(suffix).write_bytes(b"x" * (size if suffix != ".md" else 10))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_training_is_exported_measured_and_put_in_place(run: Run, tmp_path: Path) -> None:
    export, measure = run("run", "data")
    assert export[2:4] == ["export", "run/best.pt"] and export[4].endswith("/detector.onnx")
    assert export[5:9] == ["--pictures", "data/val.json", "--int8", "--calibration"]
    known = entry(BUNDLED)
    assert known is not None and f"licence={known.licence}" in export
    assert measure[0] == str(ROOT / "bench" / "bench_card.py") and measure[1] == export[4]
    assert measure[2:] == [
        "--card",
        measure[1].replace(".onnx", ".md"),
        "--words",
        str(ROOT / "training/bundled/card.md"),
    ]
    assert names(tmp_path / "carried") == {"detector.onnx", "detector.md"}
    (tmp_path / "carried" / "detector.bin").touch()
    export, _ = run("run", "data", "--fp16")
    assert "--fp16" in export and "--int8" not in export
    assert names(tmp_path / "carried") == {"detector.onnx", "detector.md"}, "and nothing of the one before"


def test_what_was_exported_elsewhere_is_measured_and_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "mine.onnx", 1000)
    (measure,) = run(tmp_path / "mine.onnx")
    assert Path(measure[1]).name == "detector.onnx", "as the card will call it"
    assert names(tmp_path / "carried") == {"detector.onnx", "detector.md"}
    assert names(tmp_path) == {"mine.onnx", "mine.md", "carried"}


def test_what_is_too_large_or_not_whole_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"detector\.onnx: 4,000,001 bytes; at most 4,000,000 go into git: INT8, or a"):
        run("run", "data", size=4_000_001)
    (tmp_path / "half.xml").touch()
    with pytest.raises(SystemExit, match=r"half\.bin, half\.md missing; fluvial export writes them together"):
        run(tmp_path / "half.xml")
    assert not (tmp_path / "carried").exists()


def test_an_export_needs_the_data(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("run")
    assert "run: to export a training, the folder of its data is needed too" in capsys.readouterr().err
