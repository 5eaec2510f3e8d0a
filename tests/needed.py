"""What a test needs that not every machine has. Without it the test is skipped, and says so; where FLUVIAL_REQUIRE
promises it, as CI does (tools/check.sh), the test fails, so that no skip can hide there."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest


def absent(promise: str, reason: str) -> NoReturn:
    """Skips the test, or the module that is being imported.

    Args:
        promise: What FLUVIAL_REQUIRE would call it: packages, torch, models, samples, compiler, bundled.
        reason: What is missing, and how to get it.
    """
    __tracebackhide__ = True  # the place of a skip is the test's
    if promise in os.environ.get("FLUVIAL_REQUIRE", "").split(","):
        pytest.fail(f"FLUVIAL_REQUIRE names {promise}, but {reason}")
    pytest.skip(reason, allow_module_level=True)


def package(name: str, *, promise: str = "packages", hint: str = "make setup") -> Any:
    """The module of a package that the tests alone need."""
    __tracebackhide__ = True
    try:
        return importlib.import_module(name)
    except ImportError as e:
        absent(promise, f"{name} cannot be imported ({e}): {hint}")


def own_model() -> Path:
    """The detector that this build carries."""
    __tracebackhide__ = True
    from fluvial.models import bundled_model

    path = bundled_model()
    if path is None:
        absent("bundled", "this build carries no detector of its own: training/bundled/README.md says how it is made")
    return path
