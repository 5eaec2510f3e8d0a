"""Whether what a model finds on pictures can be right: the judgements of `fluvial models check`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LEAST", "Picture", "Seen", "judge"]

LEAST = 0.05  # what scores less is not looked at
_CORNER = 16  # the share of a picture, in each direction, in which boxes look as if they were no pixels
_MANY = 300


@dataclass(frozen=True)
class Seen:
    """One object, or one class of a picture (of segmentation: with its share of the pixels).

    Attributes:
        label: Its name, or its number where nobody gave names.
        confidence: 0 to 1, if all is well.
        box: Left, top, width, height, pixels of the picture.
    """

    label: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """What was found on one picture.

    Attributes:
        name: Its file's.
        size: Width, height, pixels.
        objects: All from `LEAST` on.
        is_generated: Nothing on it is anything that a model could know.
    """

    name: str
    size: tuple[int, int]
    objects: tuple[Seen, ...]
    is_generated: bool = False


def judge(decided: dict[str, Any], pictures: Sequence[Picture]) -> list[str]:
    """What is implausible, each with what to try; empty if all looks well.

    Args:
        decided: As `explain` gives it.
        pictures: Two or more that differ.
    """
    return list(_complaints(decided, pictures))


def _complaints(decided: dict[str, Any], pictures: Sequence[Picture]) -> Iterator[str]:
    everything = [o for p in pictures for o in p.objects]
    odd = [o for o in everything if not 0 <= o.confidence <= 1.001 or not all(map(math.isfinite, o.box))]
    if odd:
        yield (
            f"{odd[0].label} has a score of {odd[0].confidence:g} and the box {_numbers(odd[0].box)}: scores lie "
            f"between 0 and 1, boxes on the picture; {_other_head(decided)}"
        )
        return
    # A picture that is nothing but background is no rare answer of segmentation.
    is_plain = decided["task"] == "segmentation" and len(pictures[0].objects) < 2
    if everything and not is_plain and len(pictures) > 1 and len({_answer(p) for p in pictures}) == 1:
        yield (
            f"all {len(pictures)} pictures gave the same {len(everything) // len(pictures)} results: the model does "
            f"not look at its input, or its values are far from what it knows; {_other_feeding(decided)}"
        )
        return
    if decided["task"] in ("detection", "pose"):
        yield from _complaints_of_boxes(decided, pictures)


def _complaints_of_boxes(decided: dict[str, Any], pictures: Sequence[Picture]) -> Iterator[str]:
    threshold = decided["threshold"]
    real = [p for p in pictures if not p.is_generated]
    sure = [(p, o) for p in real for o in p.objects if o.confidence >= threshold]
    if real and not sure:
        best = max((o for p in real for o in p.objects), key=lambda o: o.confidence, default=None)
        seen = f"the surest is {best.label} with {best.confidence:.2f}" if best else f"none reaches {LEAST:g} either"
        yield (
            f"no box over the threshold {threshold:g} on {_count(len(real), 'picture')}; {seen}. If there is something "
            f"to see: a lower threshold; {_other_feeding(decided)}; {_other_head(decided)}"
        )
    if len(sure) > 1 and all(_is_in_corner(p, o) for p, o in sure):
        yield (
            f"all {len(sure)} boxes lie in the top left corner of their pictures, as shares of the picture do that are "
            f"taken for pixels; {_other_head(decided)}"
        )
    most = max((sum(1 for _, o in sure if _ is p), p.name) for p in real) if real else (0, "")
    if most[0] >= _MANY:
        yield (
            f"{most[0]} boxes over the threshold {threshold:g} on {most[1]}: scores may be of another kind; "
            f"{_other_head(decided)}"
        )


def _answer(picture: Picture) -> tuple[tuple[str, float], ...]:
    # Without boxes: pictures of other sizes have others.
    return tuple((o.label, round(o.confidence, 6)) for o in picture.objects)


def _is_in_corner(picture: Picture, one: Seen) -> bool:
    left, top, width, height = one.box
    return left + width < picture.size[0] / _CORNER and top + height < picture.size[1] / _CORNER


def _other_feeding(decided: dict[str, Any]) -> str:
    picture = decided["input"]
    scale = picture["scale"][0]
    return (
        f"try the other order of colours (model_color_format, now {picture['color'].upper()}) or another range of "
        f"pixels (net_scale_factor, now {scale:.6g}; 0.0039215697 is for 0 to 1)"
    )


def _other_head(decided: dict[str, Any]) -> str:
    options = ", ".join(f"{k}={v}" for k, v in decided["options"].items())
    return f"try another head or its options (head, now {decided['head']}; head_options, now {options or 'none'})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _numbers(box: Sequence[float]) -> str:
    return ", ".join(f"{v:.0f}" if math.isfinite(v) else str(v) for v in box)
