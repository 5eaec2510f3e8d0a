"""`fluvial tune MODEL`: finds the threads, requests and batch that suit a model on this machine, and keeps them."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from fluvial.backends import Backend
from fluvial.backends._cpus import usable_cpus
from fluvial.backends.choice import NAMES, choose
from fluvial.cli.output import console
from fluvial.errors import ConfigError
from fluvial.models import find
from fluvial.tuning import Measured, Tuned, candidates, describe_version, runner, save, search, subject_of
from fluvial.tuning.store import cpu_name

__all__ = ["register", "run"]

_MOST_STREAMS = 1024


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("tune", help="find the threads, requests and batch that suit a model here")
    parser.add_argument("model", help="a path, or a name of `fluvial models list`")
    parser.add_argument("--streams", type=int, default=1, metavar="N", help="videos that will run at a time")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="to measure for, in all")
    parser.add_argument("--backend", default="auto", choices=("auto", *NAMES), help="who runs the model")
    parser.add_argument("--input-size", metavar="WxH", help="of the pictures, where the file leaves it open")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    size = _judged(args)
    path = find(args.model).path

    def open_backend() -> Backend | None:
        return choose(path, backend=args.backend, input_size=size)

    backend = open_backend()
    subject = subject_of(path, backend, size)
    tried = candidates(cpus=usable_cpus(), streams=args.streams, is_batch_open=subject.is_batch_open)
    found = search(
        tried,
        runner(subject, path, open_backend),
        seconds=args.seconds,
        on_measured=_show_progress if sys.stderr.isatty() else lambda _: None,
    )
    best = found[0].candidate
    tuned = Tuned(
        requests=best.requests,
        threads=best.threads,
        batch=best.batch if subject.is_batch_open else subject.batch,
        rate=round(found[0].rate, 2),
        streams=args.streams,
        backend=describe_version(backend),
        cpu=cpu_name(),
        date=datetime.date.today().isoformat(),
    )
    kept = save(path, tuned)
    if args.json:
        rows = [{**asdict(m.candidate), "rate": round(m.rate, 2), "seconds": round(m.seconds, 3)} for m in found]
        print(json.dumps({"model": str(path), "chosen": asdict(tuned), "measured": rows, "file": str(kept)}))
    else:
        _print(path, tuned, found, kept)
    return 0


def _judged(args: argparse.Namespace) -> tuple[int, int] | None:
    if not 1 <= args.streams <= _MOST_STREAMS:
        raise ConfigError(f"--streams {args.streams}: allowed are 1 to {_MOST_STREAMS}")
    if not 0 < args.seconds <= 3600:
        raise ConfigError(f"--seconds {args.seconds:g}: allowed are more than 0, and 3600 at most")
    if args.input_size is None:
        return None
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", args.input_size)
    if match is None:
        raise ConfigError(f"--input-size {args.input_size}: width and height in pixels are needed: 640x480")
    return int(match[1]), int(match[2])


def _show_progress(one: Measured) -> None:
    c = one.candidate
    text = f"{c.requests} at a time, {c.threads} threads, batch {c.batch}: {one.rate:.1f} pictures/s"
    print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)


def _print(path: Path, tuned: Tuned, found: list[Measured], kept: Path) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    table = Table(box=None, pad_edge=False)
    for title in ("at a time", "threads", "batch", "pictures/s", "measured"):
        table.add_column(title, justify="right")
    for m in found:
        c = m.candidate
        batch = tuned.batch if c == found[0].candidate else c.batch
        table.add_row(str(c.requests), str(c.threads), str(batch), f"{m.rate:.1f}", f"{m.seconds:.2f} s")
    out = console()
    out.print(f"{path.name} with {tuned.backend} on {tuned.cpu}\n", highlight=False)
    out.print(table)
    words = f"chosen: requests={tuned.requests} threads={tuned.threads} batch_size={tuned.batch}"
    out.print(f"\n{words}; used from now on where these are left out", highlight=False, soft_wrap=True)
    out.print(f"kept in {kept}", highlight=False, soft_wrap=True)
