"""Doctests of modules that need PyTorch are left out where it is not, unless FLUVIAL_REQUIRE promises it."""

from __future__ import annotations

import os
from importlib.util import find_spec

_NEED_TORCH = (
    "assign",
    "batch",
    "checkpoint",
    "evaluate",
    "export",
    "loop",
    "loss",
    "network",
    "report",
    "schedule",
    "targets",
)

collect_ignore = (
    []
    if find_spec("torch") or "torch" in os.environ.get("FLUVIAL_REQUIRE", "").split(",")
    else [f"python/fluvial/train/{name}.py" for name in _NEED_TORCH]
)
