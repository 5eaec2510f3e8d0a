"""The one description of what a run may be told: by a YAML file, by `fluvial run`'s options, by the stages of `Flow`.

`api/config.schema.json` is made from these classes (`make generate`); a test compares. Names of an infer stage's
settings are those of DeepStream's config files, with `_` for `-`; shorter ones of ours stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from fluvial.errors import CallSite, ConfigError, did_you_mean

__all__ = [
    "ClassSettings",
    "DrawConfig",
    "InferConfig",
    "JsonConfig",
    "ReconnectConfig",
    "RunConfig",
    "SaveConfig",
    "TileConfig",
    "TrackConfig",
    "checked",
    "json_schema",
    "load",
]


def _whole(value: object) -> object:
    # YAML and Python write 3, never True, for a number.
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


Share = Annotated[float, BeforeValidator(_whole), Field(ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_whole)]
PathText = Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, Path) else v), Field(min_length=1)]


# Of clusters; DeepStream's words, as in [class-attrs-...].
_Amount = Annotated[float, BeforeValidator(_whole), Field(ge=0)]
_Boxes = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
AfterClusters = Annotated[Share | None, Field(description="Least confidence after boxes were merged, 0 to 1.")]
Eps = Annotated[
    _Amount | None,
    Field(
        description="cluster_mode 0: how far edges of one object's boxes lie apart, as a share of their size; "
        "1 and 3: the same of boxes, as 1 - IoU."
    ),
]
GroupThreshold = Annotated[_Boxes | None, Field(description="cluster_mode 0: an object has more boxes than this.")]
MinBoxes = Annotated[
    _Boxes | None,
    Field(description="cluster_mode 1 and 3: boxes around one that make an object; DeepStream's minBoxes."),
]
MinScore = Annotated[
    _Amount | None, Field(description="cluster_mode 1 and 3: least sum of the confidences of an object's boxes.")
]


class _Strict(BaseModel):
    """A misspelt key is an error, and a config cannot change under a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ClassSettings(_Strict):
    """Settings of the objects of one class."""

    threshold: Share | None = Field(None, description="Least confidence, 0 to 1, before overlapping boxes are merged.")
    nms_iou: Share | None = Field(None, description="Boxes that overlap by more than this share become one.")
    topk: Count | None = Field(None, ge=1, description="Most objects of the class on a frame.")
    post_cluster_threshold: AfterClusters = None
    eps: Eps = None
    group_threshold: GroupThreshold = None
    min_boxes: MinBoxes = None
    dbscan_min_score: MinScore = None


class InferConfig(_Strict):
    """A model that runs on every frame, or on the objects that another one found."""

    model: PathText = Field(description="Path of an ONNX or OpenVINO model, or a name of `fluvial models list`.")
    config: PathText | None = Field(None, description="A config_infer file of DeepStream; settings beside it win.")
    on: Literal["frames", "objects"] = Field("frames", description="What the model looks at.")
    unique_id: Count | None = Field(
        None, ge=0, description="The number its results carry; the stage's place if left out."
    )
    batch_size: Count | None = Field(None, ge=1, le=1024, description="Frames or objects in one run of the model.")
    interval: Count = Field(0, ge=0, description="Batches left out between two that are looked at.")
    threshold: Share | None = Field(None, description="Least confidence of an object, 0 to 1.")
    nms_iou: Share | None = Field(None, description="Boxes of a class that overlap by more than this share become one.")
    topk: Count | None = Field(None, ge=1, description="Most objects of a class on a frame.")
    post_cluster_threshold: AfterClusters = None
    eps: Eps = None
    group_threshold: GroupThreshold = None
    min_boxes: MinBoxes = None
    dbscan_min_score: MinScore = None
    class_settings: dict[int, ClassSettings] = Field({}, description="By class number: what differs from the above.")
    filter_out_class_ids: list[int] = Field([], description="Numbers of classes to leave out.")
    labels: list[str] | PathText | None = Field(None, description="Names of the classes, or a file with one a line.")
    backend: str = Field(
        "auto",
        min_length=1,
        description="Who runs the model: auto (as fits the file), openvino, onnxruntime, pytorch, tensorrt.",
    )
    providers: list[str] | None = Field(
        None, min_length=1, description="Execution providers of ONNX Runtime in their order; it is the backend then."
    )
    precision: Literal["f32", "f16", "bf16"] | None = Field(
        None, description="Of the arithmetic; the backend's choice if left out."
    )
    input_size: Annotated[list[int] | None, BeforeValidator(_listed)] = Field(
        None,
        min_length=2,
        max_length=2,
        description="Width and height of the pictures, in pixels, where the model does not tell.",
    )
    compile: bool = Field(
        False,
        description="PyTorch's compiler makes the model faster; the first start takes up to a minute longer.",
    )
    device: str = Field("CPU", min_length=1, description="Where the model runs, as its backend says it: CPU, GPU.")
    threads: Count | None = Field(
        None, ge=0, le=1024, description="CPU threads for the model; 0: the backend's choice."
    )
    requests: Count | None = Field(None, ge=0, le=256, description="Runs under way at once; 0: the backend's choice.")
    decoder: PathText | None = Field(
        None, description="A mask decoder (SAM); `model` is its encoder, and objects found before get masks."
    )
    decoder_batch_size: Count | None = Field(None, ge=1, le=64, description="Most boxes in one call of the decoder.")
    head: str | None = Field(None, description="How outputs become objects, where inspection cannot tell: yolox, detr.")
    head_options: dict[str, str] = Field({}, description="Options of the head.")
    network_type: Literal[0, 1, 2, 3, 100] | None = Field(
        None,
        description="0 detector, 1 classifier, 2 segmentation, 3 with masks, 100: outputs are kept as they are.",
    )
    net_scale_factor: float | None = Field(None, gt=0, description="What a pixel, 0 to 255, is multiplied with.")
    offsets: list[float] | None = Field(None, min_length=3, max_length=3, description="Subtracted from pixels before.")
    model_color_format: Literal[0, 1, 2] | None = Field(None, description="0 RGB, 1 BGR, 2 grey.")
    maintain_aspect_ratio: bool | None = Field(None, description="Pad the picture instead of stretching it.")
    symmetric_padding: bool | None = Field(None, description="Pad on both sides instead of right and bottom alone.")
    infer_dims: list[int] | None = Field(
        None,
        min_length=3,
        max_length=3,
        description="Channels, height, width of the input where the file leaves it open.",
    )
    num_detected_classes: Count | None = Field(None, ge=1, description="Classes the model knows.")
    cluster_mode: Literal[0, 1, 2, 3, 4] | None = Field(
        None,
        description="How boxes of one object become one: 0 group rectangles, 1 DBSCAN, 2 the surest (NMS), "
        "3 DBSCAN, then NMS, 4 not at all.",
    )
    classifier_threshold: Share | None = Field(None, description="Least confidence of a classification, 0 to 1.")
    segmentation_threshold: Share | None = Field(
        None, description="Least probability of a pixel, 0 to 1: of maps of classes (0) and of masks (0.5)."
    )
    classifier_type: str | None = Field(None, description="What a classification is about: color.")
    operate_on_gie_id: Count | None = Field(
        None, ge=-1, description="With on=objects or a decoder: only what this model found."
    )
    operate_on_class_ids: list[int] = Field(
        [], description="With on=objects or a decoder: only objects of these classes."
    )
    input_object_min_width: Count | None = Field(None, ge=0, description="With on=objects: least width in pixels.")
    input_object_min_height: Count | None = Field(None, ge=0, description="With on=objects: least height in pixels.")
    secondary_reinfer_interval: Count | None = Field(
        None,
        ge=0,
        description="With on=objects: frames after which a tracked object is looked at again; until then all holds.",
    )
    output_tensor_meta: bool = Field(False, description="Keep the output tensors on the frame.")
    output_instance_mask: bool = Field(True, description="Keep the masks of objects, where the model gives some.")


class TrackConfig(_Strict):
    """The tracker, which gives objects an id that stays with them."""

    config: PathText | None = Field(None, description="A tracker's YAML file, as DeepStream's ll-config-file.")
    class_ids: list[int] = Field([], description="Numbers of classes to track; empty: all.")
    start_confidence: Share | None = Field(
        None,
        description="A weaker detection may continue a track, never start one; 0.5 or the file's, if left out.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> TrackConfig:
        if self.config is not None and self.start_confidence is not None:
            raise ValueError("start_confidence beside config: write high_confidence into the file's section Fluvial")
        return self


class DrawConfig(_Strict):
    """What is drawn on the frames."""

    boxes: bool = Field(True, description="Boxes of objects.")
    text: bool = Field(True, description="Labels, track ids and texts.")
    masks: bool = Field(True, description="Masks of objects, where a model gives some.")
    keypoints: bool = Field(True, description="Key points of objects; 17 of them as a body, with limbs.")
    clock: bool = Field(False, description="Local date and time.")


class TileConfig(_Strict):
    """Frames of all sources beside each other in one picture."""

    rows: Count | None = Field(None, ge=1, le=64, description="Rows of tiles; as few as fit, if left out.")
    columns: Count | None = Field(None, ge=1, le=64, description="Tiles in a row.")
    width: Count = Field(1280, ge=16, le=16384, description="Width of the picture in pixels.")
    height: Count = Field(720, ge=16, le=16384, description="Height of the picture in pixels.")


class SaveConfig(_Strict):
    """A video file of what was drawn."""

    path: PathText = Field(description='A file: .mp4, .mov, .mkv or .ts. With "{source}" in it, one file a source.')
    codec: Literal["h264", "h265"] = Field("h264", description="How the video is compressed.")
    bitrate: Count = Field(4_000_000, ge=10_000, le=400_000_000, description="Bits a second.")


class JsonConfig(_Strict):
    """A JSON Lines file of every object."""

    path: PathText = Field(description="A file; one JSON object a line.")


def _stage(value: object) -> object:
    # `track: true` for `track: {}`.
    return {} if value is True else None if value is False else value


def _path_alone(value: object) -> object:
    return {"path": value} if isinstance(value, (str, Path)) else value


def _model_alone(value: object) -> object:
    several = value if isinstance(value, list) else [] if value is None else [value]
    return [{"model": v} if isinstance(v, (str, Path)) else v for v in several]


class ReconnectConfig(_Strict):
    """How a live source from a network is connected again: a camera that was unplugged, or is not there yet.

    Example:
        >>> ReconnectConfig().longest_wait_ms
        30000
    """

    stalled_after_ms: Count = Field(
        10_000, ge=100, le=3_600_000, description="Milliseconds without data after which a connection counts as lost."
    )
    first_wait_ms: Count = Field(
        1_000, ge=1, le=3_600_000, description="Milliseconds before the first attempt; each further one waits twice."
    )
    longest_wait_ms: Count = Field(30_000, ge=1, le=3_600_000, description="Milliseconds that the wait grows to.")
    attempts: Count | None = Field(
        None, ge=1, description="How many in a row may fail before the source has failed; left out, any number."
    )


class RunConfig(_Strict):
    """A whole run: what comes in, what is done with it, what comes out. `fluvial run` takes the same as options.

    Example:
        >>> RunConfig.model_validate({"sources": ["a.mp4"], "infer": "yolox-nano", "track": True}).infer[0].model
        'yolox-nano'
    """

    sources: list[str | int] | dict[str, str | int] = Field(
        min_length=1, description="Paths, patterns, addresses (rtsp://), camera numbers; or a name for each of them."
    )
    infer: Annotated[list[InferConfig], BeforeValidator(_model_alone)] = Field(
        [], description="Models in their order: a name or path, or settings; several in a list."
    )
    track: Annotated[TrackConfig | None, BeforeValidator(_stage)] = Field(
        None, description="The tracker: true, or settings."
    )
    draw: Annotated[DrawConfig | None, BeforeValidator(_stage)] = Field(None, description="Drawing: true, or settings.")
    tile: Annotated[TileConfig | None, BeforeValidator(_stage)] = Field(None, description="Tiling: true, or settings.")
    save: Annotated[SaveConfig | None, BeforeValidator(_path_alone)] = Field(
        None, description="A video file, or settings."
    )
    write_json: Annotated[JsonConfig | None, BeforeValidator(_path_alone)] = Field(
        None, description="A JSON Lines file of every object."
    )
    show: bool = Field(False, description="Show the result in a window.")
    rtsp_latency_ms: Count = Field(
        200, ge=0, le=60_000, description="Milliseconds that RTSP packets wait to be sorted."
    )
    batch_wait_ms: Count | None = Field(
        None, ge=1, le=60_000, description="Milliseconds a frame waits for those of other sources; 40 if any is live."
    )
    reconnect: Annotated[ReconnectConfig | None, BeforeValidator(_stage)] = Field(
        ReconnectConfig(), description="How cameras that went away are connected again: settings; false: they are not."
    )
    gpus: Annotated[Literal["all"] | list[int] | dict[str, int] | None, BeforeValidator(_listed)] = Field(
        None, description="GPUs that share the sources: all, their numbers, or the number of each source's; the first."
    )

    @model_validator(mode="after")
    def _first_model_sees_frames(self) -> RunConfig:
        if self.infer and self.infer[0].on == "objects":
            raise ValueError("the first model has on=objects, and nothing has found objects before it")
        return self


class _Loader(yaml.SafeLoader):
    """YAML as of version 1.2, where `on` and `no` are words and only true and false are not."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tfTF"))

_Config = TypeVar("_Config", bound=BaseModel)


def load(path: str | Path) -> RunConfig:
    """Reads a YAML file.

    Raises:
        ConfigError: The file is missing, is not YAML, or says something it may not. Every problem is listed.
    """
    try:
        raw = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: not YAML: {e}") from e
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected keys and values, such as `sources: [a.mp4]`")
    return checked(RunConfig, raw, where=str(path))


def checked(kind: type[_Config], raw: Mapping[str, Any], *, where: str | CallSite) -> _Config:
    """`raw` as a config of this kind.

    Raises:
        ConfigError: With every problem, each with its key, after `where`.

    Example:
        >>> checked(TileConfig, {"rows": 2, "colums": 2}, where="run.yaml")
        Traceback (most recent call last):
        fluvial.errors.ConfigError: run.yaml: 1 problem
          colums: no such setting (got 2); did you mean 'columns'?
    """
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as e:
        lines = list(dict.fromkeys(_problem(kind, p) for p in e.errors()))
        count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
        raise ConfigError("\n".join([f"{where}: {count}", *(f"  {line}" for line in lines)])) from None


def json_schema() -> dict[str, Any]:
    """The JSON schema of a config file."""
    return RunConfig.model_json_schema()


def _problem(kind: type[BaseModel], problem: Any) -> str:
    loc: tuple[int | str, ...] = problem["loc"]
    if problem["type"] == "extra_forbidden":
        hint = did_you_mean(str(loc[-1]), _model_at(kind, loc[:-1]).model_fields, listed=30)
        return f"{_key(loc)}: no such setting (got {problem['input']!r}); {hint}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{_key(loc)}: missing; {_described(kind, loc)}"
    key = _key(loc)
    got = f" (got {problem['input']!r})" if loc else ""
    return f"{key}: {message[:1].lower()}{message[1:]}{got}" if key else f"{message}{got}"


def _described(kind: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    field = _model_at(kind, loc[:-1]).model_fields.get(str(loc[-1]))
    text = field.description if field and field.description else "it is needed"
    return text[:1].lower() + text[1:].rstrip(".")


def _model_at(kind: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    # The class that a key's neighbours belong to.
    for part in loc:
        field = kind.model_fields.get(str(part))
        inner = _first_model(field.annotation) if field else None
        kind = inner or kind
    return kind


def _first_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _first_model(part)
        if found:
            return found
    return None


def _key(loc: tuple[int | str, ...]) -> str:
    # ("infer", 0, "threshold") as a person writes it: infer[0].threshold. What pydantic adds for the branches of a
    # union ("list[str]") is left out.
    parts = [p for p in loc if isinstance(p, int) or (not any(c in p for c in "[(|") and p not in _BRANCHES)]
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")


_BRANCHES = {"str", "int", "float", "bool", "constrained-str", "function-before"}
