"""Properties that published DeepStream programs set, beyond those of the newest release."""

from __future__ import annotations

import pytest

from needed import package

gi = package("gi")
gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

import pyds  # noqa: E402, F401  makes the elements findable


@pytest.mark.parametrize(
    ("element", "key", "value"),
    [
        ("nvinfer", "qos", False),
        ("nvtracker", "enable-batch-process", True),
        ("nvtracker", "enable_past_frame", True),
        ("nveglglessink", "qos", False),
        ("nvstreammux", "batched-push-timeout", 4000000),
        ("nvmultistreamtiler", "gpu_id", 0),
    ],
)
def test_a_property_is_taken_and_kept(element: str, key: str, value: object) -> None:
    Gst.init(None)
    made = Gst.ElementFactory.make(element)
    made.set_property(key, value)
    assert made.get_property(key) == value
