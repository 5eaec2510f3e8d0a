"""What a person looks at after a training: curves, a table of confusions, drawn pictures, the model's card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fluvial.train.evaluate import Found
from fluvial.train.precision import Scores, ious
from fluvial.train.store import Store

if TYPE_CHECKING:
    from fluvial.train.loop import Epoch

__all__ = ["confusions", "write_report"]

_SHOWN_SCORE, _SAME_IOU = 0.35, 0.5
_SHEET_COLUMNS, _MOST_ON_SHEET = 6, 36


def confusions(store: Store, found: Sequence[Found], classes: int) -> NDArray[np.int64]:
    """[classes + 1, classes + 1]: rows are truth, columns what was found; the last of each is nothing.

    A found box of at least .35 belongs to the object that it overlaps by half or more, whatever their classes.
    """
    table = np.zeros((classes + 1, classes + 1), np.int64)
    for picture, one in zip(store.pictures, found, strict=True):
        shown = one.scores >= _SHOWN_SCORE
        boxes, kinds = one.boxes[shown], one.classes[shown]
        truth = np.concatenate([picture.boxes[:, :2], picture.boxes[:, :2] + picture.boxes[:, 2:]], 1)
        overlap = ious(truth, boxes)
        is_used = np.zeros(len(boxes), bool)
        for i, kind in enumerate(picture.classes):
            free = np.where(is_used, 0, overlap[i]) if len(boxes) else np.zeros(0)
            best = int(free.argmax()) if len(free) else -1
            is_hit = best >= 0 and free[best] >= _SAME_IOU
            table[kind, kinds[best] if is_hit else classes] += 1
            if is_hit:
                is_used[best] = True
        for kind in kinds[~is_used]:
            if int(kind) in picture.known:
                table[classes, kind] += 1
    return table


def write_report(
    folder: Path,
    *,
    names: Sequence[str],
    history: Sequence[Epoch],
    scores: Scores,
    store: Store,
    found: Sequence[Found],
    facts: dict[str, Any],
) -> None:
    """Leaves card.md, loss.png, precision.png, confusion.png and validation.jpg.

    Args:
        folder: Where.
        names: Classes.
        history: All epochs.
        scores: On the validation pictures.
        store: Those.
        found: On them.
        facts: Lines of the card: what the model was made of and how.

    Raises:
        ImportError: Matplotlib is not there; card and drawn pictures are written before.
    """
    (folder / "card.md").write_text(_card(names, scores, facts))
    _sheet(store, found, names).save(folder / "validation.jpg", quality=88)
    _plot(folder, names, history=history, scores=scores, table=confusions(store, found, len(names)))


def _card(names: Sequence[str], scores: Scores, facts: dict[str, Any]) -> str:
    lines = ["# Model card", "", *(f"- {key}: {value}" for key, value in facts.items()), ""]
    lines += ["| class | AP .50 to .95 | AP .50 |", "|---|---|---|"]
    for i, name in enumerate(names):
        lines.append(f"| {name} | {_number(scores.by_class[i])} | {_number(scores.by_class_50[i])} |")
    lines.append(f"| mean | {_number(scores.map)} | {_number(scores.map_50)} |")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "no object" if np.isnan(value) else f"{value:.3f}"


def _sheet(store: Store, found: Sequence[Found], names: Sequence[str]) -> Image.Image:
    """Truth in green, what was found in red with its score."""
    shown = np.linspace(0, len(store) - 1, min(len(store), _MOST_ON_SHEET)).astype(int)
    side = store.side
    sheet = Image.new("RGB", (_SHEET_COLUMNS * side, -(-len(shown) // _SHEET_COLUMNS) * side), (32, 32, 32))
    for place, i in enumerate(shown):
        width, height = store.sizes[i]
        image = Image.fromarray(np.ascontiguousarray(store.pixels[i, :, :height, :width].transpose(1, 2, 0)))
        draw, scale = ImageDraw.Draw(image), store.scales[i]
        for left, top, w, h in store.pictures[i].boxes * scale:
            draw.rectangle([left, top, left + w, top + h], outline=(40, 220, 40))
        one = found[i]
        for box, score, kind in zip(one.boxes * scale, one.scores, one.classes, strict=True):
            if score >= _SHOWN_SCORE:
                draw.rectangle([float(v) for v in box], outline=(240, 60, 60))
                draw.text((float(box[0]) + 2, float(box[1]) + 1), f"{names[kind]} {score:.2f}", fill=(240, 60, 60))
        sheet.paste(image, (place % _SHEET_COLUMNS * side, place // _SHEET_COLUMNS * side))
    return sheet


def _plot(
    folder: Path, names: Sequence[str], *, history: Sequence[Epoch], scores: Scores, table: NDArray[np.int64]
) -> None:
    from matplotlib.figure import Figure  # heavy, and only needed here

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([e.number for e in history], [e.loss for e in history], color="tab:blue", label="loss")
    axes.set(xlabel="epoch", ylabel="loss")
    right = axes.twinx()
    measured = {e.number: e.map for e in history if e.map is not None}
    right.plot(list(measured), list(measured.values()), color="tab:orange", label="mAP")
    right.set(ylabel="mAP .50 to .95", ylim=(0, None))
    figure.savefig(folder / "loss.png", dpi=100)

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for i, name in enumerate(names):
        if not np.isnan(scores.by_class_50[i]):
            axes.plot(np.linspace(0, 1, 101), scores.curves[i], label=f"{name} {scores.by_class_50[i]:.2f}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="IoU .50")
    if axes.lines:
        axes.legend(loc="lower left")
    figure.savefig(folder / "precision.png", dpi=100)

    figure = Figure(figsize=(6.5, 5.5), layout="constrained")
    axes = figure.subplots()
    labels = [*names, "nothing"]
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="found", ylabel="truth")
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    for (row, column), count in np.ndenumerate(table):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    figure.savefig(folder / "confusion.png", dpi=100)
