"""A trained detector becomes an ONNX file that the pipeline runs with nothing else said."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fluvial.errors import ConfigError
from fluvial.train.checkpoint import load_checkpoint
from fluvial.train.evaluate import letterboxed
from fluvial.train.folders import read_folder
from fluvial.train.network import Detector
from fluvial.train.store import fill_store

__all__ = ["Export", "export_onnx", "load_detector"]

_OPSET = 17
_MOST_PIXELS = 1.0  # that a box may move by
_MOST_SCORE = 0.01
_COMPARED_PLACES = 100  # of a picture
_COMPARED = 32  # pictures


@dataclass(frozen=True)
class Export:
    """An ONNX file that was written and compared with its checkpoint.

    Attributes:
        file: It.
        pixels: By how much a box differs at most.
        score: By how much a score does.
    """

    file: Path
    pixels: float
    score: float


class _Whole(nn.Module):
    """[N, 4 + classes, places]: centre and size in pixels, scores 0..1; as exports of YOLOv8 and later have it."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, pictures: Tensor) -> Tensor:
        boxes, scores = self.detector(pictures)
        return torch.cat([boxes, scores.sigmoid()], 2).transpose(1, 2)


def load_detector(checkpoint: Path) -> tuple[Detector, dict[str, Any]]:
    """The network with the averaged weights, ready to run, and what the checkpoint says of it.

    Raises:
        ConfigError: No checkpoint.
    """
    content = load_checkpoint(checkpoint)
    detector = Detector(len(content["names"]), content["size"])
    detector.load_state_dict(content["average"])
    return detector.eval(), content


def export_onnx(checkpoint: Path, file: Path, *, pictures: Path, facts: Mapping[str, str] | None = None) -> Export:
    """Writes the file only if its boxes are the checkpoint's.

    Args:
        checkpoint: best.pt of a training.
        file: The ONNX file.
        pictures: Data as `train` takes it; up to 32 of its pictures are what both are compared on.
        facts: Further metadata, such as licence and data.

    Raises:
        ConfigError: No checkpoint, or boxes differ by more than a pixel: then there is no file.
    """
    detector, content = load_detector(checkpoint)
    side = int(content["input_side"])
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.onnx"
        _write(detector, side, made)
        _describe(made, content, facts or {})
        data = read_folder(pictures)
        store = fill_store(data.pictures[:_COMPARED], side, Path(folder), problems=data.problems)
        if not len(store):
            raise ConfigError(f"{pictures}: no picture can be read: {'; '.join(data.problems.lines())}")
        given = letterboxed(torch.from_numpy(store.pixels), store.sizes, side)
        pixels, score = _greatest_difference(_outputs(detector, given), _run_file(made, given.numpy()))
        if not (pixels <= _MOST_PIXELS and score <= _MOST_SCORE):  # nor with NaN
            raise ConfigError(
                f"{file}: not written: a box of the export differs by {pixels:.2f} pixels and {score:.3f} of score "
                f"from the checkpoint's; {_MOST_PIXELS:g} and {_MOST_SCORE:g} are allowed"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made.read_bytes())
    return Export(file, pixels, score)


def _write(detector: Detector, side: int, file: Path) -> None:
    with warnings.catch_warnings():
        # The older exporter needs no further package, and writes the batch as a name.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(detector).eval(),  # as the exporter gives back its mode, to all that is in it
            (torch.zeros(2, 3, side, side),),
            str(file),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["images"],
            output_names=["output0"],
            dynamic_axes={"images": {0: "batch"}, "output0": {0: "batch"}},
        )


def _describe(file: Path, content: Mapping[str, Any], facts: Mapping[str, str]) -> None:
    """Metadata in the words that exports of this family have, so that any tool reads it."""
    model = onnx.load(str(file))
    side = content["input_side"]
    values = {
        "author": "fluvial train",
        "description": f"fluvial detector, {content['size']}; RGB, 0..1, centred with a border of 114",
        "names": json.dumps(dict(enumerate(content["names"]))),
        "task": "detect",
        "imgsz": f"[{side}, {side}]",
        "stride": "32",
        **facts,
    }
    onnx.helper.set_model_props(model, values)
    onnx.save(model, str(file))


@torch.inference_mode()
def _outputs(detector: Detector, given: Tensor) -> NDArray[np.float32]:
    return np.asarray(_Whole(detector).eval()(given))


def _run_file(file: Path, given: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first output of an ONNX file or OpenVINO XML, in float32."""
    model = openvino.Core().compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([np.asarray(model(given[i : i + 8])[0]) for i in range(0, len(given), 8)])


def _greatest_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, float]:
    """By how many pixels, and by how much of score, two outputs differ at most: where either is surest.

    Place by place, so that there is always something to compare, whatever was learnt.
    """
    surest = np.argsort(-np.maximum(a[:, 4:].max(1), b[:, 4:].max(1)), 1)[:, None, :_COMPARED_PLACES]
    apart = np.abs(np.take_along_axis(a, surest, 2) - np.take_along_axis(b, surest, 2))
    return float(apart[:, :4].max()), float(apart[:, 4:].max())
