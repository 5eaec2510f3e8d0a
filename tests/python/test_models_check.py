"""`fluvial models check`: what is run, drawn, printed, and held implausible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluvial.cli.main import main
from fluvial.models.judge import Picture, Seen, judge
from golden import save_constants
from needed import package

DECIDED: dict[str, Any] = {
    "task": "detection",
    "head": "yolox",
    "threshold": 0.3,
    "input": {"color": "bgr", "scale": [1.0, 1.0, 1.0]},
    "options": {"boxes": "raw"},
}


def picture(*objects: Seen, name: str = "a.jpg", generated: bool = False) -> Picture:
    return Picture(name, (640, 480), objects, is_generated=generated)


def seen(confidence: float, box: tuple[float, float, float, float] = (200, 100, 90, 80), label: str = "cat") -> Seen:
    return Seen(label, confidence, box)


def complaints(*pictures: Picture, **decided: Any) -> list[str]:
    return judge(DECIDED | decided, pictures)


def test_what_looks_well_is_not_complained_of() -> None:
    assert complaints(picture(seen(0.9), seen(0.1)), picture(generated=True)) == []
    assert complaints(picture(generated=True)) == []


def test_no_box_over_the_threshold_says_what_the_surest_was_and_what_to_try() -> None:
    (text,) = complaints(picture(seen(0.2)), picture(generated=True))
    assert text.startswith("no box over the threshold 0.3 on 1 picture; the surest is cat with 0.20.")
    assert "model_color_format, now BGR" in text
    assert "net_scale_factor, now 1;" in text
    assert "head, now yolox; head_options, now boxes=raw" in text
    (text,) = complaints(picture(), picture(name="b.jpg"), picture(generated=True))
    assert "on 2 pictures; none reaches 0.05 either" in text


def test_boxes_that_all_crowd_in_a_corner() -> None:
    shares = (seen(0.9, (0.1, 0.1, 0.8, 0.5)), seen(0.8, (0.2, 0.1, 0.3, 0.3)))
    (text,) = complaints(picture(*shares), picture(generated=True))
    assert text.startswith("all 2 boxes lie in the top left corner of their pictures")


@pytest.mark.parametrize("bad", [seen(7.5), seen(-0.1), seen(float("nan")), seen(0.9, (float("inf"), 0, 1, 1))])
def test_scores_and_boxes_that_are_none(bad: Seen) -> None:
    (text,) = complaints(picture(bad, seen(0.9)), picture(generated=True))
    assert "scores lie between 0 and 1, boxes on the picture" in text


def test_the_same_answer_to_every_picture() -> None:
    same = (seen(0.9), seen(0.8))
    (text,) = complaints(picture(*same), picture(*same, generated=True))
    assert text.startswith("all 2 pictures gave the same 2 results: the model does not look at its input")


def test_boxes_without_number() -> None:
    (text,) = complaints(picture(*[seen(0.9, (i, 100, 90, 80)) for i in range(400)]), picture(generated=True))
    assert text.startswith("400 boxes over the threshold 0.3 on a.jpg")


def test_a_classifier_is_not_asked_for_boxes() -> None:
    assert complaints(picture(seen(0.2)), picture(generated=True), task="classification") == []


def test_plain_background_is_no_sign_of_a_model_that_does_not_look() -> None:
    background, road = seen(1.0, label="background"), seen(0.4, label="road")
    assert complaints(picture(background), picture(background, generated=True), task="segmentation") == []
    both = (seen(0.6, label="background"), road)
    (text,) = complaints(picture(*both), picture(*both, generated=True), task="segmentation")
    assert text.startswith("all 2 pictures gave the same 2 results")


# --- the command


def squares(path: Path) -> None:
    """A detector that finds one square where the picture is bright, and none elsewhere: YOLOX's outputs."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    cells = [(x, y, s) for s in (8, 16, 32) for y in range(64 // s) for x in range(96 // s)]
    rows = np.full((1, len(cells), 85), -9, np.float32)
    rows[..., :4] = 0
    brightness = np.zeros((1, len(cells), 85), np.float32)
    brightness[0, 100, 4] = brightness[0, 100, 5 + 15] = 0.05  # "cat", from a mean of 180 on
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "brightness"], ["lit"]),
        helper.make_node("Add", ["rows", "lit"], ["output"]),
    ]
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 96])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, rows.shape)
    values = [numpy_helper.from_array(rows, "rows"), numpy_helper.from_array(brightness, "brightness")]
    graph = helper.make_graph(nodes, "squares", [picture], [output], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package("onnx")
    package("openvino")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_draws_and_prints_what_a_model_finds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    squares(folder / "squares.onnx")
    cv2.imwrite("white.png", np.full((120, 180, 3), 255, np.uint8))
    assert main(["models", "check", "squares.onnx", "--image", "white.png"]) == 0
    said = capsys.readouterr().out
    assert "squares.onnx: head yolox, threshold 0.3\n  white.png: cat 0.95\n" in said
    drawn = cv2.imread("squares-check/1-white.png")
    assert drawn.shape == (120, 180, 3)
    assert (drawn != 255).any(), "the box"
    assert (folder / "squares-check" / "2-generated.png").is_file()


def test_a_picture_on_which_nothing_is_found_is_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    squares(folder / "squares.onnx")
    cv2.imwrite("black.png", np.zeros((120, 180, 3), np.uint8))
    args = ["models", "check", "squares.onnx", "--image", "black.png", "--json", "--out", "drawn/here"]
    assert main(args) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["drawn"] == "drawn/here"
    assert [p["name"] for p in said["pictures"]] == ["black.png", "generated.png"]
    assert said["complaints"][0].startswith("no box over the threshold 0.3 on 1 picture")


def test_a_model_that_does_not_look_is_found_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    rows = np.zeros((1, 126, 85), np.float32)
    rows[0, 100, 4:6] = 0.9
    save_constants(folder / "blind.onnx", {"output": rows})
    cv2.imwrite("white.png", np.full((120, 180, 3), 255, np.uint8))
    assert main(["models", "check", "blind.onnx", "--image", "white.png"]) == 1
    assert "implausible: all 2 pictures gave the same 1 results" in capsys.readouterr().out


def bright_classes(path: Path, kind: str = "UINT8") -> None:
    """Segmentation: class 3 where a picture of bytes is brighter than 200, else 0."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["numbers"], ["darkest"], axes=[3], keepdims=0),
        helper.make_node("Greater", ["darkest", "limit"], ["is_bright"]),
        helper.make_node("Cast", ["is_bright"], ["ones"], to=TensorProto.INT64),
        helper.make_node("Mul", ["ones", "three"], ["classes"]),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.DataType.Value(kind), [1, 64, 96, 3])
    classes = helper.make_tensor_value_info("classes", TensorProto.INT64, [1, 64, 96])
    values = [numpy_helper.from_array(np.float32(200), "limit"), numpy_helper.from_array(np.int64(3), "three")]
    graph = helper.make_graph(nodes, "bright", [picture], [classes], values)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def test_a_map_of_classes_is_printed_and_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    bright_classes(folder / "bright.onnx")
    cv2.imwrite("quarter.png", white_quarter())
    assert main(["models", "check", "bright.onnx", "--image", "quarter.png"]) == 0
    assert "quarter.png: class 0 0.75, class 3 0.25" in capsys.readouterr().out
    drawn = cv2.imread("bright-check/1-quarter.png")
    assert tuple(drawn[60, 100]) == (0, 0, 0)
    assert tuple(drawn[60, 20]) != (255, 255, 255)


def white_quarter() -> np.ndarray:
    picture = np.zeros((128, 192, 3), np.uint8)
    picture[:, :48] = 255
    return picture


def test_what_a_file_does_not_tell_is_said_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    bright_classes(folder / "bright.onnx", "FLOAT")
    cv2.imwrite("quarter.png", white_quarter())
    check = ["models", "check", "bright.onnx", "--image", "quarter.png"]
    assert main(check) == 1
    assert "nothing tells the order of its colours" in capsys.readouterr().err
    assert main([*check, "--set", "model-color-format=0", "--set", "net_scale_factor=1"]) == 0
    assert "quarter.png: class 0 0.75, class 3 0.25" in capsys.readouterr().out
    assert main([*check, "--set", "model-color-format=0", "--set", "net-scale-factor=0.5"]) == 0
    assert "quarter.png: class 0 1.00" in capsys.readouterr().out, "the model sees what was said"
    colours = ["--set", "model-color-format=1", "--set", "offsets=1;2;3", "--set", "net-scale-factor=2"]
    assert main(["models", "explain", "bright.onnx", "--json", *colours]) == 0
    fed = json.loads(capsys.readouterr().out)["input"]
    assert (fed["color"], fed["offset"], fed["scale"]) == ("bgr", [1, 2, 3], [2, 2, 2])


def test_a_threshold_that_is_said_is_judged_by(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2 = package("cv2")
    squares(folder / "squares.onnx")
    cv2.imwrite("white.png", np.full((120, 180, 3), 255, np.uint8))
    args = ["models", "check", "squares.onnx", "--image", "white.png", "--set", "threshold=0.99"]
    assert main(args) == 1
    assert "no box over the threshold 0.99 on 1 picture; the surest is cat with 0.95" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("head", "--set head: allowed is KEY=VALUE, such as head=yolox"),
        ("heads=yolox", "heads: no such setting (got 'yolox'); did you mean 'head'?"),
        ("head=yolo_x", "head=yolo_x: allowed are yolox, yolo,"),
        ("head-options=raw", "--set head-options=raw: allowed are option=value"),
        ("net-scale-factor=-1", "net_scale_factor: input should be greater than 0 (got -1)"),
        ("labels=[a", "--set labels=[a: the value cannot be read"),
    ],
)
@pytest.mark.parametrize("action", ["check", "explain"])
def test_a_wrong_setting_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], action: str, setting: str, says: str
) -> None:
    squares(folder / "squares.onnx")
    assert main(["models", action, "squares.onnx", "--set", setting]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_without_a_picture_it_asks_for_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    squares(folder / "squares.onnx")
    assert main(["models", "check", "squares.onnx"]) == 0
    assert "--image FILE gives it one that does" in capsys.readouterr().out


def test_numbers_that_are_none_are_said_with_the_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_constants(folder / "broken.onnx", {"output": np.full((1, 126, 85), np.nan, np.float32)})
    assert main(["models", "check", "broken.onnx"]) == 1
    assert "output 'output' holds NaN or infinity" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--image", "no/such.jpg"], "no/such.jpg"),
        (["--out", "squares.onnx/drawn"], "--out: no folder can be made of squares.onnx/drawn: Not a directory"),
    ],
)
def test_what_cannot_be_read_or_written_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    squares(folder / "squares.onnx")
    assert main(["models", "check", "squares.onnx", *args]) == 1
    assert says in capsys.readouterr().err
