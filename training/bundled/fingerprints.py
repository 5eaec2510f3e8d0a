"""Fingerprints of what the bundled model is measured on, so that every training can prove to be without it.

    python training/bundled/fingerprints.py FILE PICTURES... VIDEO...

Neither the pictures nor the video can be shipped; 256 bits of each can.
"""

from __future__ import annotations

import sys
from pathlib import Path

import fluvial as fv
from fluvial.train.apart import Fingerprint, fingerprint, read_fingerprints, write_fingerprints

EVERY = 10  # frames of a video: a fixed camera's neighbours look alike


def of_video(video: Path) -> list[Fingerprint]:
    return [
        fingerprint(f"{video.stem}_{frame.number:06}", frame.pixels()[..., :3])
        for batch in fv.Flow(str(video))
        for frame in batch.frames
        if frame.number % EVERY == 0
    ]


def main() -> None:
    file, *places = map(Path, sys.argv[1:])
    write_fingerprints(file, [f for p in places for f in (read_fingerprints(p) if p.is_dir() else of_video(p))])


if __name__ == "__main__":
    main()
