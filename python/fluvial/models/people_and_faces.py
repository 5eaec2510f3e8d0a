"""One model of two, for programs that expect people and faces of one network, as NVIDIA's PeopleNet finds them.

Both look at the same picture, each scaled to its own size; their boxes and scores stand one below the other, in the
order person, bag, face. Nobody finds bags. Made on first use, in OpenVINO's format, and kept in the cache.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from fluvial.errors import ModelError

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
    parts = [_VERSION, *(f"{p.name}:{p.stat().st_size}" for p in (people, faces))]
    made = folder / f"people-and-faces-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}.xml"
    if not made.is_file():
        try:
            _save(_joined(people, faces), made)
        except Exception as e:  # OpenVINO raises RuntimeError and worse; an output that is missing is a KeyError
            raise ModelError(f"{people.name} and {faces.name} cannot be joined, so faces are not found: {e}") from e
    return made


def _save(model: Any, to: Path) -> None:
    import openvino

    # Programs may start side by side: each writes its own, and the last one stays.
    draft = to.with_name(f"{to.stem}-{os.getpid()}.xml")
    openvino.save_model(model, str(draft), compress_to_fp16=False)
    draft.with_suffix(".bin").replace(to.with_suffix(".bin"))
    draft.replace(to)


def _joined(people: Path, faces: Path) -> Any:
    import numpy as np
    import openvino
    from openvino import opset13 as ops

    core = openvino.Core()
    picture = ops.parameter([1, 3, *_SIZE], np.float32, "image")
    picture.output(0).set_names({"image"})  # inspection knows it for BGR 0..255, scaled plainly
    person_boxes, person_scores = _people(core.read_model(people), picture)
    face_boxes, face_scores = _faces(core.read_model(faces), picture)

    def columns(scores: Any, place: int) -> Any:
        nothing = ops.multiply(scores, np.float32(0))
        return ops.concat([scores if i == place else nothing for i in range(3)], 2)

    boxes = ops.concat([person_boxes, face_boxes], 1)
    scores = ops.concat([columns(person_scores, 0), columns(face_scores, 2)], 1)
    for node, name in ((boxes, "boxes"), (scores, "scores")):
        node.output(0).set_names({name})
    return openvino.Model([boxes, scores], [picture], "people_and_faces")


def _branch(model: Any, picture: Any) -> dict[str, Any]:
    """Puts a model behind the picture. Its outputs, by name."""
    import numpy as np
    from openvino import opset13 as ops

    (parameter,) = model.get_parameters()
    size = [d.get_length() for d in parameter.get_partial_shape()][2:]
    scaled = picture
    if tuple(size) != _SIZE:
        scaled = ops.interpolate(picture, np.array(size, np.int64), "linear", "sizes", axes=np.array([2, 3], np.int64))
    for target in parameter.output(0).get_target_inputs():
        target.replace_source_output(scaled.output(0))
    return {name: o.get_node().input_value(0) for o in model.outputs for name in o.get_names()}


def _people(model: Any, picture: Any) -> tuple[Any, Any]:
    import numpy as np
    from openvino import opset13 as ops

    outputs = _branch(model, picture)
    return outputs["boxes"], ops.gather(outputs["scores"], np.array([_PERSON]), np.int64(2))


def _faces(model: Any, picture: Any) -> tuple[Any, Any]:
    import numpy as np
    from openvino import opset13 as ops

    model.reshape([1, 3, *_SIZE])
    outputs = _branch(model, picture)
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
