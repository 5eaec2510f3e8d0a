"""Labels of any folder, as they should be and as they should not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fluvial.errors import ConfigError
from fluvial.train.folders import read_folder
from fluvial.train.records import EVERY_CLASS, joined
from fluvial.train.store import fill_store

Coco = Callable[..., Path]


def edit(folder: Path, change: Callable[[dict], None]) -> Path:
    file = folder / "annotations.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return folder


def test_coco_is_read_whole(coco: Coco) -> None:
    data = read_folder(coco(5))
    assert data.names == ("box", "disc") and len(data.pictures) == 5 and not len(data.problems)
    assert data.boxes_of_class() == {"box": 5, "disc": 5}
    assert all(p.known == {0, 1} and (p.weights == 1).all() for p in data.pictures)


def test_labels_outside_the_picture_are_cut_or_left_out_and_counted(coco: Coco) -> None:
    def change(content: dict) -> None:
        boxes = content["annotations"]
        boxes[0]["bbox"], boxes[1]["bbox"] = [-10, -10, 40, 40], [500, 10, 20, 20]
        boxes[2]["bbox"], boxes[3]["bbox"] = [10, 10, 0, 20], [float("nan"), 0, 5, 5]

    data = read_folder(edit(coco(3), change))
    assert data.pictures[0].boxes.tolist() == [[0, 0, 30, 30]]
    assert sum(len(p.boxes) for p in data.pictures) == 3
    (line,) = data.problems.lines()
    assert line.startswith("3 x box outside its picture or without a size: 0.png [500.0, 10.0, 20.0, 20.0], 1.png")


def test_unknown_classes_and_images_are_counted(coco: Coco) -> None:
    def change(content: dict) -> None:
        content["annotations"][0]["category_id"] = 99
        content["annotations"][1]["image_id"] = 777

    lines = read_folder(edit(coco(2), change)).problems.lines()
    assert "1 x box of an unknown category: 0.png category_id 99" in lines
    assert "1 x box of an image that is not listed: image_id 777" in lines


def test_a_picture_that_is_not_there_is_counted(coco: Coco) -> None:
    folder = coco(4)
    (folder / "images" / "2.png").unlink()
    data = read_folder(folder)
    assert len(data.pictures) == 3
    assert data.problems.lines()[0].startswith("1 x picture is not there: ")


def test_one_broken_picture_among_good_ones_is_named_and_left_out(coco: Coco, tmp_path: Path) -> None:
    folder = coco(4)
    whole = (folder / "images" / "1.png").read_bytes()
    (folder / "images" / "1.png").write_bytes(whole[: len(whole) // 2])
    (folder / "images" / "3.png").write_bytes(b"no picture")
    data = read_folder(folder)
    store = fill_store(data.pictures, 64, tmp_path / "cache", problems=data.problems)
    assert [p.path.name for p in store.pictures] == ["0.png", "2.png"]
    text = "\n".join(data.problems.lines())
    assert "1.png" in text and "3.png" in text and "cannot be read as a picture" in text
    assert (store.pixels[1] == fill_store(data.pictures[2:3], 64, tmp_path, problems=data.problems).pixels[0]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[]", 'no list "images"'),
        ('{"images": [], "annotations": []}', 'no list "categories"'),
        ('{"images": [], "annotations": [], "categories": []}', "has no category"),
        ('{"images": [{"id": 1, "file_name": "x.png"}], "annotations": [], "categories": [{"id": 1, "name": "a"}]}',
         "none of its 1 images is in"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_coco_says_what_is_missing(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annotations.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_folder(tmp_path)


def test_an_empty_folder_is_an_error_that_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"put them into data.yaml"):
        read_folder(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [a]")
    with pytest.raises(ConfigError, match=r"no picture in it; allowed are .bmp .jpeg .jpg"):
        read_folder(tmp_path)
    with pytest.raises(ConfigError, match="is not there"):
        read_folder(tmp_path / "nowhere")


def test_partial_labels_are_known_as_such(coco: Coco) -> None:
    data = read_folder(coco(2, labelled=[2]))
    assert all(p.known == {1} for p in data.pictures), "boxes are there, but others may be"
    assert data.boxes_of_class() == {"box": 2, "disc": 2}


def test_a_teacher_fills_what_is_not_labelled_and_nothing_else(coco: Coco, tmp_path: Path) -> None:
    folder = coco(1, labelled=[2])
    picture = read_folder(folder).pictures[0]
    same = [float(v) for v in picture.boxes[0]]
    teacher = [
        {"image_id": 0, "category_id": 1, "bbox": same, "score": 0.9},  # what a person has labelled
        {"image_id": 0, "category_id": 1, "bbox": [1, 1, 12, 12], "score": 0.7},
        {"image_id": 0, "category_id": 1, "bbox": [30, 1, 12, 12], "score": 0.3},
        {"image_id": 0, "category_id": 1, "bbox": [60, 1, 12, 12], "score": 0.1},
        {"image_id": 0, "category_id": 2, "bbox": [90, 1, 12, 12], "score": 0.9},  # of a class that is known
    ]
    (tmp_path / "teacher.json").write_text(json.dumps(teacher))
    taught = read_folder(folder, tmp_path / "teacher.json").pictures[0]
    assert taught.known == {0, 1}
    assert len(taught.boxes) == 3 and taught.weights.round(2).tolist() == [1, 1, pytest.approx(0.7)]
    assert taught.ignored.tolist() == [[30, 1, 12, 12]] and taught.ignored_classes.tolist() == [0]


def test_crowds_are_ignored_for_every_class(coco: Coco) -> None:
    def change(content: dict) -> None:
        content["annotations"][0]["iscrowd"] = 1

    picture = read_folder(edit(coco(1), change)).pictures[0]
    assert len(picture.boxes) == 1 and picture.ignored_classes.tolist() == [EVERY_CLASS]


def yolo_folder(folder: Path, lines: dict[str, str], data: str = "names: {0: a, 1: b}") -> Path:
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for stem, text in lines.items():
        Image.new("RGB", (200, 100)).save(folder / "images" / f"{stem}.png")
        (folder / "labels" / f"{stem}.txt").write_text(text)
    (folder / "data.yaml").write_text(data)
    return folder


def test_yolo_lines_are_parts_of_the_picture(tmp_path: Path) -> None:
    data = read_folder(yolo_folder(tmp_path / "y", {"p": "1 0.5 0.5 0.2 0.4\n\n0 0.1 0.1 0.2 0.2\n", "q": ""}))
    assert data.names == ("a", "b")
    np.testing.assert_allclose(data.pictures[0].boxes, [[80, 30, 40, 40], [0, 0, 40, 20]], atol=1e-4)
    assert data.pictures[0].classes.tolist() == [1, 0] and len(data.pictures[1].boxes) == 0


def test_yolo_lines_that_are_none_are_counted(tmp_path: Path) -> None:
    data = read_folder(yolo_folder(tmp_path / "y", {"p": "7 0.5 0.5 0.2 0.4\n0 a b c d\n0 0.5 0.5\n1 0.5 0.5 0.1 0.1"}))
    text = "\n".join(data.problems.lines())
    assert "2 x line is not: class cx cy width height" in text and "1 x class is not one of 0..1" in text
    assert len(data.pictures[0].boxes) == 1


def test_several_datasets_share_classes_by_name(coco: Coco, tmp_path: Path) -> None:
    other = read_folder(yolo_folder(tmp_path / "y", {"p": "0 0.5 0.5 0.2 0.4"}, "names: [disc, cup]"))
    both = joined([read_folder(coco(2)), other], ["disc", "box"])
    assert both.names == ("disc", "box")
    assert both.boxes_of_class() == {"disc": 3, "box": 2}
    assert both.pictures[-1].known == {0}, "that folder says nothing of boxes"
    with pytest.raises(ConfigError, match="no data has cat; there are box, disc, cup"):
        joined([read_folder(coco(2)), other], ["cat"])
