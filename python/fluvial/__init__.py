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
from fluvial.pipeline import Pipeline

__all__ = [
    "CallSite",
    "ConfigError",
    "FluvialError",
    "ModelError",
    "OutputError",
    "Pipeline",
    "PipelineError",
    "SourceError",
    "StaleMetadataError",
]
