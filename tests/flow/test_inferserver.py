"""fluvialinferserver: a model of a Triton repository, run in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
import pyds

CONFIG = """
infer_config {{
  unique_id: 5
  max_batch_size: 1
  backend {{ triton {{ model_name: "{name}" version: -1 model_repo {{ root: "repo" }} }} }}
  preprocess {{
    network_format: IMAGE_FORMAT_RGB
    normalize {{ scale_factor: 1.0 channel_offsets: [0, 0, 0] }}
  }}
  postprocess {{ {postprocess} }}
}}
input_control {{ process_mode: PROCESS_MODE_FULL_FRAME }}
output_control {{ output_tensor_meta: {tensors} }}
"""


def play(folder: Path, see: Callable[[Any], None], *, element: str = "nvinferserver", **values: str) -> None:
    config = folder / "server.txt"
    config.write_text(CONFIG.format(**{"name": "blobs", "postprocess": "detection {}", "tensors": "false"} | values))
    with fv.Pipeline() as p:
        p.add("videotestsrc", "source", num_buffers=3, pattern="solid-color", foreground_color=0xFFC0C0C0)
        p.add("capsfilter", "caps", caps="video/x-raw,format=I420,width=160,height=120,framerate=25/1")
        p.add("nvvideoconvert", "convert")
        p.add("nvstreammux", "mux", batch_size=1, width=160, height=120)
        p.add(element, "infer", config_file_path=config)
        p.add("fakesink", "sink")
        p.link("source", "caps", "convert", "mux.sink_0").link("mux", "infer", "sink")
        p.attach("infer", lambda batch: see(pyds.NvDsFrameMeta.cast(batch.meta.frame_meta_list.data)))
        p.run()


@pytest.fixture
def folder(tmp_path: Path, blob_model: Path) -> Path:
    version = tmp_path / "repo" / "blobs" / "1"
    version.mkdir(parents=True)
    shutil.copy(blob_model, version / "model.onnx")
    (version.parent / "config.pbtxt").write_text('name: "blobs"\nplatform: "onnxruntime_onnx"\n')
    return tmp_path


@pytest.mark.parametrize("element", ["nvinferserver", "fluvialinferserver"])
def test_the_model_of_a_repository_finds_objects(folder: Path, element: str) -> None:
    seen: list[tuple[int, int]] = []

    def see(frame: Any) -> None:
        first = pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data)
        seen.append((frame.num_obj_meta, first.unique_component_id))

    play(folder, see, element=element, postprocess="detection { nms { confidence_threshold: 0.5 iou_threshold: 0.4 } }")
    assert seen == [(64, 5)] * 3


def test_other_gives_tensors_alone(folder: Path) -> None:
    seen: list[tuple[int, list[str], list[int]]] = []

    def see(frame: Any) -> None:
        user = pyds.NvDsUserMeta.cast(frame.frame_user_meta_list.data)
        assert user.base_meta.meta_type == pyds.NvDsMetaType.NVDSINFER_TENSOR_OUTPUT_META
        tensors = pyds.NvDsInferTensorMeta.cast(user.user_meta_data)
        layers = [pyds.get_nvds_LayerInfo(tensors, i) for i in range(tensors.num_output_layers)]
        seen.append((frame.num_obj_meta, [one.layerName for one in layers], list(layers[0].inferDims.d[:2])))

    play(folder, see, postprocess="other {}", tensors="true")
    assert seen == [(0, ["boxes", "scores"], [64, 4])] * 3


def test_a_model_that_is_not_there_is_an_error_with_line_and_place(folder: Path) -> None:
    with pytest.raises(fv.FluvialError, match=r'line 5: model_name: "blob".*did you mean "blobs"\?'):
        play(folder, lambda _: None, name="blob")


def test_a_wrong_config_is_an_error_with_its_line(folder: Path) -> None:
    with pytest.raises(fv.FluvialError, match=r"server.txt: line 10: infer_config.postprocess.detections is not known"):
        play(folder, lambda _: None, postprocess="detections {}")


def test_zero_in_a_property_is_what_the_config_says(folder: Path) -> None:
    (folder / "server.txt").write_text(CONFIG.format(name="blobs", postprocess="", tensors="false"))
    with fv.Pipeline() as p:
        p.add("nvinferserver", "infer", config_file_path=folder / "server.txt", batch_size=0, unique_id=0)
        element = p["infer"]
        assert (element.get_property("unique-id"), element.get_property("batch-size")) == (5, 1)
        element.set_property("unique-id", 9)
        assert element.get_property("unique-id") == 9
        element.set_property("process-mode", 2)
        assert element.get_property("process-mode") == 2
