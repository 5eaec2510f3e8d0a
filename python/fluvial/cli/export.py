"""`fluvial export best.pt detector.onnx`: a trained detector as a file that any pipeline runs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fluvial import train as training
from fluvial.errors import ConfigError

__all__ = ["register", "run"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "export",
        help="write a trained detector as ONNX",
        description="Writes ONNX with an open batch and what a pipeline has to know; not if its boxes are others than "
        "the checkpoint's.",
    )
    parser.add_argument("checkpoint", type=Path, help="best.pt of `fluvial train`")
    parser.add_argument("file", type=Path, help="the ONNX file; of INT8 also .xml, OpenVINO's own form")
    parser.add_argument(
        "--pictures", required=True, type=Path, metavar="DATA", help="pictures to compare on, with labels"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fp16", action="store_true", help="half the size")
    how.add_argument("--int8", action="store_true", help="a quarter of the size, and faster on a CPU; needs NNCF")
    parser.add_argument("--calibration", type=Path, metavar="DATA", help="where INT8's ranges come from; --pictures")
    parser.add_argument("--calibrate-on", type=int, default=300, metavar="N", help="pictures of it")
    parser.add_argument("--most-drop", type=float, default=0.02, metavar="P", help="mAP that INT8 may lose")
    parser.add_argument(
        "--fact", action="append", default=[], metavar="KEY=VALUE", help="further metadata: licence=MIT"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    facts = dict(fact.partition("=")[::2] for fact in args.fact)
    if "" in facts or not all(facts.values()):
        raise ConfigError(f"--fact {args.fact}: allowed is KEY=VALUE, such as licence=MIT")
    made = training.export_onnx(
        args.checkpoint,
        args.file,
        pictures=args.pictures,
        precision="int8" if args.int8 else "fp16" if args.fp16 else "fp32",
        calibration=args.calibration,
        calibrate_on=args.calibrate_on,
        most_drop=args.most_drop,
        facts=facts,
    )
    before, after = (scores and scores.map for scores in (made.before, made.after))
    if args.json:
        print(json.dumps({"file": str(made.file), "precision": made.precision, "bytes": made.size,
                          "pixels": made.pixels, "score": made.score, "map_before": before, "map": after}))  # fmt: skip
        return 0
    if before is not None:
        print(f"{made.file}: mAP {after:.3f} in INT8, {before:.3f} before")
    else:
        print(f"{made.file}: as the checkpoint, but for {made.pixels:.3f} pixels and {made.score:.4f} of score at most")
    print(f"{made.size:,} bytes; next: fluvial run VIDEO --model {made.file}")
    return 0
