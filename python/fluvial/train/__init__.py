"""Trains the project's own detector. Needs PyTorch: `pip install fluvial[train]`.

`fluvial train`, `fluvial export` and `fluvial label` are the same from a command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluvial.train.export import Export, export_onnx
    from fluvial.train.label import Labelled, label_videos
    from fluvial.train.loop import Epoch, Result, train
    from fluvial.train.settings import Settings

__all__ = ["Epoch", "Export", "Labelled", "Result", "Settings", "export_onnx", "label_videos", "train"]

_WHERE = {
    "Epoch": "loop",
    "Export": "export",
    "Labelled": "label",
    "Result": "loop",
    "Settings": "settings",
    "export_onnx": "export",
    "label_videos": "label",
    "train": "loop",
}


def __getattr__(name: str) -> Any:
    """Loads what is asked for: reading labels needs no PyTorch."""
    import importlib

    from fluvial.errors import ConfigError

    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("fluvial"):
            raise
        raise ConfigError(f"fluvial.train.{name} needs {error.name}; pip install fluvial[train]") from error
