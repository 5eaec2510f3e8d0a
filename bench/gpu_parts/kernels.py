"""What time_kernels.cpp times, and the fewest bytes that each case must move through the device's memory.

A kernel's floor is what the driver's own copy of as many bytes takes, half of them read and half of them written, timed
in the same way: for many bytes that is the memory's speed, for few a launch. A new kernel gets a case in
time_kernels.cpp and a line in BYTES.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

FRAMES = 48
WIDTH, HEIGHT = 1920, 1080
SIZE = 640
ROWS = 8400  # of the network's output
IN_A_LAUNCH = 24  # pictures that pictures_to_tensor takes at once
LAUNCH = "launch: 4 x 2 pixels"  # no kernel that matters, but what a launch takes alone


def _yuv(width: int, height: int) -> int:
    return width * height * 3 // 2


def _rows_read(of: int, shown: int) -> int:
    """Rows of a picture that bilinear scaling to so many reads: two for each, where that is not all of them."""
    return min(of, 2 * shown)


def _input(size: int, bytes_of_number: int) -> int:
    """Frames of WIDTH x HEIGHT in NV12, with their sides' ratio kept, and the inputs made of them."""
    shown = size * HEIGHT // WIDTH
    source = (_rows_read(HEIGHT, shown) + _rows_read(HEIGHT // 2, shown)) * WIDTH
    return FRAMES * (source + 3 * size * size * bytes_of_number)


_HD = _yuv(WIDTH, HEIGHT)
_RGBA = 4 * WIDTH * HEIGHT
_TILE = (HEIGHT // 2 + HEIGHT // 4) * WIDTH + 4 * 480 * 270  # a quarter of each side: two rows of four are read
_CROPS = 192 * 3 * 224 * 224 * 2  # what is made of them: four of each frame, each 128 beside the one before
_FETCHED = 64  # bytes that the device's cache asks its memory for at once, however few of them are wanted
_MASKS = 32 * 160 * 160 * 4 + 20 * 80 * 80 * 4  # all prototypes of a frame once, and the masks

BYTES: dict[str, int] = {
    LAUNCH: FRAMES * 2 * 4 * 2 * 4,
    "transform: nv12 to rgba": FRAMES * (_HD + _RGBA),
    "transform: rgba to nv12": FRAMES * (_HD + _RGBA),
    "transform: rgba to i420": FRAMES * (_HD + _RGBA),
    "transform: i420 to rgba": FRAMES * (_HD + _RGBA),
    "transform: nv12 to nv12": FRAMES * 2 * _HD,
    "transform: nv12 to rgb": FRAMES * (_HD + 3 * WIDTH * HEIGHT),
    "transform: nv12 to nv12 720p": FRAMES * (_HD + _yuv(1280, 720)),
    "transform: nv12 to rgba 720p": FRAMES * (_HD + 4 * 1280 * 720),
    "transform: rgba to rgba 720p": FRAMES * (_RGBA + 4 * 1280 * 720),
    # A third of each side is picked: every third row, and of it every 32 bytes that memory gives at once.
    "transform: nv12 to nv12 360p": FRAMES * (WIDTH * (HEIGHT // 3 + HEIGHT // 6) + _yuv(640, 360)),
    "transform: nv12 to nv12 360p, means": FRAMES * (_HD + _yuv(640, 360)),
    "transform: nv12 720p to nv12 1080p": FRAMES * (_yuv(1280, 720) + _HD),
    "transform: nv12 to nv12, turned": FRAMES * 2 * _HD,
    "transform: 48 nv12 to tiles of rgba 4K": FRAMES * _TILE,
    "pictures_to_tensor: 640, f32": _input(640, 4),
    "pictures_to_tensor: 640, f16": _input(640, 2),
    "pictures_to_tensor: 640, f16, channels last": _input(640, 2),
    "pictures_to_tensor: 416, f32": _input(416, 4),
    "pictures_to_tensor: 224, f16, 192 crops of 600": FRAMES * _yuv(3 * 128 + 600, 600) + _CROPS,
    "crops_to_tensor: 224, f16, 192 crops of 400": FRAMES * _yuv(3 * 128 + 400, 400) + _CROPS,
    "crops_to_tensor: 224, f16, 192 crops": FRAMES * _yuv(4 * 128, 256) + _CROPS,
    "crops_to_tensor: 224, f16, 192 crops, channels last": FRAMES * _yuv(4 * 128, 256) + _CROPS,
    # Where classes lie apart from the box, they alone; in rows all, as memory gives 32 bytes at a time, and 64 for a
    # number alone in a row of 340, as the cache fetches them: an H100 was seen to read 28.07 MB for 403,200 of them.
    "select_rows: 48 x 84 x 8400, f32": FRAMES * ROWS * 80 * 4,
    "select_rows: 48 x 84 x 8400, f16": FRAMES * ROWS * 80 * 2,
    "select_rows: 48 x 8400 x 85, f32, objectness": FRAMES * ROWS * _FETCHED,
    "select_rows: 48 x 8400 x 84, f32": FRAMES * ROWS * 84 * 4,
    "select_rows: 48 x 8400 x 84, f16": FRAMES * ROWS * 84 * 2,
    "select_rows: 16 x 76725 x 24, f32": 16 * 76725 * 24 * 4,
    "classify_pixels: 8 x 21 x 520 x 520, f32": 8 * 520 * 520 * (21 * 4 + 1),
    "make_masks: 20 of 80 x 80": _MASKS,
    "make_masks: 48 x 20 of 80 x 80": FRAMES * _MASKS,
    "paint_tiles: half of 48 pictures": FRAMES * WIDTH // 2 * HEIGHT * 4 * 2,
    "blur_means: 48 pictures": FRAMES * _RGBA,
}


def names() -> list[str]:
    """What the kernels' names begin with."""
    return list(dict.fromkeys(case.split(":")[0] for case in BYTES if case != LAUNCH))


# As they run in a flow, by the kernel's name: bytes of one launch.
IN_A_FLOW: dict[str, float] = {
    "pictures_to_tensor": _input(SIZE, 2) * IN_A_LAUNCH / FRAMES,
    "select_rows": FRAMES * ROWS * _FETCHED,
}


@dataclass(frozen=True)
class Timed:
    """One case: seconds of a launch, in the median of seven series of launches, and of a copy of what it must move."""

    name: str
    seconds: float
    bytes: int
    floor: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.floor

    @property
    def note(self) -> str:
        speed = self.bytes / self.seconds / 1e12
        return f"{self.seconds * 1e6:.1f} of {self.floor * 1e6:.1f} us: {self.bytes / 1e6:.1f} MB; {speed:.2f} TB/s"


def read(lines: str, copies: str) -> list[Timed]:
    """Of what time_kernels prints of kernels, and of copies."""
    found, floors = _seconds(lines), _seconds(copies)
    unknown = [name for name in found if name not in BYTES]
    if unknown:
        raise KeyError(f"time_kernels: {unknown[0]} has no line in BYTES of bench/gpu_parts/kernels.py")
    return [Timed(name, seconds, BYTES[name], floors[str(BYTES[name])]) for name, seconds in found.items()]


def _seconds(lines: str) -> dict[str, float]:
    return {line["name"]: float(line["seconds"]) for line in map(json.loads, lines.splitlines())}


def program() -> Path:
    """Where the build puts time_kernels: beside the package's libraries."""
    import fluvial

    return Path(fluvial.__file__).parent / "lib" / "time_kernels"


def timed() -> list[Timed]:
    return read(_told(), _told("--copies", *map(str, sorted(set(BYTES.values())))))


def _told(*words: str) -> str:
    done = subprocess.run([program(), *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def table(found: list[Timed]) -> str:
    """For a terminal: each case with its ratio to the floor."""
    return "\n".join(f"{t.ratio:5.2f}  {t.name}: {t.note}" for t in found)
