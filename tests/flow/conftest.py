"""Clips, a model and a camera that the flow tests make for themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv
from needed import package
from rtsp_camera import MOVING_BALL, RtspCamera

CELLS = 8  # the model looks at 8 x 8 cells of its picture
SIZE = 64


@pytest.fixture(scope="session")
def blob_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector with outputs as Open Model Zoo's: one box a cell, whose score of class 0 is its brightness."""
    onnx = package("onnx")
    from onnx import TensorProto, helper, numpy_helper

    edges = np.arange(CELLS, dtype=np.float32) / CELLS
    left, top = np.meshgrid(edges, edges)
    boxes = np.stack([left, top, left + 1 / CELLS, top + 1 / CELLS], axis=-1).reshape(1, -1, 4)
    constants = {
        "boxes_value": boxes.astype(np.float32),
        "scale": np.array(1 / 255, np.float32),
        "shape": np.array([1, CELLS * CELLS, 1], np.int64),
        "none": np.zeros((1, CELLS * CELLS, 2), np.float32),
    }
    step = SIZE // CELLS
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["gray"], axes=[1], keepdims=1),
        helper.make_node("AveragePool", ["gray"], ["cells"], kernel_shape=[step, step], strides=[step, step]),
        helper.make_node("Mul", ["cells", "scale"], ["share"]),
        helper.make_node("Reshape", ["share", "shape"], ["column"]),
        helper.make_node("Concat", ["column", "none"], ["scores"], axis=2),
        helper.make_node("Identity", ["boxes_value"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "blobs",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, CELLS * CELLS, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CELLS * CELLS, 3]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path_factory.mktemp("models") / "blobs.onnx"
    onnx.save(model, str(path))
    return path


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a clip: `make_clip("a.mp4", frames=20, pattern="ball")`. The extension chooses the codec."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[tuple[object, ...], Path] = {}

    def make(name: str, *, frames: int = 20, pattern: str = "ball", size: tuple[int, int] = (160, 120)) -> Path:
        key = (name, frames, pattern, size)
        if key in made:
            return made[key]
        path = folder / name
        encode = {
            ".mp4": ["x264enc", "h264parse", "mp4mux"],
            ".mkv": ["vp8enc", "matroskamux"],
            ".ogv": ["theoraenc", "oggmux"],
            ".avi": ["jpegenc", "avimux"],
        }[path.suffix]
        with fv.Pipeline() as p:
            names = [p.add("videotestsrc", num_buffers=frames, pattern=pattern)]
            caps = f"video/x-raw,format=I420,width={size[0]},height={size[1]},framerate=25/1"
            names += [p.add("capsfilter", caps=caps), *(p.add(f) for f in encode), p.add("filesink", location=path)]
            p.link(*names).run()
        made[key] = path
        return path

    return make


@pytest.fixture(scope="session")
def make_ramp(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes a clip of one second at so many frames a second; pictures grow brighter with time."""
    folder = tmp_path_factory.mktemp("ramps")

    def make(fps: int, *, reorders: bool = False) -> Path:
        raw, path = folder / "raw", folder / f"{fps}{'b' if reorders else ''}.mp4"
        grays = [30 + 180 * n / fps for n in range(fps)]
        raw.write_bytes(b"".join(np.full((64, 64), gray, np.uint8).tobytes() for gray in grays))
        with fv.Pipeline() as p:
            p.add("filesrc", "file", location=raw)
            p.add("rawvideoparse", "raw", width=64, height=64, format="gray8", framerate=f"{fps}/1")
            p.add("videoconvert", "convert")
            encoder = {"bframes": 2, "b_adapt": False} if reorders else {"tune": "zerolatency"}
            p.add("x264enc", "encode", quantizer=10, **{"pass": "quant"}, **encoder)
            p.add("h264parse", "parse")
            p.add("mp4mux", "mux")
            p.add("filesink", "out", location=path)
            p.link("file", "raw", "convert", "encode", "parse", "mux", "out").run()
        return path

    return make


@pytest.fixture
def make_camera() -> Iterator[Callable[..., RtspCamera]]:
    """Makes cameras that can be unplugged; each is on from the beginning."""
    made: list[RtspCamera] = []

    def make(launch: str = MOVING_BALL) -> RtspCamera:
        made.append(RtspCamera(launch))
        made[-1].plug_in()
        return made[-1]

    yield make
    for one in made:
        one.unplug()


@pytest.fixture
def camera(make_camera: Callable[..., RtspCamera]) -> tuple[str, subprocess.Popen[str]]:
    """Its address, and the process that is it."""
    one = make_camera()
    assert one.process is not None
    return one.address, one.process
