"""fluvialpostprocess: the tensors of an inference, read by an element of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
import pyds
from needed import absent

TENSORS = "[property]\nonnx-file={model}\nnetwork-type=100\noutput-tensor-meta=1\ngie-unique-id=1\n{rest}\n"
POST = """
property:
  gie-unique-id: 1
  network-type: 0
  num-detected-classes: 3
  cluster-mode: 2
{property}
class-attrs-all:
  pre-cluster-threshold: 0.5
  nms-iou-threshold: 0.4
"""


def items(node: Any) -> Iterator[Any]:
    while node is not None:
        yield node.data
        node = node.next


def boxes(frame: Any) -> list[tuple[float, ...]]:
    found = [pyds.NvDsObjectMeta.cast(data) for data in items(frame.obj_meta_list)]
    rects = [(o.rect_params.left, o.rect_params.top, o.rect_params.width, o.rect_params.height) for o in found]
    assert {o.unique_component_id for o in found} <= {1}
    return sorted(rects)


Elements = list[tuple[str, dict[str, Any]]]


def play(elements: Elements, see: Callable[[Any], None], *, frames: int = 3) -> None:
    """Grey frames of 160 x 120 through these elements; `see` is called with each NvDsFrameMeta."""
    with fv.Pipeline() as p:
        p.add("videotestsrc", "source", num_buffers=frames, pattern="solid-color", foreground_color=0xFFC0C0C0)
        p.add("capsfilter", "caps", caps="video/x-raw,format=I420,width=160,height=120,framerate=25/1")
        p.add("nvvideoconvert", "convert")
        p.add("nvstreammux", "mux", batch_size=1, width=160, height=120)
        names = [p.add(factory, **properties) for factory, properties in elements]
        p.add("fakesink", "sink")
        p.link("source", "caps", "convert", "mux.sink_0").link("mux", *names, "sink")
        p.attach(names[-1], lambda batch: see(pyds.NvDsFrameMeta.cast(batch.meta.frame_meta_list.data)))
        p.run()


@pytest.fixture
def infer(tmp_path: Path, blob_model: Path) -> tuple[str, dict[str, Any]]:
    config = tmp_path / "tensors.txt"
    config.write_text(TENSORS.format(model=blob_model, rest="maintain-aspect-ratio=1\nsymmetric-padding=1"))
    return "nvinfer", {"config_file_path": config}


def post(folder: Path, **values: str) -> tuple[str, dict[str, Any]]:
    config = folder / "post.yml"
    config.write_text(POST.format(**{"property": ""} | values))
    return "nvdspostprocess", {
        "postprocesslib_name": "/opt/nvidia/deepstream/deepstream/lib/libpostprocess_impl.so",
        "postprocesslib_config_file": config,
    }


def test_objects_are_those_that_inference_finds_itself(
    infer: tuple[str, dict[str, Any]], tmp_path: Path, blob_model: Path
) -> None:
    ours: list[list[tuple[float, ...]]] = []
    play([infer, post(tmp_path)], lambda frame: ours.append(boxes(frame)))
    whole = tmp_path / "whole.txt"
    whole.write_text(
        f"[property]\nonnx-file={blob_model}\nnum-detected-classes=3\ncluster-mode=2\ngie-unique-id=1\n"
        "maintain-aspect-ratio=1\nsymmetric-padding=1\n"
        "[class-attrs-all]\npre-cluster-threshold=0.5\nnms-iou-threshold=0.4\n"
    )
    infers: list[list[tuple[float, ...]]] = []
    play([("nvinfer", {"config_file_path": whole})], lambda frame: infers.append(boxes(frame)))
    assert ours == infers
    assert len(ours[0]) == 48  # 8 x 6 cells lie on the picture, the others on the letterbox's border


def test_tensors_stay_unless_they_are_released(infer: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    left: list[bool] = []
    for text in ("", "  release-tensor-meta: 1"):
        play([infer, post(tmp_path, property=text)], lambda frame: left.append(frame.frame_user_meta_list is not None))
    assert left == [True] * 3 + [False] * 3


def test_tensors_of_regions_are_read_with_preprocessor_support(tmp_path: Path, blob_model: Path) -> None:
    (tmp_path / "tensors.txt").write_text(TENSORS.format(model=blob_model, rest="input-tensor-from-meta=1"))
    (tmp_path / "regions.txt").write_text(
        "[property]\nnetwork-input-shape=2;3;64;64\ntensor-name=image\ntarget-unique-ids=1\n"
        "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=96;56;64;64\n"
    )
    found: list[list[tuple[float, ...]]] = []
    name, properties = post(tmp_path)
    elements: Elements = [
        ("nvdspreprocess", {"config_file": tmp_path / "regions.txt"}),
        ("nvinfer", {"config_file_path": tmp_path / "tensors.txt"}),
        (name, {**properties, "preprocessor_support": True}),
    ]
    play(elements, lambda frame: found.append(boxes(frame)))
    assert found[0] == sorted((96.0 + 8 * i, 56.0 + 8 * j, 8.0, 8.0) for i in range(8) for j in range(8))


def test_a_library_of_ones_own_as_the_page_has_it_reads_the_tensors(
    infer: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    if not shutil.which("g++") or not shutil.which("pkg-config"):
        absent("packages", "there are no g++ and pkg-config, which compile a user's library: make setup")
    root = Path(__file__).parents[2]
    page = (root / "docs/infer.md").read_text()
    source = tmp_path / "post.cpp"
    source.write_text(page[page.index('#include "gstnvdsinfer.h"') :].partition("```")[0])
    command = page[page.index("g++ -std=c++17 -O2", page.index("fluvial=$(")) :].partition("```")[0]
    places = {"$fluvial/include": root / "include", "$fluvial/lib": root / "python/fluvial/lib"}
    for place, path in places.items():
        command = command.replace(place, str(path))
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    scores: list[float] = []

    def see(frame: Any) -> None:
        scores.extend(pyds.NvDsObjectMeta.cast(data).confidence for data in items(frame.obj_meta_list))

    name, properties = post(tmp_path)
    play([infer, (name, {**properties, "postprocesslib_name": tmp_path / "libpost.so"})], see)
    assert len(scores) == 3


def test_what_cannot_be_done_is_said(infer: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    def error(**properties: Any) -> str:
        name, usual = post(tmp_path, property=properties.pop("text", ""))
        with pytest.raises(fv.FluvialError) as caught:
            play([infer, (name, {**usual, **properties})], lambda _: None)
        return str(caught.value)

    assert "postprocesslib-name=mine.so: the library cannot be loaded: mine.so: " in error(
        postprocesslib_name="mine.so"
    )
    assert "postprocesslib-config-file is missing" in error(postprocesslib_config_file="")
    assert "post.yml: [property] release-tensor-meta=maybe: allowed are 0 and 1" in error(
        text="  release-tensor-meta: maybe"
    )


def test_that_no_tensors_come_is_said_once(
    infer: tuple[str, dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name, properties = post(tmp_path)
    config = Path(properties["postprocesslib_config_file"])
    config.write_text(config.read_text().replace("gie-unique-id: 1", "gie-unique-id: 7"))
    play([infer, (name, properties)], lambda _: None, frames=210)
    said = [record.message for record in caplog.records if "no tensors of unique-id 7 in 100 batches" in record.message]
    assert len(said) == 1
