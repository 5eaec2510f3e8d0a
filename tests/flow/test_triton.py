"""Models of a server elsewhere: a real one, in a process of its own, that speaks KServe's protocol over gRPC."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial.backends import Triton
from kserve_server import Running, serving
from needed import package

pytestmark = pytest.mark.slow  # every test starts a program

package("tritonclient.grpc")
package("onnxruntime")

Clip = Callable[..., Path]

CONFIG = """
infer_config {{
  unique_id: 5
  max_batch_size: {batch}
  backend {{
    {tensors}
    triton {{ model_name: "{name}" version: {version}
      {where}
    }}
  }}
  preprocess {{ network_format: IMAGE_FORMAT_RGB normalize {{ scale_factor: 1.0 channel_offsets: [0, 0, 0] }} }}
  postprocess {{ {postprocess} }}
}}
output_control {{ output_tensor_meta: {meta} }}
"""
DETECTION = "detection { nms { confidence_threshold: 0.3 iou_threshold: 0.4 } }"


def pipeline(folder: Path, see: Callable[[Any], None], where: str, *, frames: int = 6, **values: object) -> fv.Pipeline:
    """A ball that jumps, and the model on each frame; `where` is the repository or the server."""
    usual = {"name": "blobs", "version": -1, "batch": 1, "tensors": "", "meta": "false", "postprocess": DETECTION}
    (folder / "c.txt").write_text(CONFIG.format(where=where, **usual | values))
    p = fv.Pipeline()
    p.add("videotestsrc", "source", num_buffers=frames, pattern="ball")
    p.add("capsfilter", "caps", caps="video/x-raw,format=I420,width=160,height=120,framerate=25/1")
    p.add("nvvideoconvert", "convert")
    p.add("nvstreammux", "mux", batch_size=1, width=160, height=120)
    p.add("nvinferserver", "infer", config_file_path=folder / "c.txt", precision="f32" if "root" in where else "")
    p.add("fakesink", "sink")
    p.link("source", "caps", "convert", "mux.sink_0").link("mux", "infer", "sink")
    p.attach("infer", see)
    return p


def boxes(folder: Path, where: str, **values: object) -> list[np.ndarray]:
    found: list[np.ndarray] = []

    def see(batch: Any) -> None:
        rows = np.array([(*o.box, o.confidence) for o in batch.frames[0].objects], np.float32).reshape(-1, 5)
        found.append(rows[np.lexsort(rows.round().T)])

    with pipeline(folder, see, where, **values) as p:
        p.run()
    return found


def failure(folder: Path, where: str, **values: object) -> str:
    with pytest.raises(fv.FluvialError) as raised, pipeline(folder, lambda _: None, where, **values) as p:
        p.run()
    return str(raised.value)


def grpc(url: str, more: str = "") -> str:
    return f'grpc {{ url: "{url}" {more} }}'


@pytest.fixture
def repository(tmp_path: Path, blob_model: Path) -> str:
    version = tmp_path / "repo" / "blobs" / "1"
    version.mkdir(parents=True)
    (version / "model.onnx").write_bytes(blob_model.read_bytes())
    return 'model_repo { root: "repo" }'


@pytest.fixture(scope="module")
def server(blob_model: Path) -> Iterator[Running]:
    """One for all who do it no harm."""
    with serving(blob_model) as running:
        yield running


@pytest.fixture
def weak_server(blob_model: Path) -> Iterator[Running]:
    with serving(blob_model) as running:
        yield running


# --- what is found ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "more"), [([], ""), (["--typed"], ""), ([], "enable_shared_memory: true"), ([], "timeout_ms: 5000")]
)
def test_a_server_finds_what_the_repository_finds_in_process(
    tmp_path: Path, repository: str, blob_model: Path, options: list[str], more: str
) -> None:
    here = boxes(tmp_path, repository)
    with serving(blob_model, *options) as running:
        there = boxes(tmp_path, grpc(running.url, more))
    assert [len(rows) for rows in here] == [len(rows) for rows in there]
    assert sum(map(len, here)) > 6
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_a_flow_takes_a_model_of_a_server(make_clip: Clip, blob_model: Path, server: Running) -> None:
    counts = []
    for model in (blob_model, Triton(server.url, "blobs", version=1)):
        flow = fv.Flow(make_clip("a.mp4")).infer(
            model, threshold=0.3, model_color_format=0, net_scale_factor=1.0, labels=["ball", "b", "c"]
        )
        counts.append([len(frame.objects) for batch in flow for frame in batch.frames])
        if isinstance(model, Triton):
            assert [len(frame.objects) for batch in flow for frame in batch.frames] == counts[0]  # it runs again
    assert counts[0] == counts[1]
    assert sum(counts[0]) > 0


def test_an_element_takes_an_address_as_its_model_and_says_who_runs_it(tmp_path: Path, server: Running) -> None:
    said: list[str] = []
    with pipeline(tmp_path, lambda _: said.append(p.get("infer", "backend")), grpc(server.url)) as p:
        p.set("infer", model=f"grpc://{server.url}/blobs?timeout_ms=5000", requests=2)
        p.run()
    assert said[0] == f"tests 1.0 at {server.url}, 2 at a time"


def test_shared_memory_is_given_back(tmp_path: Path, weak_server: Running) -> None:
    assert len(boxes(tmp_path, grpc(weak_server.url, "enable_shared_memory: true"))) == 6
    assert [weak_server.line() for _ in range(4)] == ["forgotten"] * 4
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(f"fluvial-{os.getpid()}-")]


def test_a_server_that_takes_fewer_pictures_gets_them_in_several_calls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    onnx = package("onnx")
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Reshape", ["mean", "column"], ["level"]),
            helper.make_node("Mul", ["level", "share"], ["bright"]),
            helper.make_node("Sub", ["one", "bright"], ["dark"]),
            helper.make_node("Concat", ["dark", "bright"], ["chances"], axis=1),
        ],
        "levels",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("chances", TensorProto.FLOAT, ["n", 2])],
        [
            numpy_helper.from_array(np.array([-1, 1], np.int64), "column"),
            numpy_helper.from_array(np.array(1 / 255, np.float32), "share"),
            numpy_helper.from_array(np.array(1, np.float32), "one"),
        ],
    )
    path = tmp_path / "levels.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    with serving(path, "--max-batch", "2") as running:
        flow = fv.Flow(_grays(tmp_path)).infer(
            Triton(running.url, "blobs"),
            network_type=1,
            labels=["dark", "bright"],
            model_color_format=0,
            net_scale_factor=1.0,
            threshold=0,
        )
        found = [[f.objects[0].classifications[0] for f in batch.frames] for batch in flow]
    assert len(found) == 4
    for row in found:  # each frame has its own
        assert [label for _, label, _ in row] == ["dark", "dark", "bright"]
        np.testing.assert_allclose([sure for *_, sure in row], [215 / 255, 135 / 255, 200 / 255], atol=0.02)
    assert (
        "max_batch_size: 3: the server's model takes at most 2 at a time; a batch goes in several calls" in caplog.text
    )


def _grays(folder: Path) -> list[Path]:
    clips = []
    for gray in (40, 120, 200):
        clips.append(folder / f"{gray}.mp4")
        with fv.Pipeline() as p:
            colour = 0xFF000000 | gray * 0x10101
            names = [p.add("videotestsrc", num_buffers=4, pattern="solid-color", foreground_color=colour)]
            names += [p.add("capsfilter", caps="video/x-raw,format=I420,width=64,height=64,framerate=25/1")]
            names += [p.add(f) for f in ("x264enc", "h264parse", "mp4mux")]
            p.link(*names, p.add("filesink", location=clips[-1])).run()
    return clips


# --- what is refused --------------------------------------------------------------------------------------------------


def test_no_server_is_an_error_with_the_key(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"127.0.0.1:{taken.getsockname()[1]}"
        text = failure(tmp_path, grpc(url))
    assert f'line 8: infer_config.backend.triton.grpc: url: "{url}": no server answers there: ' in text
    assert "is it the port of gRPC" in text


def test_a_server_that_says_nothing_is_an_error_after_the_timeout(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        text = failure(tmp_path, grpc(f"127.0.0.1:{silent.getsockname()[1]}", "timeout_ms: 300"))
    assert 'triton.grpc: url: "127.0.0.1:' in text
    assert "no answer within 0.3 s" in text


def test_a_wrong_name_is_an_error_with_the_names_that_there_are(tmp_path: Path, server: Running) -> None:
    text = failure(tmp_path, grpc(server.url), name="blob")
    assert 'triton.grpc: model_name: "blob": the server does not serve it: Request for unknown model' in text
    assert "did you mean 'blobs'?" in text


def test_a_wrong_version_is_an_error_with_the_versions_that_there_are(tmp_path: Path, server: Running) -> None:
    assert 'version: 7: the model "blobs" of the server has 1' in failure(tmp_path, grpc(server.url), version=7)


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ('inputs { name: "picture" }', r'inputs.name: "picture": the server\'s model has no such tensor; it has image'),
        (
            'inputs { name: "image" dims: [3, 64, 65] }',
            r'inputs.dims: [3, 64, 65]: "image" of the server\'s model is [1, 3, 64, 64]',
        ),
        (
            'outputs { name: "scores" }\ninputs { name: "image" data_type: TENSOR_DT_UINT8 }',
            "line 7: infer_config.backend.inputs.data_type: TENSOR_DT_UINT8",
        ),
    ],
)
def test_a_model_that_is_not_as_the_config_says_is_an_error(
    tmp_path: Path, server: Running, tensors: str, expected: str
) -> None:
    assert expected.replace("\\", "") in failure(tmp_path, grpc(server.url), tensors=tensors)


@pytest.mark.parametrize(
    ("lie", "expected"),
    [
        ("shape", "output 'boxes' has the shape (1, 1, 4) and was described as (1, 64, 4)"),
        ("type", "output 'boxes' came as INT64; the server's metadata says FP32"),
        ("missing", "the server's answer has no output 'scores'"),
    ],
)
def test_answers_that_are_not_as_described_are_errors(
    tmp_path: Path, blob_model: Path, lie: str, expected: str
) -> None:
    with serving(blob_model, "--lying", lie) as running:
        assert expected in failure(tmp_path, grpc(running.url))


def test_a_precision_is_the_servers_affair(make_clip: Clip, server: Running) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(Triton(server.url, "blobs"), precision="f16")
    with pytest.raises(fv.ConfigError, match="precision='f16': the server computes as the model there was made"):
        flow.run()


@pytest.mark.parametrize("address", ["grpc://a:1", "http://a:1/b", "grpc://a:1/b?time=3", "grpc://a:1/b?version=x"])
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(fv.ConfigError, match="allowed is grpc://host:port/model"):
        Triton.at(address)
    with pytest.raises(fv.ConfigError, match='url: "a": allowed is host:port'):
        Triton("a", "b")


def test_without_tritonclient_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tritonclient.grpc", None)
    with pytest.raises(fv.ModelError, match=r"pip install 'tritonclient\[grpc\]'"):
        Triton("localhost:8001", "blobs")


# --- how it ends ------------------------------------------------------------------------------------------------------


def test_a_server_that_dies_is_an_error(tmp_path: Path, weak_server: Running) -> None:
    def see(_batch: Any) -> None:
        weak_server.kill()

    with (
        pytest.raises(
            fv.FluvialError, match=r'inference on source 0 frame \d+: url: "127.0.0.1:\d+": no server answers'
        ),
        pipeline(tmp_path, see, grpc(weak_server.url), frames=500) as p,
    ):
        p.run()


def test_an_answer_that_does_not_come_is_an_error_after_the_timeout(tmp_path: Path, weak_server: Running) -> None:
    def see(_batch: Any) -> None:
        weak_server.say("stall")

    with (
        pytest.raises(
            fv.FluvialError, match=r"no answer within 0.5 s\n  hint: the server is overloaded, or timeout_ms"
        ),
        pipeline(tmp_path, see, grpc(weak_server.url, "timeout_ms: 500"), frames=500) as p,
    ):
        p.run()


def test_stopping_does_not_wait_for_a_server_that_stalls(tmp_path: Path, weak_server: Running) -> None:
    begun = threading.Event()

    def see(_batch: Any) -> None:
        if not begun.is_set():
            begun.set()
            weak_server.say("stall")

    with pipeline(tmp_path, see, grpc(weak_server.url, "timeout_ms: 60000"), frames=500) as p:
        p.start()
        assert begun.wait(10)
        assert weak_server.line() == "stalled"
        before = time.monotonic()
        p.stop()
        assert time.monotonic() - before < 5
        assert p._failure.error is None


PROGRAM = """
import sys
import fluvial as fv
from fluvial.backends import Triton
flow = fv.Flow(sys.argv[2]).infer(Triton(sys.argv[1], "blobs", timeout=60), model_color_format=0)
for n, batch in enumerate(flow):
    if n == 0:
        print("begun", flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_program_whose_server_stalls(make_clip: Clip, weak_server: Running) -> None:
    clip = make_clip("long.mp4", frames=2000)
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, weak_server.url, str(clip)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    weak_server.say("stall")
    assert weak_server.line() == "stalled"
    before = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, words = program.communicate(timeout=50)
    assert time.monotonic() - before < 20  # frames get 5 s to reach their end; the server has 60 s for each
    assert "did not reach their end within 5 s" in words
