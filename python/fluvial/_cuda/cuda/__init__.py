"""Stands in for NVIDIA's `cuda` package on a machine without its driver. `fluvial exec` alone puts it on the path.

DeepStream's sample programs import `cuda.cuda` and `cuda.cudart` to ask whether the GPU is part of the processor. The
real package raises where there is no driver, and they do not expect that. Parts of the real package that this one does
not have (`cuda.bindings`) stay importable.
"""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
