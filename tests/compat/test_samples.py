"""DeepStream's Python samples, unchanged, through `fluvial exec` to the end of the stream.

They are NVIDIA's and not in this repository: FLUVIAL_DEEPSTREAM_APPS names a checkout of deepstream_python_apps. What
they print is counted on a clip of a car park with cars, a man and bicycles, made of a video in the folder that
FLUVIAL_ASSETS names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from compat.clips import hurried, packed, pictures
from compat.ssd_model import write_repository
from fluvial.errors import ModelError
from fluvial.models.registry import assets_folder, find
from needed import absent, own_model, package

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
TIMEOUT_SECONDS = 400
MODELS = ("person-vehicle-bike", "vehicle-attributes")
# Multicast, which the samples send to, stays in a network of its own; and so does the folder /opt.
ALONE = [
    "unshare",
    "-rn",
    "sh",
    "-c",
    'ip link set lo up multicast on; ip route add 224.0.0.0/4 dev lo; exec "$@"',
    "sh",
]
STREAMS = "/opt/nvidia/deepstream/deepstream/samples/streams"
WITH_STREAM = f'mount -t tmpfs none /opt && mkdir -p {STREAMS} && ln -s "$0" {STREAMS}/sample_720p.h264 && exec "$@"'


def need(command: list[str], what: str) -> None:
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        absent("samples", f"{what} needs namespaces of its own, which this machine does not give: {command[0]} fails")


def need_model(name: str) -> None:
    try:
        find(name)
    except ModelError as e:
        absent("samples", str(e))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, as the samples write beside themselves."""
    named = os.environ.get("FLUVIAL_DEEPSTREAM_APPS")
    if not named:
        absent("samples", "FLUVIAL_DEEPSTREAM_APPS names no checkout of deepstream_python_apps")
    if not (Path(named) / "apps" / "deepstream-test1").is_dir():
        absent("samples", f"FLUVIAL_DEEPSTREAM_APPS={named}: there is no apps/deepstream-test1 in it")
    copy = tmp_path_factory.mktemp("samples") / "deepstream_python_apps"
    for folder in ("apps", "tests"):
        shutil.copytree(Path(named) / folder, copy / folder)
    return copy


@dataclass(frozen=True)
class Clip:
    stream: Path  # H.264 alone, as most samples want it
    uri: str  # the same as MP4
    frames: int


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    stream = tmp_path_factory.mktemp("clips") / "walk.h264"
    video = stream.with_suffix(".mp4")
    frames = hurried(footage("person-bicycle-car-detection.mp4"), stream, frames_per_second=4)
    assert packed(stream, video) == frames
    return Clip(stream, video.as_uri(), frames)


def footage(name: str) -> Path:
    folder = assets_folder()
    if folder is None or not (folder / "videos" / name).is_file():
        absent("samples", f"there is no videos/{name} in the folder that FLUVIAL_ASSETS names")
    return folder / "videos" / name


@dataclass(frozen=True)
class Counts:
    """What a sample counted in one frame."""

    objects: int
    vehicles: int
    persons: int

    @property
    def others(self) -> int:
        return self.objects - self.vehicles - self.persons


ROW = re.compile(r"Number of Objects= ?(\d+) Vehicle_count= ?(\d+) Person_count= ?(\d+)")


@dataclass(frozen=True)
class Done:
    out: str
    errors: str

    @property
    def frames(self) -> int:
        return self.out.count("Frame Number=")

    @property
    def rows(self) -> list[Counts]:
        """Of whole lines: a timer of the samples prints too, and now and then in the middle of another's."""
        return [Counts(*map(int, row)) for row in ROW.findall(self.out)]

    def numbers(self, word: str) -> list[int]:
        """What stands behind this word."""
        return [int(n) for n in re.findall(rf"{word} *= *(\d+)", self.out)]


@pytest.fixture
def play(checkout: Path) -> Callable[..., Done]:
    """Runs a sample in its folder to its end, in which nothing may go wrong."""
    for model in MODELS:
        need_model(model)
    return partial(played, checkout)


def played(
    checkout: Path,
    script: str,
    *args: str | Path,
    within: list[str] | None = None,
    debug: str = "",
    helper: str = "",
    **env: str,
) -> Done:
    folder = checkout / "apps" / Path(script).parent
    command = [*(within or []), sys.executable, "-m", "fluvial", "exec", Path(script).name, *map(str, args)]
    env = {**ENV, "GST_DEBUG": f"fluvialinfer:2,{debug}", **env}
    if helper:  # a folder here whose sitecustomize.py the program's Python runs
        env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).with_name(helper)), env["PYTHONPATH"]])
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said[-4000:]
    assert not re.findall(r"^Error.*", said, re.MULTILINE)
    announced = re.findall(r"stands in for \S+", said)
    assert len(announced) == len(set(announced)), "each stand-in is told once"
    return Done(done.stdout, done.stderr)


def test_custom_binding(play: Callable[..., Done], clip: Clip) -> None:
    done = play("deepstream-custom-binding-test/deepstream_custom_binding_test.py", clip.stream)
    read_back = re.findall(r"custom meta msg::\s+test message (\d+)", done.out)
    assert [int(n) for n in read_back] == list(range(clip.frames))


def check_counts(done: Done, frames: int, *, persons: bool = True) -> None:
    assert done.frames == frames
    assert "End-of-stream" in done.out
    rows = done.rows
    assert len(rows) > 0.9 * frames
    assert max(r.vehicles for r in rows) in (1, 2), "never more than one; a detector may see it twice for a moment"
    assert sum(r.vehicles > 0 for r in rows) > len(rows) // 10
    assert min(r.others for r in rows) == 0
    if persons:
        assert max(r.persons for r in rows) in (1, 2)


def test_1(play: Callable[..., Done], clip: Clip) -> None:
    done = play("deepstream-test1/deepstream_test_1.py", clip.stream)
    check_counts(done, clip.frames)
    assert max(r.others for r in done.rows) > 0, "bicycles"
    assert "never finds: roadsign" in done.errors


def test_1_without_any_model_runs_on_the_builds_own(checkout: Path, clip: Clip, tmp_path: Path) -> None:
    own = own_model()
    nowhere = {"FLUVIAL_ASSETS": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = played(checkout, "deepstream-test1/deepstream_test_1.py", clip.stream, **nowhere)
    assert done.frames == clip.frames
    assert f"{own} stands in for" in done.errors and "never finds: roadsign" in done.errors
    assert max(r.vehicles for r in done.rows) > 0 and max(r.persons for r in done.rows) > 0


def test_2_tracks_classifies_and_tells_past_frames(play: Callable[..., Done], clip: Clip) -> None:
    done = play("deepstream-test2/deepstream_test_2.py", clip.stream)
    check_counts(done, clip.frames, persons=False)  # he is never sure enough to begin a track
    assert set(re.findall(r"objLabel= (\w+)", done.out)) <= {"vehicle", "person", "bicycle"}
    assert len(re.findall(r"vehicle-attributes\S+ stands in for", done.errors)) == 2, "make and type of vehicles"
    assert len(re.findall(r"^frameNum: \d+", done.out, re.MULTILINE)) == sum(done.numbers("numobj")) > 0


def test_3_four_sources_in_one_batch(play: Callable[..., Done], clip: Clip) -> None:
    done = play("deepstream-test3/deepstream_test_3.py", "-i", *[clip.uri] * 4, "--no-display")
    check_counts(done, 4 * clip.frames)


def test_demux(play: Callable[..., Done], clip: Clip) -> None:
    script = "deepstream-demux-multi-in-multi-out/deepstream_demux_multi_in_multi_out.py"
    check_counts(play(script, "-i", clip.uri, clip.uri), 2 * clip.frames)


def test_imagedata(play: Callable[..., Done], clip: Clip, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    script = "deepstream-imagedata-multistream/deepstream_imagedata-multistream.py"
    check_counts(play(script, clip.uri, clip.uri, folder), 2 * clip.frames)
    assert sorted(p.name for p in folder.iterdir()) == ["stream_0", "stream_1"]
    for picture in folder.glob("*/*.jpg"):  # of frames with a doubtful object: there may be none
        assert cv2.imread(str(picture)).shape == (1080, 1920, 3)


def watching(picture: Path) -> list[str]:
    return [*ALONE, sys.executable, str(Path(__file__).with_name("watch_rtsp.py")), "10", str(picture)]


@pytest.mark.parametrize("encoder", [["-e", "0"], ["-e", "1", "-b", "4000"]], ids=["ours", "x264enc"])
def test_1_rtsp_out(play: Callable[..., Done], clip: Clip, encoder: list[str], tmp_path: Path) -> None:
    need(ALONE, "a client of the sample's RTSP server")
    picture = tmp_path / "seen.png"
    script = "deepstream-test1-rtsp-out/deepstream_test1_rtsp_out.py"
    done = play(script, "-i", clip.stream, *encoder, within=watching(picture))
    check_counts(done, clip.frames)
    assert "frames seen by the client: 10" in done.out
    assert cv2.imread(str(picture)).shape == (1080, 1920, 3)


def test_redaction(play: Callable[..., Done], clip: Clip, tmp_path: Path) -> None:
    need(ALONE, "a client of the sample's RTSP server")
    picture = tmp_path / "seen.png"
    script = "deepstream-imagedata-multistream-redaction/deepstream_imagedata-multistream_redaction.py"
    done = play(script, "-i", clip.uri, clip.uri, within=watching(picture))
    assert done.frames == 2 * clip.frames
    assert max(done.numbers("Person_count")) in (1, 2)
    assert "frames seen by the client: 10" in done.out
    assert cv2.imread(str(picture)).shape == (576, 720, 3)


def test_preprocess_finds_objects_in_regions(play: Callable[..., Done], clip: Clip, tmp_path: Path) -> None:
    need(ALONE, "a client of the sample's RTSP server")
    picture = tmp_path / "seen.png"
    script = "deepstream-preprocess-test/deepstream_preprocess_test.py"
    done = play(script, "-i", clip.uri, clip.uri, within=watching(picture))
    assert done.frames == 2 * clip.frames
    # Two of its three regions overlap where the car passes: each of them finds it.
    assert max(done.numbers("Vehicle_count")) in (2, 3)
    assert max(done.numbers("Person_count")) in (1, 2)
    assert "the tensors are made for another model than the stand-in" in done.out
    assert "frames seen by the client: 10" in done.out
    assert cv2.imread(str(picture)).shape == (720, 1280, 3)


def test_segmentation_shows_people(play: Callable[..., Done], tmp_path: Path) -> None:
    need_model("deeplabv3-mnv2")
    stream, folder = tmp_path / "people.mjpeg", tmp_path / "maps"
    count = pictures(footage("one-by-one-person-detection.mp4"), stream, seconds_apart=5)
    script = "deepstream-segmentation/deepstream_segmentation.py"
    done = play(script, "dstest_segmentation_config_semantic.txt", stream, folder)
    assert "End-of-stream" in done.out
    assert sorted(int(p.stem) for p in folder.glob("*.jpg")) == list(range(count))
    person = (0, 128, 128)  # the sample's own third colour, of class 2
    shares = [(np.abs(cv2.imread(str(p)).astype(int) - person).max(-1) < 40).mean() for p in folder.glob("*.jpg")]
    assert max(shares) > 0.03, "somebody stands there"
    assert min(shares) < 0.001, "and then nobody"
    assert max(shares) < 0.2


def test_segmask_cuts_people_out(play: Callable[..., Done], tmp_path: Path) -> None:
    need_model("deeplabv3-mnv2")
    stream, video = tmp_path / "people.h264", tmp_path / "people.mp4"
    hurried(footage("one-by-one-person-detection.mp4"), stream, frames_per_second=1)
    frames = packed(stream, video)
    done = play("deepstream-segmask/deepstream_segmask.py", "-i", video.as_uri(), "-o", tmp_path / "out")
    assert "End-of-stream" in done.out
    assert done.frames == frames
    counts = done.numbers("Number of Objects")
    assert len(counts) > 0.9 * frames
    assert sum(count == 1 for count in counts) > frames // 3
    assert min(counts) == 0
    pictures_of_masks = sorted((tmp_path / "out" / "stream_0").glob("*.jpg"))
    assert pictures_of_masks, "of each thirtieth frame with somebody in it"
    for picture in pictures_of_masks:
        mask = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
        assert 0.05 < (mask > 127).mean() < 0.9, "a person in a box, as large as the box"


def test_ssd_parser_reads_the_tensors_of_a_triton_repository(
    play: Callable[..., Done], checkout: Path, clip: Clip
) -> None:
    package("onnx")
    folder = checkout / "apps" / "deepstream-ssd-parser"
    repository = (folder / "../../../../samples/trtis_model_repo").resolve()  # where its config looks
    write_repository(repository, "ssd_inception_v2_coco_2018_01_28", find("person-vehicle-bike").path)
    done = play("deepstream-ssd-parser/deepstream_ssd_parser.py", clip.stream, helper="timed_encoder")
    counts = re.findall(r"Number of Objects=(\d+) Vehicle_count=(\d+) Person_count=(\d+)", done.out)
    assert len(counts) == clip.frames
    assert max(int(vehicles) for _, vehicles, _ in counts) in (1, 2)
    assert sum(int(vehicles) > 0 for _, vehicles, _ in counts) > clip.frames // 10
    assert max(int(persons) for _, _, persons in counts) in (1, 2)
    video = cv2.VideoCapture(str(folder / "out.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == clip.frames


def test_sources_are_added_and_removed_while_it_plays(play: Callable[..., Done]) -> None:
    video = footage("one-by-one-person-detection.mp4")  # its timers take 70 seconds: a long one
    done = play("runtime_source_add_delete/deepstream_rt_src_add_del.py", video.as_uri(), debug="fluvialmux:4")
    assert len(re.findall(r"^Calling Start \d", done.out, re.MULTILINE)) == 3
    assert len(re.findall("^Decodebin linked to pipeline", done.out, re.MULTILINE)) == 4
    assert "FAILURE" not in done.out
    assert "Exiting app" in done.out
    gone = [int(n) for n in re.findall(r"source \d has gone, after frame (\d+)", done.errors)]
    assert gone
    assert all(frame > 20 for frame in gone), "each was really played"


def test_the_samples_own_tests(checkout: Path, clip: Clip) -> None:
    alone = ["unshare", "-rm", "sh", "-c", WITH_STREAM, str(clip.stream)]
    need(alone, "a clip under /opt/nvidia")
    pytest_itself = Path(sys.executable).with_name("pytest")
    command = [sys.executable, "-m", "fluvial", "exec", str(pytest_itself), "-q", "-p", "no:cacheprovider", "test.py"]
    folder = checkout / "tests" / "integration"
    done = subprocess.run(
        [*alone, *command], cwd=folder, env=ENV, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "3 passed" in done.stdout
    pictures = sorted(folder.glob("frame-*-out.jpg"))
    assert [p.name for p in pictures if "obj" not in p.name] == [f"frame-{n}-out.jpg" for n in range(3)]
    assert all(cv2.imread(str(p)) is not None for p in pictures)
