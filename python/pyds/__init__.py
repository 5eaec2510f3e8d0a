"""Drop-in replacement of NVIDIA's pyds: the same names, on Fluvial's metadata.

Importing it makes Fluvial's elements, under DeepStream's names too, findable for GStreamer. What differs from NVIDIA's
module: use of metadata after its buffer is gone raises fluvial.errors.StaleMetadataError instead of crashing.
"""

import fluvial._plugin as _plugin  # noqa: F401  makes the plugin findable
from fluvial._core.pyds import *  # noqa: F403 - that module is the list

__version__ = "1.2.0"  # of NVIDIA's module that this one stands for
