"""On a machine with a GPU: what is looked at a second time never comes to the host, nor does what nobody asked for."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
import pyds
from fluvial import _core
from needed import absent, package

FRAMES = 40
FED = {"device": "cuda", "backend": "pytorch", "model_color_format": 0, "net_scale_factor": 1.0}


def needs_gpu() -> Any:
    torch = package("torch", promise="gpu", hint="pip install torch")
    if not _core.gpus()[0] or not torch.cuda.is_available():
        absent("gpu", "no GPU on this machine")
    return torch


def gstreamer() -> Any:
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import Gst

    Gst.init(None)
    return Gst


def make_clip(path: Path) -> str:
    caps = "video/x-raw,format=I420,width=320,height=240,framerate=15/1"
    encode = f"x264enc speed-preset=ultrafast ! h264parse ! mp4mux ! filesink location={path}"
    line = f"videotestsrc num-buffers={FRAMES} pattern=ball ! {caps} ! {encode}"
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
    return str(path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    needs_gpu()
    return make_clip(tmp_path_factory.mktemp("clips") / "ball.mp4")


def two_boxes() -> Any:
    """A detector that has chosen: two objects, wherever they are."""
    torch = needs_gpu()

    class Module(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            rows = [[8.0, 8, 40, 40, 0.9, 0], [60, 30, 90, 70, 0.8, 1]]
            self.register_buffer("rows", torch.tensor([rows]))  # goes where the module goes, before a graph is recorded

        def forward(self, x: Any) -> dict[str, Any]:
            return {"output0": self.rows.expand(x.shape[0], -1, -1) + 0 * x.mean()}

    return Module()


def brightness() -> Any:
    """A classifier of bright and dark."""
    torch = needs_gpu()

    class Module(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> dict[str, Any]:
            bright = x.mean((1, 2, 3)) / 255
            return {"scores": torch.stack([bright, 1 - bright], -1)}

    return Module()


def detector() -> dict[str, Any]:
    return {**FED, "input_size": (128, 128), "head": "rows", "threshold": 0.5}


def test_crops_for_a_second_model_are_cut_on_the_gpu(clip: str) -> None:
    before = _core.gpu_traffic()
    flow = fv.Flow([clip]).infer(two_boxes(), **detector()).track()
    flow = flow.classify(brightness(), **FED, input_size=(32, 32), batch_size=8, threshold=0.0)
    looked_at = 0
    for batch in flow:
        for frame in batch.frames:
            assert frame.surface.is_on_gpu
            looked_at += sum(bool(thing.classifications) for thing in frame.objects)
    assert looked_at >= 2 * (FRAMES - 1)
    assert _core.gpu_traffic() == before


def test_a_picture_of_an_object_costs_its_pixels_alone(clip: str, tmp_path: Path) -> None:
    Gst = gstreamer()
    pipeline = Gst.parse_launch(
        f"filesrc location={clip} ! qtdemux ! h264parse ! nvv4l2decoder ! mux.sink_0 fluvialmux name=mux batch-size=1 "
        "width=320 height=240 ! fakesink name=end"
    )
    context = pyds.nvds_obj_enc_create_context(0)
    copied: list[int] = []

    def probe(_: Any, info: Any) -> Any:
        buffer = info.get_buffer()
        batch = fv.Batch.of(hash(buffer))
        if batch is None or copied:
            return Gst.PadProbeReturn.OK
        thing = batch[0].add_object((40, 20, 64, 48))
        args = pyds.NvDsObjEncUsrArgs()
        args.saveImg = True
        args.fileNameImg = str(tmp_path / "thing.jpg")
        before = _core.gpu_traffic()["downloaded"]
        pyds.nvds_obj_enc_process(context, args, hash(buffer), thing.meta, batch[0].meta)
        copied.append(_core.gpu_traffic()["downloaded"] - before)
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, probe)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    pyds.nvds_obj_enc_finish(context)
    pyds.nvds_obj_enc_destroy_context(context)
    assert message is not None
    assert message.type == Gst.MessageType.EOS, message.parse_error()
    assert copied == [64 * 48 * 3 // 2]
    assert (tmp_path / "thing.jpg").stat().st_size > 100


class Address:
    """Floats on a GPU, by their address."""

    def __init__(self, address: int, shape: tuple[int, ...]) -> None:
        self.__cuda_array_interface__ = {"version": 3, "shape": shape, "typestr": "<f4", "data": (address, False)}


def test_tensors_are_told_where_the_gpu_keeps_them(clip: str) -> None:
    torch = needs_gpu()
    seen = 0
    settings = {**FED, "input_size": (32, 32), "network_type": 100, "output_tensor_meta": True}
    for batch in fv.Flow([clip]).infer(brightness(), **settings):
        user = pyds.NvDsUserMeta.cast(batch.frames[0].meta.frame_user_meta_list.data)
        tensors = pyds.NvDsInferTensorMeta.cast(user.user_meta_data)
        on_host = ctypes.cast(pyds.get_ptr(pyds.get_nvds_LayerInfo(tensors, 0).buffer), ctypes.POINTER(ctypes.c_float))
        address = ctypes.cast(pyds.get_ptr(tensors.out_buf_ptrs_dev), ctypes.POINTER(ctypes.c_void_p))[0]
        there = torch.as_tensor(Address(address or 0, (2,)), device="cuda")
        assert there.cpu().tolist() == [on_host[0], on_host[1]]
        seen += 1
    assert seen >= FRAMES - 1
