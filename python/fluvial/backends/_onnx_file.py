"""Which operations make an ONNX file's outputs, read from the file itself: ONNX Runtime does not tell.

Only the few fields that are needed are looked at (onnx.proto); everything else, weights above all, is stepped over.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

__all__ = ["makers_of_outputs"]

_GRAPH = 7  # of ModelProto
_NODE, _OUTPUT = 1, 12  # of GraphProto
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND = 1, 2, 4
_NAME = 1  # of ValueInfoProto
_CHANGES_NOTHING = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Transpose", "Flatten", "DequantizeLinear"}


def makers_of_outputs(path: Path) -> dict[str, str]:
    """By output: the kind of operation that makes it, past those that only change shape or type.

    Empty where the file cannot be read that way: it only makes inspection surer.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            graph = next((span for field, span in _fields(data, 0, len(data)) if field == _GRAPH), None)
            return _makers(data, *graph) if graph else {}
    except (ValueError, IndexError, OSError):
        return {}


def _makers(data: mmap.mmap, start: int, end: int) -> dict[str, str]:
    outputs: list[str] = []
    nodes: dict[str, tuple[str, str]] = {}  # what it makes: its kind, its first input
    for field, span in _fields(data, start, end):
        if field == _OUTPUT:
            outputs += [_text(data, s) for f, s in _fields(data, *span) if f == _NAME]
        elif field == _NODE:
            parts = [(f, _text(data, s)) for f, s in _fields(data, *span) if f in (1, 2, 4)]
            kind = next((text for f, text in parts if f == _NODE_KIND), "")
            first = next((text for f, text in parts if f == _NODE_INPUT), "")
            nodes.update({text: (kind, first) for f, text in parts if f == _NODE_OUTPUT})
    return {name: kind for name in outputs if (kind := _maker(nodes, name))}


def _maker(nodes: dict[str, tuple[str, str]], name: str) -> str:
    for _ in range(len(nodes)):  # a graph with a cycle must not hold us
        if name not in nodes:
            return ""
        kind, first = nodes[name]
        if kind not in _CHANGES_NOTHING:
            return kind
        name = first
    return ""


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, tuple[int, int]]]:
    # Of one message: field numbers and where the contents of those with a length lie.
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 2:
            size, at = _varint(data, at)
            if at + size > end:
                raise ValueError("a field reaches past its message")
            yield key >> 3, (at, at + size)
            at += size
        elif kind == 0:
            _, at = _varint(data, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("not a message")


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("not a number")


def _text(data: mmap.mmap, span: tuple[int, int]) -> str:
    return data[span[0] : span[1]].decode("utf-8", "replace")
