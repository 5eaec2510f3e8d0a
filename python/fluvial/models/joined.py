"""Models that are made of two others, on first use, in OpenVINO's format, and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fluvial.errors import ModelError

__all__ = ["branch", "kept", "picture_of"]


def kept(name: str, version: str, parts: tuple[Path, Path], make: Callable[[Any, Any], Any], *, folder: Path) -> Path:
    """The model that `make` joins the two to; it is made where it is not there yet.

    Args:
        name: How its file begins.
        version: Of what `make` does.
        parts: The two files.
        make: Called with both as OpenVINO's models; gives one.
        folder: Where it is kept.

    Raises:
        ModelError: The two cannot be read or joined.
    """
    seen = [version, *(f"{p.name}:{p.stat().st_size}" for p in parts)]
    made = folder / f"{name}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:12]}.xml"
    if not made.is_file():
        try:
            import openvino

            core = openvino.Core()
            _save(make(*(core.read_model(part) for part in parts)), made)
        except Exception as e:  # OpenVINO raises RuntimeError and worse; an output that is missing is a KeyError
            raise ModelError(f"{parts[0].name} and {parts[1].name} cannot be joined: {e}") from e
    return made


def _save(model: Any, to: Path) -> None:
    import openvino

    # Programs may start side by side: each writes its own, and the last one stays.
    draft = to.with_name(f"{to.stem}-{os.getpid()}.xml")
    openvino.save_model(model, str(draft), compress_to_fp16=False)
    draft.with_suffix(".bin").replace(to.with_suffix(".bin"))
    draft.replace(to)


def picture_of(size: tuple[int, int]) -> Any:
    """An input "image", float32 [1, 3, height, width]."""
    import numpy as np
    from openvino import opset13 as ops

    picture = ops.parameter([1, 3, *size], np.float32, "image")
    picture.output(0).set_names({"image"})
    return picture


def branch(model: Any, picture: Any, size: tuple[int, int], *, is_nhwc: bool = False) -> dict[str, Any]:
    """Puts a model behind a picture [1, 3, H, W] of this height and width, scaled to what it wants.

    Returns:
        Its outputs, by name.
    """
    import numpy as np
    from openvino import opset13 as ops

    (parameter,) = model.get_parameters()
    shape = [d.get_length() for d in parameter.get_partial_shape()]
    wanted = shape[1:3] if is_nhwc else shape[2:]
    fed = picture
    if tuple(wanted) != size:
        fed = ops.interpolate(fed, np.array(wanted, np.int64), "linear", "sizes", axes=np.array([2, 3], np.int64))
    if is_nhwc:
        fed = ops.transpose(fed, np.array([0, 2, 3, 1]))
    if parameter.get_element_type().is_integral():
        fed = ops.convert(ops.round(ops.clamp(fed, 0.0, 255.0)), parameter.get_element_type().to_dtype())
    for target in parameter.output(0).get_target_inputs():
        target.replace_source_output(fed.output(0))
    return {name: o.get_node().input_value(0) for o in model.outputs for name in o.get_names()}
