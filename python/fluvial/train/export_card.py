"""The card that lies beside an exported model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fluvial.train.export import Export

__all__ = ["export_card"]


def export_card(made: Export, content: Mapping[str, Any], facts: Mapping[str, str], *, card: Path) -> str:
    """What the file is, and what the training's card says.

    Args:
        made: The export.
        content: Of the checkpoint.
        facts: That the user gave: licence, data.
        card: Of the training; left out where it is not there.
    """
    side = content["input_side"]
    lines = [f"# {made.file.name}", ""]
    lines += [f"- {key}: {value}" for key, value in facts.items()]
    lines += [
        f"- classes: {', '.join(content['names'])}",
        f"- input: any number of pictures of {side} x {side}, RGB, 0..1, centred with a border of 114",
        f"- weights: {made.precision}, {made.size:,} bytes",
        f"- as the checkpoint, but for {made.pixels:.3f} pixels and {made.score:.4f} of score at most",
        "",
    ]
    if made.before is not None and made.after is not None:
        lines += ["| class | AP .50 to .95 before INT8 | after |", "|---|---|---|"]
        rows = zip(content["names"], made.before.by_class, made.after.by_class, strict=True)
        lines += [f"| {name} | {_number(a)} | {_number(b)} |" for name, a, b in rows]
        lines += [f"| mean | {made.before.map:.3f} | {made.after.map:.3f} |", ""]
    if card.is_file():
        lines += ["## The training", "", *card.read_text().splitlines()[2:]]
    return "\n".join(lines).rstrip() + "\n"


def _number(value: float) -> str:
    return "no object" if np.isnan(value) else f"{value:.3f}"
