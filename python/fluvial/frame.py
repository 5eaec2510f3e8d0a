"""What a batch carries, as probes and loops see it. The classes are the extension's."""

from __future__ import annotations

from typing import Any

__all__ = ["Batch", "DeviceTensor", "Frame", "Object", "Objects", "Plane", "Surface"]

try:
    from fluvial._core import Batch, DeviceTensor, Frame, Object, Objects, Plane, Surface
except ImportError as e:  # not built, or GStreamer's libraries are missing: `fluvial doctor` must still say so
    _WHY = f"{e}; `fluvial doctor` says what is missing"

    def _absent(name: str) -> Any:
        def new(*_: object, **__: object) -> None:
            raise ImportError(_WHY)

        return type(name, (), {"__doc__": f"Absent: {_WHY}", "__new__": new})

    Batch, DeviceTensor, Frame, Object, Objects, Plane, Surface = (_absent(name) for name in __all__)  # type: ignore[misc]
