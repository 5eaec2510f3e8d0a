"""What a camera's own frames are worth: a detector learns from a teacher on the first half of a clip.

It is measured on the second half, before and after.

    python training/scene/fine_tune.py CLIP CHECKPOINT --teacher MODEL [--judge MODEL] [--beside DATA] [--out DIR]

Truth is what the teacher is sure of, as no person has labelled the clip; a judge, another model, has not taught and is
a second opinion. Halves are halves of the clip's time, so that no frame's neighbour is in the other. DATA is what
the checkpoint was trained on (../bundled/README.md): with some of its pictures beside the clip's, what the half hardly
shows is not forgotten. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch

from fluvial import train as training
from fluvial.train.checkpoint import load_checkpoint
from fluvial.train.evaluate import answers_of, evaluate
from fluvial.train.export import load_detector
from fluvial.train.folders import read_folder
from fluvial.train.label import label_videos, labels_of
from fluvial.train.records import Problems, joined
from fluvial.train.store import fill_store

SURE = 0.3  # score of a label to learn from; to be measured on, a teacher must be surer: 0.5


def labelled(clip: Path, teacher: str, into: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """COCO files of the two halves, beside the same pictures. In the first, unsure boxes are labels that weigh less."""
    if not (into / "annotations.json").is_file():
        known = labels_of(teacher)
        classes = {name: name for name in names if name in known}
        label_videos([str(clip)], into, teacher=teacher, classes=classes, change=4, most=400)
    whole = json.loads((into / "annotations.json").read_text())
    images = sorted(whole["images"], key=lambda image: frame_of(image["file_name"]))
    middle = (frame_of(images[0]["file_name"]) + frame_of(images[-1]["file_name"])) / 2
    halves = (into / "first.json", into / "second.json")
    for file, is_second in zip(halves, (False, True), strict=True):
        chosen = [image for image in images if (frame_of(image["file_name"]) > middle) == is_second]
        ids = {image["id"] for image in chosen}
        boxes = [box for box in whole["annotations"] if box["image_id"] in ids]
        if not is_second:
            boxes = [{**box, "iscrowd": int(box["score"] < SURE)} for box in boxes]
        file.write_text(json.dumps({**whole, "images": chosen, "annotations": boxes}))
    return halves


def some_of(data: Path, count: int, into: Path) -> tuple[Path, Path]:
    """Pictures that the checkpoint has learnt from, and what its teacher saw on them."""
    whole, held = (json.loads((data / name).read_text()) for name in ("annotations.json", "val.json"))
    others = {image["id"] for image in held["images"]}
    chosen = random.Random(1).sample([image for image in whole["images"] if image["id"] not in others], count)
    ids = {image["id"] for image in chosen}
    into.mkdir(parents=True, exist_ok=True)
    if not (into / "images").exists():
        (into / "images").symlink_to(data.resolve() / "images")
    boxes = [box for box in whole["annotations"] if box["image_id"] in ids]
    (into / "annotations.json").write_text(json.dumps({**whole, "images": chosen, "annotations": boxes}))
    taught = json.loads((data / "teacher_deimv2_femto.json").read_text())
    (into / "teacher.json").write_text(json.dumps([box for box in taught if box["image_id"] in ids]))
    return into / "annotations.json", into / "teacher.json"


def frame_of(name: str) -> int:
    return int(Path(name).stem.rpartition("_")[2])


def measured(checkpoint: Path, truth: Path, folder: Path) -> dict[str, float]:
    """AP at IoU .50 by class, of those that there are, and the mean of both kinds."""
    network, content = load_detector(checkpoint)
    names, side = tuple(content["names"]), int(content["input_side"])
    store = fill_store(joined([read_folder(truth)], names).pictures, side, folder, problems=Problems())
    scores, _ = evaluate(answers_of(network, torch.device("cpu")), store, classes=len(names), side=side)
    of_class = {name: float(ap) for name, ap in zip(names, scores.by_class_50, strict=True) if ap == ap}
    return {**of_class, "mAP50": float(scores.map_50), "mAP": float(scores.map)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--judge")
    parser.add_argument("--beside", type=Path, metavar="DATA")
    parser.add_argument("--pictures", type=int, default=160, help="of DATA")
    parser.add_argument("--out", type=Path, default=Path("scene"))
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    names = tuple(load_checkpoint(args.checkpoint)["names"])
    first, second = labelled(args.clip, args.teacher, args.out / "teacher", names)
    data: tuple[Path, ...] = (first,)
    taught = None
    if args.beside:
        before, taught = some_of(args.beside, args.pictures, args.out / "beside")
        data = (before, first)
    settings = training.Settings(
        data=data, teacher_boxes=taught, validation=(second,), classes=names, begin_from=args.checkpoint,
        epochs=args.epochs, batch=16, rate=0.0004, warm_up_steps=20, mosaic=0.5, scale=1.5, every=args.epochs,
    )  # fmt: skip
    training.train(settings, args.out / "run", told=print)
    truths = {f"teacher ({Path(args.teacher).stem})": second}
    if args.judge:
        truths[f"judge ({Path(args.judge).stem})"] = labelled(args.clip, args.judge, args.out / "judge", names)[1]
    for who, truth in truths.items():
        was = measured(args.checkpoint, truth, args.out)
        now = measured(args.out / "run" / "best.pt", truth, args.out)
        print(f"second half, {who} as truth: before, after")
        for name in was:
            print(f"  {name:12} {was[name]:.3f} {now[name]:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
