"""C++ exceptions arrive as errors, whatever was imported before: see fluvial/_unwind.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from needed import absent, package

pytestmark = pytest.mark.slow  # every test starts a program

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


IMPORTING = """
import importlib.machinery, importlib.util, shutil, sys, tempfile, threading
import _multiprocessing as extension
from fluvial._unwind import loaded_libraries

sys.setswitchinterval(1e-5)
done = threading.Event()

def load_extensions(folder):
    import _imp
    for number in range(10 ** 6):
        if done.is_set():
            return
        file = shutil.copy(extension.__file__, f"{folder}/{number}.so")
        loader = importlib.machinery.ExtensionFileLoader("_multiprocessing", file)
        _imp.create_dynamic(importlib.util.spec_from_loader("_multiprocessing", loader))

with tempfile.TemporaryDirectory() as folder:
    other = threading.Thread(target=load_extensions, args=(folder,))
    other.start()
    lengths = [len(loaded_libraries()) for _ in range(2000)]
    done.set()
    other.join()
print(lengths[-1] > lengths[0] > 3)
"""


def test_libraries_are_counted_while_another_thread_imports_some() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        timeout=60,  # it hung where the GIL was given away under the loader's lock
        check=False,
    )
    assert done.stdout.split() == ["True"], f"{done.returncode}\n{done.stderr[-2000:]}"


ONNX_RUNTIME = """
import sys
import numpy
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
import fluvial as fv
from fluvial.backends import OnnxRuntime
try:
    OnnxRuntime(sys.argv[1]).describe()
except fv.ModelError:
    print("ONNX Runtime")
"""


def test_onnx_runtime_s_exceptions_are_no_crash_either(tmp_path: Path) -> None:
    package("onnxruntime", promise="packages")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    done = subprocess.run(
        [sys.executable, "-c", ONNX_RUNTIME, str(broken)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        check=False,
    )
    assert done.stdout.strip() == "ONNX Runtime", f"{done.returncode}\n{done.stderr[-2000:]}"


def test_no_library_of_ours_exports_functions_of_the_c_plus_plus_library() -> None:
    # A toolchain that links it statically would have two of them in a process, mixed by their names: CMakeLists.txt.
    tool = shutil.which("nm")
    if tool is None:
        absent("compiler", "no nm: apt-get install binutils")
    package_folder = ROOT / "python/fluvial"
    ours = [*package_folder.glob("_core.*.so"), *package_folder.glob("lib/**/*.so")]
    assert len(ours) >= 3
    for library in ours:
        names = subprocess.run(
            [tool, "-D", "--defined-only", "--format=posix", library], stdout=subprocess.PIPE, text=True
        )
        exported = {line.split()[0] for line in names.stdout.splitlines()}
        assert not exported & {"_Znwm", "_ZdlPv", "__cxa_throw", "_ZTISt9exception", "_ZSt9terminatev"}, library
