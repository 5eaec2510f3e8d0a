"""How near a pipeline comes to its model.

    python bench/bench_models.py [--json] [--quick]

Detectors: frames a second of mux - infer on raw video over inferences a second of the model alone, constant input, the
faster of our schedule and OpenVINO's throughput mode. On H.264 the same cores decode, and the measure, for
information, is what they could do if decoder and model shared them without loss.
Classifier: CPU time that it adds for each of 20 objects a frame, over that of one inference of the model alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import harness
from harness import Row

DETECTORS = (
    "deimv2-femto",
    "deimv2-atto",
    "yolox-nano",
    "person-vehicle-bike",
    "person-vehicle-bike-int8",
    "vehicle-0200",
)
CLASSIFIER = "vehicle-attributes"
LEAST = 0.90
MOST = 1.20
OBJECTS = 20


def measure(quick: bool) -> list[Row]:
    frames, rounds = (150, 1) if quick else (600, 3)
    detectors = [row for name in DETECTORS for row in of_detector(name, frames, rounds)]
    return [*detectors, of_classifier(harness.clip(frames), rounds)]


def per_frame(run: harness.Run) -> float:
    return run.seconds / run.frames


def of_detector(name: str, frames: int, rounds: int) -> list[Row]:
    path = harness.model(name)
    config = harness.infer_config(path, batch=1)
    video, raw = harness.clip(frames), harness.raw_clip(frames)
    count = harness.count_frames(decoding(video))
    runs: dict[str, list[harness.Run]] = {"raw": [], "coded": [], "ours": [], "throughput": []}
    for _ in range(rounds):
        runs["raw"].append(harness.launch(harness.detection(raw, config), frames=count))
        for schedule in ("ours", "throughput"):
            runs[schedule].append(harness.python("model", path, str(count), schedule))
        runs["coded"].append(harness.launch(harness.detection(video, config), frames=count))
    best = {key: min(map(per_frame, several)) for key, several in runs.items()}
    alone = min(best["ours"], best["throughput"])
    decode, _ = harness.best(lambda: harness.launch(decoding(video)), per_frame, rounds=1)
    both = alone + decode.cpu_ms / 1000 / len(os.sched_getaffinity(0))
    spread = max(harness.spread([per_frame(r) for r in several]) for several in runs.values())
    throughput = f"{1 / best['throughput']:.1f} in throughput mode"
    return [
        Row(
            name,
            alone / best["raw"],
            "of model",
            at_least=LEAST,
            spread=spread,
            note=f"{1 / best['raw']:.1f} of {1 / alone:.1f} a second ({throughput})",
        ),
        Row(
            f"{name}, H.264",
            both / best["coded"],
            "of both",
            spread=spread,
            note=f"{1 / best['coded']:.1f} of {1 / both:.1f} a second; decoding takes {decode.cpu_ms:.2f} ms of CPU a "
            f"frame, which makes it {alone / best['coded']:.2f} of the model",
        ),
    ]


def decoding(video: Path) -> str:
    return f"{harness.plain_decode(video)} ! fakesink name=count sync=false"


def of_classifier(video: Path, rounds: int) -> Row:
    path = harness.model(CLASSIFIER)
    config = harness.classifier_config(path, batch=OBJECTS)
    costs: dict[str, list[float]] = {"with": [], "without": [], "model": []}
    for _ in range(rounds):
        costs["without"].append(harness.python("secondary", video, str(OBJECTS)).cpu_ms)
        costs["with"].append(harness.python("secondary", video, str(OBJECTS), config).cpu_ms)
        costs["model"].append(harness.python("model", path, "4000").cpu_ms)
    least = {key: min(several) for key, several in costs.items()}
    added = (least["with"] - least["without"]) / OBJECTS
    note = f"{added:.3f} ms an object, the model alone {least['model']:.3f}"
    spread = max(map(harness.spread, costs.values()))
    return Row(
        f"{CLASSIFIER}, {OBJECTS} objects", added / least["model"], "of model", at_most=MOST, spread=spread, note=note
    )


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
