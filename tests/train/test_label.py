"""Frames that differ, and a teacher's boxes, become a folder to train on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fluvial.cli import main
from fluvial.cli.label import _names
from fluvial.errors import ConfigError
from fluvial.models.registry import assets_folder
from fluvial.train import label as labels
from fluvial.train.folders import read_folder
from fluvial.train.label import _Changes, label_videos
from needed import absent


def test_a_frame_is_new_where_some_of_it_has_changed() -> None:
    changes = _Changes(12.0)
    frame = np.full((90, 160, 4), 100, np.uint8)
    assert changes.is_new("a", frame) and not changes.is_new("a", frame)
    moved = frame.copy()
    moved[40:60, 40:60] += 60  # a small object
    assert changes.is_new("a", moved) and changes.is_new("b", frame), "each video by itself"
    assert not changes.is_new("a", moved + 3), "a little more light is nothing new"


def test_numbers_that_make_no_sense_and_labels_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unsure 0\.6, sure 0\.5: allowed is 0 <= unsure <= sure <= 1"):
        label_videos(["a.mp4"], tmp_path, teacher="yolox-nano", unsure=0.6)
    (tmp_path / "annotations.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"has annotations.json already; name another folder"):
        label_videos(["a.mp4"], tmp_path, teacher="yolox-nano")


def test_classes_are_names_with_commas_and_may_be_renamed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _names("person, vehicle=car") == {"person": "person", "vehicle": "car"}
    for text in ("person,,car", "=car", "vehicle="):
        assert main(["label", "a.mp4", "--teacher", "x.onnx", "--classes", text, "--out", str(tmp_path / "o")]) == 1
        assert (
            f"--classes {text!r}: names with commas between them, such as person,vehicle=car" in capsys.readouterr().err
        )


def test_a_class_that_the_teacher_lacks_is_told_before_a_frame_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "find", lambda name: name)
    monkeypatch.setattr(labels, "explain", lambda found: {"labels": ["person", "bicycle"]})
    with pytest.raises(
        ConfigError, match=r"classes: the teacher t.onnx has no 'bycicle'\n  hint: did you mean 'bicycle'"
    ):
        label_videos(["none.mp4"], tmp_path / "out", teacher="t.onnx", classes={"bycicle": "bicycle"})
    assert not (tmp_path / "out").exists()


def test_only_classes_that_are_asked_for_are_written_under_the_names_that_are_asked_for(tmp_path: Path) -> None:
    objects = [
        SimpleNamespace(label=name, class_id=i, box=(10.0, 10.0, 20.0, 20.0), confidence=0.9)
        for i, name in enumerate(("vehicle", "cup"))
    ]
    (tmp_path / "images").mkdir()
    writer = labels._Writer(tmp_path, 0.5, {"vehicle": "car", "person": "person"})
    writer.add(SimpleNamespace(source="a.mp4", number=3, objects=objects), np.zeros((60, 80, 4), np.uint8))
    assert writer.finish({}) == {"car": 1}
    data = read_folder(tmp_path)
    assert data.names == ("car", "person") and data.pictures[0].known == {0, 1}, "people were looked for, and none seen"


@pytest.mark.slow
def test_a_teacher_labels_a_video(tmp_path: Path) -> None:
    assets = assets_folder()
    if assets is None or not (assets / "videos" / "store-aisle-detection-preview.mp4").is_file():
        absent("models", "no clip of the assets is here: FLUVIAL_ASSETS names their folder")
    video, model = assets / "videos" / "store-aisle-detection-preview.mp4", assets / "models" / "yolox_nano_416.onnx"
    made = label_videos([str(video)], tmp_path / "out", teacher=str(model), most=12)
    assert made.pictures == 12 and made.boxes["person"] >= 6
    content = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert all(a["iscrowd"] == (a["score"] < 0.5) for a in content["annotations"])
    data = read_folder(tmp_path / "out")
    assert len(data.pictures) == 12 and not len(data.problems)
    weights = np.concatenate([p.weights for p in data.pictures])
    assert ((weights >= 0.5) & (weights <= 1)).all()
    assert (tmp_path / "out" / "review.jpg").stat().st_size > 10_000
