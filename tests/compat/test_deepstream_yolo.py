"""The parser of DeepStream-Yolo, its sources unchanged, beside the head that is built in, on the same tensors.

They are not ours to commit: FLUVIAL_DEEPSTREAM_YOLO names a checkout of github.com/marcoslucianops/DeepStream-Yolo. Its
parser reads rows of x1, y1, x2, y2, score, class: they are computed in the graph, as its export scripts do it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv
from fluvial.errors import ModelError
from fluvial.models.registry import assets_folder, find
from needed import absent, package

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "include/deepstream"
FRAMES = 40


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("FLUVIAL_DEEPSTREAM_YOLO")
    if not named:
        absent("samples", "FLUVIAL_DEEPSTREAM_YOLO does not name a checkout of DeepStream-Yolo")
    sources = Path(named) / "nvdsinfer_custom_impl_Yolo"
    built = tmp_path_factory.mktemp("yolo") / "libnvdsinfer_custom_impl_Yolo.so"
    files = [str(sources / name) for name in ("nvdsparsebbox_Yolo.cpp", "utils.cpp")]
    headers = [f"-I{INCLUDE}", "-idirafter", f"{INCLUDE}/without-tensorrt"]
    subprocess.run(
        ["g++", "-std=c++17", "-O2", "-fPIC", "-shared", *headers, *files, "-lstdc++fs", "-o", str(built)], check=True
    )
    return built


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        return find("yolox-nano").path
    except ModelError as e:
        absent("models", str(e))


def with_rows(model: Path, folder: Path) -> Path:
    """The model with what its head does as part of the graph."""
    ov = package("openvino")
    op = package("openvino.opset13")
    graph = ov.Core().read_model(model)
    raw = graph.outputs[0].get_node().input_value(0)
    size = graph.inputs[0].shape[3]
    cells = [(x, y, s) for s in (8, 16, 32) for y in range(size // s) for x in range(size // s)]
    grid = np.array([[x, y] for x, y, _ in cells], np.float32)
    stride = np.array([[s] for *_, s in cells], np.float32)
    part = [op.slice(raw, [a], [b], [1], [2]) for a, b in ((0, 2), (2, 4), (4, 5), (5, 85))]
    centre = op.multiply(op.add(part[0], op.constant(grid[None])), op.constant(stride[None]))
    half = op.multiply(op.exp(part[1]), op.constant(stride[None] / 2))
    score = op.multiply(part[2], op.reduce_max(part[3], [2], True))
    label = op.convert(op.topk(part[3], op.constant(np.int64(1)), 2, "max", "value").output(1), "f32")
    rows = op.concat([op.subtract(centre, half), op.add(centre, half), score, label], 2)
    result = op.result(rows)
    result.output(0).get_tensor().set_names({"output"})
    path = folder / "rows.xml"
    ov.save_model(ov.Model([result], graph.get_parameters(), "rows"), path, compress_to_fp16=False)
    return path


def boxes(model: Path, config: Path) -> list[np.ndarray]:
    """Of each frame: class, confidence, left, top, width, height, sorted."""
    found = []
    for batch in fv.Flow(assets_folder() / "videos/vtest.avi").infer(model, config=config):
        for frame in batch.frames:
            rows = [[o.class_id, o.confidence, *o.box] for o in frame.objects]
            found.append(np.array(sorted(rows), np.float64).reshape(-1, 6))
        if len(found) >= FRAMES:
            break
    return found


@pytest.mark.parametrize("cluster_mode", [4, 2])
def test_it_finds_the_boxes_of_the_head_that_is_built_in(library, model, tmp_path, cluster_mode):
    same = (
        f"[property]\nmodel-color-format=1\nnet-scale-factor=1\nmaintain-aspect-ratio=0\nnum-detected-classes=80\n"
        f"cluster-mode={cluster_mode}\n"
    )
    attributes = "[class-attrs-all]\npre-cluster-threshold=0.2\nnms-iou-threshold=0.45\n"
    ours, theirs = tmp_path / "ours.txt", tmp_path / "theirs.txt"
    ours.write_text(f"{same}{attributes}")
    theirs.write_text(f"{same}parse-bbox-func-name=NvDsInferParseYolo\ncustom-lib-path={library}\n{attributes}")
    expected, found = boxes(model, ours), boxes(with_rows(model, tmp_path), theirs)
    total = sum(len(rows) for rows in expected)
    print(f"cluster-mode={cluster_mode}: {total} boxes of {len(expected)} frames")
    assert len(found) == len(expected) >= FRAMES
    assert total > FRAMES
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=0.05)
