"""Writes docs/models.md: which models work, how each is fed and read, how fast, and how far from plain NumPy.

    python tools/models_page.py

Needs the assets for the published files (FLUVIAL_ASSETS); the tiny ones of the heads' golden tests are made here.
"""

from __future__ import annotations

import os
import subprocess
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

Each row was run: a whole pipeline (`fv.Flow(...).infer(FILE)`, nothing else said but thresholds) against plain NumPy
that is fed the same pixels and decodes by the authors' formula. `fluvial models explain FILE` prints the decision for
any file, `fluvial models list` what is known by name; heads and their options: [heads.md](heads.md).

## Published files

*ms*: one inference alone, all cores. *apart*: the greatest difference, of box edges (pixels of the network's input) and
of confidence (hundredths), over so many things.

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


def shape_of(fed: dict[str, Any]) -> str:
    layout = "letterboxed" if fed["keeps_aspect"] else "stretched"
    return f"{fed['width']}x{fed['height']} {fed['color'].upper()}, {layout}"


def milliseconds(path: Path, spec: dict[str, Any]) -> float:
    """The median of 30 inferences of the published precision, one at a time."""
    core = openvino.Core()
    model = core.read_model(str(path))
    fed = spec["input"]
    picture = [1, fed["height"], fed["width"], 3] if fed["layout"] == "nhwc" else [1, 3, fed["height"], fed["width"]]
    model.reshape({p.any_name: picture if p.any_name == fed["name"] else [1, 2] for p in model.inputs})
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    inputs = [np.ones(p.shape, p.element_type.to_dtype()) for p in compiled.inputs]
    took = []
    for _ in range(35):
        start = time.perf_counter()
        compiled(inputs)
        took.append(time.perf_counter() - start)
    return float(np.median(took[5:])) * 1000


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
        head = f"`{spec['head']}`" if "head" in spec else "asks for colours"
        cells = [f"`{model.file}`", head, shape_of(spec["input"]), f"{milliseconds(path, spec):.1f}"]
        rows.append("| " + " | ".join([*cells, str(seen.things), apart]) + " |")
        print(rows[-1], flush=True)
    return rows


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


def main() -> None:
    os.environ.pop("GST_TRACERS", None)
    where = harness.machine()
    text = HEAD.format(**where) + "\n".join(published_rows()) + "\n" + TINY + "\n".join(tiny_rows()) + "\n"
    PAGE.write_text(text)
    print(subprocess.run(["wc", "-l", str(PAGE)], capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
