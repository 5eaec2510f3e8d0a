"""pyds's types: a program that checks against pyds-stubs checks against ours, and mistakes are found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyds
from compat import typed_program
from fluvial._core import _testing

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "compat" / "typed_program.py"


def check(*files: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", *map(str, files)]
    env = {"MYPYPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.slow
def test_a_typical_program_is_free_of_errors(cache):
    done = check(PROGRAM, cache=cache)
    assert done.returncode == 0, done.stdout + done.stderr


WRONG = """
import pyds

def probe(frame: pyds.NvDsFrameMeta, obj: pyds.NvDsObjectMeta, number: float) -> None:
    obj.class_id = number
    obj.no_such_field = 1
    obj.text_params.display_text = 5
    frame.obj_meta_list.next
    frame.obj_meta_list = None
    pyds.nvds_add_obj_meta_to_frame(obj, frame, None)
    pyds.NvDsMetaType.NVDS_USER_META < pyds.NvDsMetaType.NVDS_FRAME_META
    pyds.no_such_function()
"""


@pytest.mark.slow
def test_mistakes_are_found_in_their_lines(tmp_path, cache):
    file = tmp_path / "wrong.py"
    file.write_text(WRONG)
    done = check(file, cache=cache)
    lines = sorted({int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line})
    assert lines == list(range(5, 13)), done.stdout


def test_the_program_also_runs():
    buffer = _testing.make_buffer(frames=1, objects=2)
    _testing.add_tensors(buffer)
    report = typed_program.on_batch(buffer)
    assert len(report.labels) == len(report.boxes) == 2
    assert report.scores == [0.5, 1.5, 2.5]
    assert "7 seen" in report.texts
    assert report.texts[-1] == "Frame 7: 2 labels"


def test_its_pictures_are_encoded():
    buffer = _testing.make_buffer(frames=1, objects=1)
    frame = pyds.NvDsFrameMeta.cast(pyds.gst_buffer_get_nvds_batch_meta(hash(buffer)).frame_meta_list.data)
    context = pyds.nvds_obj_enc_create_context(0)
    assert typed_program.encode(buffer, frame, pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data), context)
    assert typed_program.encoded_bytes(frame) > 100
    pyds.nvds_obj_enc_destroy_context(context)


def test_its_events_are_read_again():
    buffer = _testing.make_buffer(frames=1, objects=1)
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
    typed_program.tell(batch, frame, pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data))
    (told,) = typed_program.told(frame)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z sedan", told)


def test_past_frames_are_typed_as_they_are():
    buffer = _testing.make_buffer(frames=1)
    _testing.add_past_frames(buffer)
    assert typed_program.on_batch(buffer).texts
