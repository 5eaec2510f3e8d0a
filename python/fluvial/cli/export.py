"""`fluvial export best.pt detector.onnx`: a trained detector as a file that any pipeline runs."""

from __future__ import annotations

import argparse
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
    parser.add_argument("file", type=Path, help="the ONNX file")
    parser.add_argument(
        "--pictures", required=True, type=Path, metavar="DATA", help="pictures to compare on, with labels"
    )
    parser.add_argument(
        "--fact", action="append", default=[], metavar="KEY=VALUE", help="further metadata: licence=MIT"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    facts = dict(fact.partition("=")[::2] for fact in args.fact)
    if "" in facts or not all(facts.values()):
        raise ConfigError(f"--fact {args.fact}: allowed is KEY=VALUE, such as licence=MIT")
    made = training.export_onnx(args.checkpoint, args.file, pictures=args.pictures, facts=facts)
    print(f"{made.file}: as the checkpoint, but for {made.pixels:.3f} pixels and {made.score:.4f} of score at most")
    print(f"next: fluvial run VIDEO --model {made.file}")
    return 0
