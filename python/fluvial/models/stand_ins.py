"""Models that take the place of DeepStream's samples, which NVIDIA does not let others pass on.

Programs written for DeepStream name `samples/models/...` by paths that do not exist elsewhere. The infer element, when
a model is absent, looks into the table that FLUVIAL_STANDINS names; this module writes it. A class map turns a
stand-in's class numbers into those that the program knows: TrafficCamNet's vehicle 0, bicycle 1, person 2, roadsign 3.

Detectors are replaced by one that the user has fetched, which are the better ones; else by the build's own, if it has
one, so that a machine without any model runs such programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fluvial.errors import ModelError
from fluvial.models.people_and_faces import with_faces
from fluvial.models.people_with_masks import with_masks
from fluvial.models.registry import BUNDLED, bundled_model, entry, find

__all__ = ["STAND_INS", "StandIn", "write_table"]


@dataclass(frozen=True)
class StandIn:
    """One line of the table.

    Attributes:
        suffix: How the path of the absent model ends.
        model: The name of the model that takes its place.
        labels: A file of `models/labels`, with the absent model's class numbers.
        class_map: The stand-in's number, then the absent model's. Classes left out are dropped.
        options: For the head, such as which of the outputs to read.
        faces: The name of a model that finds faces beside it, where it is on this machine too; see people_and_faces.py.
        masks: The name of a model that it needs beside it for masks; see people_with_masks.py.
        of_own: Where `model` is not on this machine, what classes of the build's own detector are here, by its labels;
            the others are dropped. Empty: it is no stand-in for this one.
    """

    suffix: str
    model: str
    labels: str
    class_map: tuple[tuple[int, int], ...] = ()
    options: str = ""
    faces: str = ""
    masks: str = ""
    of_own: tuple[tuple[str, int], ...] = ()


_TRAFFIC = ((0, 0), (2, 1), (1, 2))  # vehicle, bike, person of person-vehicle-bike
_TRAFFIC_OF_OWN = (("car", 0), ("bus", 0), ("truck", 0), ("bicycle", 1), ("motorcycle", 1), ("person", 2))
_PEOPLE = ((1, 0),)
_PEOPLE_OF_OWN = (("person", 0),)
_PEOPLE_AND_FACES = ((0, 0), (2, 2))  # as people_and_faces.py numbers them: nobody finds bags
# Of PASCAL VOC's 21 classes cars and buses, people, bicycles and motorcycles; all else is background.
_STREET = tuple((i, {6: 1, 7: 1, 15: 2, 2: 3, 14: 3}.get(i, 0)) for i in range(21))


def _traffic(suffix: str) -> StandIn:
    return StandIn(suffix, "person-vehicle-bike", "trafficcamnet", _TRAFFIC, of_own=_TRAFFIC_OF_OWN)


def _people(suffix: str) -> StandIn:
    return StandIn(suffix, "person-vehicle-bike", "peoplenet", _PEOPLE, faces="yunet", of_own=_PEOPLE_OF_OWN)


STAND_INS: tuple[StandIn, ...] = (
    _traffic("resnet18_trafficcamnet_pruned.onnx"),
    _traffic("resnet18_trafficcamnet.etlt"),
    _traffic("Primary_Detector/resnet10.caffemodel"),
    _people("resnet34_peoplenet_int8.onnx"),
    _people("resnet34_peoplenet.onnx"),
    _people("resnet34_peoplenet_int8.etlt"),
    StandIn("resnet18_vehiclemakenet_pruned.onnx", "vehicle-attributes", "vehicle_colors", (), "outputs=color"),
    StandIn("resnet18_vehiclemakenet.etlt", "vehicle-attributes", "vehicle_colors", (), "outputs=color"),
    StandIn("resnet18_vehicletypenet_pruned.onnx", "vehicle-attributes", "vehicle_types", (), "outputs=type"),
    StandIn("resnet18_vehicletypenet.etlt", "vehicle-attributes", "vehicle_types", (), "outputs=type"),
    StandIn("unetres18_v4_pruned0.65_800_data.uff", "deeplabv3-mnv2", "street", _STREET),
    StandIn("unetres18_v4_pruned0.65_800_data.onnx", "deeplabv3-mnv2", "street", _STREET),
    StandIn("peoplesegnet_resnet50.etlt", "person-vehicle-bike", "peoplesegnet", masks="deeplabv3-mnv2"),
    StandIn("peoplesegnet_resnet50.onnx", "person-vehicle-bike", "peoplesegnet", masks="deeplabv3-mnv2"),
)


def write_table(path: Path) -> list[str]:
    """Writes the table for the infer element.

    Args:
        path: The file to write. Models that are made of others are put beside it.

    Returns:
        One sentence for each stand-in whose own model is not on this machine, and for which the build's own does not
        do: how to get it.
    """
    lines: list[str] = []
    missing: dict[str, str] = {}
    labels = resources.files("fluvial.models").joinpath("labels")
    for one in STAND_INS:
        found = _made(one, path.parent, missing)
        if found is None:
            continue
        model, class_map = found
        numbers = ",".join(f"{a}={b}" for a, b in class_map)
        fields = (one.suffix, str(model), str(labels.joinpath(f"{one.labels}.txt")), numbers, one.options)
        lines.append("\t".join(fields) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return list(missing.values())


def _made(one: StandIn, folder: Path, missing: dict[str, str]) -> tuple[Path, tuple[tuple[int, int], ...]] | None:
    """The file and its class map; None where a part is missing, which `missing` then tells by the model's name."""

    if one.of_own and not _is_here(one.model) and (own := bundled_model()) is not None:
        return own.resolve(), _numbered(one.of_own)

    def part(name: str) -> Path | None:
        try:
            return find(name).path.resolve()
        except ModelError as e:
            missing[name] = str(e)
            return None

    model = part(one.model)
    beside = part(one.faces or one.masks) if model is not None and (one.faces or one.masks) else None
    if model is None or (one.masks and beside is None):
        return None
    if beside is None:
        return model, one.class_map
    try:
        if one.masks:
            return with_masks(model, beside, folder=folder), one.class_map
        return with_faces(model, beside, folder=folder), _PEOPLE_AND_FACES
    except ModelError as e:
        missing[one.faces or one.masks] = str(e)
    return None if one.masks else (model, one.class_map)


def _is_here(name: str) -> bool:
    try:
        find(name)
    except ModelError:
        return False
    return True


def _numbered(classes: tuple[tuple[str, int], ...]) -> tuple[tuple[int, int], ...]:
    """With the numbers that the build's own detector has for these labels."""
    known = entry(BUNDLED)
    assert known is not None  # a line of the list
    return tuple((known.labels.index(label), number) for label, number in classes)
