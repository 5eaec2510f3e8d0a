"""`fluvial doctor` on NVIDIA's GPUs: the driver, each GPU, what its decoders can and who may use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fluvial._nvdec import Decoder, decoders
from fluvial._nvml import Nvml
from fluvial.cli.finding import Finding

__all__ = ["gpus"]

_PLUGIN = ("nvh264dec", "nvh265dec", "nvvp9dec", "nvjpegdec")
_DECODING = "hardware decoding"


def gpus(has_element: Callable[[str], bool]) -> Iterator[Finding]:
    """Everything about them.

    Args:
        has_element: Whether GStreamer has an element of this name.
    """
    try:
        from fluvial import _core
    except ImportError:  # said before
        return
    _, why_not = _core.gpus()
    found = _core.gpu_list()
    if not found:
        yield Finding("NVIDIA GPU", "decoding and inference on it", False, why_not)
        return
    nvml = _nvml()
    yield Finding("NVIDIA driver", _DECODING, True, nvml.driver() if nvml else "its libnvidia-ml.so.1 is missing")
    for ordinal, (name, bus_id, size) in enumerate(found):
        (seen,) = nvml.by_bus_id([bus_id]) if nvml else [None]
        memory = f"{seen.free / 2**30:.1f} of {_gib(size)} free" if seen else _gib(size)
        yield Finding(f"GPU {ordinal}", "decoding and inference on it", True, f"{name}, {memory}")
        yield _decoding(ordinal)
    plugin = [name for name in _PLUGIN if has_element(name)]
    detail = ", ".join(plugin) or "GStreamer has no decoders for NVDEC: gst-inspect-1.0 nvcodec says why"
    yield Finding("nvcodec", _DECODING, bool(plugin), detail, "gstreamer1.0-plugins-bad")


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _nvml() -> Nvml | None:
    try:
        return Nvml()
    except OSError:
        return None


def _decoding(ordinal: int) -> Finding:
    what = f"NVDEC of GPU {ordinal}"
    try:
        known = decoders(ordinal)
    except OSError as e:
        return Finding(what, _DECODING, False, f"{e}: it comes with the driver, on servers as libnvidia-decode")
    if not known:
        return Finding(what, _DECODING, False, "this GPU has none")
    return Finding(what, _DECODING, True, f"{max(d.engines for d in known)} engines: " + "; ".join(map(_words, known)))


def _words(one: Decoder) -> str:
    bits = "/".join(map(str, one.bits))
    return f"{one.codec} {bits} bit to {one.most[0]}x{one.most[1]}"
