"""Importing this makes GStreamer find our elements, whether it has started or not, and these the kernels' compiler."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fluvial import _unwind
from fluvial._nvrtc import find_nvrtc

__all__ = ["FOLDER", "is_findable"]

FOLDER = Path(__file__).parent / "lib" / "gstreamer-1.0"


def _add_to_path() -> None:
    # GStreamer reads the versioned variable alone where it is set.
    name = "GST_PLUGIN_PATH_1_0" if os.environ.get("GST_PLUGIN_PATH_1_0") else "GST_PLUGIN_PATH"
    known = [p for p in os.environ.get(name, "").split(os.pathsep) if p]
    if str(FOLDER) not in known:
        os.environ[name] = os.pathsep.join([str(FOLDER), *known])


def _scan_if_started() -> None:
    gst = sys.modules.get("gi.repository.Gst")
    if gst is not None and gst.is_initialized():
        gst.Registry.get().scan_path(str(FOLDER))


def _name_compiler() -> None:
    if compiler := find_nvrtc():
        from fluvial import _core  # behind keep_whole(), which must come before any library of ours

        _core.use_nvrtc(str(compiler))


def is_findable() -> bool:
    """True when the plugin has been built or installed beside this package."""
    return any(FOLDER.glob("libgstfluvial.*"))


_unwind.keep_whole(Path(__file__).parent)
_add_to_path()
_scan_if_started()
_name_compiler()
