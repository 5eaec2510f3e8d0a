"""How many bytes of pixels are written for a frame between the decoder's output and the model's input.

    python bench/bench_copies.py [--json] [--quick]

Each element that may write pixels counts them in its property copied-bytes. The model's own input has to be written
once, whatever one does: float32 from the decoder's NV12. Nothing else should be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino

import harness
from harness import Row


def measure(quick: bool) -> list[Row]:
    video, path = harness.clip(60 if quick else 150), harness.model()
    config = harness.infer_config(path, batch=1)
    rows = []
    for what, size, gate in (("frames of the mux's size", None, 0.0), ("frames the mux scales", (1280, 720), None)):
        done = harness.launch(harness.analytics(video, config, size=size))
        written = {name: bytes_ / done.frames for name, bytes_ in done.copied.items()}
        between = sum(value for name, value in written.items() if name != "infer")
        note = ", ".join(f"{name} {value / 1024:.0f}" for name, value in sorted(written.items()))
        rows.append(Row(f"{what}: copies", between / 1024, "kB a frame", at_most=gate, note=note))
    rows.append(Row("model's input, written once", input_bytes(path) / 1024, "kB a frame", note="from its shape"))
    return rows


def input_bytes(model: Path) -> int:
    """Of one picture, as the model wants it."""
    wanted = openvino.Core().read_model(str(model)).inputs[0]
    values = [size.get_length() for size in list(wanted.partial_shape)[1:]]
    return int(np.prod(values)) * int(wanted.element_type.size)


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
