"""The last step: what a training left becomes the model that the build carries, with its card.

    python training/bundled/finish.py RUN DATA [--fp16]      RUN: the folder of `fluvial train --out`
    python training/bundled/finish.py detector.onnx          exported elsewhere, its card beside it

Exports, measures (bench/bench_card.py, which needs the assets), writes the card out of card.md and both, and puts all
into python/fluvial/models/bundled in place of what was there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CARRIED = ROOT / "python" / "fluvial" / "models" / "bundled"
NAME = "detector"
MOST_BYTES = 4_000_000  # in git
FACTS = (
    "licence=Apache-2.0",
    "data=photographs under CC BY, MIT and Apache-2.0, COCO's under Flickr's, frames of videos; the card beside the "
    "file lists them",
)


def export(run: Path, data: Path, folder: Path, *, is_half: bool) -> Path:
    """Returns the file; its card lies beside it."""
    file = folder / f"{NAME}.onnx"
    how = ["--fp16"] if is_half else ["--int8", "--calibration", str(data / "annotations.json")]
    facts = [word for fact in FACTS for word in ("--fact", fact)]
    command = ["-m", "fluvial", "export", str(run / "best.pt"), str(file), "--pictures", str(data / "val.json")]
    subprocess.run([sys.executable, *command, *how, *facts], check=True)
    return file


def copied(file: Path, folder: Path) -> Path:
    """Under the name that it will have, which the card says; the original stays as it is."""
    for part in parts_of(file):
        shutil.copy(part, folder / f"{NAME}{part.suffix}")
    return folder / f"{NAME}{file.suffix}"


def parts_of(file: Path) -> list[Path]:
    """The files of a model that was exported: one, or OpenVINO's two; and the card."""
    weights = [file.with_suffix(".bin")] if file.suffix == ".xml" else []
    parts = [file, *weights, file.with_suffix(".md")]
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        sys.exit(f"{file}: {', '.join(missing)} missing; fluvial export writes them together")
    size = sum(part.stat().st_size for part in parts[:-1])
    if size > MOST_BYTES:
        sys.exit(f"{file}: {size:,} bytes; at most {MOST_BYTES:,} go into git: INT8, or a smaller network")
    return parts


def finish(file: Path) -> None:
    """Writes the card, then puts the model in place of the one that was there."""
    parts = parts_of(file)
    card = ["--card", str(parts[-1]), "--words", str(HERE / "card.md")]
    subprocess.run([sys.executable, str(ROOT / "bench" / "bench_card.py"), str(file), *card], check=True)
    shutil.rmtree(CARRIED, ignore_errors=True)
    CARRIED.mkdir()
    for part in parts:
        print(shutil.copy(part, CARRIED))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the training, or a file that was exported")
    parser.add_argument("data", type=Path, nargs="?", help="folder of the data, for an export")
    parser.add_argument("--fp16", action="store_true", help="half precision in place of INT8")
    args = parser.parse_args()
    is_file = args.run.suffix in (".onnx", ".xml")
    if args.data is None and not is_file:
        parser.error(f"{args.run}: to export a training, the folder of its data is needed too")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finish(copied(args.run, folder) if is_file else export(args.run, args.data, folder, is_half=args.fp16))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as e:  # it has said why
        sys.exit(e.returncode)
