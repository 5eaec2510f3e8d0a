"""How good a model of our own is, beside two that are known: one table, for its card.

    python bench/bench_card.py detector.onnx [MORE ...] [--card detector.md [--words words.md]] [--json]

Through the whole pipeline, in f32 unless the file has integers: AP at IoU .50 to .95 on the 25 COCO pictures of the
assets for six classes, AP50 of people on vtest.avi, and the time of a frame of it, decoding too. A model with other
classes (a "vehicle" is no car) has no figure for those that it lacks, and no mean. 25 pictures are few: differences of
some hundredths mean nothing. The assets are those of bench_accuracy.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import fluvial as fv
from bench_accuracy import assets, truth
from bench_accuracy import average_precision as ap50_of
from bench_coco import IOUS, MOST, NMS_IOU, THRESHOLD, average_precision, judge

CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
SAME = {"bike": "bicycle"}  # what a known model calls it
KNOWN = ("yolox_nano_416.onnx", "person-vehicle-bike-detection-2004.onnx")
BEGIN, END = "<!-- measured: bench/bench_card.py -->", "<!-- end -->"
EXPORTED = "<!-- from: fluvial export -->"

Found = dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]  # picture, class: boxes [N, 4], scores [N]


@dataclass(frozen=True)
class Row:
    """One model: `classes` has AP .50 to .95 of those that it knows; `mean` only where it knows all."""

    model: str
    megabytes: float
    classes: dict[str, float]
    mean: float | None
    people_ap50: float
    milliseconds: float


def names_of(model: Path) -> set[str]:
    from fluvial.models.explain import explain
    from fluvial.models.registry import find

    return {SAME.get(label, label) for label in explain(find(model))["labels"]}


def found_on(pictures: list[Path], model: Path) -> Found:
    found: Found = {}
    flow = fv.Flow([str(p) for p in pictures]).infer(str(model), threshold=THRESHOLD, nms_iou=NMS_IOU, precision="f32")
    for batch in flow:
        for frame in batch.frames:
            o = frame.objects
            labels = np.array([SAME.get(label, label) for label in o.labels])
            of = {name: (o.boxes[labels == name].copy(), o.confidences[labels == name].copy()) for name in CLASSES}
            found[str(frame.source)] = of
    return found


def class_precision(found: Found, name: str, coco: dict) -> float:
    """COCO's AP of one class."""
    category = next(c["id"] for c in coco["categories"] if c["name"] == name)
    scores, verdicts, count = [], [], 0
    for image in coco["images"]:
        mine = [a for a in coco["annotations"] if a["image_id"] == image["id"] and a["category_id"] == category]
        true = np.array([a["bbox"] for a in mine], float).reshape(-1, 4)
        are_crowds = np.array([bool(a["iscrowd"]) for a in mine], bool)
        boxes, score = found[Path(image["file_name"]).stem][name]
        order = np.argsort(-score, kind="stable")[:MOST]
        count += int((~are_crowds).sum())
        scores.append(score[order])
        verdicts.append([judge(boxes[order].astype(float), true, are_crowds, least) for least in IOUS])
    if not count:
        return float("nan")
    every = np.concatenate(scores)
    levels = [np.concatenate([v[i] for v in verdicts]) for i in range(len(IOUS))]
    return float(np.mean([average_precision(every, level, count) for level in levels]))


def people_on(video: Path, model: Path) -> tuple[list[tuple[float, int, np.ndarray]], float]:
    """Confidence, frame, box of every person; and milliseconds a frame, from the first frame to the last."""
    found, frames, began = [], 0, 0.0
    for batch in fv.Flow(str(video)).infer(str(model), threshold=THRESHOLD):
        began = began or time.perf_counter()
        for frame in batch.frames:
            frames += 1
            o = frame.objects
            of = zip(o.labels, o.confidences, o.boxes, strict=True)
            found += [(float(score), frame.number, box.copy()) for label, score, box in of if label == "person"]
    return found, (time.perf_counter() - began) / max(frames - 1, 1) * 1e3


def measure(model: Path, folder: Path, coco: dict) -> Row:
    pictures = [folder / "truth/coco25/images" / image["file_name"] for image in coco["images"]]
    found, has = found_on(pictures, model), names_of(model)
    classes = {name: round(class_precision(found, name, coco), 4) for name in CLASSES if name in has}
    mean = round(float(np.nanmean(list(classes.values()))), 4) if len(classes) == len(CLASSES) else None
    people, milliseconds = people_on(folder / "videos/vtest.avi", model)
    ap50 = ap50_of(people, truth(folder / "truth/mot15/PETS09-S2L1/gt/gt.txt"))
    size = sum(file.stat().st_size for file in {model, model.with_suffix(".bin")} if file.is_file())
    return Row(model.name, round(size / 1e6, 2), classes, mean, round(ap50, 4), round(milliseconds, 1))


def objects_of(coco: dict) -> dict[str, int]:
    """How many there are of each class: an AP of two objects says little."""
    names = {c["id"]: c["name"] for c in coco["categories"]}
    there = [names[a["category_id"]] for a in coco["annotations"] if not a["iscrowd"]]
    return {name: there.count(name) for name in CLASSES}


def table(rows: list[Row], objects: dict[str, int]) -> str:
    of_class = [f"{name} ({objects[name]})" for name in CLASSES]
    head = ["model", "MB", *of_class, "mean of six", "people on vtest, AP50", "ms a frame"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        values = [f"{row.classes[name]:.3f}" if name in row.classes else "-" for name in CLASSES]
        mean = "-" if row.mean is None else f"{row.mean:.3f}"
        cells = [row.model, f"{row.megabytes:.1f}", *values, mean, f"{row.people_ap50:.3f}", f"{row.milliseconds:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def with_table(card: str, text: str) -> str:
    """The card, with the table where one is already, or at its end."""
    if BEGIN not in card:
        return f"{card.rstrip()}\n\n## Measured\n\n{BEGIN}\n{text}\n{END}\n"
    return _filled(card, BEGIN, text)


def in_words(words: str, card: str) -> str:
    """What people say of the model, with what `fluvial export` says in its place.

    Args:
        words: A card whose figures are missing: one place for each is marked in it.
        card: As `fluvial export` wrote it, or as this function did.
    """
    exported = _part(card, EXPORTED) if EXPORTED in card else card.partition("\n")[2].replace("\n## ", "\n### ")
    return _filled(words, EXPORTED, exported.strip())


def _filled(card: str, begin: str, text: str) -> str:
    before, _, rest = card.partition(begin)
    return f"{before}{begin}\n{text}\n{END}{rest.partition(END)[2]}"


def _part(card: str, begin: str) -> str:
    return card.partition(begin)[2].partition(END)[0]


def check_words(parser: argparse.ArgumentParser, args: argparse.Namespace) -> str:
    """The words, if some are named: before minutes of measuring, as a place that is missing would lose the figures."""
    if args.words is None:
        return ""
    if args.card is None or not args.card.is_file():
        parser.error(f"--words: --card {args.card}: the card that `fluvial export` wrote is needed beside it")
    words = str(args.words.read_text()) if args.words.is_file() else ""
    missing = [mark for mark in (EXPORTED, BEGIN) if mark not in words]
    if missing:
        parser.error(f"--words {args.words}: there is no {' and no '.join(missing)} in it")
    return words


def main() -> int:
    """Measures the models that are named and those that are known; exit code 1 where a file is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--card", type=Path, help="the Markdown file that gets the table")
    parser.add_argument("--words", type=Path, help="a card without figures, in whose places --card's and the table go")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    words = check_words(parser, args)
    folder = assets()
    models = [*args.models, *(folder / "models" / name for name in KNOWN)]
    for model in models:
        if not model.is_file():
            sys.exit(f"{model}: no such file")
    coco = json.loads((folder / "truth/coco25/instances.json").read_text())
    rows = []
    for model in models:
        rows.append(measure(model, folder, coco))
        print(f"{rows[-1]}", file=sys.stderr, flush=True)
    text = table(rows, objects_of(coco))
    if args.card:
        card = args.card.read_text() if args.card.is_file() else ""
        args.card.write_text(with_table(in_words(words, card) if words else card, text))
    print(json.dumps([asdict(row) for row in rows]) if args.json else text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
