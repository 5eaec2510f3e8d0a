"""What the benchmarks share: clips, models, child processes that say what they cost, fair comparison, the table.

Every measured thing runs in a process of its own. Two things to compare run in turns, A B B A ..., so that a machine
that gets slower or warmer is no advantage to either, and the figure is the ratio of the best of each. A run that did no
work is refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
PLUGINS = ROOT / "python" / "fluvial" / "lib" / "gstreamer-1.0"


class Unfit(Exception):
    """A run that measures nothing, or a machine that lacks what a benchmark needs."""


@dataclass(frozen=True)
class Run:
    """What one child process says of itself, from the first buffer to the end of the stream."""

    frames: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    objects: int = 0
    buffers: int = 0
    peak_kb: int = 0
    copied: dict[str, int] = field(default_factory=dict)  # element -> bytes of pixels it wrote
    resident_kb: list[tuple[int, int]] = field(default_factory=list)  # (frame, kB)

    @property
    def fps(self) -> float:
        return self.frames / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU time of one frame, of all threads together."""
        return self.cpu_seconds / self.frames * 1000

    @property
    def objects_per_frame(self) -> float:
        return self.objects / self.frames


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    unit: str
    at_most: float | None = None  # a gate; None: informational
    at_least: float | None = None
    spread: float | None = None  # percent: how far the median run lies from the best
    note: str = ""

    @property
    def is_good(self) -> bool:
        too_much = self.at_most is not None and self.value > self.at_most
        too_little = self.at_least is not None and self.value < self.at_least
        return not (too_much or too_little)

    @property
    def gate(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""


# --- clips and models -------------------------------------------------------------------------------------------------
def assets() -> Path | None:
    named = os.environ.get("FLUVIAL_ASSETS")
    folder = Path(named) if named else ROOT.parent / "shared" / "assets"
    return folder if folder.is_dir() else None


def _original() -> Path:
    # The street scene with most people.
    beside = assets()
    folders = [Path("/usr/share/doc/opencv-doc/examples/data"), beside / "videos" if beside else None]
    for folder in folders:
        if folder and (folder / "vtest.avi").is_file():
            return folder / "vtest.avi"
    bikes = ROOT / ".cache" / "footage" / "bikes.mp4"
    if bikes.is_file():
        return bikes
    raise Unfit("no footage: tools/setup.sh footage")


def clip(frames: int) -> Path:
    """An H.264 clip of at most so many frames, made once: vtest.avi where it is found, else bikes.mp4."""
    source = _original()
    made = CACHE / f"{source.stem}-{frames}.mp4"
    if not made.exists():
        _encode(f"filesrc location={source} ! decodebin ! identity eos-after={frames + 1}", "qtmux", made)
    return made


def raw_clip(frames: int) -> Path:
    """The frames of `clip`, decoded: I420 pictures one after the other."""
    video = clip(frames)
    made = CACHE / f"{video.stem}.yuv"
    if not made.exists():
        part = made.with_suffix(".part")
        count_frames(f"{plain_decode(video)} ! filesink name=count location={part} sync=false")
        part.rename(made)
    return made


def endless_clip(frames: int) -> Path:
    """At least so many frames as a plain H.264 stream, which can simply be repeated end to end."""
    source = _original()
    once = CACHE / f"{source.stem}.h264"
    if not once.exists():
        _encode(f"filesrc location={source} ! decodebin", "video/x-h264,stream-format=byte-stream", once)
    made = CACHE / f"{source.stem}-{frames}.h264"
    if not made.exists():
        rounds = -(-frames // count_frames(f"filesrc location={once} ! h264parse ! fakesink name=count"))
        with made.with_suffix(".part").open("wb") as out:
            for _ in range(rounds):
                out.write(once.read_bytes())
        made.with_suffix(".part").rename(made)
    return made


def _encode(frames: str, container: str, made: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    part = made.with_suffix(".part")
    encode = (
        "videoconvert ! video/x-raw,format=I420 ! x264enc speed-preset=veryfast bitrate=1500 key-int-max=50 ! h264parse"
    )
    subprocess.run(
        ["gst-launch-1.0", "-q", *f"{frames} ! {encode} ! {container} ! filesink location={part}".split()],
        check=True,
        env=environment(
            GST_PLUGIN_PATH="", GST_REGISTRY=str(CACHE / "stock.bin")
        ),  # stock decoders: ours give surfaces
    )
    part.rename(made)


def model(name: str = "yolox-nano") -> Path:
    """The file of a model that the project's list knows."""
    from fluvial.errors import ModelError
    from fluvial.models.registry import find

    try:
        return find(name).path
    except ModelError as e:
        raise Unfit(str(e)) from None


def infer_config(path: Path, *, batch: int, threshold: float = 0.3) -> Path:
    """A configuration as a DeepStream program would give it to nvinfer."""
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / f"infer-{path.stem}-{batch}-{threshold:g}.txt"
    file.write_text(
        f"[property]\nonnx-file={path}\nbatch-size={batch}\n\n"
        f"[class-attrs-all]\npre-cluster-threshold={threshold:g}\nnms-iou-threshold=0.6\ntopk=300\n"
    )
    return file


def classifier_config(path: Path, *, batch: int) -> Path:
    """A configuration for nvinfer on the objects of inference 1."""
    file = CACHE / f"classify-{path.stem}-{batch}.txt"
    CACHE.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"[property]\nonnx-file={path}\nbatch-size={batch}\nnetwork-type=1\nprocess-mode=2\ngie-unique-id=2\n"
        "operate-on-gie-id=1\nmodel-color-format=1\nclassifier-threshold=0.1\n"
    )
    return file


# --- pipelines --------------------------------------------------------------------------------------------------------
def decode(video: Path) -> str:
    """Ours: any decoder of this machine inside."""
    return f"filesrc location={video} ! {_parser(video)} ! nvv4l2decoder"


def plain_decode(video: Path) -> str:
    """GStreamer's own, set as ours sets it: one thread."""
    return f"filesrc location={video} ! {_parser(video)} ! avdec_h264 max-threads=1"


def _parser(video: Path) -> str:
    return "qtdemux ! h264parse" if video.suffix == ".mp4" else "h264parse"


def analytics(
    video: Path, config: Path, *, streams: int = 1, size: tuple[int, int] | None = None, count: str = "sink"
) -> str:
    """decode - mux - infer - track of so many copies of one clip.

    Args:
        video: The clip.
        config: What nvinfer is given.
        streams: How many copies.
        size: Width and height of the mux; left out, the clip's own, so that the mux has nothing to scale.
        count: Where frames are counted and probed: "sink", or "track", before the tracker has dropped anything.
    """
    width, height = size or frame_size(video)
    sources = " ".join(f"{decode(video)} ! mux.sink_{i}" for i in range(streams))
    return (
        f"{sources} nvstreammux name=mux batch-size={streams} width={width} height={height} batched-push-timeout=40000 "
        f"! nvinfer name=infer config-file-path={config} batch-size={streams} "
        f"! nvtracker name={'count' if count == 'track' else 'track'} "
        f"! fakesink name={'count' if count == 'sink' else 'sink'} sync=false"
    )


def raw_frames(video: Path) -> str:
    """What a camera without compression gives, as fast as it is taken."""
    width, height = frame_size(video)
    return (
        f"filesrc location={video} blocksize={width * height * 3 // 2} "
        f"! rawvideoparse format=i420 width={width} height={height} framerate=10/1"
    )


def detection(video: Path, config: Path) -> str:
    """decode - mux - infer of one clip; of a raw one, mux - infer."""
    width, height = frame_size(video)
    frames = raw_frames(video) if video.suffix == ".yuv" else decode(video)
    return (
        f"{frames} ! mux.sink_0 nvstreammux name=mux batch-size=1 width={width} height={height} "
        f"! nvinfer config-file-path={config} ! fakesink name=count sync=false"
    )


def frame_size(video: Path) -> tuple[int, int]:
    """Of the clips that come from vtest.avi or bikes.mp4."""
    return (768, 576) if video.stem.startswith("vtest") else (640, 272)


# --- children ---------------------------------------------------------------------------------------------------------
def environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "GST_PLUGIN_PATH": str(PLUGINS),
        "GST_REGISTRY": str(CACHE / "registry.bin"),
        "PYTHONPATH": str(ROOT / "python"),
        **more,
    }


def launcher() -> Path:
    """bench/launch.c, compiled when it is newer than its program."""
    source, program = ROOT / "bench" / "launch.c", CACHE / "launch"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    CACHE.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "gstreamer-1.0"], check=True, capture_output=True, text=True
    )
    library = PLUGINS.parent
    ours = [f"-I{ROOT}/include/deepstream", f"-L{library}", "-lfluvialmeta", f"-Wl,-rpath,{library}"]
    command = ["cc", "-O2", "-Wall", "-Werror", str(source), "-o", str(program), *ours, *flags.stdout.split()]
    subprocess.run(command, check=True)
    return program


def tell(command: Sequence[str | Path], **more: str) -> dict[str, Any]:
    """Runs a child whose last line of output is JSON.

    Args:
        command: The program and its arguments.
        **more: Environment variables.
    """
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=environment(**more))
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise Unfit(f"{' '.join(map(str, command))[:400]}\n  exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    said: dict[str, Any] = json.loads(lines[-1])
    return said


def run(command: Sequence[str | Path], *, frames: int | None = None, **more: str) -> Run:
    """Runs a child that says what it cost.

    Args:
        command: The program and its arguments.
        frames: How many it must have worked on, if known.
        **more: Environment variables.
    """
    result = Run(**tell(command, **more))
    if result.frames == 0 or (frames is not None and result.frames < frames):
        raise Unfit(f"{' '.join(map(str, command))[:400]}\n  only {result.frames} frames of {frames}")
    return result


def launch(pipeline: str, *, frames: int | None = None, sample: int = 0, cycles: int = 0) -> Run:
    """Runs a pipeline in a process without Python."""
    return run([launcher(), pipeline, "--sample", str(sample), "--cycles", str(cycles)], frames=frames)


def python(script: str, *args: str | Path, frames: int | None = None) -> Run:
    """Runs one of the programs in bench/children/."""
    return run([sys.executable, ROOT / "bench" / "children" / f"{script}.py", *args], frames=frames)


def count_frames(pipeline: str) -> int:
    return launch(pipeline).frames


# --- comparing --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Comparison:
    a: list[Run]
    b: list[Run]

    def ratio(self, cost: Callable[[Run], float]) -> float:
        """Cost of b over cost of a, the best run of each."""
        return min(map(cost, self.b)) / min(map(cost, self.a))

    def spread(self, cost: Callable[[Run], float]) -> float:
        """Percent; the larger of the two sides'."""
        return max(spread([cost(r) for r in side]) for side in (self.a, self.b))


def compare(a: Callable[[], Run], b: Callable[[], Run], *, rounds: int) -> Comparison:
    """Runs both, a b b a a b ..., so many times each."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    for i in range(rounds):
        for side in ((0, 1), (1, 0))[i % 2]:
            runs[side].append((a, b)[side]())
    return Comparison(*runs)


def best(call: Callable[[], Run], cost: Callable[[Run], float], *, rounds: int) -> tuple[Run, float]:
    """The cheapest of so many runs, and the spread in percent."""
    runs = [call() for _ in range(rounds)]
    return min(runs, key=cost), spread([cost(r) for r in runs])


def spread(costs: Sequence[float]) -> float:
    return (statistics.median(costs) / min(costs) - 1) * 100


# --- showing ----------------------------------------------------------------------------------------------------------
def machine() -> dict[str, Any]:
    import numpy
    import openvino

    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    version = subprocess.run(["gst-launch-1.0", "--version"], capture_output=True, text=True).stdout.split()[2:3]
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "system": next(
            (line.split('"')[1] for line in _lines("/etc/os-release") if line.startswith("PRETTY_NAME")), "?"
        ),
        "python": platform.python_version(),
        "gstreamer": version[0] if version else "?",
        "openvino": openvino.__version__.split("-")[0],
        "numpy": numpy.__version__,
        "commit": _commit(),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _commit() -> str:
    if not shutil.which("git"):
        return "?"
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()


def table(rows: Sequence[Row]) -> str:
    width = max([len(r.name) for r in rows], default=4)
    lines = [f"{'figure':<{width}}  {'value':>9} {'unit':<12} {'gate':<8} {'':<5} {'spread':>6}  note"]
    for r in rows:
        verdict = "" if not r.gate else "ok" if r.is_good else "MISS"
        spread_text = "" if r.spread is None else f"{r.spread:.1f}%"
        line = f"{r.name:<{width}}  {r.value:>9.3f} {r.unit:<12} {r.gate:<8} {verdict:<5} {spread_text:>6}  {r.note}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{**dataclasses.asdict(r), "is_good": r.is_good} for r in rows]


def main(measure: Callable[[bool], list[Row]], about: str) -> None:
    """The command line that every benchmark has."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--quick", action="store_true", help="fewer frames and rounds: rough figures")
    args = parser.parse_args()
    try:
        rows = measure(args.quick)
    except Unfit as e:
        raise SystemExit(f"not measured: {e}") from None
    where = machine()
    if args.json:
        print(json.dumps({"machine": where, "command": " ".join(sys.argv), "rows": as_json(rows)}, indent=1))
    else:
        print(" ".join(f"{k}={v}" for k, v in where.items()))
        print(table(rows))
    sys.exit(any(not r.is_good for r in rows))
