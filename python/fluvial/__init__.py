"""Streaming video analytics: many videos in; detections, tracks, drawings and data out.

Everything public is named here. A module or name that starts with an underscore may change in any release.
"""

from fluvial import _plugin as _plugin  # makes our elements findable, before anything else
from fluvial.errors import (
    CallSite,
    ConfigError,
    FluvialError,
    ModelError,
    OutputError,
    PipelineError,
    SourceError,
    StaleMetadataError,
)
from fluvial.flow import Flow
from fluvial.frame import Batch, DeviceTensor, Frame, Object, Objects, Plane, Surface
from fluvial.parsers import Detections, ParserInfo, on_device
from fluvial.pipeline import Pipeline
from fluvial.sources import Source, SourceEvent
from fluvial.stats import SourceStats

__all__ = [
    "Batch",
    "CallSite",
    "ConfigError",
    "Detections",
    "DeviceTensor",
    "Flow",
    "FluvialError",
    "Frame",
    "ModelError",
    "Object",
    "Objects",
    "OutputError",
    "ParserInfo",
    "Pipeline",
    "PipelineError",
    "Plane",
    "Source",
    "SourceError",
    "SourceEvent",
    "SourceStats",
    "StaleMetadataError",
    "Surface",
    "on_device",
]
