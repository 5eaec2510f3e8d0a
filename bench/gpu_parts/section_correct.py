"""The GPU's detections against the CPU's, of the same clip and model; pixels carried; memcheck on a short pipeline."""

from __future__ import annotations

import torch  # isort: skip

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import detections
import kernels
from options import Options

from fluvial import _core
from harness import Row, Unfit

assert torch


def measure(case: str, options: Options) -> Iterator[Row]:
    if case == "sanitizer":
        yield sanitized(options)
        return
    file = options.assets / "reference.json"
    if not file.exists():
        raise Unfit(f"no {file}: bench/gpu.py --prepare makes it where OpenVINO is")
    wanted = json.loads(file.read_text())[case]
    before = sum(_core.gpu_traffic().values())
    found = detections.found_on(
        options.assets / f"{case}.mp4",
        options.assets / detections.MODEL,
        backend="pytorch",
        device="cuda",
        precision="f32",
    )
    moved = sum(_core.gpu_traffic().values()) - before
    seen = detections.apart(found, wanted)
    note = f"{seen.both} objects on {len(found)} frames of {case}, YOLOX-nano in f32 against OpenVINO"
    yield Row(f"{case}: boxes on the GPU from the CPU's", seen.pixels, "pixels", at_most=1.0, note=note)
    yield Row(f"{case}: confidences", seen.confidence, "", at_most=0.01)
    yield Row(f"{case}: objects that one side lacks", seen.missing, "", at_most=0)
    yield Row(f"{case}: pixels carried", moved, "bytes", at_most=0)


def sanitized(options: Options) -> Row:
    """Memcheck of our kernels alone, where the tool can be told so: the libraries' take minutes."""
    ours = [part for name in kernels.names() for part in ("--kernel-name", f"kns={name}")]
    for only in (ours, []):
        code, said = _checked(only, options)
        if "frames" in said:
            return Row("compute-sanitizer memcheck: exit code", code, "", at_most=0, note=said)
    raise Unfit(f"exit {code}: {said}")


def _checked(only: list[str], options: Options) -> tuple[int, str]:
    check = [_compute_sanitizer(), "--tool", "memcheck", "--error-exitcode", "9", "--report-api-errors", "no", *only]
    script = Path(__file__).parent / "short.py"
    command = [*check, sys.executable, str(script), str(options.assets / "vtest.mp4")]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    told = [line.strip("= ") for line in lines if "ERROR SUMMARY" in line or " frames, " in line]
    return done.returncode, "; ".join(told) or " ".join(lines)[-1500:]


def _compute_sanitizer() -> str:
    found = shutil.which("compute-sanitizer")
    places = [Path("/usr/local/cuda/bin"), Path("/usr/local/cuda/compute-sanitizer")]
    for folder in sys.path:
        places += Path(folder or ".").glob("nvidia/*/compute-sanitizer")
        places += Path(folder or ".").glob("nvidia/cuda_sanitizer_api/**/")
    for place in places:
        if not found and (place / "compute-sanitizer").is_file():
            found = str(place / "compute-sanitizer")
    if not found:
        raise Unfit("no compute-sanitizer: it comes with CUDA's toolkit")
    return found
