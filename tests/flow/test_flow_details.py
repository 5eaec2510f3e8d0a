"""What models say beside boxes, from the file to Python, pixels and JSON."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv
from golden import save_constants
from needed import package

package("onnx")

Clip = Callable[..., Path]


@pytest.fixture(scope="session")
def body_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MoveNet, sure of joints on a diagonal."""
    joints = np.linspace(0.25, 0.75, 17, dtype=np.float32)
    rows = np.stack([joints, joints, np.full(17, 0.9, np.float32)], axis=-1)
    path = tmp_path_factory.mktemp("models") / "movenet.onnx"
    save_constants(path, {"output_0": rows[None, None]}, picture=("input", (1, 3, 64, 64)))
    return path


@pytest.fixture(scope="session")
def map_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class 2 in the lower half, class 1 at the right of the upper one; unsure of a column at the left."""
    scores = np.zeros((1, 4, 16, 16), np.float32)
    scores[0, 2, 8:] = scores[0, 1, :8, 8:] = 0.9
    scores[0, 0, :8, :8] = 0.9
    scores[0, :, :, 0] = 0.25
    path = tmp_path_factory.mktemp("models") / "segmentation.onnx"
    save_constants(path, {"seg": scores}, picture=("input", (1, 3, 64, 64)))
    return path


PLAIN = {"model_color_format": 0, "net_scale_factor": 1.0}


def frames(flow: fv.Flow) -> list[fv.Frame]:
    return [frame for batch in flow for frame in batch.frames]


def test_a_body_of_the_whole_picture_is_an_object_with_key_points(make_clip: Clip, body_model: Path) -> None:
    seen = 0
    for batch in fv.Flow(make_clip("a.mp4")).infer(body_model):
        frame = batch.frames[0]
        (body,) = frame.objects
        assert body.label == "person"
        width, height = frame.size
        # The picture lies in the middle of a square.
        side = max(width, height)
        expected = (np.linspace(0.25, 0.75, 17) - 0.5) * side
        assert np.allclose(body.keypoints[:, 0], expected + width / 2, atol=1)
        assert np.allclose(body.keypoints[:, 1], expected + height / 2, atol=1)
        assert np.allclose(body.keypoints[:, 2], 0.9)
        left, _top, w, _h = body.box
        assert left == pytest.approx(body.keypoints[:, 0].min(), abs=1)
        assert left + w == pytest.approx(body.keypoints[:, 0].max(), abs=1)
        seen += 1
    assert seen > 5


def test_a_body_of_an_object_is_that_object_s(make_clip: Clip, body_model: Path, blob_model: Path) -> None:
    seen = 0
    for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3).infer(body_model, on="objects"):
        frame = batch.frames[0]
        for found in frame.objects:
            assert found.component_id == 1
            assert found.keypoints.shape == (17, 3)
            left, top, width, height = found.box
            middle = found.keypoints[8, :2]
            if left > width and top > height and left + 2 * width < frame.size[0] and top + 2 * height < frame.size[1]:
                assert np.allclose(middle, [left + width / 2, top + height / 2], atol=2)
                seen += 1
        assert frame.objects.keypoints.shape == (len(frame.objects), 17 if len(frame.objects) else 0, 3)
    assert seen > 0


def test_key_points_are_drawn_and_written(make_clip: Clip, body_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    clip = make_clip("a.mp4")
    drawn = fv.Flow(clip).infer(body_model).draw(boxes=False, text=False).write_json(out)
    changed = []
    for batch in drawn:
        frame = batch.frames[0]
        x, y = frame.objects[0].keypoints[8, :2].astype(int)
        changed.append(frame.pixels()[y, x, :3].tolist())
    assert all(c[0] > 200 and 100 < c[1] < 200 and c[2] < 80 for c in changed), "the right elbow is orange"
    plain = fv.Flow(clip).infer(body_model).draw(boxes=False, text=False, keypoints=False)
    for batch in plain:
        assert batch.frames[0].pixels()[y, x, :3].tolist() not in changed
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == len(changed)
    assert np.shape(records[0]["keypoints"]) == (17, 3)
    assert records[0]["keypoints"][8][2] == pytest.approx(0.9)


def test_a_map_of_classes_covers_the_frame(make_clip: Clip, map_model: Path) -> None:
    settings = {**PLAIN, "segmentation_threshold": 0.5, "head_options": {"probabilities": "yes"}}
    seen = 0
    for batch in fv.Flow(make_clip("a.mp4")).infer(map_model, **settings):
        frame = batch.frames[0]
        assert frame.is_inferred
        assert len(frame.objects) == 0
        found = frame.segmentation
        assert found is not None
        assert found.shape == (16, 16)
        assert (found[:, 0] == -1).all()
        assert (found[8:, 1:] == 2).all()
        assert (found[:8, 8:] == 1).all()
        assert (found[:8, 1:8] == 0).all()
        shares = frame.segmentation_probabilities
        assert shares is not None
        assert shares.shape == (4, 16, 16)
        assert shares[2, 12, 5] == pytest.approx(0.9)
        seen += 1
    assert seen > 5


def test_a_border_is_cut_off_a_map(make_clip: Clip, map_model: Path) -> None:
    settings = {**PLAIN, "maintain_aspect_ratio": True, "symmetric_padding": True}
    for batch in fv.Flow(make_clip("a.mp4")).infer(map_model, **settings):
        frame = batch.frames[0]
        width, height = frame.size
        assert width > height
        found = frame.segmentation
        assert found is not None
        assert found.shape == (round(16 * height / width), 16)
        assert found[0, 12] == 1
        assert found[-1, 12] == 2
        assert frame.segmentation_probabilities is None


def test_a_map_of_an_object_is_that_object_s(make_clip: Clip, map_model: Path, blob_model: Path) -> None:
    seen = 0
    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3)
    for batch in flow.infer(map_model, on="objects", **PLAIN):
        assert batch.frames[0].segmentation is None
        for found in batch.frames[0].objects:
            assert found.segmentation.shape == (16, 16)
            seen += 1
    assert seen > 0


def test_a_wrong_network_type_says_which_one_is_right(make_clip: Clip, map_model: Path) -> None:
    with pytest.raises(fv.PipelineError, match="those of a segmentation; set network-type=2"):
        fv.Flow(make_clip("a.mp4")).infer(map_model, network_type=0, **PLAIN).run()


def test_an_embedding_is_the_object_s_and_a_tensor_for_pyds(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    pyds = package("pyds")
    model = tmp_path / "reid.onnx"
    save_constants(model, {"reid_embedding": np.array([[3, 0, 4, 0]], np.float32)}, picture=("data", (1, 3, 64, 32)))
    seen = 0
    for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3).infer(model, on="objects", **PLAIN):
        objects = batch.frames[0].objects
        assert objects.embeddings.shape == (len(objects), 4 if len(objects) else 0)
        for found in objects:
            assert np.allclose(found.embedding, [0.6, 0, 0.8, 0])
            users = found.meta.obj_user_meta_list
            types = []
            while users is not None:
                types.append(int(pyds.NvDsUserMeta.cast(users.data).base_meta.meta_type))
                users = users.next
            assert int(pyds.NVDSINFER_TENSOR_OUTPUT_META) in types
            seen += 1
        assert batch.frames[0].embedding is None
    assert seen > 0
    for batch in fv.Flow(make_clip("a.mp4")).infer(model, **PLAIN):
        assert np.allclose(batch.frames[0].embedding, [0.6, 0, 0.8, 0])
        assert batch.frames[0].is_inferred


def boxes_that_move(batch: fv.Batch) -> None:
    """On each frame one object of track 7, a step to the right of where it was and a little larger, and one of none."""
    for frame in batch.frames:
        frame.add_object((10 + 2 * frame.number, 20, 30 + 0.1 * frame.number, 40), label="person", track_id=7)
        frame.add_object((60, 20, 30, 40), label="person")


@pytest.mark.parametrize(("interval", "looks"), [(3, 5), (0, 20), (None, 20)])
def test_what_is_known_of_a_tracked_object_is_repeated_between_two_looks(
    make_clip: Clip, blob_model: Path, interval: int | None, looks: int
) -> None:
    answers = itertools.count(1)

    def embed(pictures: np.ndarray) -> dict[str, np.ndarray]:
        return {"reid_embedding": np.array([[next(answers), 1, 0, 0] for _ in pictures], np.float32)}

    def pose(pictures: np.ndarray) -> dict[str, np.ndarray]:
        steps = [next(answers) / 1024 + np.linspace(0.25, 0.5, 17) for _ in pictures]
        return {"output_0": np.array([[[[at, at, 0.9] for at in step]] for step in steps], np.float32)}

    def people(batch: fv.Batch) -> list[fv.Object]:
        found = [o for o in batch.frames[0].objects if o.label == "person"]
        return sorted(found, key=lambda o: o.track_id is None)

    how = {} if interval is None else {"secondary_reinfer_interval": interval}
    clip = make_clip("a.mp4")
    seen: list[bytes] = []
    flow = fv.Flow(clip).infer(blob_model, threshold=0.9).probe(boxes_that_move)
    for batch in flow.infer(embed, input_size=(64, 32), on="objects", head="embedding", **how, **PLAIN):
        tracked, other = people(batch)
        seen.append(tracked.embedding.tobytes())
        assert tracked.embedding.shape == other.embedding.shape == (4,)
    assert len(set(seen[:20])) == looks

    places = []
    flow = fv.Flow(clip).infer(blob_model, threshold=0.9).probe(boxes_that_move)
    for batch in flow.infer(pose, input_size=(64, 64), on="objects", head="movenet", **how, **PLAIN):
        tracked, other = people(batch)
        assert tracked.keypoints.shape == other.keypoints.shape == (17, 3)
        left, _, width, _ = tracked.box
        places.append(round(float((tracked.keypoints[0, 0] - left) / width), 4))
    assert len(set(places[:20])) == looks


def test_text_that_is_read_is_a_classification(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    model = tmp_path / "lprnet.onnx"
    scores = np.zeros((1, 6, 4), np.float32)
    scores[0, range(6), [0, 0, 3, 1, 3, 2]] = 9
    save_constants(model, {"logits": scores}, picture=("data", (1, 3, 24, 94)))
    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3)
    read = flow.infer(model, on="objects", labels=["A", "B", "7"], classifier_type="plate", **PLAIN)
    texts = {c[:2] for batch in read for frame in batch.frames for o in frame.objects for c in o.classifications}
    assert texts == {("plate", "AB7")}
    with pytest.raises(fv.PipelineError, match="an alphabet is needed"):
        fv.Flow(make_clip("a.mp4")).infer(model, **PLAIN).run()


def test_instances_have_masks_and_colours_of_their_own(make_clip: Clip, tmp_path: Path) -> None:
    model = tmp_path / "masks.onnx"
    masks = np.zeros((2, 1, 28, 28), np.float32)
    masks[0, 0, :14] = masks[1, 0, :, :14] = 0.9
    outputs = {
        "boxes": np.array([[2, 2, 30, 60], [20, 2, 60, 60]], np.float32),
        "labels": np.array([1, 1]),
        "scores": np.array([0.9, 0.8], np.float32),
        "masks": masks,
    }
    save_constants(model, outputs, picture=("input", (1, 3, 64, 64)))
    for batch in fv.Flow(make_clip("a.mp4")).infer(model):
        upper, left = batch.frames[0].objects
        assert (upper.mask > 0.5).mean() == (left.mask > 0.5).mean() == 0.5
        assert (upper.mask[:14] > 0.5).all()
        assert (left.mask[:, :14] > 0.5).all()
        assert tuple(upper.border_color) != tuple(left.border_color)
    for batch in fv.Flow(make_clip("a.mp4")).infer(model, output_instance_mask=False):
        assert [tuple(o.border_color) for o in batch.frames[0].objects] == [(1, 0, 0, 1)] * 2
        assert [o.mask for o in batch.frames[0].objects] == [None, None]
