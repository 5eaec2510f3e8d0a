"""NVIDIA's libraries without a GPU, for programs that tests start: see tests/cpp/libraries/fake_gpu.cpp."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from needed import absent

_ROOT = Path(__file__).parents[1]
_SOURCES = [
    str(_ROOT / "tests/cpp/libraries" / name) for name in ("fake_gpu.cpp", "fake_gpu_kernels.cpp", "fake_gpu_rest.cpp")
]
NAMES = ("libcuda.so.1", "libnvrtc.so.13", "libnvidia-ml.so.1", "libnvcuvid.so.1")


def build(folder: Path) -> None:
    """Compiles it there, once under each of its names."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        absent("compiler", "no C++ compiler: make setup")
    first, *others = (folder / name for name in NAMES)
    options = ["-std=c++17", "-shared", "-fPIC", "-O1"]
    options += [f"-I{_ROOT / folder}" for folder in ("cpp", "tests/cpp", "tests/cpp/libraries")]
    subprocess.run([compiler, *options, *_SOURCES, "-o", str(first)], check=True)
    for other in others:
        shutil.copy(first, other)


def environment(folder: Path, scratch: Path, *, without: tuple[str, ...] = (), **settings: object) -> dict[str, str]:
    """Of a program that finds them there.

    Args:
        folder: Where `build` put them.
        scratch: An empty folder of the test's: caches, and the libraries less those that are left out.
        without: Names of libraries that this machine shall lack.
        **settings: FAKE_GPUS and others.
    """
    libraries = folder
    if without:
        libraries = scratch / "libraries"
        libraries.mkdir()
        for name in NAMES:
            if name not in without:
                (libraries / name).symlink_to(folder / name)
    return {
        **os.environ,
        "LD_LIBRARY_PATH": f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        "XDG_CACHE_HOME": str(scratch),
        "GST_REGISTRY": str(scratch / "registry.bin"),
        **{key: str(value) for key, value in settings.items()},
    }
