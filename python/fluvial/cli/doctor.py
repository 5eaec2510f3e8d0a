"""`fluvial doctor`: what is here, what is missing, and the command that installs what is missing."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from fluvial import _gst, _plugin
from fluvial.backends.available import available
from fluvial.cli.doctor_gpu import gpus
from fluvial.cli.finding import Finding
from fluvial.cli.output import console
from fluvial.errors import FluvialError, ModelError
from fluvial.models import bundled_model, entries, find

__all__ = ["Finding", "examine", "register", "run"]


# Element: what does not work without it, its package.
_ELEMENTS = {
    "uridecodebin": ("needed", "gstreamer1.0-plugins-base"),
    "videoconvert": ("needed", "gstreamer1.0-plugins-base"),
    "h264parse": ("needed", "gstreamer1.0-plugins-bad"),
    "qtdemux": ("MP4 files", "gstreamer1.0-plugins-good"),
    "mp4mux": ("writing MP4", "gstreamer1.0-plugins-good"),
    "matroskamux": ("writing MKV", "gstreamer1.0-plugins-good"),
    "avdec_h264": ("H.264, H.265 and most other videos", "gstreamer1.0-libav"),
    "vp8dec": ("VP8 and VP9", "gstreamer1.0-plugins-good"),
    "jpegdec": ("Motion JPEG cameras", "gstreamer1.0-plugins-good"),
    "dav1ddec": ("AV1 (or av1dec, avdec_libdav1d)", "gstreamer1.0-plugins-bad"),
    "x264enc": ("writing H.264", "gstreamer1.0-plugins-ugly"),
    "x265enc": ("writing H.265", "gstreamer1.0-plugins-bad"),
    "rtspsrc": ("RTSP cameras", "gstreamer1.0-plugins-good"),
    "souphttpsrc": ("videos by HTTP", "gstreamer1.0-plugins-good"),
    "v4l2src": ("USB cameras", "gstreamer1.0-plugins-good"),
    "autovideosink": ("windows", "gstreamer1.0-plugins-good"),
}
_INSTEAD = {"dav1ddec": ("av1dec", "avdec_libdav1d", "vaav1dec"), "x264enc": ("openh264enc", "vah264enc")}
_OURS = (
    *("fluvialsource", "fluvialdecode", "fluvialmux", "fluvialinfer"),
    *("fluvialtrack", "fluvialtile", "fluvialdraw", "fluvialencode"),
)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("doctor", help="what is installed, what is missing, how to install it")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    findings = list(examine())
    needed = [f for f in findings if not f.is_ok and f.need == "needed"]
    command = _command(findings)
    if args.json:
        print(json.dumps({"ok": not needed, "findings": [asdict(f) for f in findings], "install": command}))
        return 1 if needed else 0
    table = Table(box=None, show_header=False, pad_edge=False)
    for f in findings:
        mark = "ok" if f.is_ok else "MISSING" if f.need == "needed" else "absent"
        reason = f.detail if f.is_ok else f.detail or f"needed for: {f.need}" if f.need != "needed" else f.detail
        table.add_row(mark, f.what, reason.replace("[", r"\["))
    out = console()
    out.print(table)
    if command:
        out.print(f"\nto install what is missing:\n  {command}", soft_wrap=True, highlight=False)
    return 1 if needed else 0


def examine() -> Iterator[Finding]:
    """Looks for everything, in the order in which it is needed."""
    for look in (
        _python,
        _gstreamer,
        _plugin_loads,
        _elements,
        _codecs,
        _packages,
        _openvino,
        _backends,
        lambda: gpus(_has),
        _display,
        _cameras,
        _models,
        _bundled,
    ):
        yield from look()


def _command(findings: list[Finding]) -> str:
    packages = sorted({p for f in findings if not f.is_ok for p in f.packages.split()})
    return f"sudo apt-get install {' '.join(packages)}" if packages else ""


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    is_ok = (3, 10) <= sys.version_info[:2] <= (3, 14)
    yield Finding("Python", "needed", is_ok, version if is_ok else f"{version}: 3.10 to 3.13 are tested")


def _gstreamer() -> Iterator[Finding]:
    packages = "python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gstreamer1.0-tools"
    try:
        _gst.start()
        version = _gst.Gst.version()
    except FluvialError as e:
        yield Finding("GStreamer from Python", "needed", False, str(e).splitlines()[0], packages)
        return
    text = ".".join(str(n) for n in version[:3])
    is_ok = tuple(version[:2]) >= (1, 20)
    yield Finding("GStreamer", "needed", is_ok, text if is_ok else f"{text}: 1.20 or later is needed")


def _plugin_loads() -> Iterator[Finding]:
    if not _plugin.is_findable():
        yield Finding("fluvial's plugin", "needed", False, f"not built: nothing in {_plugin.FOLDER}; make build")
        return
    missing = [name for name in _OURS if not _has(name)]
    detail = f"does not load, or lacks {', '.join(missing)}: GST_DEBUG=3 says why" if missing else str(_plugin.FOLDER)
    yield Finding("fluvial's plugin", "needed", not missing, detail)


def _elements() -> Iterator[Finding]:
    for name, (need, package) in _ELEMENTS.items():
        found = next((n for n in (name, *_INSTEAD.get(name, ())) if _has(n)), None)
        detail = "" if found in (None, name) else f"{found} instead"
        yield Finding(name, need, found is not None, detail, package)


def _codecs() -> Iterator[Finding]:
    if not _has("uridecodebin"):
        return
    gst = _gst.Gst
    decoders = gst.ElementFactory.list_get_elements(gst.ELEMENT_FACTORY_TYPE_DECODER, gst.Rank.MARGINAL)
    names = {
        "video/x-h264": "H.264",
        "video/x-h265": "H.265",
        "video/x-vp9": "VP9",
        "video/x-av1": "AV1",
        "image/jpeg": "JPEG",
    }
    known = [
        n
        for c, n in names.items()
        if gst.ElementFactory.list_filter(decoders, gst.Caps.from_string(c), gst.PadDirection.SINK, False)
    ]
    yield Finding("decoders", "needed", bool(known), "for " + ", ".join(known), "gstreamer1.0-libav")


def _packages() -> Iterator[Finding]:
    for name in ("numpy", "pydantic", "yaml", "rich"):
        is_ok = importlib.util.find_spec(name) is not None
        yield Finding(f"Python package {name}", "needed", is_ok, "" if is_ok else "pip install fluvial brings it")
    try:
        from fluvial import _core
    except ImportError as e:
        yield Finding("fluvial's extension", "needed", False, f"{e}; make build")
    else:
        yield Finding("fluvial's extension", "needed", True, str(_core.__file__))


def _openvino() -> Iterator[Finding]:
    try:
        import openvino
    except ImportError as e:
        yield Finding("OpenVINO", "running models", False, f"{e}; pip install openvino==2026.4.1")
        return
    devices = ", ".join(openvino.Core().available_devices)
    yield Finding("OpenVINO", "running models", True, f"{openvino.__version__.split('-')[0]}, devices: {devices}")


def _backends() -> Iterator[Finding]:
    for one in available():
        yield Finding(one.title, f"backend={one.name}", one.is_here, one.detail)


def _display() -> Iterator[Finding]:
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    yield Finding("display", "windows", bool(display), display or "none: show() draws nothing, everything else works")


def _cameras() -> Iterator[Finding]:
    found = sorted(str(p) for p in Path("/dev").glob("video*"))
    yield Finding("cameras", "USB cameras", bool(found), ", ".join(found) or "none connected")


def _models() -> Iterator[Finding]:
    here = []
    for one in entries():
        try:
            find(one.name)
            here.append(one.name)
        except ModelError:
            continue
    yield Finding("models", "`fluvial run` by name", bool(here), ", ".join(here) or "none here: fluvial models list")


def _bundled() -> Iterator[Finding]:
    path = bundled_model()
    yield Finding(
        "bundled model", "`infer()` without a model", path is not None, str(path or "this build carries none")
    )


def _has(name: str) -> bool:
    try:
        _gst.start()
    except FluvialError:
        return False
    return _gst.Gst.ElementFactory.find(name) is not None
