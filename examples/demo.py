"""Four streams, detected, tracked, drawn and tiled. This is `make demo`.

    python examples/demo.py [VIDEO...]

The model is the one that the build carries. Writes out/demo.mp4, out/objects.jsonl (one object a line) and out/demo.jpg
(one drawn frame).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import gi
from rich.console import Console
from rich.table import Table

import fluvial as fv
from fluvial.models import BUNDLED, bundled_model

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

STREAMS = 4
OTHERWISE = "person-vehicle-bike"  # for a build that carries no detector
ROOT = Path(__file__).resolve().parent.parent
OUT = Path("out")


def footage() -> list[Path]:
    """What `make demo` fetched, else the videos of the folder that FLUVIAL_ASSETS names."""
    fetched = [
        ROOT / ".cache" / "footage" / "bikes.mp4",
        Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi"),
    ]
    assets = Path(os.environ.get("FLUVIAL_ASSETS", ROOT.parent / "shared" / "assets")) / "videos"
    others = [assets / f"{name}.mp4" for name in ("person-bicycle-car-detection", "pexels_people_320x240")]
    return [video for video in (*fetched, *others) if video.is_file()]


def as_streams(videos: list[Path]) -> dict[str, str]:
    """Four cameras, some of them the same video where there are fewer."""
    return {f"{i + 1}-{videos[i % len(videos)].stem}": str(videos[i % len(videos)]) for i in range(STREAMS)}


def picture_of(video: Path, picture: Path) -> None:
    """Writes the frame in the middle of a video as a JPEG."""
    take_apart = f"filesrc location={video} ! qtdemux ! h264parse ! avdec_h264"
    pipeline = Gst.parse_launch(f"{take_apart} ! videoconvert ! jpegenc quality=90 ! appsink name=sink sync=false")
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(10 * Gst.SECOND)
    _, duration = pipeline.query_duration(Gst.Format.TIME)
    pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, duration // 2)
    sample = pipeline.get_by_name("sink").emit("try-pull-preroll", 10 * Gst.SECOND)
    if sample is not None:
        buffer = sample.get_buffer()
        picture.write_bytes(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)


def main() -> int:
    console = Console()
    videos = [Path(v) for v in sys.argv[1:]] or footage()
    if not videos:
        console.print("no footage: tools/setup.sh footage, or: python examples/demo.py VIDEO...")
        return 1
    model = BUNDLED if bundled_model() else OTHERWISE
    console.print(f"model: {model}; footage: {', '.join(v.name for v in videos)}")
    OUT.mkdir(exist_ok=True)
    try:
        flow = (
            fv.Flow(as_streams(videos))
            .infer(model, threshold=0.3)
            .track(start_confidence=0.35)
            .write_json(OUT / "objects.jsonl")  # before tile(): boxes in pixels of each source
            .tile(width=1280, height=720)
            .draw()  # behind tile(): text of one size, and one picture to draw on
            .save(OUT / "demo.mp4")
        )
        flow.run()
    except fv.FluvialError as e:
        console.print(f"demo: {e}", markup=False)
        return 1
    picture_of(OUT / "demo.mp4", OUT / "demo.jpg")
    table = Table("stream", "frames", "objects", "tracks", "frames a second")
    for name, seen in flow.stats.items():
        table.add_row(name, str(seen.frames), str(seen.objects), str(seen.tracks), f"{seen.fps:.1f}")
    console.print(table)
    for name, what in (("demo.mp4", "the video"), ("objects.jsonl", "every object"), ("demo.jpg", "one drawn frame")):
        console.print(f"{OUT / name}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
