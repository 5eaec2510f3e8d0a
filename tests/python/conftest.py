"""What several test files of this folder need."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import fake_gpus


@pytest.fixture
def resident_kb() -> Callable[[], int]:
    """Reads the memory that this process holds, in kB."""

    def read() -> int:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * resource.getpagesize() // 1024

    return read


ON_FAKE_GPUS = """
import sys
sys.path.insert(0, {tests!r})
from on_fake_gpu import HEAD, OnGpu
import fluvial as fv
try:
{body}
except Exception as e:
    print(type(e).__name__, str(e).partition("\\n")[2])
print("over")
"""


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fake-gpus")
    fake_gpus.build(folder)
    return folder


@pytest.fixture
def say(libraries: Path, tmp_path: Path) -> Callable[..., str]:
    """What a program prints that runs this with fake GPUs. It must end well, and soon."""

    def run(body: str, *, without: tuple[str, ...] = (), **settings: object) -> str:
        tests = str(Path(__file__).parents[1])
        text = ON_FAKE_GPUS.format(tests=tests, body="".join(f"    {line}\n" for line in body.splitlines()))
        env = fake_gpus.environment(libraries, tmp_path, without=without, **settings)
        done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("over\n")
        return done.stdout + done.stderr

    return run
