"""What is said of TensorRT's engines. TensorRT itself is a stand-in: it needs a GPU and is not for every machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fluvial as fv
from fluvial.backends import Plan, Tensor, TensorRT


class Engine:
    """An engine with one open picture, whose profile ends at 8, and one output of half precision."""

    num_io_tensors = 2
    kinds = ("FLOAT", "HALF")

    def get_tensor_name(self, place: int) -> str:
        return ("image", "boxes")[place]

    def get_tensor_mode(self, name: str) -> Any:
        return SimpleNamespace(name="INPUT" if name == "image" else "OUTPUT")

    def get_tensor_dtype(self, name: str) -> Any:
        return SimpleNamespace(name=self.kinds[name == "boxes"])

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (-1, 3, 64, 64) if name == "image" else (-1, 10, 4)

    def get_tensor_profile_shape(self, name: str, profile: int) -> tuple[tuple[int, ...], ...]:
        return (1, 3, 64, 64), (4, 3, 64, 64), (8, 3, 64, 64)

    def create_execution_context(self) -> object:
        return object()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the stand-in opens; one called other.engine it refuses."""

    class Runtime:
        def __init__(self, logger: object) -> None:
            pass

        def deserialize_cuda_engine(self, data: bytes) -> Engine | None:
            return Engine() if data == b"mine" else None

    class Logger:
        WARNING = 1

        def __init__(self, level: int) -> None:
            pass

    package = SimpleNamespace(__version__="11.0", Runtime=Runtime, Logger=Logger)
    monkeypatch.setitem(sys.modules, "tensorrt", package)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2"))
    path = tmp_path / "a.engine"
    path.write_bytes(b"mine")
    return path


def plan(**changed: Any) -> Plan:
    return Plan(
        **{**dict(batch=4, device="CPU", precision="", threads=0, requests=0, shapes={}), **changed}, is_batch_open=True
    )


def test_an_engine_says_what_it_takes_and_how_many(engine: Path) -> None:
    model = TensorRT(engine).describe()
    assert model.inputs == (Tensor("image", "f32", (-1, 3, 64, 64)),)
    assert model.outputs == (Tensor("boxes", "f16", (-1, 10, 4)),)
    assert model.max_batch == 8 and model.path == str(engine)


def test_it_runs_on_the_gpu_whatever_nobody_chose(engine: Path) -> None:
    assert TensorRT(engine).compile(plan()).description == "TensorRT 11.0 on cuda:0, 2 at a time"
    assert TensorRT(engine).compile(plan(device="CUDA:1", requests=3)).description.endswith("on cuda:1, 3 at a time")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"device": "NPU"}, "device='NPU': an engine runs on GPU, or CUDA:1"),
        ({"precision": "f16"}, "precision='f16': an engine has the precision that it was built with"),
    ],
)
def test_what_an_engine_cannot_do_is_said(engine: Path, changed: dict[str, str], says: str) -> None:
    with pytest.raises(fv.ConfigError, match=says):
        TensorRT(engine).compile(plan(**changed))


def test_an_engine_of_another_version_is_named(engine: Path) -> None:
    other = engine.with_name("other.engine")
    other.write_bytes(b"another's")
    with pytest.raises(fv.ModelError, match=r"other\.engine: TensorRT 11\.0 does not open this engine\n  hint: an eng"):
        TensorRT(other)
    with pytest.raises(fv.ModelError, match=r"none\.engine: No such file"):
        TensorRT(engine.with_name("none.engine"))


def test_a_tensor_of_a_type_that_nobody_reads_is_named(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "kinds", ("FLOAT", "FP8"))
    with pytest.raises(fv.ModelError, match="tensor 'boxes' is FP8; allowed are FLOAT, HALF, "):
        TensorRT(engine).describe()
