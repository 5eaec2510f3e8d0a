"""Fetching a model's files into the user's cache: whole and right, or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from fluvial.errors import ModelError
from fluvial.models.registry import Entry, File, cache_folder, how_to_get

__all__ = ["fetch", "pull"]

_CHUNK = 1 << 16
_TIMEOUT_SECONDS = 30

Progress = Callable[[str, int, int], None]


def pull(known: Entry, *, on_progress: Progress | None = None) -> Path:
    """Fetches a model and returns the file to open.

    Args:
        known: The model.
        on_progress: Called with a file's name, the bytes there and the bytes expected (0: unknown).

    Raises:
        ModelError: It has no address, the address cannot be reached, or what came is not what its author published.
    """
    build = next((b for b in known.builds if b.is_fetchable), None)
    if build is None:
        raise ModelError(f"model {known.name!r} has no address to fetch it from\n  hint: {how_to_get(known)}")
    for file in build.files:
        fetch(file, cache_folder(), on_progress=on_progress)
    return cache_folder() / build.files[0].name


def fetch(file: File, folder: Path, *, on_progress: Progress | None = None) -> Path:
    """Fetches one file; keeps what is there already when its checksum is right. Raises like `pull`."""
    target = folder / file.name
    if target.is_file() and _checksum(target, file) == file.checksum:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=folder)
    except OSError as e:
        raise ModelError(f"{folder}: cannot write the model here: {e.strerror}") from e
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            _download(file, out.write, on_progress)
        found = _checksum(part, file)
        if found != file.checksum:
            raise ModelError(f"{file.address}: not the file that was expected: {found}, expected {file.checksum}")
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _download(file: File, write: Callable[[bytes], object], on_progress: Progress | None) -> None:
    there = 0
    try:
        with urllib.request.urlopen(file.address, timeout=_TIMEOUT_SECONDS) as answer:
            while block := answer.read(_CHUNK):
                write(block)
                there += len(block)
                if on_progress:
                    on_progress(file.name, there, file.size)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as e:
        reason = getattr(e, "reason", e)
        raise ModelError(
            f"{file.address}: cannot be fetched: {reason}\n"
            f"  hint: fetch it by hand and put it into {cache_folder()} as {file.name}"
        ) from e


def _checksum(path: Path, file: File) -> str:
    kind = file.checksum.partition(":")[0]
    total = hashlib.new(kind)
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            total.update(block)
    return f"{kind}:{total.hexdigest()}"
