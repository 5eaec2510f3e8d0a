"""Everything that is claimed of NVIDIA GPUs, checked and measured in one call. This is `make gpu`.

    python bench/gpu.py [--only correct,wall] [--seconds 3] [--assets DIR] [--commit NAME]
    python bench/gpu.py --prepare DIR     on a machine with OpenVINO: clips, and what the CPU path finds on them
    python bench/gpu.py --page [--check]  the table in docs/performance.md, of the results that are there

Each section (bench/gpu_parts/plan.py) runs in a process of its own, which is started anew behind a case that crashes or
hangs. Figures are printed and written as they come, to bench/results/gpu-SECTION.json. ASSETS is a folder with what
--prepare made; networks have random weights, as speed does not depend on them.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import platform
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PARTS = Path(__file__).resolve().parent / "gpu_parts"
sys.path[:0] = [str(Path(__file__).parent), str(PARTS)]

import plan  # noqa: E402
from options import Options  # noqa: E402

import results  # noqa: E402
from harness import ROOT, Row, table  # noqa: E402

RESULTS = ROOT / "bench" / "results"
LAST = 15  # seconds behind the deadline, for what was begun before


@dataclass
class Run:
    """One call of the script, as far as it has come."""

    assets: Path
    folder: Path
    seconds: float
    where: dict[str, Any]
    deadline: float = float("inf")  # of time.monotonic(): no case is begun behind it
    rows: dict[str, list[Row]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def section(self, name: str) -> None:
        cases, limit = plan.SECTIONS[name]
        self.rows[name] = []
        made = Options(self.assets, self.folder, self.seconds)
        print(f"{name}: {made.uhd if name == 'published' else made.hd}", flush=True)  # before several processes want it
        begin = time.monotonic()
        together = tuple(c for c in cases if c in plan.PARALLEL.get(name, ()))
        with concurrent.futures.ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
            for done in [pool.submit(self._cases, name, (case,), limit) for case in together]:
                done.result()
        self._cases(name, tuple(c for c in cases if c not in together), limit)
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
        results.write(RESULTS / f"gpu-{name}.json", self.where, self.rows[name], self.failures)

    def _cases(self, name: str, cases: tuple[str, ...], limit: int) -> None:
        left = list(cases)
        while left:
            before = list(left)
            if time.monotonic() > self.deadline:
                self._fail(name, left.pop(0), "no time was left")
                continue
            try:
                for said in spoken(self._command(name, left), min(limit, self.deadline + LAST - time.monotonic())):
                    self._hear(name, said, left)
                    if "end" in said and time.monotonic() > self.deadline:
                        break
            except RuntimeError as e:
                failed = left.pop(0)
                self._fail(name, failed, str(e))
            if left == before:
                self._fail(name, left.pop(0), "its process ended without a word")

    def _hear(self, name: str, said: dict[str, Any], left: list[str]) -> None:
        if "row" in said:
            row = Row(**said["row"])
            self.rows[name].append(row)
            print(table([row]).splitlines()[1], flush=True)
        elif "failed" in said:
            self._fail(name, left[0], said["failed"])
        elif "end" in said:
            left.remove(said["end"])

    def _fail(self, name: str, case: str, why: str) -> None:
        self.failures.append(f"{name} {case}: {why}")
        print(f"NOT MEASURED {name} {case}: {why[:2000]}", flush=True)

    def _command(self, name: str, cases: list[str]) -> list[str]:
        told = [str(self.assets), str(self.folder), str(self.seconds)]
        return [sys.executable, "-W", "ignore", str(PARTS / "child.py"), name, *told, *cases]


def spoken(command: list[str], limit: float) -> Iterator[dict[str, Any]]:
    """What a child says, line by line; its other output goes to stderr.

    Raises:
        RuntimeError: It said nothing for so many seconds, or crashed.
    """
    path = os.pathsep.join([str(ROOT / "python"), os.environ.get("PYTHONPATH", "")])
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert child.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(child.stdout, lines), daemon=True)
    reader.start()
    last: list[str] = []
    try:
        while (line := lines.get(timeout=limit)) is not None:
            if line.startswith("@"):
                yield json.loads(line[1:])
            else:
                last = [*last[-15:], line.rstrip()]
                print("   ", line.rstrip()[:300], file=sys.stderr, flush=True)
    except queue.Empty:
        raise RuntimeError(f"nothing for {limit} s; it was ended") from None
    finally:
        child.kill()
        child.wait()
    if child.returncode not in (0, -9):
        raise RuntimeError(f"exit {child.returncode}: {' | '.join(last)[-1500:]}")


def _read(stream: Any, lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def machine(commit: str) -> dict[str, Any]:
    """What the figures are of."""

    def told(*command: str) -> str:
        try:
            return subprocess.run(command, capture_output=True, text=True).stdout.strip()
        except OSError:
            return ""

    ask = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    found = "import torch; print(torch.__version__, torch.version.cuda)"
    return {
        "gpu": told("nvidia-smi", *ask).splitlines(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch, cuda": told(sys.executable, "-c", found),
        "gstreamer": told("gst-launch-1.0", "--version").split("\n")[0].rpartition(" ")[2],
        "commit": commit or told("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "command": " ".join(["python", "bench/gpu.py", *_without_folder(sys.argv[1:])]),
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def _without_folder(words: list[str]) -> list[str]:
    """Where the assets lie on a machine is of no interest on another."""
    if "--assets" not in words:
        return words
    at = words.index("--assets")
    return words[:at] + words[at + 2 :]


def prepare(folder: Path) -> None:
    """What the GPU's machine needs and cannot make: clips of the assets' videos, the CPU path's detections, models."""
    import shutil

    import clips
    import detections

    import harness

    assets = harness.assets()
    if assets is None:
        raise SystemExit("no assets: FLUVIAL_ASSETS names their folder")
    folder.mkdir(parents=True, exist_ok=True)
    for model in (detections.MODEL, "deimv2_hgnetv2_femto_coco.onnx"):
        shutil.copy(assets / "models" / model, folder / model)
    reference = {}
    for name, video in detections.CLIPS.items():
        clip = clips.h264_of(assets / "videos" / video, folder / f"{name}.mp4")
        reference[name] = detections.found_on(clip, folder / detections.MODEL, precision="f32")
        print(f"{clip}: {len(reference[name])} frames, {sum(map(len, reference[name]))} objects", flush=True)
    (folder / "reference.json").write_text(json.dumps(reference, separators=(",", ":")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(plan.ON_ONE_GPU), help="sections: " + ", ".join(plan.SECTIONS))
    parser.add_argument("--assets", type=Path, default=ROOT / ".cache" / "bench" / "gpu", help="what --prepare made")
    parser.add_argument("--seconds", type=float, default=3, help="how long one figure is measured")
    parser.add_argument("--minutes", type=float, default=60, help="behind which nothing more is begun")
    parser.add_argument("--commit", default="", help="what is measured, where there is no git")
    parser.add_argument("--prepare", type=Path, metavar="DIR")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--check", action="store_true", help="with --page: write nothing, fail where it would change")
    args = parser.parse_args()
    if args.prepare:
        prepare(args.prepare)
        return 0
    if args.page:
        return results.page(RESULTS, ROOT / "docs" / "performance.md", check=args.check)
    wrong = [name for name in args.only.split(",") if name not in plan.SECTIONS]
    if wrong:
        parser.error(f"no section {wrong[0]!r}; there are {', '.join(plan.SECTIONS)}")
    where = machine(args.commit)
    print(json.dumps(where), flush=True)
    folder = Path(tempfile.gettempdir()) / "fluvial-bench-gpu"
    folder.mkdir(exist_ok=True)
    for known in folder.glob("*.json"):  # what sections tell each other is of one run; clips stay
        known.unlink()
    run = Run(args.assets.resolve(), folder, args.seconds, where, time.monotonic() + 60 * args.minutes)
    for name in args.only.split(","):
        run.section(name)
    results.page(RESULTS, ROOT / "docs" / "performance.md", check=False)
    rows = [row for section in run.rows.values() for row in section]
    print(table(rows), flush=True)
    missed = [row.name for row in rows if not row.is_good]
    print(f"{len(rows)} figures, {len(missed)} gates missed, {len(run.failures)} not measured", flush=True)
    return int(bool(missed or run.failures))


if __name__ == "__main__":
    sys.exit(main())
