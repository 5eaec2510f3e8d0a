"""Results of bench/gpu.py: one file a section, and the table of all in docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plan

from harness import Row, as_json

BEGIN, END = "<!-- made by bench/gpu.py -->", "<!-- end of what bench/gpu.py made -->"


def write(file: Path, where: dict[str, Any], rows: list[Row], failures: list[str]) -> None:
    section = file.stem.removeprefix("gpu-")
    mine = [failure for failure in failures if failure.startswith(f"{section} ")]
    result = {"machine": where, "rows": as_json(rows), "not measured": mine}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")


def page(folder: Path, file: Path, *, check: bool) -> int:
    """Writes the table between its marks; 1 where it should only be looked at and is another."""
    text = file.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{file}: no place for the table: {BEGIN} ... {END}")
        return 1
    made = before + begin + "\n" + "\n".join(lines(folder)) + "\n" + end + after
    if made == text:
        return 0
    if check:
        print(f"{file}: its table is not of bench/results/gpu-*.json; python bench/gpu.py --page writes it")
        return 1
    file.write_text(made)
    return 0


def lines(folder: Path) -> Iterator[str]:
    for section in plan.SECTIONS:
        file = folder / f"gpu-{section}.json"
        if not file.exists():
            continue
        result = json.loads(file.read_text())
        where = result["machine"]
        yield ""
        yield f"**{section}**: {'; '.join(where['gpu'])}; PyTorch and CUDA {where['torch, cuda']};"
        yield f"commit {where['commit']}, {where['when']}; `{where['command']}`"
        if note := where.get("note"):  # what whoever ran it has to say
            yield f"({note})"
        yield ""
        yield "| figure | | gate | |"
        yield "|---|---|---|---|"
        for row in result["rows"]:
            yield _line(Row(**{key: value for key, value in row.items() if key != "is_good"}))
        for failure in result["not measured"]:
            case, _, why = failure.partition(": ")
            yield f"| {case} | not measured | | {_cell(why)} |"


def _line(row: Row) -> str:
    verdict = "" if not row.gate else row.gate if row.is_good else f"**{row.gate}, missed**"
    return f"| {_cell(row.name)} | {_number(row.value)} {row.unit} | {verdict} | {_cell(row.note)} |"


def _number(value: float) -> str:
    return (
        f"{value:,.0f}"
        if abs(value) >= 100 or value == int(value)
        else f"{value:.3g}"
        if value >= 0.001
        else f"{value:.2g}"
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:200]
