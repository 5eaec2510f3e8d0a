"""A small container has no fonts: what is drawn there, and what is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import fluvial as fv
def speak(batch):
    for frame in batch.frames:
        frame.draw_text("person 1\\nsecond line", (8, 16), size=12, background=(1, 0, 0, 1))
def look(batch):
    for frame in batch.frames:
        red = (frame.pixels()[..., :3] == (255, 0, 0)).all(-1)
        print(int(red[16:, 8:].any(1).sum()), int(red[16:, 8:].any(0).sum()))
fv.Flow("test://?frames=3&width=320&height=240&pattern=black").probe(speak).draw().probe(look).run()
"""


def test_text_without_a_font_leaves_its_background_and_says_once_what_to_install(tmp_path: Path) -> None:
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    env = {**os.environ, "FONTCONFIG_FILE": str(fonts), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    heights_and_widths = {tuple(map(int, line.split())) for line in done.stdout.splitlines()}
    # Two lines of 16 pixels, the longer of eleven letters.
    assert heights_and_widths == {(38, 105)}, done.stderr
    assert done.stderr.count("this machine has no font, so no text is drawn; apt-get install fonts-dejavu-core") == 1
