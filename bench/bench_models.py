"""How near a pipeline comes to its model.

    python bench/bench_models.py [--json] [--quick]

Detectors: frames a second of decode - mux - infer over inferences a second of the model alone, constant input, the
faster of our schedule and OpenVINO's throughput mode. Decoding is paid by the same cores, so its share is noted.
Classifier: CPU time that it adds for each of 20 objects a frame, over that of one inference of the model alone.
"""

from __future__ import annotations

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
    video = harness.clip(frames)
    return [*(of_detector(name, video, rounds) for name in DETECTORS), of_classifier(video, rounds)]


def per_frame(run: harness.Run) -> float:
    return run.seconds / run.frames


def of_detector(name: str, video: Path, rounds: int) -> Row:
    path = harness.model(name)
    frames = harness.count_frames(f"{harness.plain_decode(video)} ! fakesink name=count sync=false")
    whole = harness.detection(video, harness.infer_config(path, batch=1))
    runs: dict[str, list[harness.Run]] = {"whole": [], "ours": [], "throughput": []}
    for _ in range(rounds):
        runs["whole"].append(harness.launch(whole, frames=frames))
        for schedule in ("ours", "throughput"):
            runs[schedule].append(harness.python("model", path, str(frames), schedule))
    decode, _ = harness.best(
        lambda: harness.launch(f"{harness.plain_decode(video)} ! fakesink name=count sync=false"), per_frame, rounds=1
    )
    best = {key: min(map(per_frame, several)) for key, several in runs.items()}
    alone = min(best["ours"], best["throughput"])
    note = (
        f"{1 / best['whole']:.1f} of {1 / alone:.1f} a second ({1 / best['throughput']:.1f} in throughput mode); "
        f"decoding alone takes {decode.cpu_ms:.2f} ms of CPU a frame"
    )
    spread = max(harness.spread([per_frame(r) for r in several]) for several in runs.values())
    return Row(name, alone / best["whole"], "of model", at_least=LEAST, spread=spread, note=note)


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
