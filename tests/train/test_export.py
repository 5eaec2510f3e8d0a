"""A trained detector as a file: what it says of itself, and when it is not written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluvial.cli import main
from fluvial.errors import ConfigError
from fluvial.models.explain import explain
from fluvial.models.registry import find
from needed import package

torch = package("torch", promise="torch", hint="CONTRIBUTING.md says how to get it")
onnx = package("onnx")
onnxruntime = package("onnxruntime")

from fluvial.train import export as exports  # noqa: E402
from fluvial.train import export_onnx  # noqa: E402


def properties(file: Path) -> dict[str, str]:
    return {p.key: p.value for p in onnx.load(str(file)).metadata_props}


def test_an_export_has_the_checkpoint_s_boxes_and_says_what_it_is(learnt: Any, tmp_path: Path) -> None:
    made = export_onnx(learnt.checkpoint, tmp_path / "m.onnx", pictures=learnt.data, facts={"licence": "none"})
    assert made.pixels < 0.01 and made.score < 1e-4 and made.size == made.file.stat().st_size
    said = properties(made.file)
    assert said["licence"] == "none" and "disc" in said["names"] and said["map"] == f"{learnt.result.scores.map:.4f}"
    assert onnx.load(str(made.file)).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    card = (tmp_path / "m.md").read_text()
    assert "- licence: none\n- classes: box, disc\n" in card and "## The training" in card and "| disc |" in card


def test_an_export_with_other_boxes_is_not_written(
    learnt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = exports._run_file

    def moved(file: Path, given: np.ndarray) -> np.ndarray:
        found = real(file, given)
        found[:, 0] += 1.5
        return found

    monkeypatch.setattr(exports, "_run_file", moved)
    with pytest.raises(
        ConfigError, match=r"not written: a box of the export differs by 1\.50 pixels .*; 1 and 0\.01 are allowed"
    ):
        export_onnx(learnt.checkpoint, tmp_path / "m.onnx", pictures=learnt.data)
    assert not list(tmp_path.iterdir()), "no file, no card"


def test_outputs_are_compared_where_either_is_sure() -> None:
    one = np.zeros((1, 5, 200), np.float32)
    other = one.copy()
    one[0, :, 150] = [50, 50, 20, 20, 0.9]
    assert exports._greatest_difference(one, one) == (0, 0)
    assert (
        exports._greatest_difference(one, other) == exports._greatest_difference(other, one) == (50, pytest.approx(0.9))
    )
    one[0, :4, 7] = 90  # of a place that nobody looks at
    assert exports._greatest_difference(one, other)[0] == 50
    other[0, 0, 150] = np.nan
    assert np.isnan(exports._greatest_difference(one, other)[0])


def test_half_precision_halves_the_file_and_keeps_the_boxes(learnt: Any, tmp_path: Path) -> None:
    whole = export_onnx(learnt.checkpoint, tmp_path / "whole.onnx", pictures=learnt.data)
    half = export_onnx(learnt.checkpoint, tmp_path / "half.onnx", pictures=learnt.data, precision="fp16")
    assert half.size < 0.56 * whole.size
    assert 0 < half.pixels <= 1 and half.score <= 0.01
    graph = onnx.load(str(half.file)).graph
    kinds = {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)}
    assert kinds == {onnx.TensorProto.FLOAT}, "who runs it hands over what they always hand over"


def test_eight_bits_say_what_they_cost_in_file_card_and_on_the_command_line(
    learnt: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package("nncf", promise="nncf", hint="pip install nncf")
    whole = export_onnx(learnt.checkpoint, tmp_path / "whole.onnx", pictures=learnt.data)
    file = tmp_path / "eight.onnx"
    given = [str(learnt.checkpoint), str(file), "--pictures", str(learnt.data), "--int8", "--most-drop", "0.1"]
    assert main(["export", *given, "--json"]) == 0
    out = capsys.readouterr().out
    said = json.loads(out)
    assert said["precision"] == "int8" and said["bytes"] < 0.55 * whole.size
    assert said["map_before"] > 0.3 and said["map_before"] - said["map"] <= 0.1
    stated = properties(file)
    assert float(stated["map"]) == pytest.approx(said["map"], abs=1e-4) and stated["map_pictures"] == "8"
    assert float(stated["map_before"]) == pytest.approx(said["map_before"], abs=1e-4) and "disc" in stated["names"]
    assert "| class | AP .50 to .95 before INT8 | after |" in (tmp_path / "eight.md").read_text()
    assert {node.op_type for node in onnx.load(str(file)).graph.node} >= {"QuantizeLinear", "DequantizeLinear"}
    pictures = next(exports._inputs(exports._store(learnt.data, ["box", "disc"], (96, None), tmp_path), 96, 8)).numpy()
    by_runtime = onnxruntime.InferenceSession(str(file)).run(None, {"images": pictures})[0]
    apart = np.abs(by_runtime - exports._run_file(file, pictures))[:, 4:]
    assert np.sqrt((apart**2).mean()) < 0.005, "OpenVINO and ONNX Runtime say the same: .001, and .029 with int8 maps"


def test_eight_bits_in_openvino_s_own_form_cost_little_and_say_as_much_to_a_pipeline(
    learnt: Any, tmp_path: Path
) -> None:
    package("nncf", promise="nncf", hint="pip install nncf")
    whole = export_onnx(learnt.checkpoint, tmp_path / "whole.onnx", pictures=learnt.data)
    made = export_onnx(
        learnt.checkpoint, tmp_path / "eight.xml", pictures=learnt.data, precision="int8", most_drop=0.15
    )
    assert {f.name for f in tmp_path.glob("eight.*")} == {"eight.xml", "eight.bin", "eight.md"}
    assert (tmp_path / "eight.bin").stat().st_size < 0.35 * whole.size < made.size
    said, plain = explain(find(made.file)), explain(find(whole.file))
    for key in ("labels", "head", "task", "input", "threshold", "is_batch_open"):
        assert said[key] == plain[key], key
    assert f'<map_before value="{made.before.map:.4f}"' in made.file.read_text()


@pytest.mark.parametrize(("name", "precision"), [("m.xml", "fp32"), ("m.xml", "fp16"), ("m.pt", "int8"), ("m", "fp32")])
def test_a_name_of_another_kind_of_file_is_refused(tmp_path: Path, name: str, precision: Any) -> None:
    with pytest.raises(ConfigError, match=r"allowed is a name that ends with \.onnx; of INT8 also \.xml"):
        export_onnx(tmp_path / "none.pt", tmp_path / name, pictures=tmp_path, precision=precision)


def test_eight_bits_that_cost_too_much_are_not_written(
    learnt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(model: Path, file: Path, pictures: object) -> None:
        graph = onnx.load(str(model))
        for kernel in graph.graph.initializer:
            kernel.raw_data = b"\0" * len(kernel.raw_data)
        onnx.save(graph, str(file))

    monkeypatch.setattr(exports, "quantize", spoilt)
    with pytest.raises(
        ConfigError,
        match=r"not written: INT8 has mAP 0\.\d+, the checkpoint 0\.\d+; a drop of 0\.02 is allowed\n  hint: more",
    ):
        export_onnx(learnt.checkpoint, tmp_path / "m.onnx", pictures=learnt.data, precision="int8")
    assert not list(tmp_path.iterdir())


def test_eight_bits_are_not_measured_on_pictures_without_objects(
    learnt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "images").mkdir(parents=True)
    (other / "images" / "0.png").write_bytes((learnt.data / "images" / "0.png").read_bytes())
    (other / "data.yaml").write_text("names: [cup]")
    monkeypatch.setattr(exports, "quantize", lambda model, file, pictures: file.write_bytes(model.read_bytes()))
    with pytest.raises(ConfigError, match=r"finds nothing that .*other labels \(mAP 0\.000\), so that what INT8 loses"):
        export_onnx(learnt.checkpoint, tmp_path / "m.onnx", pictures=other, precision="int8")


def test_without_nncf_it_is_said_which_extra_brings_it(
    learnt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ConfigError, match=r"an INT8 export needs NNCF, which .*; pip install fluvial\[int8\]"):
        export_onnx(learnt.checkpoint, tmp_path / "m.onnx", pictures=learnt.data, precision="int8")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"precision": "int4"}, "precision: 'int4'; allowed are fp32, fp16, int8"),
        ({"calibrate_on": 0}, "calibrate_on: 0; allowed is 1 picture or more"),
        ({"most_drop": 2.0}, "most_drop: 2; allowed is an mAP of 0 to 1"),
    ],
)
def test_settings_of_an_export_are_judged_first(tmp_path: Path, setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        export_onnx(tmp_path / "none.pt", tmp_path / "m.onnx", pictures=tmp_path, **setting)
