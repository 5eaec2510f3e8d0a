"""What `fluvial top` shows: two readings of a flow's figures as tables of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from fluvial._nvml import Gpu

__all__ = ["Reading", "rates", "view"]

_BAR = 10


@dataclass(frozen=True)
class Reading:
    """Figures of a flow at one time.

    Attributes:
        at: Seconds, of a clock that does not jump.
        figures: As the flow gives them.
        gpus: The GPUs that it names, in its order; None for one of which nothing is known.
    """

    at: float
    figures: dict[str, Any]
    gpus: Sequence[Gpu | None] = ()


def rates(before: Reading, now: Reading) -> dict[str, Any]:
    """What changed between two readings, by the second; of the same kind as what `--json` prints.

    Args:
        before: The earlier one; the same as `now`: from the flow's beginning on.
        now: The later one.
    """
    new, old = now.figures, before.figures
    seconds = now.at - before.at
    if seconds <= 0:
        old, seconds = {}, max(new["up_seconds"], 1e-9)
    sources = [_source(s, _named(old.get("sources", ()), s["name"]), seconds) for s in new["sources"]]
    stages = [
        _stage(s, o, seconds) for s, o in zip(new["stages"], _padded(old.get("stages"), new["stages"]), strict=True)
    ]
    return {
        "pid": new["pid"],
        "program": new["program"],
        "up_seconds": new["up_seconds"],
        "fps": sum(s["fps"] for s in sources),
        "cpu_percent": 100 * (new["cpu_seconds"] - old.get("cpu_seconds", 0.0)) / seconds,
        "memory_bytes": new["memory_bytes"],
        "threads": new["threads"],
        "sources": sources,
        "stages": stages,
        "queues": new["queues"],
        "gpus": [
            {"gpu": number, "name": name, **({} if seen is None else _gpu(seen))}
            for (number, name), seen in zip(_gpu_names(new), now.gpus or [None] * len(new["gpus"]), strict=True)
        ],
    }


def view(found: dict[str, Any], *, rows: int) -> Group:
    """A screen of that.

    Args:
        found: Of `rates`.
        rows: Lines that there is room for: of many sources, the slowest are shown.
    """
    parts: list[Any] = [_head(found)]
    others = 8 + len(found["stages"]) + (2 + len(found["queues"]) if found["queues"] else 0)
    others += 3 + len(found["gpus"]) if found["gpus"] else 0
    parts += _sources(found["sources"], most=max(3, rows - others))
    parts += ["", _stages(found["stages"])]
    if found["queues"]:
        parts += ["", _queues(found["queues"])]
    if found["gpus"]:
        parts += ["", _gpus(found["gpus"])]
    return Group(*parts)


# --- rates ------------------------------------------------------------------------------------------------------------


def _named(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((row for row in rows if row["name"] == name), {})


def _padded(rows: Sequence[dict[str, Any]] | None, like: Sequence[Any]) -> Sequence[dict[str, Any]]:
    return rows if rows and len(rows) == len(like) else [{}] * len(like)


def _source(new: dict[str, Any], old: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**new, "fps": (new["frames"] - old.get("frames", 0)) / seconds}


def _stage(new: dict[str, Any], old: dict[str, Any], seconds: float) -> dict[str, Any]:
    timed = new["timed"] - old.get("timed", 0)
    return {
        "name": new["name"],
        "gpu": new["gpu"],
        "batches_per_second": (new["batches"] - old.get("batches", 0)) / seconds,
        "fps": (new["frames"] - old.get("frames", 0)) / seconds,
        "ms": 1000 * (new["seconds"] - old.get("seconds", 0.0)) / timed if timed else None,
        "inside": new["inside"],
    }


def _gpu_names(figures: dict[str, Any]) -> list[tuple[int, str]]:
    return [(gpu["gpu"], gpu["name"]) for gpu in figures["gpus"]]


def _gpu(seen: Gpu) -> dict[str, Any]:
    return {
        "busy_percent": seen.busy,
        "decoding_percent": seen.decoding,
        "used_bytes": seen.total - seen.free,
        "total_bytes": seen.total,
    }


# --- the screen -------------------------------------------------------------------------------------------------------


def _head(found: dict[str, Any]) -> Text:
    minutes, seconds = divmod(int(found["up_seconds"]), 60)
    up = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    memory = f"{found['memory_bytes'] / 2**20:,.0f} MiB"
    return Text.assemble(
        (f"{found['fps']:,.1f} frames/s", "bold"),
        f"   CPU {found['cpu_percent']:.0f} %   {memory}   {found['threads']} threads   up {up}   "
        f"{found['program']} ({found['pid']})\n",
    )


def _table(*titles: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for n, title in enumerate(titles):
        table.add_column(title, justify="left" if n < left else "right", no_wrap=True)
    return table


def _sources(sources: list[dict[str, Any]], *, most: int) -> list[Any]:
    has_gpu = any(s["gpu"] is not None for s in sources)
    titles = ("source", "frames/s", "frames", "waiting", "objects", "latency ms", "99 %", "dropped")
    table = _table(*titles, *(["GPU"] if has_gpu else []), "")
    shown = sources if len(sources) <= most else sorted(sources, key=lambda s: s["fps"])[: most - 1]
    for s in shown:
        latency = ["-" if v is None else f"{v:,.0f}" for v in (s["latency_ms"], s["latency_ms_p99"])]
        dropped = "-" if s["dropped"] is None else f"{s['dropped']:,}"
        figures = [f"{s['fps']:,.1f}", f"{s['frames']:,}", str(s["waiting"]), f"{s['objects']:,}", *latency, dropped]
        gpu = ["-" if s["gpu"] is None else str(s["gpu"])] if has_gpu else []
        table.add_row(escape(s["name"]), *figures, *gpu, Text(s["problem"], "red"))
    hidden = len(sources) - len(shown)
    return [table, *([Text(f"and {hidden} faster ones", "dim")] if hidden else [])]


def _stages(stages: list[dict[str, Any]]) -> Table:
    table = _table("stage", "batches/s", "frames/s", "ms a batch", "batches inside")
    for s in stages:
        name = escape(s["name"]) + ("" if s["gpu"] is None else f" [dim]GPU {s['gpu']}[/dim]")
        took = "-" if s["ms"] is None else f"{s['ms']:,.2f}"
        table.add_row(name, f"{s['batches_per_second']:,.1f}", f"{s['fps']:,.1f}", took, str(s["inside"]))
    return table


def _queues(queues: list[dict[str, Any]]) -> Table:
    table = _table("queue", "", "batches", left=2)
    for q in queues:
        name = escape(q["name"]) + ("" if q["gpu"] is None else f" [dim]GPU {q['gpu']}[/dim]")
        share = q["level"] / q["most"] if q["most"] else 0.0
        table.add_row(name, _bar(100 * share), f"{q['level']} of {q['most']}")
    return table


def _gpus(gpus: list[dict[str, Any]]) -> Table:
    table = _table("GPU", "", "computing", "", "decoding", "", "memory", left=1)
    for g in gpus:
        if "used_bytes" not in g:
            table.add_row(f"{g['gpu']} {escape(g['name'])} [dim](the driver does not tell)[/dim]")
            continue
        memory = f"{g['used_bytes'] / 2**30:,.1f} of {g['total_bytes'] / 2**30:,.1f} GiB"
        row: list[Any] = [f"{g['gpu']} {escape(g['name'])}"]
        for key in ("busy_percent", "decoding_percent"):
            row += ["", "-"] if g[key] is None else [_bar(g[key]), f"{g[key]} %"]
        table.add_row(*row, _bar(100 * g["used_bytes"] / g["total_bytes"]), memory)
    return table


def _bar(percent: float) -> Text:
    full = min(_BAR, round(percent / 100 * _BAR))
    return Text.assemble(("#" * full, "green" if percent < 90 else "yellow"), ("." * (_BAR - full), "dim"))
