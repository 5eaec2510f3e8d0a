"""What the pipeline costs beyond its two necessary parts.

    python bench/bench_cpu.py [--json] [--quick]

CPU time a frame of decode - mux - infer - track, over the sum of decode alone (stock GStreamer, as many streams, one
thread a decoder, thrown away) and model alone (OpenVINO, the same schedule, constant input, as many inferences). 1, 4
and 16 streams.
"""

from __future__ import annotations

import harness
from harness import Row

LIMIT = 1.10


def measure(quick: bool) -> list[Row]:
    frames, rounds = (320, 1) if quick else (1600, 3)
    return [of_streams(n, max(20, min(795, frames // n)), rounds) for n in (1, 4, 16)]


def of_streams(streams: int, frames: int, rounds: int) -> Row:
    video, path = harness.clip(frames), harness.model()
    whole = harness.analytics(video, harness.infer_config(path, batch=streams), streams=streams)
    decoding = " ".join(f"{harness.plain_decode(video)} ! f. " for _ in range(streams))
    decoding += "funnel name=f ! fakesink name=count sync=false"
    expected = harness.launch(decoding).frames
    parts: dict[str, list[float]] = {"whole": [], "decode": [], "model": []}
    for _ in range(rounds):
        parts["decode"].append(harness.launch(decoding, frames=expected).cpu_ms)
        parts["whole"].append(harness.launch(whole, frames=expected).cpu_ms)
        parts["model"].append(harness.python("model", path, str(expected)).cpu_ms)
    least = {name: min(costs) for name, costs in parts.items()}
    spread = max(map(harness.spread, parts.values()))
    note = "{whole:.2f} ms a frame; decode {decode:.2f} + model {model:.2f}".format(**least)
    value = least["whole"] / (least["decode"] + least["model"])
    return Row(f"CPU, {streams} stream{'s'[: streams - 1]}", value, "of parts", at_most=LIMIT, spread=spread, note=note)


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
