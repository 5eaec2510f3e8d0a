"""One model of two, for programs that expect people and faces of one network, as NVIDIA's PeopleNet finds them.

Both look at the same picture, each scaled to its own size; their boxes and scores stand one below the other, in the
order person, bag, face. Nobody finds bags.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fluvial.errors import ModelError
from fluvial.models.joined import branch, kept, picture_of

__all__ = ["with_faces"]

_SIZE = (384, 672)  # height, width: multiples of YuNet's largest stride; it finds faces from 16 pixels of these on
_STRIDES = (8, 16, 32)
_PERSON = 1  # of person-vehicle-bike's classes
_VERSION = "1"  # of what this file makes


def with_faces(people: Path, faces: Path, *, folder: Path) -> Path:
    """The model that finds both; it is made where it is not there yet.

    Args:
        people: person-vehicle-bike, with boxes and scores as outputs.
        faces: YuNet.
        folder: Where it is kept.

    Raises:
        ModelError: The two cannot be read or joined.
    """
    try:
        return kept("people-and-faces", _VERSION, (people, faces), _joined, folder=folder)
    except ModelError as e:
        raise ModelError(f"faces are not found: {e}") from e


def _joined(people: Any, faces: Any) -> Any:
    import numpy as np
    import openvino
    from openvino import opset13 as ops

    picture = picture_of(_SIZE)  # named so, inspection knows it for BGR 0..255, scaled plainly
    person_boxes, person_scores = _people(people, picture)
    face_boxes, face_scores = _faces(faces, picture)

    def columns(scores: Any, place: int) -> Any:
        nothing = ops.multiply(scores, np.float32(0))
        return ops.concat([scores if i == place else nothing for i in range(3)], 2)

    boxes = ops.concat([person_boxes, face_boxes], 1)
    scores = ops.concat([columns(person_scores, 0), columns(face_scores, 2)], 1)
    for node, name in ((boxes, "boxes"), (scores, "scores")):
        node.output(0).set_names({name})
    return openvino.Model([boxes, scores], [picture], "people_and_faces")


def _people(model: Any, picture: Any) -> tuple[Any, Any]:
    import numpy as np
    from openvino import opset13 as ops

    outputs = branch(model, picture, _SIZE)
    return outputs["boxes"], ops.gather(outputs["scores"], np.array([_PERSON]), np.int64(2))


def _faces(model: Any, picture: Any) -> tuple[Any, Any]:
    import numpy as np
    from openvino import opset13 as ops

    model.reshape([1, 3, *_SIZE])
    outputs = branch(model, picture, _SIZE)
    boxes, scores = [], []
    for stride in _STRIDES:
        shifts, sizes = (
            ops.multiply(part, np.float32(stride))
            for part in (
                ops.add(_part(outputs[f"bbox_{stride}"], 0), _cells(stride)),
                ops.exp(_part(outputs[f"bbox_{stride}"], 2)),
            )
        )
        half = ops.multiply(sizes, np.float32(0.5))
        boxes.append(ops.concat([ops.subtract(shifts, half), ops.add(shifts, half)], 2))
        # Not the root of the product, as YuNet has it: so its sure faces begin near .3, where PeopleNet's do.
        scores.append(ops.multiply(outputs[f"cls_{stride}"], outputs[f"obj_{stride}"]))
    shares = np.array([1 / _SIZE[1], 1 / _SIZE[0]] * 2, np.float32)
    return ops.multiply(ops.concat(boxes, 1), shares), ops.concat(scores, 1)


def _part(boxes: Any, begin: int) -> Any:
    import numpy as np
    from openvino import opset13 as ops

    return ops.gather(boxes, np.array([begin, begin + 1]), np.int64(2))


def _cells(stride: int) -> Any:
    """float32 [1, N, 2]: column and row of each cell, row by row."""
    import numpy as np

    rows, columns = np.mgrid[: _SIZE[0] // stride, : _SIZE[1] // stride]
    return np.stack([columns, rows], -1).reshape(1, -1, 2).astype(np.float32)
