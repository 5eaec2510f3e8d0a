"""Where the results of `fluvial tune` are kept, and what they hold for: this model, on this CPU, in this version."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from fluvial.backends._cpus import usable_cpus
from fluvial.errors import OutputError

__all__ = ["Tuned", "cpu_name", "folder", "load", "save"]


@dataclass(frozen=True)
class Tuned:
    """One result.

    Attributes:
        requests: Calls that run at a time.
        threads: CPU threads of all together.
        batch: Pictures in one call.
        rate: Pictures a second, when it was measured.
        streams: What it was measured for.
        backend: Who ran it, with the version.
        cpu: The CPU, and how many of it.
        date: The day.
    """

    requests: int
    threads: int
    batch: int
    rate: float
    streams: int
    backend: str
    cpu: str
    date: str

    def __str__(self) -> str:
        plural = "s" if self.threads > 1 else ""
        return (
            f"`fluvial tune` on {self.date}: {self.requests} at a time on {self.threads} thread{plural}, batch "
            f"{self.batch}, {self.rate:.0f} pictures/s with {self.backend}"
        )


def folder() -> Path:
    """In the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fluvial" / "tuning"


def cpu_name() -> str:
    """The model's name, and how many of its cores may be used.

    Example:
        >>> " x " in cpu_name()
        True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), os.uname().machine)
    return f"{name} x {usable_cpus()}"


def save(model: Path, tuned: Tuned) -> Path:
    """Keeps a result; returns its file.

    Raises:
        OutputError: The folder cannot be written.
    """
    path = _place(model, tuned.backend)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a run that starts meanwhile reads it.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(asdict(tuned), file, indent=1)
        Path(file.name).replace(path)
    except OSError as e:
        raise OutputError("tune", f"{path}: {e.strerror}") from None
    return path


def load(model: Path, backend: str) -> Tuned | None:
    """The result for this model, backend and CPU; None where there is none that can be read."""
    if not folder().is_dir():
        return None  # most users: nothing is read to find that out
    try:
        raw = json.loads(_place(model, backend).read_text(encoding="utf-8"))
        return Tuned(**raw)
    except (OSError, ValueError, TypeError):
        return None


def _place(model: Path, backend: str) -> Path:
    digest = hashlib.sha256()
    for file in (model, model.with_suffix(".bin")):  # OpenVINO's weights lie beside the .xml
        if file == model or (model.suffix == ".xml" and file.is_file()):
            with file.open("rb") as data:
                while block := data.read(1 << 20):
                    digest.update(block)
    key = hashlib.sha256(f"{digest.hexdigest()} {cpu_name()} {backend}".encode()).hexdigest()
    return folder() / f"{key[:32]}.json"
