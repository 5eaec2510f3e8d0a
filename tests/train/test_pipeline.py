"""What was trained goes into a pipeline with nothing else said, takes over in one that runs, and teaches the next."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial.cli import main
from fluvial.models.explain import explain
from fluvial.models.registry import find
from needed import package

torch = package("torch", promise="torch", hint="CONTRIBUTING.md says how to get it")
cv2 = package("cv2")

from fluvial.train import checkpoint as checkpoints  # noqa: E402
from fluvial.train import export_onnx  # noqa: E402
from fluvial.train.folders import read_folder  # noqa: E402
from fluvial.train.network import Detector  # noqa: E402
from fluvial.train.precision import ious  # noqa: E402

FRAMES = 16


@pytest.fixture(scope="module")
def model(learnt: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_onnx(learnt.checkpoint, tmp_path_factory.mktemp("model") / "m.onnx", pictures=learnt.data).file


@pytest.fixture(scope="module")
def clip(learnt: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures that the model knows by heart, twice over, as a video."""
    file = tmp_path_factory.mktemp("clip") / "street.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    for i in range(FRAMES):
        writer.write(cv2.imread(str(learnt.data / "images" / f"{i % 8}.png")))
    writer.release()
    return file


def test_the_file_alone_says_labels_size_colours_and_head(model: Path) -> None:
    seen = explain(find(model))
    assert seen["labels"] == ["box", "disc"]
    assert (seen["head"], seen["task"], seen["is_batch_open"]) == ("yolo", "detection", True)
    input_ = seen["input"]
    assert (input_["width"], input_["height"], input_["color"], input_["pad_value"]) == (96, 96, "rgb", 114)
    assert input_["keeps_aspect"] and input_["is_padding_centred"]
    assert input_["scale"] == [pytest.approx(1 / 255)] * 3 and input_["offset"] == [0, 0, 0]
    assert not seen["warnings"]


def test_a_run_needs_no_more_than_the_file(model: Path, clip: Path, learnt: Any, tmp_path: Path) -> None:
    """`fluvial run --model m.onnx`: boxes lie where the training's labels do, under the training's names."""
    lines = tmp_path / "found.jsonl"
    assert (
        main(["run", str(clip), "--model", str(model), "--json-lines", str(lines), "--quiet", "--threshold", "0.2"])
        == 0
    )
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    truth, overlaps = read_folder(learnt.data), []
    for number, picture in enumerate(truth.pictures):
        for kind, box in zip(picture.classes, picture.boxes, strict=True):
            same = [f["box"] for f in found if f["frame"] == number and f["label"] == truth.names[kind]]
            overlaps.append(ious(corners(np.array(same).reshape(-1, 4)), corners(box[None])).max(initial=0))
    # Wrong colours, range or border leave next to nothing; a lossy video shifts a box or two.
    assert len(overlaps) == 16 and np.median(overlaps) > 0.7, np.round(overlaps, 2)


class Swapped:
    """Names another model after some frames; keeps which frames came, and their boxes."""

    def __init__(self, flow: fv.Flow, other: Path, after: int) -> None:
        self.boxes: dict[int, np.ndarray] = {}
        self.told: list[int] = []
        is_told = threading.Event()

        def on_updated(_: object, status: int, path: str) -> None:
            self.told.append(status)
            is_told.set()

        for batch in flow:
            for frame in batch.frames:
                self.boxes[frame.number] = frame.objects.boxes.copy()
                if frame.number == after:
                    assert flow.pipeline is not None
                    infer = next(e for e in flow.pipeline.gst.children if e.get_name().startswith("fluvialinfer"))
                    infer.connect("model-updated", on_updated)
                    infer.set_property("model", str(other))
                    assert is_told.wait(60)


def test_a_new_export_takes_over_while_frames_flow(model: Path, clip: Path, learnt: Any, tmp_path: Path) -> None:
    content = checkpoints.load_checkpoint(learnt.checkpoint)
    torch.manual_seed(1)
    content["average"] = Detector(2, "pico").state_dict()
    checkpoints.save_checkpoint(tmp_path / "random.pt", content)
    other = export_onnx(tmp_path / "random.pt", tmp_path / "random.onnx", pictures=learnt.data).file
    flow = fv.Flow(str(clip)).infer(str(model), threshold=0.2)
    alone = {f.number: f.objects.boxes.copy() for batch in flow for f in batch.frames}
    swapped = Swapped(fv.Flow(str(clip)).infer(str(model), threshold=0.2), other, after=2)
    assert swapped.told == [0], "it took over"
    assert sorted(swapped.boxes) == list(range(FRAMES)), "no frame is lost"
    assert all(np.array_equal(swapped.boxes[i], alone[i]) for i in range(3)), "until then it was the first"
    assert all(len(alone[i]) for i in range(FRAMES)) and not len(swapped.boxes[FRAMES - 1]), "now it is the other"


def test_a_teacher_s_labels_of_a_video_train_another(
    model: Path, clip: Path, learnt: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fluvial train street.avi --teacher m.onnx`, from the first frame to a card."""
    out = tmp_path / "out"
    small = ["--size", "pico", "--input-side", "96", "--batch", "8", "--device", "cpu", "--epochs", "2"]
    given = ["train", str(clip), "--teacher", str(model), "--out", str(out), "--classes", "disc,box", *small]
    assert main([*given, "--begin-from", str(learnt.checkpoint), "--json"]) == 0
    printed = capsys.readouterr()
    assert f"{model} labelled {FRAMES} of {FRAMES} frames; look at {out}/labelled/review.jpg" in printed.err
    assert set(json.loads(printed.out)["classes"]) == {"disc", "box"}
    taught, truth = read_folder(out / "labelled"), read_folder(learnt.data)
    assert (
        taught.names == ("disc", "box")
        and ((taught.pictures[0].weights >= 0.5) & (taught.pictures[0].weights < 1)).all()
    )
    seen = [corners(p.boxes) for p in taught.pictures]
    overlaps = [ious(seen[i], corners(truth.pictures[i].boxes)).max(1, initial=0) for i in range(8)]
    assert sum(map(len, overlaps)) >= 8 and np.concatenate(overlaps).mean() > 0.7
    assert main([*given, "--resume"]) == 0
    assert "labelled 16" not in capsys.readouterr().err, "once"


def corners(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no data; name a COCO JSON or a folder with labels, or videos and a teacher"),
        (["a.mp4"], "teacher: none, and a.mp4 is a video; name a model that labels its frames"),
        (["rtsp://cam/1"], "teacher: none, and rtsp://cam/1 is a video"),
    ],
)
def test_videos_need_a_teacher(given: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *given]) == 1
    assert message in capsys.readouterr().err


def test_a_teacher_that_knows_none_of_the_classes_is_told(
    model: Path, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "train",
        str(clip),
        "--teacher",
        str(model),
        "--classes",
        "cat,dog",
        "--out",
        str(tmp_path),
        "--device",
        "cpu",
    ]
    assert main(given) == 1
    assert "knows none of cat, dog; it knows box, disc" in capsys.readouterr().err
