"""What is public has a docstring, and importing it changes nothing that is not ours."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import fluvial as fv

ROOT = Path(__file__).parents[2]

IMPORT = """
import logging, os, signal, sys, threading, warnings
before = (dict(os.environ), list(warnings.filters), logging.root.handlers[:], signal.getsignal(signal.SIGINT))
import fluvial
after = (dict(os.environ), list(warnings.filters), logging.root.handlers[:], signal.getsignal(signal.SIGINT))
after[0].pop("GST_PLUGIN_PATH")
assert before == after, (before, after)
assert threading.active_count() == 1
assert not fluvial._gst.Gst.is_initialized()
"""


def test_names_are_sorted() -> None:
    assert sorted(fv.__all__) == fv.__all__


def test_everything_public_has_a_docstring_of_its_own() -> None:
    missing = [n for n in fv.__all__ if not inspect.getdoc(getattr(fv, n))]
    for name in fv.__all__:
        kind = getattr(fv, name)
        members = inspect.getmembers(kind, lambda m: inspect.isfunction(m) or isinstance(m, property))
        missing += [f"{name}.{n}" for n, m in members if not n.startswith("_") and not inspect.getdoc(m)]
    assert not missing


def test_importing_changes_the_plugin_path_alone() -> None:
    env = {"PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", IMPORT], check=True, env=env)


def test_elements_are_found_whether_gstreamer_has_started_or_not() -> None:
    start = "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None)"
    find = "assert Gst.ElementFactory.find('fluvialmux')"
    for code in (f"import fluvial; {start}; {find}", f"{start}; import fluvial; {find}"):
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "python")})
