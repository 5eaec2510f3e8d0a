"""Models by name: where they come from, where their files are, how they are fed and read."""

from fluvial.models.registry import Build, Entry, File, Found, cache_folder, entries, entry, find

__all__ = ["Build", "Entry", "File", "Found", "cache_folder", "entries", "entry", "find"]
