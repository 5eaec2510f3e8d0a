"""`fluvial label VIDEO ... --teacher MODEL`: frames and a teacher's boxes, as a folder to train on."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from fluvial import train as training
from fluvial.errors import ConfigError

__all__ = ["register", "run"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "label",
        help="take frames from videos and let a model label them",
        description="Takes frames where the picture changes; boxes that the teacher is sure of are labels, others are "
        "places to ignore. review.jpg shows them.",
    )
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="files")
    parser.add_argument("--teacher", required=True, metavar="MODEL", help="a path, or a name of `fluvial models list`")
    parser.add_argument("--out", type=Path, default=Path("labelled"), metavar="DIR")
    parser.add_argument(
        "--classes", metavar="A,B=C", help="the teacher's names to keep; B=C: its B is called C. By default all"
    )
    parser.add_argument("--sure", type=float, default=0.5, metavar="P", help="score of a label")
    parser.add_argument("--unsure", type=float, default=0.25, metavar="P", help="score of a place to ignore")
    parser.add_argument(
        "--change", type=float, default=12.0, metavar="LEVELS", help="grey levels that make a frame new"
    )
    parser.add_argument("--most", type=int, default=500, metavar="N", help="pictures of one video")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    made = training.label_videos(
        args.videos,
        args.out,
        teacher=args.teacher,
        sure=args.sure,
        unsure=args.unsure,
        change=args.change,
        most=args.most,
        classes=None if args.classes is None else _names(args.classes),
        told=lambda line: print(line, file=sys.stderr),
    )
    if args.json:
        print(json.dumps({**asdict(made), "folder": str(made.folder)}))
    else:
        words = ", ".join(f"{count} {name}" for name, count in made.boxes.items()) or "no box"
        print(f"{made.pictures} pictures of {made.frames} frames in {made.folder}: {words}")
        print(f"look at {made.folder}/review.jpg, then: fluvial train {made.folder}")
    return 0


def _names(text: str) -> dict[str, str]:
    """`person,vehicle=car`: the teacher's names, and what they are called in the labels."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    names = {theirs.strip(): (ours if sign else theirs).strip() for theirs, sign, ours in pairs}
    if not all(names) or not all(names.values()):
        raise ConfigError(f"--classes {text!r}: names with commas between them, such as person,vehicle=car")
    return names
