"""C++ exceptions arrive as errors, whatever was imported before: see fluvial/_unwind.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys
for name in sys.argv[1:]:
    if name == "gst":
        import gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
        Gst.init(None)
    else:
        __import__(name)
import fluvial as fv
from fluvial import _core
try:
    _core.pyds.get_nvds_buf_surface(0, 0)
except ValueError:
    print("extension")
try:
    with fv.Pipeline() as p:
        infer = p.add("fluvialinfer", model="/no/such")
        p.link(p.add("videotestsrc"), p.add("fluvialconvert"), infer, p.add("fakesink"))
        p.run()
except fv.PipelineError:
    print("plugin")
"""


@pytest.mark.parametrize(
    "before",
    [(), ("numpy",), ("gst",), ("numpy", "gst"), ("gst", "numpy"), ("pydantic_core", "gst"), ("openvino", "gst")],
    ids=" then ".join,
)
def test_an_exception_is_no_crash(before: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *before],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        check=False,
    )
    assert done.stdout.split() == ["extension", "plugin"], f"{done.returncode}\n{done.stderr[-2000:]}"
