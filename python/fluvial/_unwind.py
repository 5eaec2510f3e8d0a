"""Keeps C++ exceptions from ending the process where GStreamer has brought libunwind into it.

Debian's libgstreamer needs libunwind, which exports the functions by which exceptions travel under the names that
libgcc_s gives them. Which of the two a library gets depends on what was loaded before it. After `import numpy`, then
GStreamer, the C++ library throws by libgcc_s while libraries that come later clean up by libunwind: the first exception
that passes through one, such as "no such model", aborts the process. Two remedies, by what is there when fluvial is
imported:

- no libunwind yet: libgcc_s is made visible to all that come after;
- libunwind already, and libgcc_s before it: our libraries, and OpenVINO with them, are loaded so that they look for
  names in their own dependencies first.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

__all__ = ["keep_package_whole", "keep_whole", "loaded_libraries"]

_LIBGCC = "libgcc_s.so.1"
_LOADER = Path(__file__).parent / "lib" / "libfluvialloader.so"


def loaded_libraries() -> list[str]:
    """File names of the shared libraries in this process, in the order in which they were loaded; [] before a build."""
    try:
        loader = ctypes.CDLL(str(_LOADER))
    except OSError:
        return []
    tell, size = loader.fluvial_loaded_libraries, 1 << 14
    tell.argtypes, tell.restype = (ctypes.c_char_p, ctypes.c_size_t), ctypes.c_size_t
    while True:
        names = ctypes.create_string_buffer(size)
        needed = tell(names, size)
        if needed <= size:
            return [os.path.basename(line) for line in names.raw[:needed].decode(errors="replace").splitlines()]
        size = 2 * needed


def keep_whole(folder: Path) -> None:
    """Applies the remedy that fits.

    Args:
        folder: The package's, with our libraries in it.
    """
    if not sys.platform.startswith("linux"):
        return
    names = loaded_libraries()
    if not any(n.startswith("libunwind.so") for n in names):
        _open(_LIBGCC, ctypes.RTLD_GLOBAL)
    elif _is_mixed(names):
        ours = (
            "lib/libfluvialmeta.so",
            "lib/gstreamer-1.0/libgstfluvial.so",
            "lib/libfluvialopenvino.so",
            "_core.*.so",
        )
        for path in (p for pattern in ours for p in folder.glob(pattern)):
            _open(str(path), os.RTLD_NOW | os.RTLD_DEEPBIND)


def keep_package_whole(name: str, pattern: str) -> None:
    """The second remedy for a package that is about to be imported, whose extension throws.

    Args:
        name: Of the package.
        pattern: Where its extension is, under its folder.
    """
    if not sys.platform.startswith("linux") or name in sys.modules or not _is_mixed(loaded_libraries()):
        return
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in Path(folder).glob(pattern):
            _open(str(path), os.RTLD_NOW | os.RTLD_DEEPBIND)


def _is_mixed(names: list[str]) -> bool:
    # True: libgcc_s is bound to itself, and the C++ library is bound to it or still to come.
    order = {n.partition(".so")[0]: i for i, n in reversed(list(enumerate(names)))}
    unwind, gcc, cxx = (order.get(n) for n in ("libunwind", "libgcc_s", "libstdc++"))
    return unwind is not None and gcc is not None and gcc < unwind and (cxx is None or cxx < unwind)


def _open(name: str, mode: int) -> None:
    try:
        ctypes.CDLL(name, mode)
    except OSError:  # not built yet, or not a system that has it: whoever needs it says so
        return
