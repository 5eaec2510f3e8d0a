"""The kernels by name, and the fewest bytes that each must move through the device's memory. A new one gets an entry.

What is timed is one launch for FRAMES frames of 1080p, fed to a network of SIZE x SIZE, with OBJECTS found on each.
"""

from __future__ import annotations

from collections.abc import Callable

FRAMES = 48
WIDTH, HEIGHT = 1920, 1080
SIZE = 640
ROWS = 8400  # of the network's output


def _rows_read(of: int, shown: int) -> float:
    """Rows of a picture that bilinear scaling to so many reads: two for each, where that is not all of them."""
    return min(of, 2 * shown)


def pictures_to_tensor() -> float:
    shown = SIZE * HEIGHT // WIDTH
    source = _rows_read(HEIGHT, shown) * WIDTH + _rows_read(HEIGHT // 2, shown) * WIDTH
    return FRAMES * (source + 4 * 3 * SIZE * SIZE)


def select_rows() -> float:
    return FRAMES * ROWS * 32.0  # one value of each row, which memory gives 32 bytes at a time


FLOOR_BYTES: dict[str, Callable[[], float]] = {
    "pictures_to_tensor": pictures_to_tensor,
    "select_rows": select_rows,
}
