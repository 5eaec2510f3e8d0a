"""What a run may be told: its settings, and reading them from YAML. Needs no GStreamer."""

from fluvial.config.schema import (
    ClassSettings,
    DrawConfig,
    InferConfig,
    JsonConfig,
    ReconnectConfig,
    RunConfig,
    SaveConfig,
    TileConfig,
    TrackConfig,
    checked,
    json_schema,
    load,
)

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
