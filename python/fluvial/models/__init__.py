"""Models by name: where they come from, where their files are, how they are fed and read."""

from fluvial.models.registry import (
    BUNDLED,
    Build,
    Entry,
    File,
    Found,
    bundled_model,
    cache_folder,
    entries,
    entry,
    find,
)

__all__ = [
    "BUNDLED",
    "Build",
    "Entry",
    "File",
    "Found",
    "bundled_model",
    "cache_folder",
    "entries",
    "entry",
    "find",
]
