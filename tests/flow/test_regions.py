"""Regions of frames through fluvialpreprocess and inference, as a program sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
import pyds

SIZE = 64  # of the model's picture; each of its cells has 8 x 8 pixels
REGIONS = """
[property]
network-input-shape=2;3;64;64
tensor-name=image
target-unique-ids=1
{property}
[group-0]
src-ids=0
{group}
"""
TWO = "process-on-roi=1\nroi-params-src-0=0;0;64;64;96;56;64;64"


def items(node: Any) -> Iterator[Any]:
    while node is not None:
        yield node.data
        node = node.next


def play(tmp_path: Path, config: str, see: Callable[[Any], None], **infer: Any) -> None:
    """Grey frames of 160 x 120 through preprocessing and inference; `see` is called with each NvDsBatchMeta."""
    (tmp_path / "regions.txt").write_text(config)

    with fv.Pipeline() as p:
        p.add("videotestsrc", "source", num_buffers=3, pattern="solid-color", foreground_color=0xFFC0C0C0)
        p.add("capsfilter", "caps", caps="video/x-raw,format=I420,width=160,height=120,framerate=25/1")
        p.add("nvvideoconvert", "convert")
        p.add("fluvialmux", "mux", batch_size=1, width=160, height=120)
        p.add("nvdspreprocess", "regions", config_file=tmp_path / "regions.txt")
        p.add("nvinfer", "infer", unique_id=1, input_tensor_meta=True, **infer)
        p.add("fakesink", "sink")
        p.link("source", "caps", "convert", "mux.sink_0").link("mux", "regions", "infer", "sink")
        p.attach("infer", lambda batch: see(batch.meta))
        p.run()


def boxes(frame: Any) -> list[tuple[float, ...]]:
    rects = [pyds.NvDsObjectMeta.cast(data).rect_params for data in items(frame.obj_meta_list)]
    return sorted((r.left, r.top, r.width, r.height) for r in rects)


def test_objects_that_are_found_in_regions_are_in_pixels_of_the_frame(tmp_path: Path, blob_model: Path) -> None:
    found: list[list[tuple[float, ...]]] = []
    regions: list[tuple[float, float]] = []

    def see(batch: Any) -> None:
        (frame,) = items(batch.frame_meta_list)
        found.append(boxes(pyds.NvDsFrameMeta.cast(frame)))
        (user,) = items(batch.batch_user_meta_list)
        prepared = pyds.GstNvDsPreProcessBatchMeta.cast(pyds.NvDsUserMeta.cast(user).user_meta_data)
        assert prepared.tensor_meta.tensor_shape == [2, 3, 64, 64]
        regions.extend((roi.roi.left, roi.roi.top) for roi in prepared.roi_vector)

    play(tmp_path, REGIONS.format(property="", group=TWO), see, model=blob_model)
    cells = [(x + 8.0 * i, y + 8.0 * j, 8.0, 8.0) for x, y in ((0, 0), (96, 56)) for i in range(8) for j in range(8)]
    assert found == [sorted(cells)] * 3
    assert regions == [(0, 0), (96, 56)] * 3


def test_a_letterboxed_region_gives_the_same_place(tmp_path: Path, blob_model: Path) -> None:
    config = REGIONS.format(
        property="maintain-aspect-ratio=1\nsymmetric-padding=1",
        group="process-on-roi=1\nroi-params-src-0=32;20;128;64",
    )
    found: list[list[tuple[float, ...]]] = []

    def see(batch: Any) -> None:
        found.append(boxes(pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)))

    play(tmp_path, config, see, model=blob_model)
    # 128 x 64 pixels on the middle 64 x 32 of the model's picture: 8 x 4 cells of 16 x 16 pixels.
    assert found[0] == sorted((32.0 + 16 * i, 20.0 + 16 * j, 16.0, 16.0) for i in range(8) for j in range(4))


def test_tensors_of_the_model_are_on_the_region_that_they_are_of(tmp_path: Path, blob_model: Path) -> None:
    (tmp_path / "tensors.txt").write_text(
        f"[property]\nonnx-file={blob_model}\nnetwork-type=100\noutput-tensor-meta=1\ngie-unique-id=1\n"
    )
    shapes: list[list[int]] = []

    def see(batch: Any) -> None:
        assert pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data).frame_user_meta_list is None
        prepared = pyds.GstNvDsPreProcessBatchMeta.cast(
            pyds.NvDsUserMeta.cast(batch.batch_user_meta_list.data).user_meta_data
        )
        for roi in prepared.roi_vector:
            user = pyds.NvDsUserMeta.cast(roi.roi_user_meta_list.data)
            tensor = pyds.NvDsInferTensorMeta.cast(user.user_meta_data)
            shapes.append([tensor.num_output_layers, tensor.network_info.width])

    play(tmp_path, REGIONS.format(property="", group=TWO), see, config_file_path=tmp_path / "tensors.txt")
    assert shapes == [[2, 64]] * 6


def test_a_tensor_of_another_shape_is_an_error_that_names_both(tmp_path: Path, blob_model: Path) -> None:
    config = REGIONS.format(property="", group=TWO).replace("2;3;64;64", "2;3;32;64")
    with pytest.raises(fv.FluvialError, match=r"has the shape 2;3;32;64, the model takes regions of 3;64;64"):
        play(tmp_path, config, lambda _: None, model=blob_model)
