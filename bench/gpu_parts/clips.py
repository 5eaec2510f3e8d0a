"""What is decoded: made once, of the assets' videos, by whatever decoders and x264enc this machine has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LONG_FRAMES = 24_000  # of one stream alone, decoded for half a minute
CHECKED_FRAMES = 150  # of the clips on which detections are compared; the long ones repeat the first's


def h264_of(video: Path, made: Path) -> Path:
    """The first frames of a video as H.264 in MP4."""
    frames = f"filesrc location={video} ! decodebin ! identity eos-after={CHECKED_FRAMES + 1}"
    if not made.exists():
        _encode(f"{frames} ! videoconvert ! video/x-raw,format=I420", "mp4mux", made, 1000)
    return made


def long_clip(assets: Path, folder: Path, name: str, *, size: tuple[int, int], kilobits: int) -> Path:
    """Plain H.264 without B-frames, as cameras send it, 15 frames a second, long enough to be measured."""
    long = folder / f"{name}-long.h264"
    if long.exists():
        return long
    once = folder / f"{name}.h264"
    width, height = size
    frames = (
        f"filesrc location={assets / 'vtest.mp4'} ! qtdemux ! h264parse ! {_decoder()} ! videoconvert "
        f"! videorate rate=1.5 ! video/x-raw,framerate=15/1 "
        f"! videoscale ! video/x-raw,format=I420,width={width},height={height},pixel-aspect-ratio=1/1"
    )
    _encode(frames, "video/x-h264,stream-format=byte-stream,alignment=au", once, kilobits)
    rounds = -(-LONG_FRAMES // CHECKED_FRAMES)
    part = long.with_suffix(".part")
    with part.open("wb") as out:
        for _ in range(rounds):
            out.write(once.read_bytes())
    part.rename(long)
    return long


def _decoder() -> str:
    # The GPU's where there is one: other decoders may be missing on such a machine.
    found = subprocess.run(["gst-inspect-1.0", "nvh264dec"], capture_output=True, env=_stock())
    return "nvh264dec" if found.returncode == 0 else "avdec_h264"


def _encode(frames: str, container: str, made: Path, kilobits: int) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    part = made.with_suffix(".part")
    encode = f"x264enc speed-preset=veryfast bframes=0 bitrate={kilobits} key-int-max=50 ! h264parse"
    command = f"{frames} ! {encode} ! {container} ! filesink location={part}"
    subprocess.run(["gst-launch-1.0", "-q", *command.split()], check=True, env=_stock())
    part.rename(made)


def _stock() -> dict[str, str]:
    # Decoders of the system's: ours give surfaces.
    return {**os.environ, "GST_PLUGIN_PATH": "", "GST_REGISTRY_1_0": "/tmp/fluvial-bench-stock.bin"}
