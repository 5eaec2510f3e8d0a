"""DeepStream's own post-processing library, its sources unchanged, in nvdspostprocess beside what is built in.

They are not ours to commit: FLUVIAL_DEEPSTREAM names a checkout of github.com/NVIDIA/DeepStream.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flow.test_postprocess import boxes, play
from golden import save_constants
from needed import absent, package

pytestmark = pytest.mark.slow
package("onnx")

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "include/deepstream"
POST = """
property:
  gie-unique-id: 1
  network-type: 0
  process-mode: 1
  num-detected-classes: 2
  cluster-mode: 2
  output-blob-names: output_cov/Sigmoid;output_bbox/BiasAdd
  labelfile-path: {labels}
class-attrs-all:
  pre-cluster-threshold: 0.4
  nms-iou-threshold: 0.5
  topk: 20
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("FLUVIAL_DEEPSTREAM")
    if not named:
        absent("samples", "FLUVIAL_DEEPSTREAM does not name a checkout of NVIDIA/DeepStream")
    sources = sorted((Path(named) / "src/gst-plugins/gst-nvdspostprocess/postprocesslib_impl").glob("*.cpp"))
    built = tmp_path_factory.mktemp("post") / "libmine.so"
    packages = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "gstreamer-video-1.0", "eigen3"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    headers = [
        f"-I{INCLUDE}",
        *(o for name in ("tensorrt", "cuda") for o in ("-idirafter", f"{INCLUDE}/without-{name}")),
    ]
    libraries = [f"-L{ROOT / 'python/fluvial/lib'}", "-lfluvialmeta", "-lyaml-cpp", "-Wl,-no-undefined"]
    flags = ["-std=c++17", "-O1", "-fPIC", "-shared", '-DDS_VERSION="9.1"']
    subprocess.run(["g++", *flags, *headers, *map(str, sources), *packages, *libraries, "-o", str(built)], check=True)
    return built


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """DetectNet_v2 of two classes on 160 x 96: three cells are sure of a box, two of them of the same one."""
    coverage = np.zeros((1, 2, 6, 10), np.float32)
    coverage[0, 0, 2, 3], coverage[0, 0, 2, 4], coverage[0, 1, 4, 7] = 0.9, 0.7, 0.8
    edges = np.zeros((1, 8, 6, 10), np.float32)
    edges[0, :, 2, 3] = edges[0, :, 4, 7] = np.tile([0.5, 0.4, 0.9, 0.6], 2)
    edges[0, :, 2, 4] = np.tile([0.95, 0.4, 0.45, 0.6], 2)
    path = tmp_path / "detectnet.onnx"
    outputs = {"output_cov/Sigmoid": coverage, "output_bbox/BiasAdd": edges}
    save_constants(path, outputs, picture=("input_1", (1, 3, 96, 160)))
    return path


def test_it_finds_what_is_built_in(library: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("car\nperson\n")
    (tmp_path / "infer.txt").write_text(
        f"[property]\nonnx-file={model}\nnetwork-type=100\noutput-tensor-meta=1\ngie-unique-id=1\n"
    )
    config = tmp_path / "post.yml"
    config.write_text(POST.format(labels=tmp_path / "labels.txt"))

    def found(name: str | Path) -> list[list[tuple[float, ...]]]:
        frames: list[list[tuple[float, ...]]] = []
        infer: tuple[str, dict[str, Any]] = ("nvinfer", {"config_file_path": tmp_path / "infer.txt"})
        post = ("nvdspostprocess", {"postprocesslib_name": name, "postprocesslib_config_file": config})
        play([infer, post], lambda frame: frames.append(boxes(frame)), frames=30)
        return frames

    built_in, theirs = found("libpostprocess_impl.so"), found(library)
    assert len(theirs) == len(built_in) == 30
    assert len(built_in[0]) == 2
    for ours, other in zip(built_in, theirs, strict=True):
        assert np.allclose(ours, other, atol=1)
