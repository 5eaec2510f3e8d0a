"""What is known of the pictures that a detector learns from, whichever folder it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluvial.errors import ConfigError

__all__ = ["EVERY_CLASS", "Dataset", "Picture", "Problems", "boxes_inside", "joined"]

EVERY_CLASS = -1  # of an ignored box: whatever is in it is not asked for
_LEAST_SIDE = 1.0  # pixels


@dataclass(frozen=True)
class Picture:
    """One picture and its labels. Boxes are left, top, width, height in pixels of the file.

    Attributes:
        path: The file.
        boxes: float32 [N, 4].
        classes: int64 [N], places in `Dataset.names`.
        weights: float32 [N], how sure a label is: 1 for a person's, a teacher's score in (0, 1].
        ignored: float32 [M, 4], where no answer is wrong.
        ignored_classes: int64 [M], for which class; EVERY_CLASS for all.
        known: Of these classes every object is labelled; of others an unlabelled object may be there.
    """

    path: Path
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    weights: NDArray[np.float32]
    ignored: NDArray[np.float32]
    ignored_classes: NDArray[np.int64]
    known: frozenset[int]


class Problems:
    """What was wrong with a dataset and was left out: counted, with the first few named."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, list[str]] = {}

    def add(self, what: str, where: str) -> None:
        self._counts[what] += 1
        named = self._first.setdefault(what, [])
        if len(named) < 3:
            named.append(where)

    def extend(self, other: Problems) -> None:
        for what, count in other._counts.items():
            self._counts[what] += count
            self._first[what] = (self._first.get(what, []) + other._first[what])[:3]

    def lines(self) -> list[str]:
        """One a kind, the most frequent first.

        Example:
            >>> problems = Problems()
            >>> problems.add("cannot be read as a picture", "a.jpg")
            >>> problems.lines()
            ['1 x cannot be read as a picture: a.jpg']
        """
        return [f"{n} x {what}: {', '.join(self._first[what])}{', ...' if n > len(self._first[what]) else ''}"
                for what, n in self._counts.most_common()]  # fmt: skip

    def __len__(self) -> int:
        return self._counts.total()


@dataclass(frozen=True)
class Dataset:
    """Pictures and the names of their classes."""

    pictures: tuple[Picture, ...]
    names: tuple[str, ...]
    problems: Problems = field(default_factory=Problems)

    def boxes_of_class(self) -> dict[str, int]:
        counts = Counter(int(c) for picture in self.pictures for c in picture.classes)
        return {name: counts[i] for i, name in enumerate(self.names)}


def joined(datasets: Sequence[Dataset], names: Sequence[str] = ()) -> Dataset:
    """All pictures of several datasets, whose classes are the same where their names are.

    A class that a dataset does not have is not known in its pictures; boxes of classes that are not asked for go.

    Args:
        datasets: At least one.
        names: The classes, in their order; () all that there are, in the order in which they come.

    Raises:
        ConfigError: A name that no dataset has.
    """
    there = list(dict.fromkeys(name for dataset in datasets for name in dataset.names))
    missing = [name for name in names if name not in there]
    if missing:
        raise ConfigError(f"classes: no data has {', '.join(missing)}; there are {', '.join(there)}")
    chosen = tuple(names) or tuple(there)
    problems = Problems()
    pictures = []
    for dataset in datasets:
        place = {i: chosen.index(name) for i, name in enumerate(dataset.names) if name in chosen}
        pictures += [_renumbered(picture, place) for picture in dataset.pictures]
        problems.extend(dataset.problems)
    return Dataset(tuple(pictures), chosen, problems)


def _renumbered(picture: Picture, place: Mapping[int, int]) -> Picture:
    is_kept = np.isin(picture.classes, list(place))
    is_ignored_kept = np.isin(picture.ignored_classes, [*place, EVERY_CLASS])

    def numbers(classes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([place.get(int(c), EVERY_CLASS) for c in classes], np.int64)

    return replace(
        picture,
        boxes=picture.boxes[is_kept],
        classes=numbers(picture.classes[is_kept]),
        weights=picture.weights[is_kept],
        ignored=picture.ignored[is_ignored_kept],
        ignored_classes=numbers(picture.ignored_classes[is_ignored_kept]),
        known=frozenset(place[c] for c in picture.known if c in place),
    )


def boxes_inside(
    boxes: Iterable[Sequence[float]], size: tuple[int, int], problems: Problems, where: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Boxes cut at the picture's border, and which of them are left.

    Args:
        boxes: Left, top, width, height in pixels.
        size: Width and height of the picture, pixels.
        problems: Is told of boxes that are outside, or no boxes.
        where: The picture's name, for it.

    Example:
        >>> boxes_inside([(-5, 0, 10, 10), (50, 0, 5, 5)], (20, 20), Problems(), "a.jpg")
        (array([[ 0.,  0.,  5., 10.]], dtype=float32), array([ True, False]))
    """
    given = np.asarray(list(boxes), np.float64).reshape(-1, 4)
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(given).all(1), bool).reshape(-1)
    given = np.where(finite[:, None], given, 0)
    ends = np.clip(given[:, :2] + given[:, 2:], 0, size)
    starts = np.clip(given[:, :2], 0, size)
    cut = np.concatenate([starts, ends - starts], 1)
    is_left: NDArray[np.bool_] = np.asarray((cut[:, 2:] >= _LEAST_SIDE).all(1) & finite)
    for box, is_good in zip(given, is_left, strict=True):
        if not is_good:
            problems.add("box outside its picture or without a size", f"{where} {[round(float(v), 1) for v in box]}")
    return cut[is_left].astype(np.float32), is_left
