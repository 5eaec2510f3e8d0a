"""`fluvial exec SCRIPT ARGS...`: runs a program written for DeepStream's pyds, unchanged.

The program gets a Python of its own, as if by `python SCRIPT ARGS...` in the current folder, in which GStreamer finds
our elements, `import pyds` is ours, models of DeepStream's samples have stand-ins, and `cuda` can be imported where
there is no driver.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from fluvial import _plugin
from fluvial.errors import FluvialError, did_you_mean
from fluvial.models.registry import cache_folder
from fluvial.models.stand_ins import write_table

__all__ = ["environment", "register", "run"]

_PACKAGE = Path(__file__).resolve().parents[1]

# What the programs do with the package: where this does not work, ours stands in.
_CUDA_WORKS = "from cuda import cuda, cudart; cuda.cuInit(0)"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("exec", help="run a DeepStream Python program unchanged")
    parser.add_argument("script", help="the program")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="its arguments")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    script = _script(args.script)
    if not _plugin.is_findable():
        raise FluvialError(f"the plugin is not built: nothing in {_plugin.FOLDER}\n  hint: make build")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, str(script), *args.args], environment())


def _script(name: str) -> Path:
    script = Path(name)
    if script.is_dir():
        raise FluvialError(f"{script}: a folder, not a program{_hint('', script)}")
    if not script.is_file():
        raise FluvialError(f"{script}: no such file{_hint(script.name, script.parent)}")
    if _looks_around(script) and script.resolve().parent != Path.cwd():
        print(
            f"fluvial: {script} looks for modules and settings beside the current folder, which is {Path.cwd()}\n"
            f"  hint: cd {script.resolve().parent}",
            file=sys.stderr,
        )
    return script


def _hint(name: str, folder: Path) -> str:
    hint = did_you_mean(name, [p.name for p in folder.glob("*.py")])
    return f"\n  hint: {hint}" if hint else ""


def _looks_around(script: Path) -> bool:
    # All of DeepStream's samples do, and say no more than that there is no module 'common' when run from elsewhere.
    return re.search(r"""sys\.path\.append\(["']\.\./?["']\)""", script.read_text(errors="replace")) is not None


def environment() -> dict[str, str]:
    """The environment in which such a program runs."""
    env = dict(os.environ)
    # In its source tree only: PYTHONPATH comes before the standard library, where no site-packages should be.
    paths = [] if _PACKAGE.parent.name in ("site-packages", "dist-packages") else [str(_PACKAGE.parent)]
    if not _cuda_works():
        paths.append(str(_PACKAGE / "_cuda"))
    env["PYTHONPATH"] = os.pathsep.join([*paths, *filter(None, [env.get("PYTHONPATH")])])
    if "FLUVIAL_STANDINS" not in env:
        table, missing = _stand_ins()
        env["FLUVIAL_STANDINS"] = str(table)
        for sentence in missing:
            print(f"fluvial: {sentence}", file=sys.stderr)
    # Whatever such a program imports first: see _unwind.py.
    env["LD_PRELOAD"] = " ".join([*filter(None, [env.get("LD_PRELOAD")]), "libgcc_s.so.1"])
    # Each use of a stand-in is a warning of the element that uses it: shown, unless the user has said what to show.
    env.setdefault("GST_DEBUG", "fluvialinfer:2")
    if not sys.stderr.isatty():
        env.setdefault("GST_DEBUG_NO_COLOR", "1")
    return env


def _cuda_works() -> bool:
    # In a process of its own: a driver that was asked once stays loaded.
    return subprocess.run([sys.executable, "-c", _CUDA_WORKS], capture_output=True, check=False).returncode == 0


def _stand_ins() -> tuple[Path, list[str]]:
    # Named after what it says, in the cache: programs may run side by side, and nobody is left to remove it.
    folder = cache_folder().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir())
    handle, name = tempfile.mkstemp(suffix=".tsv", dir=folder)
    os.close(handle)
    draft = Path(name)
    missing = write_table(draft)
    content = hashlib.sha256(draft.read_bytes()).hexdigest()[:12]
    return draft.replace(folder / f"stand-ins-{content}.tsv"), missing
