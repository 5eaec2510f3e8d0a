"""Average precision against cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fluvial.train.precision import Precision

BOX = np.array([[10, 10, 50, 50]], np.float32)
ZERO = np.array([0])


def scored(*pictures: tuple) -> Precision:
    precision = Precision(2)
    for picture in pictures:
        precision.add(*picture)
    return precision


def test_a_false_alarm_above_the_hit_halves_precision() -> None:
    boxes = np.concatenate([BOX + 100, BOX])
    scores = scored((boxes, np.array([0.9, 0.8]), np.array([0, 0]), BOX, ZERO)).scores()
    assert scores.map_50 == pytest.approx(0.5)
    assert np.isnan(scores.by_class[1]), "a class without objects does not count"


def test_a_box_that_is_off_counts_up_to_its_iou() -> None:
    moved = BOX + np.array([0, 0, 10, 0], np.float32)  # IoU .8
    scores = scored((moved, np.array([0.9]), ZERO, BOX, ZERO)).scores()
    assert scores.map == pytest.approx(0.7) and scores.map_50 == 1, "0.50 to 0.80 of ten steps"


def test_two_boxes_on_one_object_are_one_hit() -> None:
    boxes = np.concatenate([BOX, BOX])
    scores = scored((boxes, np.array([0.9, 0.8]), np.array([0, 0]), np.concatenate([BOX, BOX + 200]), np.array([0, 0])))
    assert scores.scores().map_50 == pytest.approx(51 / 101)


def test_boxes_on_ignored_places_and_unknown_classes_count_neither_way() -> None:
    boxes = np.concatenate([BOX + 100, BOX])
    both = (boxes, np.array([0.9, 0.8]), np.array([0, 0]), BOX, ZERO)
    assert scored((*both, BOX + 100, np.array([-1]))).scores().map_50 == 1
    assert scored((*both, BOX + 100, np.array([1]))).scores().map_50 == pytest.approx(0.5), "of another class"
    unknown = (boxes, np.array([0.9, 0.8]), np.array([0, 0]), BOX, ZERO, None, None, frozenset({1}))
    assert scored(unknown).scores().map_50 == 0


def test_nothing_found_is_zero() -> None:
    nothing = np.zeros((0, 4), np.float32)
    scores = scored((nothing, np.zeros(0), np.zeros(0, int), BOX, ZERO)).scores()
    assert scores.map == 0 and scores.by_class[0] == 0
