"""The training itself. Needs PyTorch, and is skipped without it."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluvial.errors import ConfigError
from needed import package

torch = package("torch", promise="torch", hint="CONTRIBUTING.md says how to get it")

from fluvial.train import Settings, train  # noqa: E402
from fluvial.train import checkpoint as checkpoints  # noqa: E402
from fluvial.train.assign import assign, corners, pairwise_iou  # noqa: E402
from fluvial.train.batch import Augmentation, Composer  # noqa: E402
from fluvial.train.evaluate import Found  # noqa: E402
from fluvial.train.folders import read_folder  # noqa: E402
from fluvial.train.loss import complete_iou, detection_loss  # noqa: E402
from fluvial.train.network import SIZES, Detector, centres  # noqa: E402
from fluvial.train.report import confusions  # noqa: E402
from fluvial.train.store import fill_store  # noqa: E402
from fluvial.train.targets import NO_PLACE, Targets  # noqa: E402

Coco = Callable[..., Path]
SMALL = {"size": "pico", "input_side": 96, "batch": 8, "device": "cpu", "warm_up_steps": 5}
PLAIN = {"mosaic": 0.0, "mixup": 0.0, "scale": 1.0, "flip": 0.0, "plain_epochs": 0.0}


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(**{"data": [folder], **SMALL, **more})


@pytest.mark.parametrize("size", SIZES)
def test_every_size_gives_a_box_and_scores_for_every_cell(size: str) -> None:
    boxes, scores = Detector(6, size).eval()(torch.zeros(2, 3, 96, 160))
    cells = 12 * 20 + 6 * 10 + 3 * 5
    assert boxes.shape == (2, cells, 4) and scores.shape == (2, cells, 6)


def test_cells_are_where_their_boxes_are() -> None:
    assert centres(2, 3, 8).tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]


def test_iou_of_pairs_and_its_complete_form_agree_with_counting() -> None:
    a = torch.tensor([[0.0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert pairwise_iou(a, b).tolist() == [[pytest.approx(1), pytest.approx(1 / 3), 0]]
    assert complete_iou(a, a).item() == pytest.approx(1)
    assert complete_iou(a, b[2:]).item() < -0.4, "far is worse than beside"


def test_places_inside_an_object_answer_for_it_and_for_one_object_only() -> None:
    places, strides = centres(8, 8, 8), torch.full((64,), 8.0)
    boxes = corners(torch.cat([places, torch.full((64, 2), 32.0)], 1))[None]
    truth = torch.tensor([[[0.0, 0, 32, 32], [24, 24, 60, 60]]])
    found = assign(boxes, torch.full((1, 64, 2), 0.1), places, strides, truth, torch.tensor([[0, 1]]), torch.ones(1, 2))
    inside = ((places > 0) & (places < 60)).all(1)
    assert found.is_positive[0].sum() >= 2 and not (found.is_positive[0] & ~inside).any()
    assert ((found.scores[0] > 0).sum(1) <= 1).all()
    assert found.scores[0, :, 0].max() > 0.5 and found.scores[0, :, 1].max() > 0.5


def targets(classes: int, **more: Any) -> Targets:
    content = {
        "boxes": torch.zeros(1, 0, 4),
        "classes": torch.zeros(1, 0, dtype=torch.long),
        "weights": torch.zeros(1, 0),
        "ignored": torch.zeros(1, 0, 4),
        "ignored_classes": torch.zeros(1, 0, dtype=torch.long),
        "middle": torch.tensor([[32.0, 32.0]]),
        "known": torch.ones(1, 4, classes, dtype=torch.bool),
    }
    return Targets(**{**content, **more})


def test_what_is_not_labelled_is_not_background() -> None:
    """A source that labels only people must not teach that cars are nothing."""
    places, strides = centres(8, 8, 8), torch.full((64,), 8.0)
    known = torch.ones(1, 4, 2, dtype=torch.bool)
    known[0, :, 1] = False
    boxes = torch.cat([places, torch.full((64, 2), 16.0)], 1)[None]
    scores = torch.zeros(1, 64, 2, requires_grad=True)
    detection_loss(boxes, scores, targets(2, known=known), places=places, strides=strides)["loss"].backward()
    assert (scores.grad[..., 0] > 0).all() and (scores.grad[..., 1] == 0).all()


def test_each_quarter_of_a_mosaic_keeps_what_its_picture_knows() -> None:
    known = torch.zeros(1, 4, 1, dtype=torch.bool)
    known[0, 3] = True
    asked = targets(1, known=known).is_asked(torch.tensor([[8.0, 8], [40, 8], [8, 40], [40, 40]]))
    assert asked[0, :, 0].tolist() == [False, False, False, True]


def test_ignored_places_are_asked_for_nothing_of_their_class() -> None:
    ignored = targets(2, ignored=torch.tensor([[[0.0, 0, 16, 16]]]), ignored_classes=torch.tensor([[1]]))
    assert ignored.is_asked(torch.tensor([[8.0, 8], [40, 8]])).tolist() == [[[True, False], [True, True]]]


def test_composed_labels_lie_on_what_they_label(coco: Coco, tmp_path: Path) -> None:
    """Boxes of mosaics, turned and scaled, hold their object's colour and little else of it lies outside."""
    data = read_folder(coco(12))
    store = fill_store(data.pictures, 128, tmp_path, problems=data.problems)
    composer = Composer(store, 2, 128, torch.device("cpu"))
    random = np.random.default_rng(3)
    how = Augmentation(mixup=0, hue=0, saturation=0, brightness=0, grey=0)
    pictures, labels = composer.compose(np.arange(12), how, random)
    assert pictures.shape == (12, 3, 128, 128) and 0 <= pictures.min() and pictures.max() <= 1
    checked = 0
    for picture, boxes, classes in zip(pictures, labels.boxes, labels.classes, strict=True):
        for left, top, right, bottom in (
            boxes[classes == 0].round().int().tolist()
        ):  # of a cut disc the middle may be beside
            if right - left > 8 and bottom - top > 8:
                red, _, blue = picture[:, (top + bottom) // 2, (left + right) // 2]
                assert red > 0.8 and blue < 0.4, (left, top, right, bottom)
                checked += 1
    assert checked >= 8


def test_a_picture_alone_is_not_changed_by_composing(coco: Coco, tmp_path: Path) -> None:
    data = read_folder(coco(2))
    store = fill_store(data.pictures, 160, tmp_path, problems=data.problems)
    how = Augmentation(0, 0, 1, 0, 0, 0, 0, 0)
    pictures, labels = Composer(store, 2, 160, torch.device("cpu")).compose(
        np.array([1]), how, np.random.default_rng(0)
    )
    shift = labels.boxes[0, 0, 1] - data.pictures[1].boxes[0, 1]  # a wide picture lies at any height
    top = int(shift.round())
    expected = torch.from_numpy(store.pixels[1, :, :120]).float() / 255
    assert (pictures[0, :, top + 2 : top + 118] - expected[:, 2:118]).abs().mean() < 0.02


def test_eight_pictures_are_learnt_by_heart(learnt: Any) -> None:
    assert learnt.result.scores.map_50 > 0.9, learnt.lines[-3:]
    assert {"best.pt", "last.pt", "history.json", "card.md", "validation.jpg"} <= {
        f.name for f in learnt.folder.iterdir()
    }


def test_the_same_seed_gives_the_same_training(coco: Coco, tmp_path: Path) -> None:
    folder = coco(8)
    losses = [
        [e.loss for e in train(settings(folder, epochs=2, every=2, seed=5), tmp_path / str(i)).history]
        for i in range(2)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_resumed_training_goes_on_as_it_would_have(coco: Coco, tmp_path: Path) -> None:
    folder = coco(8)
    whole = train(settings(folder, epochs=4, every=2), tmp_path / "whole").history
    half = settings(folder, epochs=4, every=2)

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("epoch 3"):
            raise Stopped

    with pytest.raises(Stopped):
        train(half, tmp_path / "half", told=stop)
    resumed = train(half, tmp_path / "half", resume=True).history
    assert [e.number for e in resumed] == [1, 2, 3, 4]
    assert [e.loss for e in resumed] == pytest.approx([e.loss for e in whole], rel=1e-4)


def test_pieces_of_some_minutes_end_as_the_whole_does(coco: Coco, tmp_path: Path) -> None:
    """Each piece has time for one epoch, which is the least; mAP is measured where it would have been."""
    folder = coco(8)
    whole = train(settings(folder, epochs=4, every=2), tmp_path / "whole")
    lines: list[str] = []
    for piece in range(4):
        out, given = tmp_path / "pieces", settings(folder, epochs=4, every=2)
        result = train(given, out, resume=piece > 0, minutes=1e-6, told=lines.append)
        assert len(result.history) == piece + 1 and (out / "card.md").is_file()
    assert [e.loss for e in result.history] == pytest.approx([e.loss for e in whole.history], rel=1e-4)
    assert [e.map is None for e in result.history] == [True, False, True, False]
    assert result.scores.map == pytest.approx(whole.scores.map, abs=1e-4)
    stops = [line for line in lines if line.startswith("time is up")]
    assert stops == [f"time is up after epoch {n} of 4; --resume goes on from here" for n in (1, 2, 3)]
    again = train(settings(folder, epochs=4, every=2), tmp_path / "pieces", resume=True)
    assert len(again.history) == 4, "nothing is left to do"


def test_cut_objects_are_neither_objects_nor_background(coco: Coco, tmp_path: Path) -> None:
    """Vectors against a loop: every label of every quarter, moved and cut by hand."""
    data = read_folder(coco(12))
    store = fill_store(data.pictures, 128, tmp_path, problems=data.problems)
    composer, random = Composer(store, 2, 128, torch.device("cpu")), np.random.default_rng(5)
    middle = np.where(np.arange(6)[:, None] < 4, random.uniform(40, 90, (6, 2)), 128).astype(np.float32)
    layout = composer._placed(random.integers(0, 12, (6, 4)), middle, Augmentation(), random)
    found = composer._labels.targets(layout, 128)
    for i in range(6):
        asked, ignored = [], []
        for k in range(4 if i < 4 else 1):
            start = np.array([k % 2, k // 2]) * middle[i]
            end = np.where([k % 2, k // 2], 128, middle[i])
            picture = store.pictures[layout.four[i, k]]
            for box, kind in zip(picture.boxes * store.scales[layout.four[i, k]], picture.classes, strict=True):
                ends = np.stack([box[:2], box[:2] + box[2:]]) * layout.scale[i, k] + layout.shift[i, k]
                low, high = np.clip(ends.min(0), start, end), np.clip(ends.max(0), start, end)
                seen = (high - low).prod() / np.ptp(ends, 0).prod()
                if seen > 0:
                    is_asked = seen >= 0.3 and (high - low).min() >= 3
                    (asked if is_asked else ignored).append((*low, *high, kind))
        is_there, is_place = found.classes[i] >= 0, found.ignored_classes[i] != NO_PLACE
        for there, boxes, kinds, truth in (
            (is_there, found.boxes[i], found.classes[i], asked),
            (is_place, found.ignored[i], found.ignored_classes[i], ignored),
        ):
            seen = sorted(map(tuple, torch.cat([boxes[there], kinds[there, None].float()], 1).tolist()))
            assert len(seen) == len(truth)
            np.testing.assert_allclose(np.ravel(seen), np.ravel(sorted(truth)), atol=1e-3)


def test_a_network_is_compiled_where_it_is_asked_for(
    coco: Coco, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a stand-in, as a compiler takes minutes; what is saved is the network itself."""
    compiled: list[object] = []
    monkeypatch.setattr(torch, "compile", lambda network: compiled.append(network) or network)
    train(settings(coco(8), epochs=1, compile=True), tmp_path / "out")
    assert len(compiled) == 1
    assert not any(
        name.startswith("_orig") for name in checkpoints.load_checkpoint(tmp_path / "out/last.pt")["network"]
    )


def test_a_checkpoint_of_other_classes_is_not_resumed(coco: Coco, tmp_path: Path) -> None:
    train(settings(coco(8), epochs=1, every=1), tmp_path / "out")
    other = settings(coco(8), epochs=1, classes=("disc",))
    with pytest.raises(ConfigError, match="this training differs"):
        train(other, tmp_path / "out", resume=True)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "last.pt"
    checkpoints.save_checkpoint(file, {"value": 1})

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.torch, "save", full)
    with pytest.raises(OSError, match=r"could not be written: .*No space left.*the one before is left in .*last.pt"):
        checkpoints.save_checkpoint(file, {"value": 2})
    monkeypatch.undo()
    assert checkpoints.load_checkpoint(file)["value"] == 1
    assert [f.name for f in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(ConfigError, match=r"x.pt: no checkpoint"):
        checkpoints.load_checkpoint(tmp_path / "x.pt")


def test_without_a_gpu_the_cpu_trains_with_a_word_on_the_time(coco: Coco, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    lines: list[str] = []
    train(settings(coco(8), epochs=2, device="auto"), tmp_path / "out", told=lines.append)
    assert lines[0].startswith("no GPU: training on the CPU")
    assert lines[2].endswith("left at this pace")
    with pytest.raises(ConfigError, match="device: 'cuda:7' cannot be used"):
        train(settings(coco(8), epochs=1, device="cuda:7"), tmp_path / "out2")


def test_confusions_count_hits_mistakes_misses_and_false_alarms(coco: Coco, tmp_path: Path) -> None:
    data = read_folder(coco(1))
    store = fill_store(data.pictures, 160, tmp_path, problems=data.problems)
    corner = data.pictures[0].boxes[:, :2]
    boxes = np.concatenate([corner, corner + data.pictures[0].boxes[:, 2:]], 1)
    more = np.concatenate([boxes[:1], boxes[:1] + 1000, boxes[1:]])
    found = Found(more, np.array([0.9, 0.8, 0.1], np.float32), np.array([1, 0, 1]))  # the third is too weak to be shown
    assert confusions(store, [found], 2).tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


TWO = """
import sys
from pathlib import Path
from fluvial.train import Settings, train
settings = Settings(data=[Path(sys.argv[1])], size="pico", input_side=96, batch=4, device="cpu", epochs=2, every=2)
result = train(settings, Path(sys.argv[2]), told=lambda line: None)
print(f"{result.history[-1].loss:.6f} {result.scores.map:.6f}")
"""


def test_two_processes_share_a_training(coco: Coco, tmp_path: Path) -> None:
    folder, out = coco(8), tmp_path / "out"
    environment = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environment["MASTER_PORT"] = str(free.getsockname()[1])
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    programs = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", TWO, str(folder), str(out)],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    answers = [program.communicate(timeout=240)[0].split() for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    assert answers[0][1] == answers[1][1], "both end with the same weights"
    assert (out / "card.md").is_file()
