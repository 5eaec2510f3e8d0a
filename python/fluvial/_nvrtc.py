"""The compiler of CUDA kernels, where a Python package brought it: PyTorch's and others' need it too."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["find_nvrtc"]


def find_nvrtc(folders: list[str] | None = None) -> Path | None:
    """The newest `libnvrtc.so` of NVIDIA's packages; None: the system's own must do.

    Args:
        folders: Where packages are; left out, where Python looks for them.
    """
    found: list[Path] = []
    for folder in sys.path if folders is None else folders:
        found += Path(folder or ".").glob("nvidia/*/lib/libnvrtc.so.*")
    return max(found, key=_version, default=None)


def _version(library: Path) -> tuple[int, ...]:
    # ".alt." ones are for machines with several CUDAs.
    numbers = library.name.partition(".so.")[2].split(".")
    return (0 if ".alt." in library.name else 1, *(int(n) for n in numbers if n.isdigit()))
