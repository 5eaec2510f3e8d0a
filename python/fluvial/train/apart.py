"""That no picture of a test is among those trained on: by COCO's number in its name, and by how it looks.

A fingerprint is 256 bits: whether each of 16 x 16 cells is brighter than its neighbour. Another size or JPEG quality
changes a few of them, another picture about half. A file of fingerprints stands for pictures that cannot be shipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fluvial.errors import ConfigError
from fluvial.train.store import Store, read_rgb
from fluvial.train.yolo_folder import PICTURE_SUFFIXES

__all__ = ["Fingerprint", "check_apart", "fingerprint", "read_fingerprints", "write_fingerprints"]

_CELLS = 16
_LEAST_CONTRAST = 4.0  # grey levels; less says nothing of a picture
_MOST_SAME = 30  # of 256 bits: half the size at quality 50 changed 14 of a photograph at most, others differ in 48
_NAMED = 3


@dataclass(frozen=True)
class Fingerprint:
    """Of one picture.

    Attributes:
        name: Its file's, without the suffix.
        bits: bool [256]; all False of a picture that is one grey, which is like no other.
    """

    name: str
    bits: NDArray[np.bool_]


def fingerprint(name: str, pixels: NDArray[np.uint8]) -> Fingerprint:
    """Of pixels [H, W, 3]."""
    small = (
        Image.fromarray(np.ascontiguousarray(pixels)).convert("L").resize((_CELLS + 1, _CELLS), Image.Resampling.BOX)
    )
    grey = np.asarray(small, np.float32)
    if grey.std() < _LEAST_CONTRAST:
        return Fingerprint(name, np.zeros(_CELLS * _CELLS, bool))
    return Fingerprint(name, (grey[:, 1:] > grey[:, :-1]).ravel())


def write_fingerprints(file: Path, fingerprints: Iterable[Fingerprint]) -> None:
    """As JSON: names to 64 hexadecimal digits."""
    content = {one.name: np.packbits(one.bits).tobytes().hex() for one in fingerprints}
    file.write_text(json.dumps(content, indent=0) + "\n")


def read_fingerprints(place: Path) -> list[Fingerprint]:
    """Of a folder of pictures, or of a file that `write_fingerprints` made.

    Raises:
        ConfigError: Not there, or something else.
    """
    if place.is_dir():
        files = sorted(f for f in place.rglob("*") if f.suffix.lower() in PICTURE_SUFFIXES)
        if not files:
            raise ConfigError(f"apart: {place}: no picture in it; allowed are {' '.join(sorted(PICTURE_SUFFIXES))}")
        return [fingerprint(file.stem, np.asarray(read_rgb(file))) for file in files]
    try:
        content: dict[str, str] = json.loads(place.read_text())
        return [Fingerprint(name, _bits(digits)) for name, digits in content.items()]
    except OSError as error:
        raise ConfigError(f"apart: {place}: {error.strerror}") from None
    except (ValueError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"apart: {place}: no file of fingerprints: {error}; allowed is a folder of pictures, or JSON of names "
            "and 64 digits"
        ) from None


def _bits(digits: str) -> NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8)).astype(bool)
    if len(bits) != _CELLS * _CELLS:
        raise ValueError(f"{digits!r} has not 64 digits")
    return bits


def check_apart(store: Store, places: Sequence[Path]) -> str:
    """Compares all pictures of a store with those that it must not hold.

    Args:
        store: What is trained on.
        places: Folders of pictures, or files of fingerprints.

    Returns:
        What was compared, and how near the nearest is, in words.

    Raises:
        ConfigError: A picture is there; the first few are named. Or a place holds neither.
    """
    tests = [one for place in places for one in read_fingerprints(place)]
    numbers = {number: one.name for one in tests if (number := _number(one.name))}
    own = [_of_store(store, i) for i in range(len(store))]
    same = [f"{one.name} ({numbers[n]}, by its number)" for one in own if (n := _number(one.name)) in numbers]
    nearest = most = _CELLS * _CELLS
    table = np.array([one.bits for one in tests])
    for one in own:
        differing = np.where(table.any(1) & one.bits.any(), (table != one.bits).sum(1), most)
        least = int(differing.min())
        nearest = min(nearest, least)
        if least <= _MOST_SAME:
            same.append(f"{one.name} ({tests[int(differing.argmin())].name}, {least} of 256 bits differ)")
    if same:
        more = f" and {len(same) - _NAMED} more" if len(same) > _NAMED else ""
        raise ConfigError(
            f"apart: {len(same)} pictures that are for testing are among those trained on: "
            f"{', '.join(same[:_NAMED])}{more}"
        )
    return f"apart: none of {len(tests)} test pictures is among {len(own)}; {nearest} of 256 bits differ at least"


def _number(name: str) -> str:
    """COCO's, of twelve digits."""
    found = re.search(r"(?<!\d)\d{12}(?!\d)", name)
    return found.group() if found else ""


def _of_store(store: Store, i: int) -> Fingerprint:
    width, height = store.sizes[i]
    return fingerprint(store.pictures[i].path.stem, store.pixels[i, :, :height, :width].transpose(1, 2, 0))
