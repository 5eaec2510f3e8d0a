"""`fluvial models check`: runs a model on pictures, as a pipeline would, draws what it finds, judges it."""

from __future__ import annotations

import argparse
import json
import logging
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.cli.settings import add_settings, settings_of
from fluvial.errors import OutputError
from fluvial.flow import Flow
from fluvial.models import find
from fluvial.models.explain import explain
from fluvial.models.judge import LEAST, Picture, Seen, judge

__all__ = ["add_arguments", "run"]

_GENERATED = "generated"
_SHOWN = 10  # objects of a picture that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a file, or a name of the list")
    add_settings(parser)
    parser.add_argument(
        "--image", action="append", default=[], metavar="FILE", help="a picture; may be said several times"
    )
    parser.add_argument("--out", metavar="DIR", help="where pictures with boxes are written (default: NAME-check)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where what was found is implausible."""
    found = find(args.model)
    settings = settings_of(args.settings)
    decided = explain(found, **settings)
    folder = _made(Path(args.out) if args.out else Path(f"{found.path.stem}-check"))
    with tempfile.TemporaryDirectory() as temporary:
        generated = Path(temporary) / f"{_GENERATED}.png"
        generated.write_bytes(_png(_generated_picture()))
        with _warnings() as warnings:
            pictures = _look(decided, settings, [*map(Path, args.image), generated], folder)
    complaints = [*warnings, *judge(decided, pictures)]
    _print(decided, pictures, complaints, drawn=folder, as_json=args.json)
    return 1 if complaints else 0


def _look(decided: dict[str, Any], said: dict[str, Any], images: list[Path], folder: Path) -> list[Picture]:
    """Runs the model on every picture, one after the other: a model's batch may be one, and their sizes differ."""
    places = [(image, folder / f"{place}-{image.stem}.png") for place, image in enumerate(images, 1)]
    return [_look_at(decided, said, image, to) for image, to in places]


def _look_at(decided: dict[str, Any], said: dict[str, Any], image: Path, to: Path) -> Picture:
    is_detector = decided["task"] in ("detection", "pose")
    settings = dict(said)
    if is_detector:
        settings = {"nms_iou": decided["usual_iou"], **said, "threshold": LEAST}
    elif decided["task"] == "classification":
        settings = {**{k: v for k, v in said.items() if k != "threshold"}, "classifier_threshold": LEAST}
    seen: list[Seen] = []

    def keep_sure(batch: Any) -> None:
        for frame in batch.frames:
            for one in list(frame.objects):
                seen.extend(_seen(one))
                if is_detector and one.confidence < decided["threshold"]:
                    frame.remove(one)

    size = (0, 0)
    for batch in Flow(image).infer(decided["path"], **settings).probe(keep_sure).draw():
        for frame in batch.frames:
            size = frame.size
            classes = frame.segmentation
            if classes is not None:
                seen.extend(_shares(classes, decided["labels"], size))
            to.write_bytes(_png(_tinted(frame.pixels(), classes)))
    return Picture(image.name, size, tuple(seen), is_generated=image.stem == _GENERATED)


def _seen(one: Any) -> list[Seen]:
    box = tuple(float(v) for v in one.box)
    results = [(label, confidence) for _, label, confidence in one.classifications]
    return [Seen(str(n), float(c), box) for n, c in results or [(one.label, one.confidence)]]  # type: ignore[arg-type]


def _shares(classes: np.ndarray, labels: list[str], size: tuple[int, int]) -> list[Seen]:
    """Of a map of classes: each with its share of the picture."""
    ids, counts = np.unique(classes[classes >= 0], return_counts=True)
    names = [labels[i] if i < len(labels) else f"class {i}" for i in ids.tolist()]
    shares = [float(n) / classes.size for n in counts]
    whole = (0.0, 0.0, float(size[0]), float(size[1]))
    return [Seen(name, share, whole) for name, share in zip(names, shares, strict=True) if share >= LEAST]


def _tinted(pixels: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    """The picture, in half the colour of each pixel's class; class 0 is mostly background and stays as it is."""
    if classes is None:
        return pixels
    y, x = (np.arange(n) * m // n for n, m in zip(pixels.shape[:2], classes.shape, strict=True))
    where = classes[y[:, None], x]
    colours = np.stack([where * 97 % 256, where * 161 % 256, where * 53 % 256], axis=2)
    drawn: np.ndarray = pixels[:, :, :3].copy()
    drawn[where > 0] = (drawn[where > 0] // 2 + colours[where > 0] // 2).astype(np.uint8)
    return drawn


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What elements complain of while it runs, such as numbers that are none."""
    texts: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text not in texts:
                texts.append(text)

    log = logging.getLogger("fluvial")
    collector, propagates = Collector(logging.WARNING), log.propagate
    log.addHandler(collector)
    log.propagate = False
    try:
        yield texts
    finally:
        log.removeHandler(collector)
        log.propagate = propagates


def _generated_picture() -> np.ndarray:
    """Colours that change smoothly, with a few plain rectangles: uint8 [480, 640, 3]."""
    y, x = np.mgrid[0:480, 0:640]
    picture = np.stack([x * 255 // 639, y * 255 // 479, (x + y) * 255 // 1118], axis=2).astype(np.uint8)
    for left, top, colour in ((60, 80, (230, 40, 40)), (300, 200, (40, 200, 60)), (460, 60, (250, 250, 250))):
        picture[top : top + 160, left : left + 90] = colour
    return picture


def _png(pixels: np.ndarray) -> bytes:
    """A PNG file of uint8 [height, width, 3 or 4], RGB or RGBA; what is see-through is not kept."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels[:, :, :3].reshape(height, -1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 1)),
        (b"IEND", b""),
    ]
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise OutputError("check", f"--out: no folder can be made of {folder}: {e.strerror}") from None
    return folder


def _print(
    decided: dict[str, Any], pictures: list[Picture], complaints: list[str], *, drawn: Path, as_json: bool
) -> None:
    threshold = decided["threshold"]
    least = LEAST if decided["task"] == "segmentation" else threshold
    shown = [(p, [o for o in p.objects if o.confidence >= least]) for p in pictures]
    if as_json:
        rows = [
            {"name": p.name, "objects": [{"label": o.label, "confidence": o.confidence, "box": o.box} for o in objects]}
            for p, objects in shown
        ]
        said = {"head": decided["head"], "pictures": rows, "complaints": complaints, "drawn": str(drawn)}
        print(json.dumps(said))
        return
    print(f"{decided['path']}: head {decided['head']}, threshold {threshold:g}")
    for picture, objects in shown:
        surest = sorted(objects, key=lambda o: -o.confidence)
        words = ", ".join(f"{o.label} {o.confidence:.2f}" for o in surest[:_SHOWN])
        more = f" and {len(surest) - _SHOWN} more" if len(surest) > _SHOWN else ""
        print(f"  {picture.name}: {words or 'nothing'}{more}")
    print(f"drawn: {drawn}")
    for text in complaints:
        print(f"implausible: {text}")
    if all(p.is_generated for p in pictures):
        print("a generated picture shows nothing that a model knows: --image FILE gives it one that does")
