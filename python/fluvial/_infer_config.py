"""An infer stage's settings as the config file that the element reads: one parser, in one place, judges them all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fluvial.config import ClassSettings, InferConfig
from fluvial.models.registry import Found

__all__ = ["write_config"]

# Ours alone, or written elsewhere in the file.
_NOT_COPIED = {
    "model",
    "config",
    "on",
    "class_settings",
    "labels",
    "head_options",
    *ClassSettings.model_fields,
    "backend",
    "providers",
    "input_size",
    "compile",
}


def write_config(settings: InferConfig, found: Found, folder: Path, *, place: int, offered: Mapping[str, str]) -> Path:
    """Writes the file and returns its path.

    Args:
        settings: What the user said.
        found: The model's file, and what the list knows of it.
        folder: Where to write; files in it live as long as the element.
        place: The stage's place among the infer stages, from 1; its unique id where the user gave none.
        offered: Properties that only Python knows: the names of a "backend" and a "parser", who "tuned" it.
    """
    groups = _base(settings.config)
    properties = groups.setdefault("property", {})
    if settings.config is None:
        properties["defaults"] = "model"  # it is a file for the element alone: none of DeepStream's
    properties.update(_properties(settings, found, place))
    if settings.backend != "auto":
        properties["backend"] = settings.backend
    properties.update(offered)
    if settings.input_size and "infer-dims" not in properties:
        properties["infer-dims"] = ";".join(map(str, (3, settings.input_size[1], settings.input_size[0])))
    labels = _labels_file(settings, found, folder / f"labels{place}.txt")
    if labels is not None:
        properties["labelfile-path"] = str(labels)
    everything = ClassSettings(**{name: getattr(settings, name) for name in ClassSettings.model_fields})
    for name, one in [("all", everything), *((str(k), v) for k, v in settings.class_settings.items())]:
        attributes = _class_attributes(one)
        if attributes:
            groups.setdefault(f"class-attrs-{name}", {}).update(attributes)
    path = folder / f"infer{place}.yml"
    path.write_text(yaml.safe_dump(groups, sort_keys=False), encoding="utf-8")
    return path


def _properties(settings: InferConfig, found: Found, place: int) -> dict[str, Any]:
    given = settings.model_dump(exclude=_NOT_COPIED, exclude_defaults=True)
    written = {key.replace("_", "-"): _text(value) for key, value in given.items()}
    written["model"] = str(found.path.resolve() if found.path.is_file() else found.path)
    if settings.decoder:
        written["decoder"] = str(Path(settings.decoder).expanduser().resolve())
    written["unique-id"] = settings.unique_id if settings.unique_id is not None else place
    written["process-mode"] = 2 if settings.on == "objects" else 1
    if settings.head_options:
        written["head-options"] = ";".join(f"{k}={v}" for k, v in settings.head_options.items())
    return written


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return ";".join(str(v) for v in value) if isinstance(value, list) else value


def _class_attributes(one: ClassSettings) -> dict[str, Any]:
    ours = {"threshold": "pre-cluster-threshold", "nms_iou": "nms-iou-threshold", "min_boxes": "minBoxes"}
    return {ours.get(k, k.replace("_", "-")): v for k, v in one.model_dump(exclude_none=True).items()}


def _labels_file(settings: InferConfig, found: Found, path: Path) -> Path | None:
    if isinstance(settings.labels, str):
        return Path(settings.labels).expanduser().resolve()
    labels = settings.labels or (list(found.entry.labels) if found.entry and settings.config is None else [])
    if not labels:
        return None
    path.write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    return path


def _base(config: str | None) -> dict[str, dict[str, Any]]:
    # A DeepStream file as the base, with its paths made absolute, since ours lies elsewhere.
    if config is None:
        return {}
    import configparser

    path = Path(config).expanduser()
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".yml", ".yaml"):
        groups: dict[str, dict[str, Any]] = yaml.safe_load(text) or {}
    else:
        parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",), strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
        parser.read_string(text)
        groups = {name: dict(parser[name]) for name in parser.sections()}
    properties = groups.get("property", {})
    for key in ("onnx-file", "labelfile-path", "model", "model-engine-file"):
        if key in properties:
            properties[key] = str((path.resolve().parent / str(properties[key])).resolve())
    return groups
