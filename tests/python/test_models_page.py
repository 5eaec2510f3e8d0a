"""docs/models.md: rows that are missing, of the past, or wrong are told; figures may be old."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluvial.models.registry import assets_folder
from needed import package
from published import PUBLISHED

models_page = package("models_page")  # which needs those of the models
PAGE, problems_of = models_page.PAGE, models_page.problems_of


def test_the_page_has_a_row_of_each_published_file_and_of_each_form() -> None:
    assert problems_of(PAGE.read_text()) == []


def test_a_page_that_is_behind_is_told() -> None:
    page = PAGE.read_text()
    lines = page.splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith("| lprnet "))
    assert problems_of(without) == ["lprnet: no row"]
    assert problems_of(page + "| gone | `yolo` | output [1, 6] | ok |\n") == [
        "gone: a row of what is not measured any more"
    ]
    assert problems_of(page.replace("| lprnet | `text`", "| lprnet | `yolo`")) == [
        "lprnet: the row says head `yolo`, it is `text`"
    ]
    (row,) = (line for line in lines if line.startswith("| lprnet "))
    assert problems_of(page.replace(row, row.replace("| ok |", "| other words |"))) == ["lprnet: other words"]
    assert "0 wrong" in page
    assert len(problems_of(page.replace("| 0 wrong |", "| 3 wrong |"))) == page.count("| 0 wrong |")


def test_every_model_of_the_assets_is_measured() -> None:
    folder = assets_folder()
    if folder is None:
        pytest.skip("no assets: neither FLUVIAL_ASSETS nor a folder beside the project")
    there = {p.name for p in Path(folder, "models").iterdir() if p.suffix in (".onnx", ".xml")}
    assert there <= {model.file for model in PUBLISHED}
