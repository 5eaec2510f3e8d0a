"""Who runs an ONNX file that is to run on an NVIDIA GPU, by what is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fluvial.backends import choice
from fluvial.errors import ModelError


def installed(monkeypatch: pytest.MonkeyPatch, **packages: object) -> None:
    for name in ("torch", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, packages.get(name))  # None: cannot be imported
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: packages.get(name))


TORCH = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True))
TORCH_OF_CPU = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False))
RUNTIME = SimpleNamespace(get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
RUNTIME_OF_CPU = SimpleNamespace(get_available_providers=lambda: ["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("packages", "chosen"),
    [
        ({"torch": TORCH, "onnx2torch": True, "onnxruntime": RUNTIME}, "pytorch"),
        ({"torch": TORCH, "onnx2torch": True, "onnxruntime": RUNTIME_OF_CPU}, "pytorch"),
        ({"torch": TORCH, "onnxruntime": RUNTIME}, "onnxruntime"),
        ({"torch": TORCH_OF_CPU, "onnx2torch": True, "onnxruntime": RUNTIME}, "onnxruntime"),
        ({"torch": TORCH, "onnxruntime": RUNTIME_OF_CPU}, "pytorch"),  # and says that onnx2torch is missing
        ({"onnxruntime": RUNTIME_OF_CPU}, "onnxruntime"),  # and says what else there is
        ({}, "onnxruntime"),
    ],
)
def test_who_reaches_the_gpu_is_chosen(
    monkeypatch: pytest.MonkeyPatch, packages: dict[str, object], chosen: str
) -> None:
    installed(monkeypatch, **packages)
    opened: list[str] = []
    monkeypatch.setattr(choice, "_opened", lambda name, *_: opened.append(name))
    for device in ("cuda", "CUDA:1"):
        choice.choose(Path("model.onnx"), device=device)
    assert opened == [chosen, chosen]


def test_other_devices_and_other_files_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, torch=TORCH, onnx2torch=True)
    assert choice.choose(Path("model.onnx"), device="GPU") is None  # OpenVINO
    assert choice.choose(Path("model.xml"), device="cuda") is None
    with pytest.raises(ModelError, match="tensorrt"):
        choice.choose(Path("model.engine"), device="cuda")
