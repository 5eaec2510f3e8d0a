"""The detector that a build carries: a wheel has it with its card, and it is what list, recipe and card say of it."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

import fluvial
from fluvial.models import BUNDLED, entry, find
from fluvial.models.explain import explain
from needed import own_model, package

ROOT = Path(__file__).parents[2]
RECIPE = yaml.safe_load((ROOT / "training" / "bundled" / "recipe.yaml").read_text())
MOST_BYTES = 4_000_000  # in git


def copy_of_the_project(folder: Path) -> Path:
    """What a wheel is made of, as git has it."""
    parts = ("python", "pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE", ".gitignore")
    listed = subprocess.run(["git", "ls-files", "-z", *parts], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_a_wheel_has_whatever_lies_in_the_models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = package("scikit_build_core.build")
    project = copy_of_the_project(tmp_path / "project")
    carried = project / "python" / "fluvial" / "models" / "bundled"
    carried.mkdir(exist_ok=True)
    names = {"detector.onnx", "detector.xml", "detector.bin", "detector.md"}
    for name in names:
        (carried / name).touch()
    monkeypatch.chdir(project)
    wheel = build.build_wheel(str(tmp_path), {"wheel.cmake": "false"})  # what is compiled is not looked at here
    with zipfile.ZipFile(tmp_path / wheel) as archive:
        there = {Path(name) for name in archive.namelist()}
    assert names <= {path.name for path in there if path.parent == Path("fluvial/models/bundled")}
    assert any(path.name == "LICENSE" for path in there)


def test_the_list_says_what_the_recipe_makes() -> None:
    known = entry(BUNDLED)
    assert known is not None
    assert list(known.labels) == RECIPE["classes"]
    assert known.licence == "Apache-2.0"


def test_the_model_is_small_and_lies_in_the_package_with_its_card() -> None:
    model = own_model()
    assert model.parent == Path(fluvial.__file__).parent / "models" / "bundled"
    files = [file for file in model.parent.iterdir() if file.suffix in (".onnx", ".xml", ".bin")]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    assert {file.stem for file in files} == {model.stem}, "one model, whose files have one name"
    assert model.with_suffix(".md").is_file()


def metadata_of(model: Path) -> dict[str, str]:
    graph = package("openvino").Core().read_model(str(model))
    if model.suffix == ".onnx":
        return dict(graph.get_rt_info("framework").value)
    return {key: graph.get_rt_info(key).value for key in dict(graph.get_rt_info().items())}


def test_the_file_is_what_the_list_and_the_recipe_say() -> None:
    model, known = own_model(), entry(BUNDLED)
    assert known is not None
    decided = explain(find(BUNDLED))
    assert decided["labels"] == list(known.labels)
    assert decided["head"] == known.head
    assert [decided["input"][side] for side in ("width", "height")] == [RECIPE["input_side"]] * 2
    assert decided["is_batch_open"], "several streams go in one batch"
    said = metadata_of(model)
    assert said["author"] == "fluvial train"
    assert said["licence"] == known.licence
    assert said["data"]


def test_the_card_has_all_that_one_wants_to_know() -> None:
    card = own_model().with_suffix(".md").read_text()
    for heading in ("## Data and licences", "## How it was made", "## Measured", "## Limits"):
        assert heading in card
    rows = {line.split("|")[1].strip(): line for line in card.splitlines() if line.startswith("|")}
    assert {own_model().name, "yolox_nano_416.onnx", "person-vehicle-bike-detection-2004.onnx"} <= set(rows)
    assert set(RECIPE["classes"]) <= set(rows), "average precision of each class"
