"""nvds_obj_enc_*: JPEG pictures of objects and frames, decoded again by OpenCV."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import pyds
from fluvial._core import _testing
from fluvial.errors import StaleMetadataError

FORMATS = ["NV12", "I420", "RGBA", "RGB", "BGRx", "GRAY8"]
Pixels = NDArray[np.uint8]


@pytest.fixture
def ctx() -> Iterator[int]:
    ctx = pyds.nvds_obj_enc_create_context(0)
    yield ctx
    pyds.nvds_obj_enc_destroy_context(ctx)


def gradient(width: int = 64, height: int = 48) -> Pixels:
    """RGBA without edges, so that halved chroma costs nothing."""
    x, y = np.meshgrid(np.linspace(20, 230, width), np.linspace(20, 230, height))
    return np.stack([x, y, 250 - x, np.full_like(x, 255)], axis=2).astype(np.uint8)


def painted(pixels: str = "RGBA", *, objects: int = 1, frames: int = 1) -> tuple[_testing.Buffer, Pixels]:
    buffer = _testing.make_buffer(frames=frames, objects=objects, format=pixels)
    rgba = gradient()
    for batch_id in range(frames):
        _testing.paint(buffer, batch_id, rgba)
    if pixels == "GRAY8":
        grey = cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY)
        return buffer, np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return buffer, np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR), np.uint8)


def first_frame(buffer: _testing.Buffer) -> pyds.NvDsFrameMeta:
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    return pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)


def first_object(frame: pyds.NvDsFrameMeta, **rect: float) -> pyds.NvDsObjectMeta:
    found = pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data)
    for name, value in rect.items():
        setattr(found.rect_params, name, value)
    return found


def arguments(**fields: object) -> pyds.NvDsObjEncUsrArgs:
    args = pyds.NvDsObjEncUsrArgs()
    args.quality = 95
    for name, value in fields.items():
        setattr(args, name, value)
    return args


def pictures(user_meta_list: pyds.GList | None) -> list[Pixels]:
    """The bytes of each attached picture, the first attached first."""
    found = []
    while user_meta_list is not None:
        user = pyds.NvDsUserMeta.cast(user_meta_list.data)
        assert user.base_meta.meta_type == pyds.NvDsMetaType.NVDS_CROP_IMAGE_META
        out = pyds.NvDsObjEncOutParams.cast(user.user_meta_data)
        found.append(out.outBuffer())
        assert found[-1].shape == (out.outLen,)
        user_meta_list = user_meta_list.next
    return found[::-1]


def decoded(jpeg: Pixels) -> Pixels:
    picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def worst(a: Pixels, b: Pixels) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("pixels", FORMATS)
def test_an_object_of_any_format_comes_back_as_it_was(ctx: int, pixels: str) -> None:
    buffer, expected = painted(pixels)
    frame = first_frame(buffer)
    box = first_object(frame, left=10, top=6, width=32, height=24)
    assert pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=True), hash(buffer), box, frame)
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(box.obj_user_meta_list)
    picture = decoded(jpeg)
    assert picture.shape == (24, 32, 3)
    assert worst(picture, expected[6:30, 10:42]) <= 10


@pytest.mark.parametrize("pixels", FORMATS)
def test_a_whole_frame_is_attached_to_the_frame(ctx: int, pixels: str) -> None:
    buffer, expected = painted(pixels)
    frame = first_frame(buffer)
    assert pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=1, isFrame=1), hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(frame.frame_user_meta_list)
    assert worst(decoded(jpeg), expected) <= 10


@pytest.mark.parametrize("pixels", FORMATS)
def test_a_picture_is_scaled_to_the_size_asked_for(ctx: int, pixels: str) -> None:
    buffer, expected = painted(pixels)
    frame = first_frame(buffer)
    args = arguments(attachUsrMeta=True, isFrame=True, scaleImg=True, scaledWidth=32, scaledHeight=96)
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(frame.frame_user_meta_list)
    picture = decoded(jpeg)
    assert picture.shape == (96, 32, 3)
    scaled = np.asarray(cv2.resize(expected, (32, 96), interpolation=cv2.INTER_AREA), np.uint8)
    assert worst(picture, scaled) <= 14


def test_quality_costs_bytes_and_0_is_the_usual_one(ctx: int) -> None:
    buffer, _ = painted()
    frame = first_frame(buffer)
    for quality in (5, 0, 80, 100):
        args = arguments(attachUsrMeta=True, isFrame=True, quality=quality)
        pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(ctx)
    low, usual, eighty, high = (len(jpeg) for jpeg in pictures(frame.frame_user_meta_list))
    assert low < usual == eighty < high


def test_a_file_has_the_name_that_was_given_or_deepstreams(
    ctx: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    buffer, expected = painted()
    frame = first_frame(buffer)
    box = first_object(frame, left=0, top=0, width=20, height=10)
    box.obj_label = "car/../../van"
    pyds.nvds_obj_enc_process(ctx, arguments(saveImg=True, objNum=3), hash(buffer), box, frame)
    pyds.nvds_obj_enc_process(ctx, arguments(saveImg=True, isFrame=True), hash(buffer), None, frame)
    pyds.nvds_obj_enc_process(ctx, arguments(saveImg=True, fileNameImg="mine.jpg"), hash(buffer), box, frame)
    pyds.nvds_obj_enc_finish(ctx)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "frame-7_stream-0_64x48.jpg",
        "frame-7_stream-0_object-3_car_.._.._van_20x10.jpg",
        "mine.jpg",
    ]
    assert worst(decoded(np.fromfile(tmp_path / "mine.jpg", np.uint8)), expected[:10, :20]) <= 10
    assert box.obj_user_meta_list is None


def test_a_box_is_cut_at_the_frame_and_one_outside_is_no_picture(ctx: int) -> None:
    buffer, expected = painted()
    frame = first_frame(buffer)
    box = first_object(frame, left=-10, top=40, width=30, height=100)
    args = arguments(attachUsrMeta=True)
    assert pyds.nvds_obj_enc_process(ctx, args, hash(buffer), box, frame) is True
    for outside in ({"left": 64}, {"left": 0, "width": 0}, {"width": float("nan")}, {"width": float("inf")}):
        assert pyds.nvds_obj_enc_process(ctx, args, hash(buffer), first_object(frame, **outside), frame) is False
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(box.obj_user_meta_list)
    assert worst(decoded(jpeg), expected[40:48, 0:20]) <= 10


def test_pixels_are_those_of_the_moment_of_the_call(ctx: int) -> None:
    buffer, expected = painted()
    frame = first_frame(buffer)
    pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=True, isFrame=True), hash(buffer), None, frame)
    pyds.get_nvds_buf_surface(hash(buffer), 0)[:] = 0
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(frame.frame_user_meta_list)
    assert worst(decoded(jpeg), expected) <= 10


def test_a_copied_buffer_has_pictures_of_its_own(ctx: int) -> None:
    buffer, expected = painted()
    frame = first_frame(buffer)
    pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=True, isFrame=True), hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(ctx)
    copy = buffer.copy()
    buffer.close()
    (jpeg,) = pictures(first_frame(copy).frame_user_meta_list)
    assert worst(decoded(jpeg), expected) <= 10


def test_the_bytes_outlive_their_buffer(ctx: int) -> None:
    buffer, expected = painted()
    frame = first_frame(buffer)
    pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=True, isFrame=True), hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(ctx)
    (jpeg,) = pictures(frame.frame_user_meta_list)
    buffer.close()
    assert worst(decoded(jpeg), expected) <= 10


def test_a_picture_of_what_is_gone_is_said_and_attached_to_nothing(ctx: int) -> None:
    buffer, _ = painted(objects=2)
    frame = first_frame(buffer)
    box = first_object(frame)
    args = arguments(attachUsrMeta=True)
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), box, frame)
    pyds.nvds_remove_obj_meta_from_frame(frame, box)
    with pytest.raises(RuntimeError, match=r"1 of 1 pictures failed\n.*was gone before nvds_obj_enc_finish"):
        pyds.nvds_obj_enc_finish(ctx)
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), first_object(frame), frame)
    buffer.close()
    with pytest.raises(RuntimeError, match=r"was gone before nvds_obj_enc_finish"):
        pyds.nvds_obj_enc_finish(ctx)
    pyds.nvds_obj_enc_finish(ctx)  # said once


def test_a_file_that_cannot_be_written_is_said_with_its_name(ctx: int, tmp_path: Path) -> None:
    buffer, _ = painted()
    frame = first_frame(buffer)
    for name in ("a.jpg", "missing/b.jpg"):
        args = arguments(saveImg=True, isFrame=True, fileNameImg=str(tmp_path / name))
        assert pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
    with pytest.raises(RuntimeError, match=r"1 of 2 pictures failed\n.*missing/b.jpg was not written: .*No such file"):
        pyds.nvds_obj_enc_finish(ctx)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "neither saveImg nor attachUsrMeta"),
        ({"saveImg": True, "quality": 101}, r"quality=101 is not in 1\.\.100"),
        ({"saveImg": True, "quality": -1}, r"quality=-1 is not in 1\.\.100"),
        ({"saveImg": True, "scaleImg": True, "scaledWidth": 8}, "scaledWidth=8, scaledHeight=0 are not in"),
        ({"saveImg": True, "scaleImg": True, "scaledWidth": 8, "scaledHeight": 99999}, "scaledHeight=99999"),
    ],
)
def test_wrong_arguments_are_named(ctx: int, fields: dict[str, object], text: str) -> None:
    buffer, _ = painted()
    frame = first_frame(buffer)
    with pytest.raises(ValueError, match=text):
        pyds.nvds_obj_enc_process(ctx, arguments(isFrame=True, **fields), hash(buffer), None, frame)


def test_an_object_is_needed_unless_the_whole_frame_is_wanted(ctx: int) -> None:
    buffer, _ = painted()
    with pytest.raises(ValueError, match=r"obj_meta is missing: give the object, or set isFrame"):
        pyds.nvds_obj_enc_process(ctx, arguments(saveImg=True), hash(buffer), None, first_frame(buffer))


def test_what_was_made_in_python_takes_no_picture(ctx: int) -> None:
    buffer, _ = painted()
    own = pyds.NvDsObjectMeta()
    own.rect_params.width = own.rect_params.height = 10
    with pytest.raises(ValueError, match="obj_meta is not of a batch's metadata"):
        pyds.nvds_obj_enc_process(ctx, arguments(attachUsrMeta=True), hash(buffer), own, first_frame(buffer))


def test_wrong_handles_and_stale_metadata_raise(ctx: int) -> None:
    buffer, _ = painted()
    frame = first_frame(buffer)
    args = arguments(saveImg=True, isFrame=True)
    for wrong in (0, 12345, 2**63):
        with pytest.raises(ValueError, match=rf"ctx={wrong} is no open context"):
            pyds.nvds_obj_enc_process(wrong, args, hash(buffer), None, frame)
    with pytest.raises(ValueError, match="is no open context"):
        pyds.nvds_obj_enc_finish(12345)
    with pytest.raises(ValueError, match=r"is no address of a Gst\.Buffer"):
        pyds.nvds_obj_enc_process(ctx, args, 8, None, frame)
    with pytest.raises(TypeError):
        pyds.nvds_obj_enc_process(ctx, None, hash(buffer), None, frame)
    with pytest.raises(TypeError):
        pyds.nvds_obj_enc_process(ctx, args, hash(buffer), frame, frame)
    other, _ = painted()
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.nvds_obj_enc_process(ctx, args, hash(other), None, frame)


def test_a_frame_that_the_buffer_does_not_have_is_an_error(ctx: int) -> None:
    two, _ = painted(frames=2)
    one, _ = painted()
    frame = first_frame(two)
    frame.batch_id = 1
    with pytest.raises(ValueError, match=r"gst_buffer: batch_id 1: the buffer holds 1 surface"):
        pyds.nvds_obj_enc_process(ctx, arguments(saveImg=True, isFrame=True), hash(one), None, frame)


def test_a_destroyed_context_wrote_its_files_and_is_closed(tmp_path: Path) -> None:
    ctx = pyds.nvds_obj_enc_create_context(0)
    buffer, _ = painted()
    frame = first_frame(buffer)
    names = [str(tmp_path / f"{i}.jpg") for i in range(20)]
    for name in names:
        args = arguments(saveImg=True, isFrame=True, fileNameImg=name)
        pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
    pyds.nvds_obj_enc_destroy_context(ctx)
    assert all(Path(name).stat().st_size > 0 for name in names)
    with pytest.raises(ValueError, match="is no open context"):
        pyds.nvds_obj_enc_destroy_context(ctx)
    pyds.nvds_obj_enc_finish(0)
    pyds.nvds_obj_enc_destroy_context(0)


def test_a_program_that_just_ends_has_its_files(tmp_path: Path) -> None:
    script = f"""
import pyds
from fluvial._core import _testing
buffer = _testing.make_buffer()
frame = pyds.NvDsFrameMeta.cast(pyds.gst_buffer_get_nvds_batch_meta(hash(buffer)).frame_meta_list.data)
ctx = pyds.nvds_obj_enc_create_context(0)
args = pyds.NvDsObjEncUsrArgs()
args.saveImg = args.isFrame = True
for i in range(30):
    args.fileNameImg = r"{tmp_path}/%d.jpg" % i
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert len(list(tmp_path.iterdir())) == 30


def test_an_interrupted_program_leaves_whole_files_alone(tmp_path: Path) -> None:
    script = f"""
import os, signal
import pyds
from fluvial._core import _testing
buffer = _testing.make_buffer(width=1280, height=720)
frame = pyds.NvDsFrameMeta.cast(pyds.gst_buffer_get_nvds_batch_meta(hash(buffer)).frame_meta_list.data)
ctx = pyds.nvds_obj_enc_create_context(0)
args = pyds.NvDsObjEncUsrArgs()
args.saveImg = args.isFrame = True
for i in range(1000):
    args.fileNameImg = r"{tmp_path}/%d.jpg" % i
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
    if i == 40:
        os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr
    files = list(tmp_path.iterdir())
    assert 41 <= len(files) < 1000
    assert all(decoded(np.fromfile(path, np.uint8)).shape == (720, 1280, 3) for path in files)


def test_a_fork_ends_and_is_told_to_make_its_own_context() -> None:
    script = """
import os, sys
import pyds
from fluvial._core import _testing
buffer = _testing.make_buffer()
frame = pyds.NvDsFrameMeta.cast(pyds.gst_buffer_get_nvds_batch_meta(hash(buffer)).frame_meta_list.data)
args = pyds.NvDsObjEncUsrArgs()
args.attachUsrMeta = args.isFrame = True
ctx = pyds.nvds_obj_enc_create_context(0)
pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame)
pyds.nvds_obj_enc_finish(ctx)
if os.fork() == 0:
    for call in (lambda: pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, frame),
                 lambda: pyds.nvds_obj_enc_finish(ctx)):
        try:
            call()
        except RuntimeError as e:
            print(e)
    own = pyds.nvds_obj_enc_create_context(0)
    pyds.nvds_obj_enc_process(own, args, hash(buffer), None, frame)
    pyds.nvds_obj_enc_finish(own)
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    said = "this encoder was made before a fork: make one in each process"
    assert done.stdout.split("\n") == [said, said, "3", ""], done.stderr


def test_the_time_of_encoding_is_printed_when_asked_for(ctx: int, capfd: pytest.CaptureFixture[str]) -> None:
    buffer, _ = painted()
    args = arguments(attachUsrMeta=True, isFrame=True, calcEncodeTime=1)
    pyds.nvds_obj_enc_process(ctx, args, hash(buffer), None, first_frame(buffer))
    pyds.nvds_obj_enc_finish(ctx)
    assert "1 pictures encoded in " in capfd.readouterr().out
