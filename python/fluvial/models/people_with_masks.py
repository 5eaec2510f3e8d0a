"""One model of two, for programs that expect people with masks of one network, as NVIDIA's PeopleSegNet finds them.

A detector finds the people; a segmentation says of each pixel whether it is a person's; each box gets what lies under
it, in 28 x 28 cells. So people who overlap share the pixels between them, which a Mask R-CNN would not do. Outputs are
named as torchvision's Mask R-CNN has them, which inspection knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fluvial.models.joined import branch, kept, picture_of

__all__ = ["with_masks"]

_SIZE = (513, 896)  # height of the segmentation, aspect of video
_PERSON = 1  # of person-vehicle-bike's classes, and of PeopleSegNet's: 0 is background
_PERSON_PIXEL = 15  # of PASCAL VOC's classes
_MOST_PEOPLE = 32
_CELLS = 28
# PeopleSegNet is sure from .8 on, person-vehicle-bike from .4: the fourth root of .41 is .8.
_LEAST_SCORE, _POWER = 0.1, 0.25
_OVERLAP = 0.45  # of the authors of person-vehicle-bike
_VERSION = "1"  # of what this file makes


def with_masks(people: Path, classes: Path, *, folder: Path) -> Path:
    """The model that finds people with masks; it is made where it is not there yet.

    Args:
        people: person-vehicle-bike, with boxes and scores as outputs.
        classes: deeplabv3-mnv2, with a class for each pixel as its output.
        folder: Where it is kept.

    Raises:
        ModelError: The two cannot be read or joined.
    """
    return kept("people-with-masks", _VERSION, (people, classes), _joined, folder=folder)


def _joined(people: Any, classes: Any) -> Any:
    import numpy as np
    import openvino
    from openvino import opset13 as ops

    picture = picture_of(_SIZE)  # with these outputs, inspection knows it for RGB 0..1, scaled plainly
    levels = ops.multiply(picture, np.float32(255))
    boxes, scores = _chosen(branch(people, ops.gather(levels, np.array([2, 1, 0]), np.int64(1)), _SIZE))
    (found,) = {id(o): o for o in branch(classes, levels, _SIZE, is_nhwc=True).values()}.values()
    outputs = {
        "boxes": ops.multiply(boxes, np.array([_SIZE[1], _SIZE[0]] * 2, np.float32)),
        "labels": ops.convert(ops.add(ops.multiply(scores, np.float32(0)), np.float32(_PERSON)), np.int64),
        "scores": ops.power(scores, np.float32(_POWER)),
        "masks": _masks(found, boxes),
    }
    for name, node in outputs.items():
        node.output(0).set_names({name})
    return openvino.Model(list(outputs.values()), [picture], "people_with_masks")


def _chosen(outputs: dict[str, Any]) -> tuple[Any, Any]:
    """Of the detector's people, boxes [K, 4] in shares of the picture and scores [K] after suppression."""
    import numpy as np
    from openvino import opset13 as ops

    scores = ops.gather(outputs["scores"], np.array([_PERSON]), np.int64(2))  # [1, A, 1]
    by_class = ops.transpose(scores, np.array([0, 2, 1]))
    kept_rows = ops.non_max_suppression(
        outputs["boxes"],
        by_class,
        max_output_boxes_per_class=np.int64(_MOST_PEOPLE),
        iou_threshold=np.float32(_OVERLAP),
        score_threshold=np.float32(_LEAST_SCORE),
    )
    rows = ops.squeeze(ops.gather(kept_rows.output(0), np.array([2]), np.int64(1)), np.array([1]))
    flat = ops.squeeze(scores, np.array([0, 2]))
    return ops.gather(ops.squeeze(outputs["boxes"], np.array([0])), rows, np.int64(0)), ops.gather(
        flat, rows, np.int64(0)
    )


def _masks(classes: Any, boxes: Any) -> Any:
    """How much of each cell is a person's: [K, 1, cells, cells]."""
    import numpy as np
    from openvino import opset13 as ops

    height, width = (d.get_length() for d in classes.get_partial_shape()[1:3])
    is_person = ops.convert(ops.equal(ops.convert(classes, np.int64), np.int64(_PERSON_PIXEL)), np.float32)
    on_map = ops.multiply(boxes, np.array([width, height] * 2, np.float32))
    count = ops.gather(ops.shape_of(boxes), np.array([0]), np.int64(0))
    first = ops.broadcast(np.int64(0), count)  # all are of the only picture
    return ops.roi_align(
        ops.unsqueeze(is_person, np.array([1])), on_map, first, _CELLS, _CELLS, 2, 1.0, "avg", "half_pixel"
    )
