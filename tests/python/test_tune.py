"""`fluvial tune`: what it measures, keeps and refuses, and that a flow uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
from fluvial.cli.main import main
from fluvial.tuning import Candidate, Measured, Tuned, candidates, load, save, search, store
from needed import package


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_model(path: Path, shape: list[Any]) -> Path:
    """Brightness and darkness: a classifier of one operation."""
    onnx = package("onnx")
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["level"]),
        helper.make_node("Concat", ["level", "level"], ["both"], axis=1),
        helper.make_node("Softmax", ["both"], ["out"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [shape[0], 2])],
        [helper.make_tensor("column", TensorProto.INT64, [2], [-1, 1])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "tiny.onnx", ["N", 3, 32, 32])


# --- the search -------------------------------------------------------------------------------------------------------


def search_among(rates: dict[Candidate, float], **how: Any) -> tuple[list[Measured], list[Candidate]]:
    asked: list[Candidate] = []

    @contextmanager
    def opened(one: Candidate) -> Iterator[Any]:
        def run(seconds: float) -> float:
            asked.append(one)
            return rates[one]

        yield run

    return search(list(rates), opened, seconds=1, **how), asked


def test_the_fastest_is_chosen_and_the_slow_ones_are_dropped_early() -> None:
    rates = {Candidate(r, 2, b): 100.0 * r * b for r in (1, 2) for b in (1, 2, 4, 8)}
    found, asked = search_among(rates)
    assert found[0].candidate == Candidate(2, 2, 8)
    assert sorted(rates) == sorted(m.candidate for m in found)
    assert asked.count(Candidate(1, 2, 1)) == 1 and asked.count(Candidate(2, 2, 8)) == 3


def test_of_those_that_are_as_fast_the_one_that_costs_least_is_chosen() -> None:
    rates = {Candidate(1, 1, 1): 50.0, Candidate(2, 2, 1): 98.5, Candidate(3, 2, 4): 100.0}
    assert search_among(rates)[0][0].candidate == Candidate(2, 2, 1)


def test_one_candidate_is_measured_too() -> None:
    found, asked = search_among({Candidate(1, 1, 1): 3.0})
    assert [m.rate for m in found] == [3.0] and len(asked) == 1


def test_batches_are_as_large_as_there_are_streams_at_most() -> None:
    assert {c.batch for c in candidates(cpus=4, streams=5, is_batch_open=True)} == {1, 2, 4}
    assert {c.batch for c in candidates(cpus=4, streams=5, is_batch_open=False)} == {1}
    assert {c.threads for c in candidates(cpus=1, streams=1, is_batch_open=True)} == {1}
    assert max(c.requests for c in candidates(cpus=256, streams=1, is_batch_open=False)) == 16


# --- the command ------------------------------------------------------------------------------------------------------


INTERRUPTED = """
import os, signal, sys
from fluvial.cli.main import main

for _ in range(2):
    main(["tune", sys.argv[1], "--streams", "2", "--seconds", "0.02", "--json"])
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_after_it_does_not_crash(model: Path) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, str(model)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "interrupted"), done.stderr


@pytest.mark.parametrize("backend", ["auto", "onnxruntime"])
def test_it_measures_keeps_and_tells(
    model: Path, cache: Path, capsys: pytest.CaptureFixture[str], backend: str
) -> None:
    if backend != "auto":
        package("onnxruntime")
    assert main(["tune", str(model), "--streams", "2", "--seconds", "0.2", "--backend", backend, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    chosen = said["chosen"]
    assert chosen["rate"] > 0 and chosen["streams"] == 2
    assert {1, 2} == {row["batch"] for row in said["measured"]}
    kept = Path(said["file"])
    assert kept.is_relative_to(cache) and json.loads(kept.read_text()) == chosen
    assert load(model, chosen["backend"]) == Tuned(**chosen)


def test_it_prints_a_table_and_the_choice(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(model), "--seconds", "0.1"]) == 0
    out = capsys.readouterr().out
    assert "pictures/s" in out and "chosen: requests=" in out and "kept in " in out


def test_a_fixed_batch_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixed = write_model(tmp_path / "fixed.onnx", [3, 3, 32, 32])
    assert main(["tune", str(fixed), "--streams", "4", "--seconds", "0.1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chosen"]["batch"] == 3


def test_an_open_size_has_to_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = str(write_model(tmp_path / "open.onnx", ["N", 3, "H", "W"]))
    assert main(["tune", opened, "--seconds", "0.1"]) == 1
    assert "input 'image' is [?,3,?,?], and nothing tells its size" in capsys.readouterr().err
    assert main(["tune", opened, "--seconds", "0.1", "--input-size", "48x32"]) == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--streams", "0"], "--streams 0: allowed are 1 to 1024"),
        (["--seconds", "0"], "--seconds 0: allowed are more than 0, and 3600 at most"),
        (["--seconds", "nan"], "--seconds nan: allowed are more than 0"),
        (["--input-size", "64"], "--input-size 64: width and height in pixels are needed: 640x480"),
        (["--backend", "tensorrt"], "TensorRT cannot be used: "),
    ],
)
def test_what_cannot_be_is_refused(
    model: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert main(["tune", str(model), *options]) == 1
    assert says in capsys.readouterr().err


def test_a_file_that_is_no_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    assert main(["tune", str(broken)]) == 1
    assert f"not an ONNX file but plain text: {broken}" in capsys.readouterr().err
    assert main(["tune", "no/such.onnx"]) == 1
    assert "no such model file" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_said(model: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache.write_text("a file where a folder should be")
    assert main(["tune", str(model), "--seconds", "0.1"]) == 1
    assert "Not a directory" in capsys.readouterr().err


# --- what is kept -----------------------------------------------------------------------------------------------------

TUNED = Tuned(1, 1, 1, 12.5, 1, "openvino 1.0", "a cpu", "2026-01-02")


def test_a_result_holds_for_its_model_backend_and_cpu_alone(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(model, TUNED)
    assert load(model, "openvino 1.0") == TUNED
    assert load(model, "openvino 1.1") is None
    assert load(write_model(tmp_path / "other.onnx", [1, 3, 32, 32]), "openvino 1.0") is None
    monkeypatch.setattr(store, "cpu_name", lambda: "another x 64")
    assert load(model, "openvino 1.0") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"requests": 1}'])
def test_a_result_that_cannot_be_read_is_none(model: Path, text: str) -> None:
    save(model, TUNED).write_text(text)
    assert load(model, "openvino 1.0") is None


COLOURS = {"network_type": 1, "model_color_format": 0, "net_scale_factor": 1.0}


def infer_of(flow: fv.Flow) -> tuple[str, str]:
    """Who runs the model, and the explanation."""
    for _ in flow:
        assert flow.pipeline is not None
        infer = next(e for e in flow.pipeline.gst.children if e.get_name().startswith("fluvialinfer"))
        said = infer.get_property("backend"), infer.get_property("explanation")
        break
    return said


def test_a_flow_uses_what_was_found_and_says_so(model: Path) -> None:
    from fluvial.tuning import describe_version

    save(model, Tuned(1, 1, 1, 12.5, 1, describe_version(None), "", "2026-01-02"))
    who, why = infer_of(fv.Flow("test://?frames=3").infer(model, **COLOURS))
    assert "1 stream x 1 thread" in who
    assert "threads, requests and batch by `fluvial tune` on 2026-01-02: 1 at a time on 1 thread, batch 1, 12" in why
    who, why = infer_of(fv.Flow("test://?frames=3").infer(model, threads=2, requests=2, **COLOURS))
    assert "2 streams x 1 thread" in who and "fluvial tune" not in why


def test_a_batch_that_was_found_is_used_on_a_cpu_too(model: Path) -> None:
    from fluvial.tuning import describe_version

    save(model, Tuned(1, 1, 2, 12.5, 2, describe_version(None), "", "2026-01-02"))
    flow = fv.Flow({"a": "test://?frames=3", "b": "test://?frames=3"}).infer(model, **COLOURS)
    who, _ = infer_of(flow)
    assert "batch 2" in who
