"""Random calls on live and dead metadata end in a result or an exception, never in a crash (machine.py).

FLUVIAL_FUZZ_SEEDS=1000 runs more of them, FLUVIAL_FUZZ_FIRST=1000 others; FLUVIAL_FUZZ_EXPLORE=1 lets hypothesis choose
new ones each time, where it otherwise repeats its own: what is found anew belongs to whoever looks for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MACHINE = Path(__file__).with_name("machine.py")
SEEDS = int(os.environ.get("FLUVIAL_FUZZ_SEEDS", "400"))
FIRST = int(os.environ.get("FLUVIAL_FUZZ_FIRST", "0"))
EXPLORES = os.environ.get("FLUVIAL_FUZZ_EXPLORE", "") == "1"
STEPS = 500


def run(seeds: range, threads: int, folder: Path, steps: int = STEPS) -> tuple[int, int]:
    """Steps done, and how many of them succeeded. A crash fails the test with the call that was made."""
    trace = folder / "trace"
    words = [f"{seeds.start}:{seeds.stop}", "--steps", str(steps), "--threads", str(threads), "--trace", str(trace)]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(MACHINE), *words],
        capture_output=True,
        text=True,
        cwd=folder,  # where functions that write files may do so
        check=False,
        timeout=600,
    )
    if done.returncode != 0:
        call = trace.read_text(errors="replace").strip() if trace.exists() else "before the first seed"
        pytest.fail(f"exit code {done.returncode} at {call}\n{done.stdout[-2000:]}\n{done.stderr[-8000:]}")
    last = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{"))  # among what pyds prints
    counts = json.loads(last)
    return counts["successes"] + counts["errors"], counts["successes"]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_random_calls_raise_or_work(threads, tmp_path, capsys):
    share = {1: 2, 2: 1, 3: 1}[threads]  # of the seeds
    seeds = range(FIRST, FIRST + max(1, SEEDS * share // 4))
    steps, successes = run(seeds, threads, tmp_path)
    with capsys.disabled():
        print(
            f"\nfuzz, {threads} thread(s): {len(seeds)} seeds from {seeds.start}, {steps} steps, "
            f"{successes / steps:.0%} of the calls succeeded"
        )
    assert successes > steps / 4  # else it tests nothing but refusals


def test_any_sequence_of_calls_raises_or_works(capsys):
    """Of a crash, hypothesis looks for the fewest calls: fewer are the beginning of more."""
    done = 0

    @settings(max_examples=30, deadline=None, print_blob=True, derandomize=not EXPLORES)
    @given(seed=st.integers(10**6, 10**9), steps=st.integers(1, 1000), threads=st.integers(1, 3))
    def check(seed: int, steps: int, threads: int) -> None:
        nonlocal done
        with tempfile.TemporaryDirectory() as folder:
            done += run(range(seed, seed + 1), threads, Path(folder), steps)[0]

    check()
    with capsys.disabled():
        print(f"\nfuzz, by hypothesis: {done} steps")
