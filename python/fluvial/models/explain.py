"""What fluvial makes of a model file: what it decided, and from what it saw.

The element that will run the model is asked, with the settings that it will be given: nothing is decided here.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from fluvial._gst import Gst, start
from fluvial._infer_config import write_config
from fluvial.config import InferConfig, checked
from fluvial.errors import ModelError
from fluvial.models.registry import Found

__all__ = ["explain", "read_ports"]


def explain(found: Found, **settings: Any) -> dict[str, Any]:
    """Inputs, outputs, the decision and the evidence, as plain values.

    Args:
        found: The model, as `find` gives it.
        **settings: As `Flow.infer` takes them: `head="yolox"`, `model_color_format=1`.

    Raises:
        ModelError: The file is no model, OpenVINO is missing, or nothing fits its outputs; the text says what to add.
        ConfigError: A setting that does not exist, or a value that it does not take.
    """
    seen = _ask_element(found, settings)
    if "error" in seen:
        raise _refusal(seen, found.path)
    labels = seen.pop("labels") or list(found.entry.labels if found.entry else ())
    return {"path": str(found.path), "name": found.entry.name if found.entry else None, **seen, "labels": labels}


def read_ports(path: Path) -> dict[str, Any]:
    """Inputs and outputs: name, type, and shape with -1 for open sizes; of models that nothing decodes, too.

    Raises:
        ModelError: The file is no model, or OpenVINO is missing.
    """
    seen = _ask_element(Found(path), {})
    if "inputs" not in seen:
        raise _refusal(seen, path)
    return {name: seen[name] for name in ("inputs", "outputs")}


def _ask_element(found: Found, settings: dict[str, Any]) -> dict[str, Any]:
    config = checked(InferConfig, {"model": str(found.path), **settings}, where="settings")
    start()
    element = Gst.ElementFactory.make("fluvialinfer")
    with tempfile.TemporaryDirectory(prefix="fluvial-") as folder:
        path = write_config(config, found, Path(folder), place=1, offered={})
        element.set_property("config-file-path", str(path))
        seen: dict[str, Any] = json.loads(element.emit("inspect"))
    return seen


def _refusal(seen: dict[str, Any], path: Path) -> ModelError:
    text = str(seen["error"])
    return ModelError(text if str(path) in text else f"{text}\n  file: {path}")
