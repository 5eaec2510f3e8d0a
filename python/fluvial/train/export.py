"""A trained detector becomes an ONNX file that the pipeline runs with nothing else said."""

from __future__ import annotations

import copy
import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import onnx
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fluvial.errors import ConfigError
from fluvial.train.assign import corners
from fluvial.train.checkpoint import load_checkpoint
from fluvial.train.evaluate import Answers, evaluate, letterboxed
from fluvial.train.export_card import export_card
from fluvial.train.folders import read_folder
from fluvial.train.network import Detector
from fluvial.train.precision import Scores
from fluvial.train.quantize import quantize
from fluvial.train.records import Dataset, joined
from fluvial.train.store import Store, fill_store

__all__ = ["Export", "Precision", "export_onnx", "load_detector"]

Precision = Literal["fp32", "fp16", "int8"]

_OPSET = 17
_MOST_PIXELS = 1.0  # that a box may move by
_MOST_SCORE = 0.01
_COMPARED_PLACES = 100  # of a picture, at most
_COMPARED_SCORE = 0.05  # a place that is less sure shows no box that anybody looks at
_COMPARED = 32  # pictures


@dataclass(frozen=True)
class Export:
    """An ONNX file that was written and compared with its checkpoint.

    Attributes:
        file: It; beside it lies its card, .md.
        precision: fp32, fp16, int8.
        size: Bytes.
        pixels: By how much a box differs at most.
        score: By how much a score does.
        before: Of INT8, average precision of the checkpoint on the labelled pictures; None for others.
        after: Likewise, of the file.
    """

    file: Path
    precision: Precision
    size: int
    pixels: float
    score: float
    before: Scores | None = None
    after: Scores | None = None


class _Whole(nn.Module):
    """[N, 4 + classes, places]: centre and size in pixels, scores 0..1; as exports of YOLOv8 and later have it."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, pictures: Tensor) -> Tensor:
        boxes, scores = self.detector(pictures.to(next(self.detector.parameters()).dtype))
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


def export_onnx(
    checkpoint: Path,
    file: Path,
    *,
    pictures: Path,
    precision: Precision = "fp32",
    calibration: Path | None = None,
    calibrate_on: int = 300,
    most_drop: float = 0.02,
    facts: Mapping[str, str] | None = None,
) -> Export:
    """Writes the file, and its card, only if it finds what the checkpoint finds.

    Args:
        checkpoint: best.pt of a training.
        file: The ONNX file; of INT8 .xml too, OpenVINO's own form.
        pictures: Data as `train` takes it. Boxes are compared on up to 32 of its pictures; INT8's average precision is
            measured on all of them.
        precision: Of the weights: fp32; fp16, which halves the file; int8, a quarter, which also runs faster on a CPU.
        calibration: Data that INT8 takes its ranges from; `pictures` by default.
        calibrate_on: Pictures of it, >= 1.
        most_drop: mAP that INT8 may lose, [0, 1].
        facts: Further metadata, such as licence and data.

    Raises:
        ConfigError: No checkpoint, or no picture can be read; a box of fp32 or fp16 differs by more than a pixel; INT8
            loses too much, or NNCF is missing. Then there is no file.
    """
    _check(file, precision, calibrate_on, most_drop)
    detector, content = load_detector(checkpoint)
    side, names = int(content["input_side"]), content["names"]
    with tempfile.TemporaryDirectory() as folder:
        store = _store(pictures, names, (side, None if precision == "int8" else _COMPARED), Path(folder))
        made = Path(folder) / "model.onnx"
        _write(detector, made, side, is_half=precision == "fp16")
        _describe(made, content, facts or {})
        compared = next(_inputs(store, side, _COMPARED))
        truth = _outputs(detector, compared)
        result = Export(file, precision, 0, *_greatest_difference(truth, _run_file(made, compared.numpy())))
        _bless(result)
        if precision == "int8":
            ranges = store if calibration is None else _store(calibration, names, (side, calibrate_on), Path(folder))
            single = (p.numpy() for p in _inputs(_spread(ranges, calibrate_on), side, 1))
            whole, made = made, Path(folder) / f"int8{file.suffix}"
            quantize(whole, made, single)
            pixels, score = _greatest_difference(truth, _run_file(made, compared.numpy()))
            before, after = (_scores(f, store, names, side) for f in (whole, made))
            result = replace(result, pixels=pixels, score=score, before=before, after=after)
            _bless_drop(result, most_drop, pictures)
            _say(made, map=f"{after.map:.4f}", map_50=f"{after.map_50:.4f}", map_before=f"{before.map:.4f}",
                 map_pictures=str(len(store)))  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        for suffix in (".bin", ".xml") if made.suffix == ".xml" else (".onnx",):
            size += file.with_suffix(suffix).write_bytes(made.with_suffix(suffix).read_bytes())
        result = replace(result, size=size)
    file.with_suffix(".md").write_text(export_card(result, content, facts or {}, card=checkpoint.parent / "card.md"))
    return result


def _check(file: Path, precision: str, calibrate_on: int, most_drop: float) -> None:
    if file.suffix not in ((".onnx", ".xml") if precision == "int8" else (".onnx",)):
        raise ConfigError(
            f"{file}: allowed is a name that ends with .onnx; of INT8 also .xml, which is OpenVINO's own form"
        )
    if precision not in get_args(Precision):
        raise ConfigError(f"precision: {precision!r}; allowed are {', '.join(get_args(Precision))}")
    if calibrate_on < 1:
        raise ConfigError(f"calibrate_on: {calibrate_on}; allowed is 1 picture or more, some hundred are usual")
    if not 0 <= most_drop <= 1:
        raise ConfigError(f"most_drop: {most_drop:g}; allowed is an mAP of 0 to 1, such as 0.02")


def _store(data: Path, names: list[str], limits: tuple[int, int | None], folder: Path) -> Store:
    """Pictures of the network's side, with the classes of the network; at most so many."""
    side, most = limits
    read = joined([read_folder(data), Dataset((), tuple(names))], names)  # a class that the data lacks is not known
    store = fill_store(read.pictures[:most], side, folder, problems=read.problems)
    if not len(store):
        raise ConfigError(f"{data}: no picture can be read: {'; '.join(read.problems.lines())}")
    return store


def _spread(store: Store, most: int) -> Store:
    """Every so manieth picture, as neighbours are often alike."""
    at = np.unique(np.linspace(0, len(store) - 1, min(most, len(store))).astype(int))
    return Store(store.pixels[at], store.scales[at], store.sizes[at], [store.pictures[i] for i in at])


def _inputs(store: Store, side: int, batch: int) -> Iterator[Tensor]:
    for i in range(0, len(store), batch):
        yield letterboxed(torch.from_numpy(store.pixels[i : i + batch]), store.sizes[i : i + batch], side)


def _bless(made: Export) -> None:
    if not (made.pixels <= _MOST_PIXELS and made.score <= _MOST_SCORE):  # nor with NaN
        raise ConfigError(
            f"{made.file}: not written: a box of the export differs by {made.pixels:.2f} pixels and {made.score:.3f} "
            f"of score from the checkpoint's; {_MOST_PIXELS:g} and {_MOST_SCORE:g} are allowed"
        )


def _bless_drop(made: Export, most_drop: float, pictures: Path) -> None:
    assert made.before is not None and made.after is not None
    before, after = made.before.map, made.after.map
    if not before > 0:
        raise ConfigError(
            f"{made.file}: not written: the checkpoint itself finds nothing that {pictures} labels (mAP {before:.3f}), "
            "so that what INT8 loses cannot be measured; name the pictures that the training measured on"
        )
    if before - after > most_drop:
        raise ConfigError(
            f"{made.file}: not written: INT8 has mAP {after:.3f}, the checkpoint {before:.3f}; a drop of {most_drop:g} "
            "is allowed\n  hint: more or other pictures to calibrate on, fp16, or a larger --most-drop"
        )


def _scores(file: Path, store: Store, names: list[str], side: int) -> Scores:
    return evaluate(_answers_of_file(file), store, classes=len(names), side=side)[0]


def _write(detector: Detector, file: Path, side: int, *, is_half: bool) -> None:
    """Inputs and outputs are float32 in any case; of a half network weights and maps are not."""
    exported = _Whole(detector).eval()  # as the exporter gives back its mode, to all that is in it
    if is_half:
        exported = _Whole(copy.deepcopy(detector).half()).eval()
    with warnings.catch_warnings():
        # The older exporter needs no further package, and writes the batch as a name.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            exported,
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
    side = content["input_side"]
    measured = {key: f"{content[key]:.4f}" for key in ("map", "map_50") if key in content}
    values = {
        "author": "fluvial train",
        "description": f"fluvial detector, {content['size']}; RGB, 0..1, centred with a border of 114",
        "names": json.dumps(dict(enumerate(content["names"]))),
        "task": "detect",
        "imgsz": f"[{side}, {side}]",
        "stride": "32",
        **measured,
        **facts,
    }
    _say(file, **values)


def _say(file: Path, **values: str) -> None:
    """Adds to a file's metadata."""
    if file.suffix == ".xml":
        graph = openvino.Core().read_model(str(file))
        for key, value in values.items():
            graph.set_rt_info(value, key)
        written = file.with_stem("described")
        openvino.save_model(graph, str(written), compress_to_fp16=False)
        for suffix in (".xml", ".bin"):
            written.with_suffix(suffix).replace(file.with_suffix(suffix))
        return
    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, {**{p.key: p.value for p in model.metadata_props}, **values})
    onnx.save(model, str(file))


@torch.inference_mode()
def _outputs(detector: Detector, given: Tensor) -> NDArray[np.float32]:
    return np.asarray(_Whole(detector).eval()(given))


def _run_file(file: Path, given: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first output of an ONNX file or OpenVINO XML, in float32."""
    model = _compiled(file)
    return np.concatenate([np.asarray(model(given[i : i + 8])[0]) for i in range(0, len(given), 8)])


def _compiled(file: Path) -> Any:
    return openvino.Core().compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def _answers_of_file(file: Path) -> Answers:
    model = _compiled(file)

    def answer(pictures: Tensor) -> tuple[Tensor, Tensor]:
        found = torch.from_numpy(np.array(model(pictures.numpy())[0])).transpose(1, 2)
        return corners(found[..., :4]), found[..., 4:]

    return answer


def _greatest_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, float]:
    """By how many pixels, and by how much of score, two outputs differ at most: where either is sure of something.

    Place by place, and at the surest of a picture in any case, so that there is always something to compare.
    """
    sure = np.maximum(a[:, 4:].max(1), b[:, 4:].max(1))
    surest = np.argsort(-sure, 1)[:, :_COMPARED_PLACES]
    is_compared = np.take_along_axis(sure, surest, 1) >= _COMPARED_SCORE
    is_compared[:, 0] = True
    apart = np.abs(np.take_along_axis(a, surest[:, None], 2) - np.take_along_axis(b, surest[:, None], 2))
    apart = apart.transpose(0, 2, 1)[is_compared]  # [places, 4 + classes]
    return float(apart[:, :4].max()), float(apart[:, 4:].max())
