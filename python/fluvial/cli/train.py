"""`fluvial train DATA`: trains the project's own detector on pictures with boxes."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

from fluvial import train as training
from fluvial.errors import ConfigError, FluvialError
from fluvial.train.recipe import read_recipe

__all__ = ["register", "run"]

_OWN = {"run", "command", "out", "config", "resume", "minutes", "json", "verbose", "data"}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "train",
        help="train a detector of your own",
        description="Trains a compact detector on COCO or YOLO folders; leaves best.pt, last.pt, a card and plots.",
    )
    parser.add_argument(
        "data", nargs="*", help="COCO's JSON beside images/, a folder with labels, or videos; several are joined"
    )
    parser.add_argument("--teacher", metavar="MODEL", help="labels the videos: a path, or a name of the list")
    parser.add_argument("--out", type=Path, default=Path("training"), metavar="DIR", help="where everything goes")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML with these settings; the command line wins, {data} is DATA"
    )
    parser.add_argument("--resume", action="store_true", help="go on from last.pt in --out")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, metavar="N", help="end in order before; --resume goes on"
    )
    parser.add_argument("--validation", action="append", metavar="DATA", help="pictures that mAP is measured on")
    parser.add_argument("--teacher-boxes", metavar="FILE", help="COCO result file, for classes that a picture lacks")
    parser.add_argument("--classes", metavar="A,B", help="names to learn, in this order")
    parser.add_argument("--size", metavar="NAME", help="pico, nano, tiny or small")
    parser.add_argument("--input-side", type=int, metavar="N", help="pixels, a multiple of 32")
    parser.add_argument("--begin-from", metavar="FILE", help="best.pt of an earlier training")
    parser.add_argument("--epochs", type=int, metavar="N", help="times that every picture is seen")
    parser.add_argument("--batch", type=int, metavar="N", help="pictures")
    parser.add_argument("--rate", type=float, metavar="R", help="greatest step")
    parser.add_argument(
        "--apart", action="append", metavar="PLACE", help="pictures that must not be among these, or fingerprints"
    )
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    settings = _settings(args)
    if not args.minutes > 0:
        raise ConfigError(f"--minutes {args.minutes:g}: allowed is more than 0")
    try:
        result = training.train(
            settings,
            args.out,
            resume=args.resume,
            minutes=args.minutes,
            told=lambda line: print(line, file=sys.stderr),
        )
    except OSError as error:
        raise FluvialError(str(error)) from error
    if args.json:
        per_class = dict(zip(result.names, map(float, result.scores.by_class), strict=True))
        print(json.dumps({"folder": str(result.folder), "map": result.scores.map, "map_50": result.scores.map_50,
                          "classes": per_class}))  # fmt: skip
    else:
        print(f"mAP {result.scores.map:.3f}, mAP50 {result.scores.map_50:.3f}; {result.folder}/card.md says more")
        print(f"next: fluvial export {result.folder}/best.pt detector.onnx")
    return 0


def _settings(args: argparse.Namespace) -> Any:
    given, is_placed = read_recipe(args.config, args.data) if args.config else ({}, False)
    for key, value in vars(args).items():
        if key not in _OWN and value not in (None, []):
            given[key] = tuple(value.split(",")) if key == "classes" else value
    if args.data and not is_placed:
        videos = tuple(name for name in args.data if _is_video(name))
        given |= {"data": tuple(name for name in args.data if name not in videos), "videos": videos}
    try:
        return training.Settings(**given)
    except ValueError as error:
        raise ConfigError(_words(error)) from None


def _is_video(name: str) -> bool:
    return "://" in name or (Path(name).suffix.lower() not in {"", ".json"} and not Path(name).is_dir())


def _words(error: ValueError) -> str:
    """Pydantic's list of problems, a line each."""
    problems: list[dict[str, Any]] = getattr(error, "errors", list)()
    return "\n".join(_line(p) for p in problems) or str(error)


def _line(problem: dict[str, Any]) -> str:
    place = ".".join(map(str, problem["loc"]))
    if not place:  # of the settings together
        return str(problem["ctx"]["error"])
    return f"{place}: {problem['msg']}, not {problem['input']!r}"
