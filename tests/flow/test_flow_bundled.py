"""`infer()` without a model: the detector that a build carries, or a word that it carries none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import fluvial as fv
from fluvial.cli import main
from fluvial.models import registry

Clip = Callable[..., Path]


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a build's own model, empty."""
    folder = tmp_path / "carried"
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", folder)
    return folder


def put(model: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(model, folder / "detector.onnx"))


def test_a_flow_takes_the_model_that_the_build_carries(make_clip: Clip, blob_model: Path, carried: Path) -> None:
    put(blob_model, carried)

    def found(flow: fv.Flow) -> list[list[list[float]]]:
        return [f.objects.boxes.tolist() for batch in flow for f in batch.frames]

    clip = make_clip("a.mp4")
    boxes = found(fv.Flow(clip).infer(threshold=0.3))
    assert any(boxes) and boxes == found(fv.Flow(clip).infer(blob_model, threshold=0.3))
    assert boxes == found(fv.Flow(clip).infer("bundled", threshold=0.3)), "by its name, as in a YAML file"


def test_the_command_line_knows_it_by_name(
    make_clip: Clip, blob_model: Path, carried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(blob_model, carried)
    assert main(["run", str(make_clip("a.mp4")), "--model", "bundled", "--threshold", "0.3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    main(["doctor", "--json"])
    findings = {f["what"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["bundled model"]["is_ok"] and findings["bundled model"]["detail"] == str(path)


def test_without_one_it_is_said_that_a_model_has_to_be_named(
    make_clip: Clip, carried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(fv.ModelError) as error:
        fv.Flow(make_clip("a.mp4")).infer()
    assert str(error.value) == (
        "no model is named, and this build of fluvial carries none\n"
        '  hint: name one, such as infer("yolox-nano"); fluvial models list shows what there is'
    )
    assert main(["run", str(make_clip("a.mp4")), "--model", "bundled"]) == 1
    assert "this build of fluvial carries none" in capsys.readouterr().err
    main(["doctor", "--json"])
    findings = {f["what"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert not findings["bundled model"]["is_ok"]
    assert findings["bundled model"]["detail"] == "this build carries none"
