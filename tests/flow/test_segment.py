"""Masks of a detector's boxes by a promptable model: against plain NumPy, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial.backends import Model, Ready, Tensor
from needed import package
from sam_models import GAIN, MEAN, SIDE, STD, save_decoder, save_encoder

package("onnx")

Clip = Callable[..., Path]

BOXES = np.array(
    [[100, 50, 420, 300], [500, 100, 900, 500], [10, 10, 60, 60], [300, 200, 310, 208], [700, 400, 1023, 575]],
    np.float32,
)
STYLES: dict[str, dict[str, Any]] = {
    "as many boxes as there are": {},
    "one box a call, as SAM's own export": {"boxes": 1},
    "two boxes a call": {"boxes": 2},
    "masks of the frame alone": {"has_low_res": False},
    "a dimension of pictures, as EfficientSAM": {"is_ranked": True},
}


class Finder:
    """A detector that always finds the same boxes, given in pixels of its input."""

    def __init__(self, boxes: np.ndarray, size: tuple[int, int]) -> None:
        self.found, self.size = np.concatenate([boxes, np.full((len(boxes), 1), 0.9)], axis=1).astype(np.float32), size

    def describe(self) -> Model:
        width, height = self.size
        return Model(
            (Tensor("picture", "u8", (-1, 3, height, width)),),
            (Tensor("boxes", "f32", (-1, 5)), Tensor("labels", "i64", (-1,))),
        )

    def compile(self, plan: Any) -> Ready:
        return Ready("the same boxes")

    def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"boxes": self.found, "labels": np.arange(len(self.found)) % 2}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_encoder(tmp_path_factory.mktemp("sam") / "encoder.onnx")


def masks_of(clip: Path, encoder: Path, decoder: Path, size: tuple[int, int], **settings: Any) -> list[list[Any]]:
    """Frame by frame, the pixels and the objects' boxes and masks."""
    boxes = BOXES * (size[0] / SIDE)
    flow = fv.Flow(clip).infer(Finder(boxes, size), batch_size=1, threshold=0.1, cluster_mode=4)
    found = []
    for batch in flow.segment(encoder, decoder, precision="f32", **settings):
        for frame in batch.frames:
            found.append([frame.pixels().copy(), [(o.box, o.mask) for o in frame.objects]])
    return found


def bright(pixels: np.ndarray) -> np.ndarray:
    """Brightness of the encoder's 64 x 64 cells, of a frame as wide as its input, in plain NumPy."""
    whole = np.full((SIDE, SIDE, 3), 114, np.float32)
    whole[: pixels.shape[0]] = pixels[..., :3]
    return ((whole - MEAN) / STD).mean(axis=2).reshape(64, 16, 64, 16).mean(axis=(1, 3))


def expected(level: np.ndarray, box: Any) -> np.ndarray:
    """The best mask over a box, 64 x 64, in plain NumPy."""
    left, top, width, height = box
    middles = (np.arange(256) + 0.5) * 4
    is_inside = ((middles > left) & (middles < left + width))[None, :] & ((middles > top) & (middles < top + height))[
        :, None
    ]
    low = np.where(is_inside, np.kron(level, np.ones((4, 4))) * GAIN, -10.0)
    x = np.clip((left + (np.arange(64) + 0.5) * width / 64) / 4 - 0.5, 0, 255)
    y = np.clip((top + (np.arange(64) + 0.5) * height / 64) / 4 - 0.5, 0, 255)
    x0, y0 = x.astype(int), y.astype(int)
    x1, y1 = np.minimum(x0 + 1, 255), np.minimum(y0 + 1, 255)
    fx, fy = (x - x0)[None, :], (y - y0)[:, None]
    upper = low[np.ix_(y0, x0)] * (1 - fx) + low[np.ix_(y0, x1)] * fx
    lower = low[np.ix_(y1, x0)] * (1 - fx) + low[np.ix_(y1, x1)] * fx
    return np.asarray(1 / (1 + np.exp(-(upper * (1 - fy) + lower * fy))))


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_masks_are_those_of_plain_numpy(tmp_path: Path, make_clip: Clip, encoder: Path, style: str) -> None:
    clip = make_clip("wide.mkv", frames=2, pattern="smpte", size=(1024, 576))
    decoder = save_decoder(tmp_path / "decoder.onnx", **STYLES[style])
    found = masks_of(clip, encoder, decoder, (1024, 576), decoder_batch_size=2)
    assert [len(objects) for _, objects in found] == [5, 5]
    for pixels, objects in found:
        level = bright(pixels)
        for box, mask in objects:
            assert mask.shape == (64, 64)
            difference = np.abs(mask - expected(level, box))
            # Masks of the frame alone were scaled up and down again by the decoder.
            assert difference.mean() < (0.03 if style == "masks of the frame alone" else 0.003), difference.max()
        assert {True, False} <= {bool(v) for _, mask in objects for v in (mask > 0.5).ravel()}


def test_the_encoders_backend_runs_the_decoder_too(tmp_path: Path, make_clip: Clip, encoder: Path) -> None:
    package("onnxruntime")
    clip = make_clip("wide.mkv", frames=2, pattern="smpte", size=(1024, 576))
    decoder = save_decoder(tmp_path / "decoder.onnx")
    boxes = Finder(BOXES, (1024, 576))
    flow = fv.Flow(clip).infer(boxes, batch_size=1, threshold=0.1, cluster_mode=4)
    masks = [
        np.stack([o.mask for o in frame.objects])
        for batch in flow.segment(encoder, decoder, backend="onnxruntime")
        for frame in batch.frames
    ]
    here = [np.stack([m for _, m in objects]) for _, objects in masks_of(clip, encoder, decoder, (1024, 576))]
    np.testing.assert_allclose(masks, here, atol=1e-3)


def test_frames_of_another_size_are_letterboxed(tmp_path: Path, encoder: Path) -> None:
    """A bright square in a tall dark frame: where it is, is the mask."""
    decoder = save_decoder(tmp_path / "decoder.onnx")
    clip = tmp_path / "tall.mkv"
    with fv.Pipeline() as p:
        source = p.add("videotestsrc", num_buffers=2, pattern="solid-color", foreground_color=0xFF101010)
        bar = p.add("videobox", left=-60, right=-60, top=-100, bottom=-140, fill="black")
        white = p.add("capsfilter", caps="video/x-raw,format=I420,width=80,height=80,framerate=25/1")
        p.set(source, foreground_color=0xFFF0F0F0)
        p.link(
            source,
            white,
            bar,
            p.add("vp8enc", min_quantizer=1, max_quantizer=4),
            p.add("matroskamux"),
            p.add("filesink", location=clip),
        )
        p.run()
    detector = Finder(np.array([[40, 80, 160, 200]], np.float32), (200, 320))
    flow = fv.Flow(clip).infer(detector, batch_size=1, threshold=0.1).segment(encoder, decoder, precision="f32")
    seen = [frame.objects[0].mask > 0.5 for batch in flow for frame in batch.frames]
    wanted = np.zeros((64, 64), bool)
    at = lambda pixel, begin: round((pixel - begin) / 120 * 64)  # noqa: E731
    wanted[at(100, 80) : at(180, 80), at(60, 40) : at(140, 40)] = True
    assert len(seen) == 2
    for mask in seen:
        overlap = (mask & wanted).sum() / (mask | wanted).sum()
        assert overlap > 0.9


def test_only_objects_that_are_asked_for_get_masks(tmp_path: Path, make_clip: Clip, encoder: Path) -> None:
    clip = make_clip("wide.mkv", frames=2, pattern="smpte", size=(1024, 576))
    decoder = save_decoder(tmp_path / "decoder.onnx")
    found = masks_of(clip, encoder, decoder, (1024, 576), operate_on_class_ids=[1])
    assert [[mask is not None for _, mask in objects] for _, objects in found] == [
        [False, True, False, True, False]
    ] * 2


def test_masks_stay_with_boxes_that_lie_partly_outside(tmp_path: Path, make_clip: Clip, encoder: Path) -> None:
    clip = make_clip("wide.mkv", frames=1, pattern="smpte", size=(1024, 576))

    def shift(batch: Any) -> None:
        for one in batch.frames[0].objects:
            one.box = (-50, -50, 200, 200)

    flow = fv.Flow(clip).infer(Finder(BOXES[:1], (1024, 576)), batch_size=1, threshold=0.1).probe(shift)
    flow = flow.segment(encoder, save_decoder(tmp_path / "d.onnx"))
    masks = [frame.objects[0].mask for batch in flow for frame in batch.frames]
    assert masks[0].shape == (64, 64)
    assert np.isfinite(masks[0]).all()


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_model_that_is_no_decoder_says_what_one_takes(tmp_path: Path, make_clip: Clip, encoder: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(Finder(BOXES[:1] / 10, (160, 120)), batch_size=1)
    with pytest.raises(
        fv.FluvialError, match="decoder: no input is called point_coords; it has image; a decoder of SAM's"
    ):
        flow.segment(encoder, encoder).run()


def test_an_encoder_for_another_decoder_is_an_error(tmp_path: Path, make_clip: Clip) -> None:
    small = save_encoder(tmp_path / "small.onnx", channels=32)
    flow = fv.Flow(make_clip("a.mp4")).infer(Finder(BOXES[:1] / 10, (160, 120)), batch_size=1)
    with pytest.raises(
        fv.FluvialError, match=r"is \[1, 256, 64, 64\]; the encoder's output 'image_embeddings' is \[1, 32, 64"
    ):
        flow.segment(small, save_decoder(tmp_path / "d.onnx")).run()


def test_what_cannot_be_is_refused_at_its_line(tmp_path: Path, encoder: Path) -> None:
    decoder = save_decoder(tmp_path / "d.onnx")
    with pytest.raises(fv.ConfigError, match=r"decoder='.*d.onnx' makes masks of objects, and no model before it"):
        fv.Flow("test://?frames=3").segment(encoder, decoder)
    with pytest.raises(fv.ConfigError, match=r"infer: decoder='nowhere.onnx': no such file"):
        fv.Flow("test://?frames=3").infer(encoder).segment(encoder, "nowhere.onnx")
    flow = fv.Flow("test://?frames=3").infer(Finder(BOXES[:1] / 10, (160, 120)), batch_size=1)
    with pytest.raises(
        fv.FluvialError, match="decoder: an encoder looks at frames, whose objects then get masks; set process-mode=1"
    ):
        flow.segment(encoder, decoder, on="objects").run()
