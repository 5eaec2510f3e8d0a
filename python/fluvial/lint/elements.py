"""Which elements are here, and their properties; GStreamer is asked, but no element is made."""

from __future__ import annotations

import functools

from fluvial import _gst

__all__ = ["exists", "missing", "properties"]

# The packages of elements that programs name and a machine may lack.
_PACKAGES = {
    "gstreamer1.0-plugins-bad": ("h264parse", "h265parse", "mpeg4videoparse", "x265enc", "srtsink", "rtmpsink"),
    "gstreamer1.0-plugins-ugly": ("x264enc",),
    "gstreamer1.0-libav": ("avenc_mpeg4", "avdec_h264", "avdec_mjpeg", "avenc_mjpeg"),
    "gstreamer1.0-plugins-good": ("qtmux", "qtdemux", "rtph264pay", "rtph265pay", "rtspsrc", "udpsink", "v4l2src"),
    "gstreamer1.0-gl": ("glimagesink",),
    "gstreamer1.0-x": ("xvimagesink", "ximagesink"),
}


@functools.cache
def exists(name: str) -> bool:
    _gst.start()
    return _gst.Gst.ElementFactory.find(name) is not None


@functools.cache
def properties(name: str) -> frozenset[str]:
    """Empty where there is no such element."""
    _gst.start()
    factory = _gst.Gst.ElementFactory.find(name)
    loaded = factory.load() if factory else None
    if loaded is None:
        return frozenset()
    return frozenset(p.name for p in _gst.GObject.list_properties(loaded.get_element_type()))


def missing(name: str) -> str:
    """What is to say about an element that is not here."""
    package = next((p for p, names in _PACKAGES.items() if name in names), None)
    if package:
        return f"there is no element {name} on this machine: sudo apt-get install {package}"
    return f"there is no element {name}" + (": NVIDIA's, and not in Fluvial" if name.startswith("nv") else "")
