"""`fluvial models`: which there are, what fluvial makes of one, trying one, fetching one."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.table import Table

from fluvial.cli import models_check
from fluvial.cli.output import console
from fluvial.cli.settings import add_settings, settings_of
from fluvial.errors import ModelError, did_you_mean
from fluvial.models import Entry, entries, entry, find
from fluvial.models.explain import explain
from fluvial.models.pull import pull
from fluvial.models.registry import how_to_get

__all__ = ["register", "run"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("models", help="list models, explain one, try one, fetch one")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="models known by name, and whether they are here")
    listing.set_defaults(run=run, action=_list)
    explaining = actions.add_parser("explain", help="how a model is fed and read, and why")
    explaining.add_argument("model", help="a file, or a name of the list")
    add_settings(explaining)
    explaining.set_defaults(run=run, action=_explain)
    pulling = actions.add_parser("pull", help="fetch a model into the cache")
    pulling.add_argument("model", help="a name of the list")
    pulling.set_defaults(run=run, action=_pull)
    checking = actions.add_parser("check", help="run a model on pictures, draw what it finds, say what is implausible")
    models_check.add_arguments(checking)
    for one in (listing, explaining, pulling, checking):
        one.add_argument("--json", action="store_true", help="JSON on stdout")


def run(args: argparse.Namespace) -> int:
    return int(args.action(args))


def _list(args: argparse.Namespace) -> int:
    rows = [_row(one) for one in entries()]
    if args.json:
        print(json.dumps(rows))
        return 0
    table = Table("name", "task", "licence", "here", "about", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["name"], row["task"], row["licence"], "yes" if row["path"] else row["get"], row["about"])
    console().print(table)
    return 0


def _row(one: Entry) -> dict[str, Any]:
    try:
        path: str | None = str(find(one.name).path)
    except ModelError:
        path = None
    return {
        "name": one.name,
        "task": one.task,
        "licence": one.licence,
        "home": one.home,
        "head": one.head,
        "labels": list(one.labels),
        "quality": one.quality,
        "path": path,
        "get": _how(one),
        "how": how_to_get(one),
        "about": one.about,
        "files": [
            [{"name": f.name, "checksum": f.checksum, "address": f.address} for f in b.files] for b in one.builds
        ],
    }


def _how(one: Entry) -> str:
    if not one.builds:
        return "not in this build"
    return "pull" if any(b.is_fetchable for b in one.builds) else "by hand"


def _explain(args: argparse.Namespace) -> int:
    found = explain(find(args.model), **settings_of(args.settings))
    if args.json:
        print(json.dumps(found))
        return 0
    out = console()
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in _decision(found):
        table.add_row(key, value)
    out.print(table)
    out.print("\nwhy")
    for sentence in [*found["evidence"], *(f"warning: {text}" for text in found["warnings"])]:
        out.print(f"  {sentence}", markup=False, highlight=False)
    return 0


def _decision(found: dict[str, Any]) -> list[tuple[str, str]]:
    picture = found["input"]
    layout = f"{picture['width']} x {picture['height']} {picture['color'].upper()}, {picture['layout'].upper()}"
    fit = (
        "stretched" if not picture["keeps_aspect"] else "padded, centred" if picture["is_padding_centred"] else "padded"
    )
    labels = ", ".join(found["labels"][:8]) + (", ..." if len(found["labels"]) > 8 else "")
    rows = [
        ("file", found["path"]),
        ("inputs", _tensors(found["inputs"])),
        ("outputs", _tensors(found["outputs"])),
        ("head", found["head"] + (", then nms" if found["needs_nms"] else "")),
        ("picture", f"{layout}, {fit}"),
        ("pixels", f"(0..255 - {_three(picture['offset'])}) * {_three(picture['scale'])}"),
        ("batch", "any" if found["is_batch_open"] else "fixed"),
        ("classes", str(found["class_count"] or "as many as appear")),
        ("labels", labels or "none: give labels=[...] or a file"),
    ]
    if found["options"]:
        rows.append(("options", ", ".join(f"{k}={v}" for k, v in found["options"].items())))
    return [(k, v.replace("[", r"\[")) for k, v in rows]


def _tensors(tensors: list[dict[str, Any]]) -> str:
    words = [f"{t['name']} {t['type']}[{','.join('?' if n < 0 else str(n) for n in t['shape'])}]" for t in tensors]
    return ", ".join(words)


def _three(values: list[float]) -> str:
    same = len(set(values)) == 1
    return f"{values[0]:.6g}" if same else "(" + ", ".join(f"{v:.6g}" for v in values) + ")"


def _pull(args: argparse.Namespace) -> int:
    known = entry(args.model)
    if known is None:
        hint = did_you_mean(args.model, [e.name for e in entries()], listed=20)
        raise ModelError(f"no model {args.model!r} in the list\n  hint: {hint}")
    try:
        path = find(known.name).path
    except ModelError:
        path = pull(known, on_progress=_show_progress if sys.stderr.isatty() else None)
    if args.json:
        print(json.dumps({"name": known.name, "path": str(path), "licence": known.licence}))
    else:
        print(f"{path} ({known.licence}, {known.home})")
    return 0


def _show_progress(name: str, there: int, size: int) -> None:
    share = f"{100 * there // size:3d} %" if size else f"{there >> 10} KiB"
    end = "\n" if size and there >= size else ""
    print(f"\r{name} {share}", end=end, file=sys.stderr, flush=True)
