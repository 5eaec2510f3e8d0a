"""The table of a model's card: what is counted, and where it goes. Needs no model."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from needed import package

package("cv2")
BENCH = Path(__file__).parents[2] / "bench"
BOX = [10.0, 20.0, 30.0, 40.0]
COCO = {
    "categories": [{"id": i + 1, "name": n} for i, n in enumerate(("person", "bicycle", "car"))],
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [
        {"image_id": 1, "category_id": 1, "bbox": BOX, "iscrowd": 0},
        {"image_id": 2, "category_id": 1, "bbox": BOX, "iscrowd": 0},
        {"image_id": 2, "category_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1},
    ],
}


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(BENCH))
    import bench_card

    yield bench_card
    for name in ("bench_card", "bench_coco", "bench_accuracy"):
        sys.modules.pop(name, None)


def test_a_class_is_scored_as_coco_scores_it(card: Any) -> None:
    right = (np.array([BOX], np.float32), np.array([0.9]))
    nothing = (np.zeros((0, 4), np.float32), np.zeros(0))
    assert card.class_precision({"a": {"person": right}, "b": {"person": right}}, "person", COCO) == 1
    half = card.class_precision({"a": {"person": right}, "b": {"person": nothing}}, "person", COCO)
    assert half == pytest.approx(51 / 101)
    assert np.isnan(card.class_precision({"a": {"car": nothing}, "b": {"car": nothing}}, "car", COCO)), "there is none"


def test_a_model_without_a_class_has_no_figure_and_no_mean(card: Any) -> None:
    row = card.Row("m.onnx", 2.3, {"person": 0.25}, None, 0.8, 12.0)
    text = card.table([row], {**card.objects_of(COCO), **dict.fromkeys(card.CLASSES[1:], 0)})
    assert text.splitlines()[0].startswith("| model | MB | person (2) | bicycle (0) |")
    assert text.splitlines()[2] == "| m.onnx | 2.3 | 0.250 | - | - | - | - | - | - | 0.800 | 12.0 |"


def test_a_card_gets_one_table_however_often_it_is_measured(card: Any) -> None:
    once = card.with_table("# Card\n\nWords.\n", "first")
    assert once == f"# Card\n\nWords.\n\n## Measured\n\n{card.BEGIN}\nfirst\n{card.END}\n"
    assert card.with_table(once + "More.\n", "second") == once.replace("first", "second") + "More.\n"


EXPORTED = "# detector.onnx\n\n- licence: MIT\n\n## The training\n\n- epochs: 3\n"
WORDS = "# Ours\n\n{exported}\n{end}\n\n## Measured\n\n{begin}\n{end}\n\n## Limits\n"


def test_words_get_what_the_export_says_and_the_table_however_often(card: Any) -> None:
    words = WORDS.format(exported=card.EXPORTED, begin=card.BEGIN, end=card.END)
    once = card.with_table(card.in_words(words, EXPORTED), "first")
    assert once == (
        f"# Ours\n\n{card.EXPORTED}\n- licence: MIT\n\n### The training\n\n- epochs: 3\n{card.END}\n\n"
        f"## Measured\n\n{card.BEGIN}\nfirst\n{card.END}\n\n## Limits\n"
    )
    assert card.with_table(card.in_words(words, once), "second") == once.replace("first", "second")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            None,
            r"--words .*w\.md: there is no <!-- from: fluvial export --> and no <!-- measured: bench/bench_card.py -->",
        ),
        ("{exported}", r"w\.md: there is no <!-- measured: bench/bench_card\.py --> in it"),
    ],
)
def test_words_without_a_place_for_figures_are_refused_before_anything_is_measured(
    card: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str | None,
    says: str,
) -> None:
    (tmp_path / "m.md").write_text(EXPORTED)
    if words is not None:
        (tmp_path / "w.md").write_text(words.format(exported=card.EXPORTED))
    names = ["bench_card.py", "m.onnx", "--card", str(tmp_path / "m.md"), "--words", str(tmp_path / "w.md")]
    monkeypatch.setattr(sys, "argv", names)
    with pytest.raises(SystemExit):
        card.main()
    assert re.search(says, capsys.readouterr().err)
    (tmp_path / "m.md").unlink()
    with pytest.raises(SystemExit):
        card.main()
    assert "m.md: the card that `fluvial export` wrote is needed beside it" in capsys.readouterr().err


def test_the_bundled_models_words_have_a_place_for_both(card: Any) -> None:
    words = (BENCH.parent / "training" / "bundled" / "card.md").read_text()
    assert all(words.count(mark) == 1 for mark in (card.BEGIN, card.EXPORTED)) and words.count(card.END) == 2
