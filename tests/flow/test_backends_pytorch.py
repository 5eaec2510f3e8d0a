"""Models of PyTorch. It is too large to be installed for every developer: without it these are skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial.backends import PyTorch, Tensor
from fluvial.backends.pytorch import feed_of
from needed import package

torch: Any = package("torch", promise="torch", hint="CONTRIBUTING.md says how to get it")

Clip = Callable[..., Path]
COLOURS = {"model_color_format": 0, "net_scale_factor": 1.0, "threshold": 0.3}


class Cells(torch.nn.Module):  # type: ignore[misc]
    """As the blob model: one box a cell, whose score of class 0 is its brightness."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = torch.nn.AvgPool2d(8)
        self.scale = torch.nn.Parameter(torch.tensor(1 / 255))
        edges = torch.arange(8) / 8
        top, left = torch.meshgrid(edges, edges, indexing="ij")
        corners = torch.stack([left, top, left + 1 / 8, top + 1 / 8], dim=-1).reshape(1, 64, 4)
        self.register_buffer("corners", corners)

    def forward(self, pictures: Any) -> Any:
        share = self.pool(pictures.mean(1, keepdim=True)).flatten(1) * self.scale
        scores = torch.stack([share, torch.zeros_like(share), torch.zeros_like(share)], dim=-1)
        return {"boxes": self.corners.expand(pictures.shape[0], 64, 4), "scores": scores}


class Pair(Cells):
    """The same, with outputs that have no names."""

    def forward(self, pictures: Any) -> Any:
        found = super().forward(pictures)
        return found["boxes"], found["scores"]


def boxes_in(flow: fv.Flow) -> list[np.ndarray]:
    return [frame.objects.boxes.copy() for batch in flow for frame in batch.frames]


@pytest.fixture
def wanted(make_clip: Clip, blob_model: Path) -> list[np.ndarray]:
    return boxes_in(fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, precision="f32"))


def assert_same(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    assert sum(map(len, some)) > 0
    assert [len(a) for a in some] == [len(b) for b in others]
    for a, b in zip(some, others, strict=True):
        assert np.abs(a[np.lexsort(a.round().T)] - b[np.lexsort(b.round().T)]).max(initial=0) < 1


def test_a_module_is_a_model(make_clip: Clip, wanted: list[np.ndarray]) -> None:
    named = fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), **COLOURS)
    assert_same(wanted, boxes_in(named))
    unnamed = fv.Flow(make_clip("a.mp4")).infer(Pair(), input_size=(64, 64), head="boxes_scores", **COLOURS)
    assert_same(wanted, boxes_in(unnamed))


def test_an_exported_program_is_a_model_that_knows_its_size(
    make_clip: Clip, wanted: list[np.ndarray], tmp_path: Path
) -> None:
    batch = {0: torch.export.Dim("batch", min=1, max=16)}
    program = torch.export.export(Cells().eval(), (torch.zeros(2, 3, 64, 64),), dynamic_shapes=(batch,))
    file = tmp_path / "cells.pt2"
    torch.export.save(program, file)
    for model in (program, file):
        assert_same(wanted, boxes_in(fv.Flow(make_clip("a.mp4")).infer(model, **COLOURS)))
    assert PyTorch(file).describe().inputs[0].shape == (-1, 3, 64, 64)


def test_a_fixed_exported_program_keeps_its_batch(make_clip: Clip, wanted: list[np.ndarray]) -> None:
    program = torch.export.export(Cells().eval(), (torch.zeros(2, 3, 64, 64),))
    assert PyTorch(program).describe().inputs[0].shape == (2, 3, 64, 64)
    assert_same(wanted, boxes_in(fv.Flow(make_clip("a.mp4")).infer(program, **COLOURS)))


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")  # newer versions would rather have torch.export
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_torchscript_file_is_a_model(make_clip: Clip, wanted: list[np.ndarray], tmp_path: Path) -> None:
    file = tmp_path / "cells.pt"
    how = {"input_size": (64, 64), "head": "boxes_scores", **COLOURS}
    torch.jit.trace(Pair().eval(), torch.zeros(2, 3, 64, 64)).save(str(file))
    assert_same(wanted, boxes_in(fv.Flow(make_clip("a.mp4")).infer(file, **how)))
    with pytest.raises(fv.ConfigError, match="nothing tells the size of its pictures"):
        fv.Flow("test://").infer(file)


def test_half_precision_is_another_arithmetic_on_the_same_pictures(make_clip: Clip, wanted: list[np.ndarray]) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), precision="bf16", **COLOURS)
    assert sum(map(len, boxes_in(flow))) == pytest.approx(sum(map(len, wanted)), rel=0.1)


class Trap:
    """What a pickle may do to whoever loads it."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.write_text, (Path("loaded"), "loaded")


def test_a_pickle_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": Trap()}, "pickle.pt")
    with pytest.raises(fv.ModelError, match=r"neither TorchScript nor an exported program.*\n.*load it yourself"):
        fv.Flow("test://").infer("pickle.pt", input_size=(64, 64))
    assert not Path("loaded").exists()


def test_a_broken_program_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broken.pt2"
    file.write_bytes(b"nothing")
    with pytest.raises(fv.ModelError, match=r"broken\.pt2: PyTorch cannot open it: "):
        fv.Flow("test://").infer(file)


def test_a_device_that_is_not_there_is_said(make_clip: Clip) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(fv.ConfigError, match=r"device='GPU': this PyTorch .* sees no GPU; 'CPU' works"):
        fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), device="GPU", **COLOURS).run()


def test_an_output_that_is_no_tensor_is_named(make_clip: Clip) -> None:
    class Wrong(Cells):
        def forward(self, pictures: Any) -> Any:
            return {"boxes": super().forward(pictures)}

    with pytest.raises(fv.ModelError, match="output 'boxes' is a dict; a tensor is needed"):
        fv.Flow(make_clip("a.mp4")).infer(Wrong(), input_size=(64, 64), **COLOURS).run()


# --- compiled ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_compiled_module_finds_the_same(
    make_clip: Clip, wanted: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "kept"))
    flow = fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), compile=True, **COLOURS)
    assert_same(wanted, boxes_in(flow))
    assert any((tmp_path / "kept").iterdir())


def test_what_cannot_be_compiled_runs_as_it_is(
    make_clip: Clip, wanted: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Any:
        def call(*_: object) -> None:
            raise RuntimeError("no C compiler\nmore of it")

        return call

    monkeypatch.setattr(torch, "compile", fail)
    flow = fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), compile=True, **COLOURS)
    assert_same(wanted, boxes_in(flow))
    (told,) = [r.getMessage() for r in caplog.records if "compile=True" in r.getMessage()]
    assert told == "Cells: compile=True: it runs as it is, as PyTorch cannot compile it: no C compiler"


def test_what_computes_something_else_when_compiled_runs_as_it_is(
    make_clip: Clip, wanted: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def compile_wrong(call: Callable[..., Any], **_: object) -> Any:
        return lambda *given: {name: value * 1.1 for name, value in call(*given).items()}

    monkeypatch.setattr(torch, "compile", compile_wrong)
    flow = fv.Flow(make_clip("a.mp4")).infer(Cells(), input_size=(64, 64), compile=True, **COLOURS)
    assert_same(wanted, boxes_in(flow))
    assert "its outputs when compiled are 0.1 away, more than 0.01 of them" in caplog.text


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_torchscript_is_not_compiled_again(tmp_path: Path) -> None:
    file = tmp_path / "cells.pt"
    torch.jit.trace(Pair().eval(), torch.zeros(2, 3, 64, 64)).save(str(file))
    with pytest.raises(fv.ConfigError, match="compile=True: TorchScript is compiled already; give the module itself"):
        fv.Flow("test://").infer(file, input_size=(64, 64), compile=True)


def test_pictures_on_a_gpu_come_as_convolutions_there_want_them() -> None:
    # What PyTorch finds in memory is what a model in float16 computes with: there is nothing to cast or to turn.
    model = PyTorch(Cells(), input_size=(48, 32))
    (described,) = model.describe().inputs
    feed = feed_of((described,), {"pictures": (4, 3, 32, 48)}, is_half=True)
    assert feed is not None
    assert feed == Tensor("pictures", "f16", (4, 32, 48, 3))
    model._feed = feed
    written = torch.rand(feed.shape).half()
    seen = model._as_described("pictures", written)[:3]
    wanted = seen.to(torch.float16, memory_format=torch.channels_last)
    assert seen.shape == (3, 3, 32, 48)
    assert wanted.data_ptr() == written.data_ptr()
    assert torch.equal(wanted[1, 2], written[1, :, :, 2])


@pytest.mark.parametrize(
    ("inputs", "is_half", "feed"),
    [
        ([Tensor("x", "f32", (-1, 3, 8, 9))], False, Tensor("x", "f32", (2, 8, 9, 3))),  # its TF32, or bfloat16
        ([Tensor("x", "f32", (-1, 8, 9, 3))], True, Tensor("x", "f16", (2, 8, 9, 3))),  # turns them itself
        ([Tensor("x", "f16", (-1, 3, 8, 9))], True, None),
        ([Tensor("ids", "i64", (-1, 4))], True, None),
    ],
)
def test_inputs_that_are_no_planes_of_float32_stay_as_described(
    inputs: list[Tensor], is_half: bool, feed: Tensor | None
) -> None:
    shapes = {x.name: (2, *x.shape[1:]) for x in inputs}
    assert feed_of(tuple(inputs), shapes, is_half=is_half) == feed
