"""`fluvial run SOURCES...`: detect, track, draw and write, from the command line or a YAML file of the same words."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fluvial.cli.output import console
from fluvial.cli.top import Screen
from fluvial.config import RunConfig, checked, load
from fluvial.errors import ConfigError
from fluvial.flow import Flow

__all__ = ["flow_of", "register", "run"]

_CONFIG_SUFFIXES = (".yaml", ".yml")
_REFRESH_SECONDS = 0.25


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("run", help="find, track and draw objects in videos and streams")
    parser.add_argument("sources", nargs="*", help="paths, patterns, addresses, camera numbers; or one YAML file")
    parser.add_argument("--config", metavar="FILE", help="a YAML file; options given beside it win")
    parser.add_argument(
        "--model", "-m", action="append", metavar="MODEL", help="a file or a name; again: on the objects found"
    )
    parser.add_argument("--threshold", type=float, metavar="SHARE", help="least confidence of an object, 0 to 1")
    parser.add_argument("--interval", type=int, metavar="N", help="batches left out between two that are looked at")
    parser.add_argument("--labels", metavar="FILE", help="names of the classes, one a line")
    parser.add_argument("--device", metavar="NAME", help="where models run: CPU, GPU")
    parser.add_argument("--gpus", metavar="N,N", help="GPUs that share the sources: all, or their numbers: 0,1")
    parser.add_argument("--track", action="store_true", help="give objects ids that stay with them")
    parser.add_argument("--draw", action="store_true", help="draw boxes, labels and ids; --save and --show do")
    parser.add_argument("--no-draw", action="store_true", help="save or show the frames as they came")
    parser.add_argument("--tile", action="store_true", help="all sources in one picture")
    parser.add_argument("--save", "-o", metavar="FILE", help='a video file; with "{source}" in it, one a source')
    parser.add_argument("--json-lines", metavar="FILE", help="every object, one JSON object a line")
    parser.add_argument("--show", action="store_true", help="show the result in a window")
    parser.add_argument("--json", action="store_true", help="the summary as one JSON object on stdout")
    parser.add_argument("--top", action="store_true", help="show what each stage does, as `fluvial top`")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    flow = flow_of(_config(args))
    began = time.monotonic()
    if args.top:
        with Screen(lambda: flow.figures, Console(stderr=True)):
            flow.run()
    elif args.quiet or not sys.stderr.isatty():
        flow.run()
    else:
        _run_with_progress(flow)
    seconds = time.monotonic() - began
    if args.json:
        print(json.dumps(_summary(flow, seconds)))
    else:
        _print_table(flow, seconds)
    for problem in flow.problems:
        print(f"fluvial: {problem.words}", file=sys.stderr)
    return 1 if flow.problems else 0


def flow_of(config: RunConfig) -> Flow:
    """The flow that a config describes. Raises like the flow's own words."""
    flow = Flow(
        config.sources,
        rtsp_latency_ms=config.rtsp_latency_ms,
        batch_wait_ms=config.batch_wait_ms,
        reconnect=False if config.reconnect is None else config.reconnect.model_dump(),
        gpus=config.gpus,
    )
    for model in config.infer:
        flow.infer(**model.model_dump(exclude_unset=True))
    for word in ("track", "draw", "tile", "save", "write_json"):
        settings = getattr(config, word)
        if settings is not None:
            getattr(flow, word)(**settings.model_dump(exclude_unset=True))
    if config.show:
        flow.show()
    return flow


def _config(args: argparse.Namespace) -> RunConfig:
    sources, path = list(args.sources), args.config
    if path is None and len(sources) == 1 and Path(sources[0]).suffix in _CONFIG_SUFFIXES:
        path, sources = sources[0], []
    raw = load(path).model_dump(exclude_unset=True) if path else {}
    raw.update(_from_options(args, raw))
    if sources:
        raw["sources"] = [int(s) if s.isdecimal() else s for s in sources]
    if "sources" not in raw:
        raise ConfigError("no sources\n  hint: fluvial run VIDEO..., or a YAML file")
    return checked(RunConfig, raw, where=path or "options")


def _from_options(args: argparse.Namespace, base: dict[str, Any]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    models = [{"model": m, **({"on": "objects"} if i else {})} for i, m in enumerate(args.model or [])]
    models = models or [dict(m) for m in base.get("infer", [])]
    first = {k: getattr(args, k) for k in ("threshold", "interval", "labels") if getattr(args, k) is not None}
    if first and not models:
        raise ConfigError(f"--{next(iter(first))} without --model")
    for i, model in enumerate(models):
        model.update(first if i == 0 else {})
        model.update({"device": args.device} if args.device else {})
    if models:
        raw["infer"] = models
    raw.update({word: {} for word in ("track", "tile") if getattr(args, word)})
    raw.update({"save": {"path": args.save}} if args.save else {})
    raw.update({"write_json": {"path": args.json_lines}} if args.json_lines else {})
    raw.update({"show": True} if args.show else {})
    raw.update({"gpus": _gpus(args.gpus)} if args.gpus else {})
    wants_drawing = args.draw or ((args.save or args.show) and models and not args.no_draw)
    if wants_drawing and not base.get("draw"):
        raw["draw"] = {}
    return raw


def _gpus(text: str) -> str | list[int]:
    if text == "all":
        return text
    if not all(part.isdecimal() for part in text.split(",")):
        raise ConfigError(f"--gpus {text}: all, or numbers of GPUs: 0,1")
    return [int(part) for part in text.split(",")]


def _run_with_progress(flow: Flow) -> None:
    import threading

    # The run stays in this thread, which alone gets Ctrl+C; the bar has one of its own.
    done = threading.Event()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def refresh() -> None:
            before, at = 0, time.monotonic()
            while not done.wait(_REFRESH_SECONDS):
                stats = flow.stats
                frames, now = sum(s.frames for s in stats.values()), time.monotonic()
                rate = (frames - before) / (now - at)
                before, at = frames, now
                objects = sum(s.objects for s in stats.values())
                words = f"{frames} frames, {rate:.0f} a second, {objects} objects"
                share = flow.progress  # None: a camera; the bar then only moves
                bar.update(task, description=words, total=share and 1.0, completed=share or 0.0)

        thread = threading.Thread(target=refresh, name="fluvial-progress", daemon=True)
        thread.start()
        try:
            flow.run()
        finally:
            done.set()
            thread.join()


def _summary(flow: Flow, seconds: float) -> dict[str, Any]:
    stats = flow.stats
    return {
        "ok": not flow.problems,
        "seconds": round(seconds, 3),
        "frames": sum(s.frames for s in stats.values()),
        "was_interrupted": flow.was_interrupted,
        "sources": {name: {**asdict(s), "fps": round(s.fps, 2)} for name, s in stats.items()},
        "problems": [{"source": p.element, "problem": p.problem, "hint": p.hint} for p in flow.problems],
    }


def _print_table(flow: Flow, seconds: float) -> None:
    table = Table("source", "frames", "objects", "tracks", "fps", "latency ms", "99 %", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, s in flow.stats.items():
        latency = ["-" if v is None else f"{v:.0f}" for v in (s.latency_ms, s.latency_ms_p99)]
        table.add_row(name, str(s.frames), str(s.objects), str(s.tracks), f"{s.fps:.1f}", *latency)
    frames = sum(s.frames for s in flow.stats.values())
    out = console()
    out.print(table)
    out.print(f"{frames} frames in {seconds:.1f} s: {frames / max(seconds, 1e-9):.1f} a second", highlight=False)
