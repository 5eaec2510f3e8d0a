"""`fluvial version`: of fluvial, and of what it runs on."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform

from fluvial import _gst

__all__ = ["register", "run", "versions"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("version", help="versions of fluvial, GStreamer, OpenVINO, Python")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    found = versions()
    if args.json:
        print(json.dumps(found))
    else:
        for name, version in found.items():
            print(f"{name} {version or 'not installed'}")
    return 0


def versions() -> dict[str, str | None]:
    """By name; None where it is not installed."""
    return {
        "fluvial": _of_package("fluvial") or "0 (in its source tree)",
        "GStreamer": _gstreamer(),
        "OpenVINO": _of_package("openvino"),
        "NumPy": _of_package("numpy"),
        "Python": platform.python_version(),
    }


def _of_package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gstreamer() -> str | None:
    try:
        _gst.start()
        return ".".join(str(n) for n in _gst.Gst.version()[:3])
    except Exception:  # GStreamer, or its Python face, is missing
        return None
