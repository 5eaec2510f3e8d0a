"""Runs the code blocks of README.md and docs/, so that what a reader copies works.

    python tools/check_docs.py [FILE...]

What a block is, its language says: `python` and `sh` are run, in one folder a page, in their order; `yaml` and `ini`
are written there as the file that their first line names ("# run.yaml"); `text` is output, `c` an excerpt, not run.
In the folder lie a.mp4 and b.mp4, and a camera that only the reader has ("rtsp://cam/1") stands for b.mp4. A comment
before a block may say

    <!-- not run: WHY -->          it cannot be, here
    <!-- needs: MODEL -->          skipped where this model is not on the machine, unless FLUVIAL_REQUIRE names models
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
TIMEOUT_SECONDS = 300
REPLACED = {'"rtsp://cam/1"': '"b.mp4"', "rtsp://cam/1": "b.mp4"}

FENCE = re.compile(r"^```(\w*)\s*$")
NOTE = re.compile(r"<!--\s*(not run|needs):\s*(.*?)\s*-->")


class Wrong(Exception):
    """A page that breaks the rules above, or a block that failed."""


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""
    needs: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text().splitlines()
    notes: dict[str, str] = {}
    at = 0
    while at < len(lines):
        note, fence = NOTE.search(lines[at]), FENCE.match(lines[at])
        if note:
            notes[note[1]] = note[2]
        elif fence:
            end = next(i for i in range(at + 1, len(lines)) if lines[i].strip() == "```")
            text = "\n".join(lines[at + 1 : end]) + "\n"
            yield Block(page, at + 1, fence[1], text, notes.get("not run", ""), notes.get("needs", ""))
            notes, at = {}, end
        elif lines[at].strip():
            notes = {}
        at += 1


def has_model(name: str) -> bool:
    from fluvial.errors import ModelError
    from fluvial.models.registry import find

    try:
        find(name)
    except ModelError:
        return False
    return True


def prepare(folder: Path) -> None:
    """Two small clips with something moving in them."""
    for name, pattern in (("a", "ball"), ("b", "smpte")):
        caps = "video/x-raw,format=I420,width=320,height=240,framerate=15/1"
        encode = f"x264enc speed-preset=ultrafast key-int-max=15 ! h264parse ! mp4mux ! filesink location={name}.mp4"
        pipeline = f"videotestsrc num-buffers=30 pattern={pattern} ! {caps} ! {encode}"
        subprocess.run(["gst-launch-1.0", "-q", *pipeline.split()], cwd=folder, check=True)


def run(block: Block, folder: Path) -> str:
    """Says what was done: ran, written, output, or skipped and why."""
    if block.not_run:
        return f"not run: {block.not_run}"
    if block.language in ("text", "c"):
        return "output"
    if block.language in ("yaml", "ini"):
        return write(block, folder)
    if block.language not in ("python", "sh"):
        raise Wrong(f"{block.place}: a block of {block.language or 'no language'}: python, sh, yaml, ini, c or text")
    if block.needs and not has_model(block.needs):
        if "models" in os.environ.get("FLUVIAL_REQUIRE", ""):
            raise Wrong(f"{block.place}: needs {block.needs}, which is not here, and FLUVIAL_REQUIRE names models")
        return f"skipped: no {block.needs} on this machine"
    return execute(block, folder)


def write(block: Block, folder: Path) -> str:
    named = re.match(r"#\s*(\S+\.\w+)", block.text)
    if not named:
        raise Wrong(f"{block.place}: the first line of a {block.language} block names its file: # run.yaml")
    (folder / named[1]).write_text(local(block.text))
    return f"written: {named[1]}"


def local(text: str) -> str:
    for there, here in REPLACED.items():
        text = text.replace(there, here)
    return text


def execute(block: Block, folder: Path) -> str:
    script = folder / ("block.py" if block.language == "python" else "block.sh")
    script.write_text(local(block.text))
    command = [sys.executable, script] if block.language == "python" else ["bash", "-euo", "pipefail", str(script)]
    # python/ first: a block must see this tree, whatever is installed.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "python"), "NO_COLOR": "1"}
    started = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Wrong(f"{block.place}: still running after {TIMEOUT_SECONDS} s") from None
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise Wrong(f"{block.place}: exit {done.returncode}\n{block.text}\n{said}")
    return f"ran, {time.monotonic() - started:.1f} s"


def main() -> int:
    named = [Path(a).resolve() for a in sys.argv[1:]]
    pages = named or sorted(p for pattern in PAGES for p in ROOT.glob(pattern))
    failed = count = 0
    for page in pages:
        with tempfile.TemporaryDirectory() as scratch:
            found = list(blocks(page))
            if any(b.language in ("python", "sh") and not b.not_run for b in found):
                prepare(Path(scratch))
            for block in found:
                count += 1
                try:
                    print(f"{block.place}: {block.language}: {run(block, Path(scratch))}", flush=True)
                except Wrong as e:
                    failed += 1
                    print(f"{e}\n", flush=True)
    print(f"check_docs: {count} blocks on {len(pages)} pages, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
