"""Pictures, decoded once: a file of bytes that is mapped into memory, as large as the whole dataset.

The system keeps in memory what is used of it, so that a dataset larger than memory trains too, only slower.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fluvial.train.records import Picture, Problems

__all__ = ["Store", "fill_store", "read_rgb"]


class Store:
    """Decoded pictures of a dataset, each in the top left of a square.

    Attributes:
        pixels: uint8 [N, 3, side, side], RGB.
        scales: float32 [N], a stored pixel for one of the file.
        sizes: int64 [N, 2], width and height of what is a picture in the square.
        pictures: Those that could be read, in order.
    """

    def __init__(
        self, pixels: NDArray[np.uint8], scales: NDArray[np.float32], sizes: NDArray[np.int64], pictures: list[Picture]
    ) -> None:
        self.pixels, self.scales, self.sizes, self.pictures = pixels, scales, sizes, pictures

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def side(self) -> int:
        return int(self.pixels.shape[-1])


def fill_store(
    pictures: Sequence[Picture],
    side: int,
    folder: Path,
    *,
    problems: Problems,
) -> Store:
    """Decodes and scales all pictures; one that cannot be read is left out, and told to `problems`.

    Args:
        pictures: At least one.
        side: Longest side of a stored picture, pixels.
        folder: Where the file of bytes is made.
        problems: Is told of pictures that cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Without a name: it goes with the process, and several processes have one each.
    with tempfile.TemporaryFile(dir=folder) as file:
        pixels = np.memmap(file, np.uint8, "w+", shape=(len(pictures), 3, side, side))
    scales, sizes = np.ones(len(pictures), np.float32), np.zeros((len(pictures), 2), np.int64)

    def decode(i: int) -> str:  # what was wrong
        try:
            image = read_rgb(pictures[i].path)
        except (OSError, ValueError, SyntaxError) as error:  # Pillow's, of broken files
            return type(error).__name__
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        scaled = image.resize(size, Image.Resampling.BILINEAR if scale > 1 else Image.Resampling.BOX)
        pixels[i, :, : size[1], : size[0]] = np.asarray(scaled).transpose(2, 0, 1)
        scales[i], sizes[i] = scale, size
        return ""

    kept = []
    with ThreadPoolExecutor() as pool:
        for i, wrong in enumerate(pool.map(decode, range(len(pictures)))):
            if wrong:
                problems.add(f"cannot be read as a picture ({wrong})", str(pictures[i].path))
            else:
                kept.append(i)
    if len(kept) < len(pictures):
        for to, place in enumerate(kept):
            pixels[to] = pixels[place]
    return Store(pixels[: len(kept)], scales[kept], sizes[kept], [pictures[i] for i in kept])


def read_rgb(file: Path) -> Image.Image:
    """As a viewer shows it: turned as its EXIF says, grey and palettes as colours."""
    with Image.open(file) as image:
        return ImageOps.exif_transpose(image).convert("RGB")
