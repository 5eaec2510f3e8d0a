"""GStreamer's Python face, started on first use; where it is missing, the first use says how to get it."""

from __future__ import annotations

import logging
from typing import Any

from fluvial import _plugin
from fluvial.errors import FluvialError

__all__ = ["GLib", "GObject", "Gst", "set_null", "start"]

_log = logging.getLogger("fluvial")

_TIMES = 5


class _Missing:
    def __init__(self, why: Exception) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Any:
        raise FluvialError(
            f"GStreamer cannot be used from this Python: {self._why}\n"
            "  hint: sudo apt-get install python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0, and make the "
            "virtual environment with --system-site-packages"
        )


try:
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import GLib, GObject, Gst
except (ImportError, ValueError) as e:
    Gst = GLib = GObject = _Missing(e)


def start() -> None:
    """Starts GStreamer if nobody has. Our elements can be found from then on."""
    if not Gst.is_initialized():
        Gst.init(None)
    assert _plugin.FOLDER  # importing it is what makes them findable


def set_null(element: Any) -> None:
    """Stops an element and gives back what it holds.

    One that failed while it was starting refuses the first time: GStreamer answers with the failure of then, and leaves
    the rest as it was, running.
    """
    for _ in range(_TIMES):
        if element.set_state(Gst.State.NULL) != Gst.StateChangeReturn.FAILURE:
            return
    _log.warning("%s could not be stopped: GStreamer refused %d times", element.get_name(), _TIMES)
