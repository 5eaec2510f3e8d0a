"""Writes docs/models.md: which models work, how each is fed and read, how fast, and how far from plain NumPy.

    python tools/models_page.py
    python tools/models_page.py --forms    only the tiny ones, in seconds and without assets: after a new golden case
    python tools/models_page.py --times    only the published files' times, measured anew
    python tools/models_page.py --check    only whether the page has the rows that it should have; part of `make docs`

Needs the assets for the published files (FLUVIAL_ASSETS); the tiny ones of the heads' golden tests are made here.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import openvino

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "python"), str(ROOT / "bench")]

import test_heads_golden as heads  # noqa: E402

import golden  # noqa: E402
import harness  # noqa: E402
import published  # noqa: E402
from fluvial.models.registry import assets_folder  # noqa: E402

PAGE = ROOT / "docs" / "models.md"
UNITS = {"objects": "px", "points": "px", "classes": "wrong", "map": "% of pixels", "vector": "of cosine"}

HEAD = """# Models

Written by `python tools/models_page.py`; figures of {cpu}, {cores} cores, {system},
OpenVINO {openvino}, commit {commit}.

Each row was run: a whole pipeline (`fv.Flow(...).infer(FILE)`, nothing else said but thresholds, and colours where the
row says so: nothing in those files tells them, and inspection asks) against plain NumPy that is fed the same pixels and
decodes by the authors' formula. `fluvial models explain FILE` prints the decision for any file, `fluvial models list`
what is known by name; heads and their options: [heads.md](heads.md).

## Published files

*ms*: one inference alone, all cores, the best of 60. *apart*: the greatest difference, of box edges (pixels of the
network's input) and of confidence (hundredths), over so many things.

| file | head | input | ms | things | apart |
|---|---|---|---|---|---|
"""

TINY = """
## One of each form

Tiny networks with the names, shapes and metadata of published exports; their answers are constants, so they have no
speed. A row is "ok" where every object of the reference was found within a pixel, and nothing else.

| form | head | outputs | golden |
|---|---|---|---|
"""


def shape_of(fed: dict[str, Any], *, asks: bool) -> str:
    layout = "letterboxed" if fed["keeps_aspect"] else "stretched"
    return f"{fed['width']}x{fed['height']} {fed['color'].upper()}{' (said)' if asks else ''}, {layout}"


def milliseconds(path: Path, spec: dict[str, Any]) -> float:
    """The best of 60 inferences of the published precision, one at a time: what else runs here cannot shorten one."""
    core = openvino.Core()
    model = core.read_model(str(path))
    fed = spec["input"]
    picture = [1, fed["height"], fed["width"], 3] if fed["layout"] == "nhwc" else [1, 3, fed["height"], fed["width"]]
    model.reshape({p.any_name: picture if p.any_name == fed["name"] else [1, 2] for p in model.inputs})
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    inputs = [np.ones(p.shape, p.element_type.to_dtype()) for p in compiled.inputs]
    took = []
    for _ in range(60):
        start = time.perf_counter()
        compiled(inputs)
        took.append(time.perf_counter() - start)
    return min(took) * 1000


def published_rows() -> list[str]:
    rows = []
    for model, path, video in published.present(assets_folder()):
        spec = published.spec_of(model, path)
        with tempfile.TemporaryDirectory() as folder:
            clip = published.frames_of_size(video, spec["input"]["width"], spec["input"]["height"], Path(folder))
            seen = published.compare(model, path, clip)
        apart = f"{seen.worst:.1g} {UNITS[model.kind]}" + (f", {seen.unmatched} amiss" if seen.unmatched else "")
        if model.kind == "classes":
            apart = f"{seen.unmatched} wrong"
        fed = shape_of(spec["input"], asks=model.asks)
        cells = [f"`{model.file}`", f"`{spec['head']}`", fed, f"{milliseconds(path, spec):.1f}"]
        rows.append("| " + " | ".join([*cells, str(seen.things), apart]) + " |")
        print(rows[-1], flush=True)
    return rows


def with_times(page: str) -> str:
    """The page, with the times of now."""
    for model, path, _ in published.present(assets_folder()):
        took = milliseconds(path, published.spec_of(model, path))
        row = re.compile(rf"^(\| `{re.escape(model.file)}` \|[^|]*\|[^|]*\|) [^|]* \|", re.MULTILINE)
        page = row.sub(rf"\1 {took:.1f} |", page)
    return page


def tiny_rows() -> list[str]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        clip = heads.make_clip(Path(folder))
        for case in golden.cases():
            path = Path(folder) / f"{case.name}.onnx"
            case.make(path)
            outputs = ", ".join(f"{n} {list(v.shape)}" for n, v in golden.run_model(path).items())
            try:
                heads.check_case(case, clip, path)
                verdict = "ok"
            except AssertionError as e:
                verdict = str(e).splitlines()[0]
            rows.append(f"| {case.name} | `{case.head}` | {outputs} | {verdict} |")
            print(rows[-1], flush=True)
    return rows


def problems_of(page: str) -> list[str]:
    """What a page lacks, has too much, or says is wrong; figures are not looked at."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] != "|--"]
    rows = [row for row in rows if len(row) > 3 and row[0] not in ("file", "form", "---")]
    there = {row[0].strip("`"): row for row in rows}
    wanted = {model.file: "" for model in published.PUBLISHED} | {case.name: case.head for case in golden.cases()}
    missing = [f"{name}: no row" for name in wanted if name not in there]
    unknown = [f"{name}: a row of what is not measured any more" for name in there if name not in wanted]
    other = [
        f"{name}: the row says head {row[1]}, it is `{wanted[name]}`"
        for name, row in there.items()
        if wanted.get(name) and row[1] != f"`{wanted[name]}`"
    ]
    wrong = [
        f"{name}: {row[-1]}"
        for name, row in there.items()
        if (wanted.get(name) and row[-1] != "ok") or re.search(r"amiss|[1-9]\d* wrong|not decided", row[-1])
    ]
    return missing + unknown + other + wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 where rows are not right")
    parser.add_argument("--forms", action="store_true", help="write the tiny ones' rows alone")
    parser.add_argument("--times", action="store_true", help="write the published files' times alone")
    args = parser.parse_args()
    if args.check:
        problems = problems_of(PAGE.read_text())
        for problem in problems:
            print(f"docs/models.md: {problem}", file=sys.stderr)
        if problems:
            print(
                "  hint: python tools/models_page.py writes it anew, with the assets; --forms what needs none",
                file=sys.stderr,
            )
        return 1 if problems else 0
    os.environ.pop("GST_TRACERS", None)
    if args.forms:
        PAGE.write_text(PAGE.read_text().split(TINY)[0] + TINY + "\n".join(tiny_rows()) + "\n")
        return 0
    if args.times:
        PAGE.write_text(with_times(PAGE.read_text()))
        return 0
    where = harness.machine()
    text = HEAD.format(**where) + "\n".join(published_rows()) + "\n" + TINY + "\n".join(tiny_rows()) + "\n"
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
