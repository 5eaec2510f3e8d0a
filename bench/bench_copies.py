"""How many bytes of pixels are written for a frame between the decoder's output and the model's input.

    python bench/bench_copies.py [--json] [--quick]

Each element that may write pixels counts them in its property copied-bytes. The model's own input has to be written
once, whatever one does: float32 from the decoder's NV12. Nothing else should be.
"""

from __future__ import annotations

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
        if "infer" in written:
            rows.append(Row(f"{what}: model's input", written["infer"] / 1024, "kB a frame"))
    return rows


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
