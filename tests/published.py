"""Published models decoded by plain NumPy, to hold the pipeline's results against: what each file's authors say.

The pipeline is given pictures of the model's own size, so that nothing is scaled; its pixels are what the reference is
fed with. Used by tests/python/test_published_models.py and tools/models_page.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import fluvial as fv
from fluvial import ModelError
from fluvial.models import find
from fluvial.models.explain import explain
from golden import Object, Spec, Tensors, suppress

Pixels = np.ndarray  # uint8 [H, W, 4] RGBA


@dataclass(frozen=True)
class Published:
    """One file: how its outputs are read, and what is compared."""

    file: str
    video: str  # of the assets: one that shows what the model looks for
    kind: str  # "objects", "points", "classes", "map", "vector"
    reference: Callable[[Tensors, Spec], Any]
    settings: dict[str, Any] = field(default_factory=dict)
    asks: bool = False  # nothing in the file tells its colours, so inspection asks, and `settings` say them


def spec_of(model: Published, path: Path) -> Spec:
    """What is decided, with what the authors say where inspection has to ask.

    Raises:
        AssertionError: It asks where it should not, or does not where it should.
    """
    found = find(str(path))
    if not model.asks:
        return explain(found)
    try:
        decided = explain(found)
    except ModelError as e:
        assert "nothing tells the order of its colours" in str(e), e
    else:
        raise AssertionError(f"{model.file}: nothing tells its colours, but they were decided: {decided['evidence']}")
    return explain(found, **model.settings)


# What may differ: pixels or hundredths of confidence; the share of a map in percent; 1 - cosine.
MOST = {"objects": 1.0, "points": 1.0, "classes": 0.0, "map": 0.1, "vector": 1e-3}


# --- references -------------------------------------------------------------------------------------------------------
def _detr(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = zip(tensors["labels"][0], tensors["scores"][0], tensors["boxes"][0].astype(float), strict=True)
    return [Object(int(c), float(s), [b[0], b[1], b[2] - b[0], b[3] - b[1]]) for c, s, b in rows if s >= 0.4]


def _yolox(tensors: Tensors, spec: Spec) -> list[Object]:
    width, height = spec["input"]["width"], spec["input"]["height"]
    cells = [(x, y, s) for s in (8, 16, 32) for y in range(height // s) for x in range(width // s)]
    found = []
    for row, (x, y, stride) in zip(tensors["output"][0].astype(float), cells, strict=True):
        class_id = int(row[5:].argmax())
        if (score := row[4] * row[5 + class_id]) >= 0.4:
            w, h = np.exp(row[2:4]) * stride
            found.append(Object(class_id, score, [(row[0] + x) * stride - w / 2, (row[1] + y) * stride - h / 2, w, h]))
    return suppress(found, 0.5)


def _boxes_scores(classes: int) -> Callable[[Tensors, Spec], list[Object]]:
    def reference(tensors: Tensors, spec: Spec) -> list[Object]:
        size = np.array([spec["input"]["width"], spec["input"]["height"]] * 2, float)
        found = []
        for row, scores in zip(tensors["boxes"][0] * size, tensors["scores"][0][:, :classes], strict=True):
            class_id = int(scores.argmax())
            if scores[class_id] >= 0.4:
                found.append(Object(class_id, float(scores[class_id]), [*row[:2], *(row[2:] - row[:2])]))
        return suppress(found, 0.5)

    return reference


def _boxes_labels(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = zip(tensors["boxes"].reshape(-1, 5).astype(float), tensors["labels"].reshape(-1), strict=True)
    return [Object(int(c), b[4], [b[0], b[1], b[2] - b[0], b[3] - b[1]]) for b, c in rows if b[4] >= 0.4]


def _yunet(tensors: Tensors, spec: Spec) -> list[Object]:
    width = spec["input"]["width"]
    found = []
    for stride in (8, 16, 32):
        cls, obj, box, points = (tensors[f"{k}_{stride}"][0].astype(float) for k in ("cls", "obj", "bbox", "kps"))
        for i, score in enumerate(np.sqrt(cls[:, 0] * obj[:, 0])):
            if score < 0.5:
                continue
            corner = np.array([i % (width // stride), i // (width // stride)], float)
            centre, size = (box[i, :2] + corner) * stride, np.exp(box[i, 2:]) * stride
            marks = (points[i].reshape(5, 2) + corner) * stride
            keypoints = np.column_stack([marks, np.full(5, score)])
            found.append(Object(0, float(score), [*(centre - size / 2), *size], keypoints))
    return suppress(found, 0.3)


def _movenet(tensors: Tensors, spec: Spec) -> np.ndarray:
    points = next(iter(tensors.values())).reshape(17, 3).astype(float)
    return points[:, [1, 0, 2]] * [spec["input"]["width"], spec["input"]["height"], 1]


def _surest(tensors: Tensors, spec: Spec) -> list[str]:
    """The word of each output, in their order."""
    words = []
    for i, output in enumerate(spec["outputs"]):
        labels = spec["labels"][i].split(";") if len(spec["outputs"]) > 1 else spec["labels"]
        surest = int(tensors[output["name"]].argmax())
        words.append(labels[surest] if labels else str(surest))
    return words


def _class_map(tensors: Tensors, spec: Spec) -> np.ndarray:
    found = next(iter(tensors.values()))[0]
    return found.argmax(-1) if found.ndim == 3 else found


def _vector(tensors: Tensors, spec: Spec) -> np.ndarray:
    found = next(iter(tensors.values())).reshape(-1).astype(float)
    return found / np.linalg.norm(found)


def _likely(tensors: Tensors, spec: Spec) -> list[str]:
    """The words of the eight answers that are more likely than not; the other outputs are places."""
    (answers,) = (v.ravel() for v in tensors.values() if v.size == 8)
    return [word for word, share in zip(spec["labels"], answers, strict=True) if share >= 0.5]


BGR = {"model_color_format": 1, "net_scale_factor": 1.0}
PEOPLE, CARS = "person-bicycle-car-detection.mp4", "car-detection.mp4"
DETECT = {"threshold": 0.4, "nms_iou": 0.5}
PUBLISHED = (
    Published("deimv2_hgnetv2_femto_coco.onnx", PEOPLE, "objects", _detr, {"threshold": 0.4}),
    Published("deimv2_hgnetv2_atto_coco.onnx", PEOPLE, "objects", _detr, {"threshold": 0.4}),
    Published("yolox_nano_416.onnx", PEOPLE, "objects", _yolox, DETECT),
    Published("person-vehicle-bike-detection-2004.onnx", PEOPLE, "objects", _boxes_scores(3), DETECT),
    Published("person-vehicle-bike-detection-2004-INT8.xml", PEOPLE, "objects", _boxes_labels, {"threshold": 0.4}),
    Published("vehicle-detection-0200.onnx", CARS, "objects", _boxes_scores(1), DETECT),
    Published("face_detection_yunet_2026may.onnx", "store-aisle-detection-preview.mp4", "objects", _yunet,
              {"threshold": 0.5, "nms_iou": 0.3}),
    Published("movenet-lightning.onnx", "one-by-one-person-detection.mp4", "points", _movenet, {"threshold": 0.01}),
    Published("vehicle-attributes-recognition-barrier-0039.onnx", CARS, "classes", _surest,
              {"threshold": 0.0}),
    Published("person-attributes-recognition-crossroad-0230.onnx", PEOPLE, "classes", _likely,
              {"threshold": 0.5}),
    Published("mobilenet_v2_224_imagenet_int8.onnx", PEOPLE, "classes", _surest, {"threshold": 0.0}),
    Published("person-reidentification-retail-0288.onnx", PEOPLE, "vector", _vector, BGR,
              asks=True),
    Published("deeplabv3_mnv2_pascal_int8.onnx", PEOPLE, "map", _class_map),
    Published("road_segmentation_adas_0001_nhwc.onnx", CARS, "map", _class_map, BGR, asks=True),
)  # fmt: skip


# --- both sides -------------------------------------------------------------------------------------------------------
def run_reference(path: Path, spec: Spec, pixels: Pixels) -> Tensors:
    """The model's outputs for one picture of its own size."""
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    fed = spec["input"]
    colours = pixels[..., [0, 1, 2] if fed["color"] == "rgb" else [2, 1, 0]].astype(np.float64)
    picture = ((colours - fed["offset"]) * fed["scale"])[None]
    shape = picture.shape if fed["layout"] == "nhwc" else (1, 3, *picture.shape[1:3])
    model.reshape({p.any_name: list(shape) if p.any_name == fed["name"] else [1, 2] for p in model.inputs})
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = {}
    for port in compiled.inputs:
        kind = port.element_type.to_dtype()
        if port.any_name == fed["name"]:
            laid_out = picture if fed["layout"] == "nhwc" else picture.transpose(0, 3, 1, 2)
            inputs[port.any_name] = np.ascontiguousarray(laid_out, kind)
        else:
            inputs[port.any_name] = np.array([[fed["width"], fed["height"]]], kind)
    answer = compiled(inputs)
    return {port.any_name: answer[i] for i, port in enumerate(model.outputs)}  # compiled, they have more names


def frames_of_size(video: Path, width: int, height: int, folder: Path, *, frames: int = 120) -> Path:
    """A clip of the first frames of a video, stretched; as RGB, not compressed: both sides see the same pixels."""
    out = folder / f"{video.stem}-{width}x{height}.avi"
    with fv.Pipeline() as p:
        names = [p.add("filesrc", location=str(video)), p.add("decodebin"), p.add("fluvialconvert")]
        names += [p.add("capsfilter", caps=f"video/x-raw,format=BGRx,width={width},height={height}")]
        names += [p.add("identity", eos_after=frames + 1), p.add("avimux"), p.add("filesink", location=str(out))]
        p.link(*names).run()
    return out


@dataclass
class Compared:
    """How far the pipeline is from the reference, over some frames."""

    things: int = 0  # compared
    worst: float = 0.0  # pixels; of maps and classes, the share that differs; of vectors, the angle's 1 - cosine
    unmatched: int = 0  # found by one side alone, and not at the threshold


def compare(model: Published, path: Path, clip: Path) -> Compared:
    """Runs the pipeline on a clip and holds every tenth frame against the reference."""
    spec = spec_of(model, path)
    result = Compared()
    seen = 0
    for batch in fv.Flow(str(clip)).infer(str(path), precision="f32", **model.settings):
        for frame in batch.frames:
            seen += 1
            if seen % 10 != 1:
                continue
            pixels = np.array(frame.pixels())
            expected = model.reference(run_reference(path, spec, pixels), spec)
            _COMPARE[model.kind](frame, expected, result, model)
    assert seen, clip
    return result


def _compare_objects(frame: Any, expected: list[Object], result: Compared, model: Published) -> None:
    found = [(o.class_id, o.confidence, np.array(o.box), getattr(o, "keypoints", None)) for o in frame.objects]
    limits = np.array([*frame.size] * 2)
    threshold = model.settings["threshold"]
    for one in expected:
        corners = np.clip([*one.box[:2], one.box[0] + one.box[2], one.box[1] + one.box[3]], 0, limits)
        errors = [
            np.abs(corners - [*b[:2], b[0] + b[2], b[1] + b[3]]).max() if c == one.class_id else np.inf
            for c, _, b, _ in found
        ]
        best = int(np.argmin(errors)) if errors else -1
        if best < 0 or errors[best] > 8:
            result.unmatched += one.confidence > threshold + 0.02
            continue
        _, confidence, _, points = found.pop(best)
        result.things += 1
        result.worst = max(result.worst, errors[best], 100 * abs(confidence - one.confidence))
        if one.keypoints is not None:
            result.worst = max(result.worst, np.abs(points[:, :2] - one.keypoints[:, :2]).max())
    result.unmatched += sum(confidence > threshold + 0.02 for _, confidence, _, _ in found)


def _compare_points(frame: Any, expected: np.ndarray, result: Compared, model: Published) -> None:
    for one in frame.objects:
        sure = expected[:, 2] > 0.2
        result.things += int(sure.sum())
        result.worst = max(result.worst, np.abs(np.array(one.keypoints)[sure, :2] - expected[sure, :2]).max(initial=0))


def _compare_classes(frame: Any, expected: list[str], result: Compared, model: Published) -> None:
    found = [label for o in frame.objects for _, label, _ in o.classifications]
    result.things += len(expected)
    result.unmatched += sum(((Counter(found) - Counter(expected)) + (Counter(expected) - Counter(found))).values())


def _compare_maps(frame: Any, expected: np.ndarray, result: Compared, model: Published) -> None:
    found = np.array(frame.segmentation)
    result.things += found.size
    result.worst = max(result.worst, 100 * float((found != expected).mean()))


def _compare_vectors(frame: Any, expected: np.ndarray, result: Compared, model: Published) -> None:
    result.things += 1
    result.worst = max(result.worst, 1 - float(np.array(frame.embedding) @ expected))


_COMPARE = {
    "objects": _compare_objects,
    "points": _compare_points,
    "classes": _compare_classes,
    "map": _compare_maps,
    "vector": _compare_vectors,
}


def present(folder: Path | None) -> Iterator[tuple[Published, Path, Path]]:
    """What of it lies in the assets: model and video."""
    for one in PUBLISHED:
        if folder and (folder / "models" / one.file).is_file() and (folder / "videos" / one.video).is_file():
            yield one, folder / "models" / one.file, folder / "videos" / one.video
