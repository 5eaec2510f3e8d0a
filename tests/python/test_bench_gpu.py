"""The parts of bench/gpu.py that need no GPU."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fake_gpus
from needed import absent

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.syspath_prepend(str(BENCH / "gpu_parts"))

    def load(name: str) -> ModuleType:
        return __import__(name)

    yield load
    for name in ("detections", "results", "plan", "harness", "kernels"):
        sys.modules.pop(name, None)


def names_at_top(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def test_what_parts_name_of_each_other_is_there() -> None:
    """Most cannot be imported where PyTorch is not, so they are read."""
    trees = {file.stem: ast.parse(file.read_text()) for file in (BENCH / "gpu_parts").glob("*.py")}
    tops = {name: names_at_top(tree) for name, tree in trees.items()}
    missing = set()
    for part, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in tops[part]:
                if node.attr not in tops.get(node.value.id, {node.attr}):
                    missing.add(f"{part}: {node.value.id}.{node.attr}")
            elif isinstance(node, ast.ImportFrom) and node.module in tops:
                missing |= {f"{part}: {node.module}.{a.name}" for a in node.names if a.name not in tops[node.module]}
    assert missing == set()


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


def test_every_kernel_that_is_timed_has_its_bytes(parts: Any) -> None:
    kernels = parts("kernels")
    if not kernels.program().exists():
        absent("time_kernels", "make build")
    listed = subprocess.run([kernels.program(), "--list"], capture_output=True, text=True, check=True).stdout
    assert listed.splitlines() == list(kernels.BYTES)
    source = Path(__file__).parents[2] / "cpp/surface/cuda/compiler.h"
    named = set(re.findall(r'^ +"(\w+)"', source.read_text(), re.M)) | {"pictures_to_tensor", "transform"}
    assert named == set(kernels.names())


def test_bytes_of_kernels_are_what_one_counts_by_hand(parts: Any) -> None:
    bytes_of = parts("kernels").BYTES
    assert bytes_of["transform: nv12 to rgba"] == 48 * (1920 * 1080 * 11 // 2)
    assert bytes_of["transform: nv12 to nv12 360p"] == 48 * (1920 * 540 + 640 * 540)
    assert bytes_of["pictures_to_tensor: 640, f16"] == 48 * (1920 * (720 + 540) + 640 * 640 * 6)
    assert bytes_of["select_rows: 48 x 84 x 8400, f32"] == 129_024_000
    assert bytes_of["transform: 48 nv12 to tiles of rgba 4K"] == 48 * (1920 * 810 + 480 * 270 * 4)


def test_a_floor_is_what_a_copy_of_the_bytes_takes(parts: Any) -> None:
    kernels = parts("kernels")
    lines = [
        {"name": "transform: nv12 to nv12", "seconds": 200e-6},
        {"name": "make_masks: 20 of 80 x 80", "seconds": 6e-6},
    ]
    copies = [{"name": "3788800", "seconds": 4e-6}, {"name": "298598400", "seconds": 100e-6}]
    found = kernels.read(*("\n".join(map(json.dumps, some)) for some in (lines, copies)))
    assert kernels.table(found).splitlines() == [
        " 2.00  transform: nv12 to nv12: 200.0 of 100.0 us: 298.6 MB; 1.49 TB/s",
        " 1.50  make_masks: 20 of 80 x 80: 6.0 of 4.0 us: 3.8 MB; 0.63 TB/s",
    ]
    with pytest.raises(KeyError, match="a new one has no line in BYTES"):
        kernels.read('{"name": "a new one", "seconds": 1}', "")


@pytest.mark.slow
def test_every_kernel_is_launched_and_timed_on_a_fake_gpu(
    parts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = parts("kernels")
    if not kernels.program().exists():
        absent("time_kernels", "make build")
    fake_gpus.build(tmp_path)
    told = fake_gpus.environment(tmp_path, tmp_path)
    done = subprocess.run([kernels.program(), "--short"], env=told, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for name, value in {**told, "FAKE_GPU_MEMORY": str(4 << 30)}.items():
        monkeypatch.setenv(name, value)
    found = kernels.timed()
    assert [t.name for t in found] == list(kernels.BYTES)
    assert all(t.seconds > 0 and t.floor > 0 for t in found)


@pytest.mark.slow
@pytest.mark.parametrize(("cuda", "many", "few"), [("12010", ["192"], 8), ("12000", [], 16)])
def test_many_small_pictures_are_one_launch_where_the_driver_knows_large_ones(
    parts: Any, tmp_path: Path, cuda: str, many: list[str], few: int
) -> None:
    kernels = parts("kernels")
    if not kernels.program().exists():
        absent("time_kernels", "make build")
    fake_gpus.build(tmp_path)
    told = {**fake_gpus.environment(tmp_path, tmp_path), "FAKE_GPU_TELLS": "1", "FAKE_GPU_CUDA": cuda}
    done = subprocess.run([kernels.program(), "--short"], env=told, capture_output=True, text=True)
    assert done.returncode == 0
    launches = [line.split() for line in done.stderr.splitlines()]
    assert [depth for name, depth in launches if name == "pictures_to_tensor_many"] == many
    assert [depth for name, depth in launches if name == "pictures_to_tensor"] == ["24"] * few
    assert [depth for name, depth in launches if name == "crops_to_tensor_many"] == 3 * many  # three cases
    assert [depth for name, depth in launches if name == "crops_to_tensor"] == ["24"] * (24 if not many else 0)
