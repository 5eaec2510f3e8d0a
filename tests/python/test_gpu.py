"""What can be told of GPUs without one. What needs one is checked by hand: docs/gpu.md."""

from __future__ import annotations

import pytest

from fluvial import _core
from fluvial.backends._cuda_graphs import recorded_size
from fluvial.backends._nvrtc import find_nvrtc


def test_gpus_are_named_or_their_absence_is_explained():
    names, why_not = _core.gpus()
    assert bool(names) != bool(why_not)


def test_nothing_is_carried_to_or_from_a_gpu_without_one():
    names, _ = _core.gpus()
    if names:
        pytest.skip("this machine has a GPU")
    assert _core.gpu_traffic() == {"downloaded": 0, "uploaded": 0}
    assert _core.gpu_returned() == 0


@pytest.mark.parametrize(("units", "size"), [(1, 1), (2, 2), (3, 4), (17, 32), (33, 48), (48, 48)])
def test_a_batch_runs_in_the_next_recorded_size(units, size):
    assert recorded_size(units, 48) == size


def test_the_newest_compiler_of_a_python_package_is_taken(tmp_path):
    for name in ("cuda_nvrtc/lib/libnvrtc.so.12", "cu13/lib/libnvrtc.so.13", "cu13/lib/libnvrtc.alt.so.13"):
        library = tmp_path / "nvidia" / name
        library.parent.mkdir(parents=True, exist_ok=True)
        library.touch()
    assert find_nvrtc([str(tmp_path), str(tmp_path / "none")]) == tmp_path / "nvidia/cu13/lib/libnvrtc.so.13"


def test_without_such_a_package_the_system_is_asked(tmp_path):
    assert find_nvrtc([str(tmp_path)]) is None
