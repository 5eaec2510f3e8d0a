"""The list of models that fluvial knows by name, and the search for their files.

`models.json` holds facts alone: where a model comes from, by whom, under which licence, what its files' checksums are.
Their files are never part of fluvial; the project's own detector may be: `bundled` is its name, and the folder of that
name beside this file holds it where a build carries it. All others are looked for in this order:

1. a path that exists, as it is;
2. the folder that FLUVIAL_ASSETS names, or `shared/assets` beside the folder that holds this checkout;
3. the user's cache, `~/.cache/fluvial/models` (XDG_CACHE_HOME moves it);
4. the model's address, from which `pull` fetches it into the cache.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fluvial.errors import ModelError, did_you_mean

__all__ = [
    "BUNDLED",
    "Build",
    "Entry",
    "File",
    "Found",
    "assets_folder",
    "bundled_model",
    "cache_folder",
    "entries",
    "entry",
    "find",
]

BUNDLED = "bundled"
_BUNDLED_FOLDER = Path(__file__).parent / "bundled"
_SUFFIXES = (".onnx", ".xml")


@dataclass(frozen=True)
class File:
    """One file of a model."""

    name: str
    checksum: str  # "sha256:..." or, where the author publishes only that, "sha384:..."
    size: int  # bytes; 0: unknown
    address: str  # empty: it has to be fetched by hand


@dataclass(frozen=True)
class Build:
    """The files that belong together; the first is the one to open."""

    files: tuple[File, ...]

    @property
    def is_fetchable(self) -> bool:
        """True when every file has an address."""
        return all(f.address for f in self.files)


@dataclass(frozen=True)
class Entry:
    """What is known of one model.

    Attributes:
        name: What `fluvial models list` calls it.
        task: detect, classify, embed, pose or segment.
        labels: A detector's classes by number. A classifier's: one attribute each, with ";" between its labels; or,
            where there is one attribute alone, its labels.
        builds: The same model in different files, the preferred first; none of the one that a build may carry.
    """

    name: str
    task: str
    about: str
    licence: str
    home: str
    head: str
    labels: tuple[str, ...]
    quality: str
    builds: tuple[Build, ...]


@dataclass(frozen=True)
class Found:
    """A model's file on this machine, and what the list knows of it."""

    path: Path
    entry: Entry | None = None


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every model of the list, in its order."""
    text = resources.files("fluvial.models").joinpath("models.json").read_text(encoding="utf-8")
    return tuple(_entry(raw) for raw in json.loads(text)["models"])


def entry(name: str) -> Entry | None:
    """The model of this name, or the one that has a file of this name."""
    for known in entries():
        if name == known.name or any(name == f.name for b in known.builds for f in b.files):
            return known
    return None


def find(name_or_path: str | os.PathLike[str]) -> Found:
    """The file of a model, given by path or by name.

    Args:
        name_or_path: A path that exists, or a name of `fluvial models list`, or the name of one of its files; or
            "bundled", the detector that this build carries.

    Raises:
        ModelError: No such file and no such model; or the model is known and its files are not on this machine; or this
            build carries none.

    Example:
        >>> find("yolox-nan")
        Traceback (most recent call last):
        fluvial.errors.ModelError: no model 'yolox-nan': it is neither a file nor a name of the list
          hint: did you mean 'yolox-nano'?
    """
    text = os.fspath(name_or_path)
    if text == BUNDLED:
        return Found(_bundled())
    path = Path(text).expanduser()
    if path.is_file():
        return Found(path, entry(path.name))
    known = entry(text) or entry(path.name)
    if known is None and path.is_dir():
        raise ModelError(f"{path}: a model file is needed, this is a folder")
    if known is None:
        raise _unknown(text)
    for folder in _folders():
        for build in _preferred(known, path.name):
            if all((folder / f.name).is_file() for f in build.files):
                return Found(folder / build.files[0].name, known)
    raise ModelError(f"model {known.name!r} is not on this machine\n  hint: {how_to_get(known)}")


def bundled_model() -> Path | None:
    """The detector that this build carries, if it carries one."""
    return min((file for file in _BUNDLED_FOLDER.glob("*.*") if file.suffix in _SUFFIXES), default=None)


def _bundled() -> Path:
    path = bundled_model()
    if path is None:
        raise ModelError(
            "no model is named, and this build of fluvial carries none\n"
            '  hint: name one, such as infer("yolox-nano"); fluvial models list shows what there is'
        )
    return path


def how_to_get(known: Entry) -> str:
    """One sentence: the command that fetches it, or which file to put where."""
    if not known.builds:
        return "this build of fluvial carries none; fluvial models list shows what else there is"
    if any(b.is_fetchable for b in known.builds):
        return f"fluvial models pull {known.name}"
    names = ", ".join(f.name for f in known.builds[0].files)
    return f"put {names} (see {known.home}) into {cache_folder()}"


def assets_folder() -> Path | None:
    """The folder with `models` and `videos` in it that a developer keeps beside the checkout, if there is one."""
    named = os.environ.get("FLUVIAL_ASSETS")
    if named:
        return Path(named)
    checkout = Path(__file__).resolve().parents[3]
    beside = checkout.parent / "shared" / "assets"
    return beside if beside.is_dir() else None


def cache_folder() -> Path:
    """Where fetched models are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fluvial" / "models"


def _folders() -> list[Path]:
    assets = assets_folder()
    return [*([assets / "models"] if assets else []), cache_folder()]


def _preferred(known: Entry, file_name: str) -> list[Build]:
    # Asked for by a file's name, the build that has this file comes first.
    return sorted(known.builds, key=lambda b: all(f.name != file_name for f in b.files))


def _unknown(text: str) -> ModelError:
    looks_like_path = os.sep in text or Path(text).suffix in _SUFFIXES
    if looks_like_path:
        near = [p.name for p in Path(text).expanduser().parent.glob("*") if p.suffix in _SUFFIXES]
        hint = did_you_mean(Path(text).name, near, listed=4) if near else "check the path"
        return ModelError(f"{text}: no such model file\n  hint: {hint}")
    hint = did_you_mean(text, [e.name for e in entries()], listed=20)
    return ModelError(f"no model {text!r}: it is neither a file nor a name of the list\n  hint: {hint}")


def _entry(raw: dict[str, object]) -> Entry:
    fields = dict(raw)
    fields["labels"] = _labels(raw["labels"])
    fields["builds"] = tuple(Build(tuple(_file(f) for f in b)) for b in raw["builds"])  # type: ignore[attr-defined]
    return Entry(**fields)  # type: ignore[arg-type]


def _file(raw: dict[str, object]) -> File:
    checksum = next(f"{kind}:{raw[kind]}" for kind in ("sha256", "sha384") if kind in raw)
    return File(str(raw["name"]), checksum, int(str(raw.get("bytes", 0))), str(raw.get("address", "")))


def _labels(raw: object) -> tuple[str, ...]:
    # A list, or the name of a file beside this one, one label a line.
    if isinstance(raw, list):
        return tuple(raw)
    file = resources.files("fluvial.models").joinpath("labels", f"{raw}.txt")
    return tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()
