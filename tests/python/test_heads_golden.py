"""Every head in a whole pipeline, against plain NumPy on the same tensors. How to add a case: tests/golden.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv
from fluvial.models import find
from fluvial.models.explain import explain
from golden import FRAME, Case, Object, Spec, cases, point_to_frame, run_model, to_frame
from needed import package

ROOT = Path(__file__).parents[2]
PIXELS = 1.0  # how far an edge may be off, on the frame

package("onnx")
package("openvino")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"))


def make_clip(folder: Path) -> Path:
    """Two frames."""
    path = folder / "two.avi"
    with fv.Pipeline() as p:
        caps = f"video/x-raw,format=I420,width={FRAME[0]},height={FRAME[1]},framerate=25/1"
        names = [p.add("videotestsrc", num_buffers=2), p.add("capsfilter", caps=caps)]
        names += [p.add("jpegenc"), p.add("avimux"), p.add("filesink", location=path)]
        p.link(*names).run()
    return path


@dataclass
class Seen:
    """What the pipeline says of one frame, copied."""

    objects: list[Object]  # boxes in its pixels
    words: list[tuple[str, float]]
    classes: np.ndarray | None
    embedding: np.ndarray | None


def second_frame(clip: Path, model: Path, settings: dict[str, object]) -> Seen:
    seen = []
    for batch in fv.Flow(str(clip)).infer(str(model), **settings):
        for f in batch.frames:
            objects = [
                Object(int(o.class_id), float(o.confidence), np.array(o.box), o.keypoints, o.mask) for o in f.objects
            ]
            words = [(word, sure) for o in f.objects for _, word, sure in o.classifications]
            seen.append(Seen(objects, words, f.segmentation, f.embedding))
    assert len(seen) == 2
    return seen[1]


def check_same(found: list[Object], expected: list[Object], spec: Spec) -> None:
    """Each expected object is found once, and nothing else."""
    boxes = [to_frame(o.box, spec, FRAME) for o in expected]
    left = list(zip(expected, boxes, strict=True))
    for one in found:
        same = [
            pair
            for pair in left
            if pair[0].class_id == one.class_id
            and abs(pair[0].confidence - one.confidence) < 2e-3
            and np.abs(corners(pair[1]) - corners(one.box)).max() <= PIXELS
            and are_same_points(one.keypoints, pair[0].keypoints, spec)
        ]
        assert same, f"not expected: {one}; expected and not found: {left}"
        check_same_mask(one.mask, same[0][0].mask)
        left.remove(same[0])
    assert not left, f"expected and not found: {left}"


def check_same_mask(found: np.ndarray | None, expected: np.ndarray | None) -> None:
    """A reference need not have any."""
    if expected is None:
        return
    assert found is not None and found.shape == expected.shape
    assert np.abs(found - expected).max() < 0.02


def are_same_points(found: np.ndarray, expected: np.ndarray | None, spec: Spec) -> bool:
    """Places to a pixel; those outside of the frame to its edge. A reference need not have any."""
    if expected is None:
        return True
    points = np.array([point_to_frame(p, spec, FRAME) for p in expected])
    places = np.clip(found[:, :2], 0, FRAME)
    return len(found) == len(points) and bool(
        np.abs(places - points[:, :2]).max() <= PIXELS and np.abs(found[:, 2] - points[:, 2]).max() < 2e-3
    )


def corners(box: np.ndarray) -> np.ndarray:
    return np.concatenate([box[:2], np.asarray(box[:2]) + box[2:]])


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_head_in_a_pipeline_finds_what_plain_numpy_finds(case: Case, clip: Path, tmp_path: Path) -> None:
    model = tmp_path / f"{case.name}.onnx"
    case.make(model)
    check_case(case, clip, model)


def check_case(case: Case, clip: Path, model: Path) -> None:
    """Raises AssertionError where the pipeline and the reference differ."""
    decided = explain(find(str(model)), **case.settings)
    assert decided["head"] == case.head, decided["evidence"]
    spec = case.spec or decided
    expected = case.reference(run_model(model), spec)
    if isinstance(expected, np.ndarray):
        check_array(second_frame(clip, model, case.settings), expected)
    elif isinstance(expected[0], tuple):
        check_words(second_frame(clip, model, case.settings), expected)
    else:
        shows_something = len(expected) > 1 or expected[0].keypoints is not None
        assert shows_something, "a case that finds nothing shows nothing"
        check_same(second_frame(clip, model, case.settings).objects, expected, spec)


def check_array(frame: Seen, expected: np.ndarray) -> None:
    """A map of classes, or an embedding."""
    if expected.dtype.kind == "f":
        assert frame.embedding is not None
        np.testing.assert_allclose(frame.embedding, expected, atol=1e-5)
        return
    assert len(np.unique(expected)) > 1, "a case that finds one class shows nothing"
    np.testing.assert_array_equal(frame.classes, expected)


def check_words(frame: Seen, expected: list[tuple[str, float]]) -> None:
    """What the whole picture is called."""
    assert [word for word, _ in frame.words] == [word for word, _ in expected]
    np.testing.assert_allclose([sure for _, sure in frame.words], [sure for _, sure in expected], atol=2e-3)


def test_every_head_has_a_case_and_a_row_in_the_docs() -> None:
    table = (ROOT / "cpp/algo/heads/head.cpp").read_text()
    heads = set(re.findall(r'\{Head::\w+, "(\w+)"', table))
    assert len(heads) > 20
    assert heads == {case.head for case in cases()}
    assert heads == set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/heads.md").read_text(), re.MULTILINE))
