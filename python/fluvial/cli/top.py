"""`fluvial top`: a running flow of this user, live: what each source, stage and queue does, and the GPUs with them."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.live import Live

from fluvial._nvml import Nvml
from fluvial._publish import Running, Watch, running
from fluvial.cli.output import console
from fluvial.cli.top_view import Reading, rates, view
from fluvial.errors import ConfigError, FluvialError

__all__ = ["Screen", "register", "run"]

_LONGEST_SECONDS = 3600
_LINES = 60  # where no window says how many


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("top", help="what a running flow does: speed, stages, queues, GPUs")
    parser.add_argument("flow", nargs="?", help="process id of the flow, PID-N for the N-th in a process; the only one")
    parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between two looks")
    parser.add_argument("--once", action="store_true", help="one look, then end")
    parser.add_argument("--json", action="store_true", help="one JSON object a look, on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if not 0.1 <= args.interval <= _LONGEST_SECONDS:
        raise ConfigError(f"--interval {args.interval:g}: allowed are 0.1 to {_LONGEST_SECONDS} seconds")
    watch = _watch(_chosen(args.flow, running()))
    with contextlib.closing(watch), contextlib.closing(_Looks(watch.ask)) as looks:
        found = _every(looks, args.interval, is_once=args.once)
        if args.json:
            for one in found:
                print(json.dumps(one), flush=True)
        elif args.once or not sys.stdout.isatty():
            out = console()
            for one in found:
                out.print(view(one, rows=10_000))
        else:
            _show(found)
    return 0


class Screen:
    """The same of a flow in this process, from its start to its end.

    Args:
        figures: Gives them now; None: it does not run.
        out: Where to draw.
        interval: Seconds between two looks.
    """

    def __init__(self, figures: Callable[[], dict[str, Any] | None], out: Console, *, interval: float = 0.5) -> None:
        self._looks, self._out, self._interval = _Looks(figures), out, interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="fluvial-top", daemon=True)

    def __enter__(self) -> Screen:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._looks.close()

    def _draw(self) -> None:
        with Live(console=self._out, auto_refresh=False, transient=True) as live:
            while not self._over.wait(self._interval):
                found = self._looks.next()
                if found is not None:
                    live.update(view(found, rows=self._out.height), refresh=True)


class _Looks:
    """Rates since the look before."""

    def __init__(self, figures: Callable[[], dict[str, Any] | None]) -> None:
        self._figures, self._before = figures, None
        self._nvml: Nvml | None = None
        with contextlib.suppress(OSError):
            self._nvml = Nvml()

    _before: Reading | None

    def next(self) -> dict[str, Any] | None:
        """None: the flow has ended."""
        figures = self._figures()
        if figures is None:
            return None
        bus_ids = [gpu["bus_id"] for gpu in figures["gpus"]]
        gpus = self._nvml.by_bus_id(bus_ids) if self._nvml else [None] * len(bus_ids)
        now = Reading(time.monotonic(), figures, gpus)
        before, self._before = self._before or now, now
        return rates(before, now)

    def close(self) -> None:
        if self._nvml:
            self._nvml.close()


def _every(looks: _Looks, interval: float, *, is_once: bool) -> Iterator[dict[str, Any]]:
    pause = threading.Event()  # waits so that Ctrl+C is seen
    while (found := looks.next()) is not None:
        yield found
        if is_once:
            return
        pause.wait(interval)


def _show(found: Iterator[dict[str, Any]]) -> None:
    out = console()
    last = None
    with Live(console=out, auto_refresh=False, screen=True) as live:
        for last in found:
            live.update(view(last, rows=out.height), refresh=True)
    if last is not None:  # stays when the screen has gone
        out.print(view(last, rows=_LINES))
        out.print("the flow has ended", highlight=False)


def _chosen(given: str | None, flows: list[Running]) -> Running:
    named = [f"{one.pid}-{one.number}" for one in flows]
    if not flows:
        raise FluvialError(
            "no flow runs that this user may watch\n"
            "  hint: it shows programs with a Flow and `fluvial run`, while they run"
        )
    if given is None:
        if len(flows) > 1:
            raise FluvialError(f"{len(flows)} flows run\n  hint: fluvial top, and one of: {', '.join(named)}")
        return flows[0]
    fitting = [one for one, name in zip(flows, named, strict=True) if given in (str(one.pid), name)]
    if len(fitting) != 1:
        problem = "no flow runs in it" if not fitting else f"{len(fitting)} flows run in it"
        raise FluvialError(f"{given}: {problem}\n  hint: one of: {', '.join(named)}")
    return fitting[0]


def _watch(flow: Running) -> Watch:
    try:
        return Watch(flow.path)
    except OSError as e:
        raise FluvialError(f"{flow.pid}: it ended just now ({e})") from None
