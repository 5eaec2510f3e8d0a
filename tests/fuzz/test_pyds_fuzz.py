"""Random calls on live and dead metadata: an exception or a result, never a crash.

FLUVIAL_FUZZ_SEEDS=1000 runs more of them; the name of a failing seed is the test's.
"""

from __future__ import annotations

import contextlib
import os
import random
import re

import numpy as np
import pytest

import pyds
from fluvial import _core
from fluvial._core import _testing

SEEDS = int(os.environ.get("FLUVIAL_FUZZ_SEEDS", "20"))
STEPS = 500

CLASSES = [c for c in vars(pyds).values() if isinstance(c, type) and hasattr(c, "cast")]
ENUMS = [c for c in vars(pyds).values() if isinstance(c, type) and hasattr(c, "__members__")]
# Without the lock of no return: what is locked for ever stops the next one, which is no crash.
FUNCTIONS = [
    f
    for name, f in vars(pyds).items()
    if callable(f) and not isinstance(f, type) and name not in ("unset_callback_funcs", "nvds_acquire_meta_lock")
]
# "nvds_add_obj_meta_to_frame(frame_meta: pyds.NvDsFrameMeta, ...)": what each argument should be.
WANTED = {f: re.findall(r"\w+: (?:pyds\.)?(\w+)", (f.__doc__ or "").split(" -> ")[0]) for f in FUNCTIONS}

VALUES = [None, 0, 1, -1, 7, 16, 255, 2**31, 2**32 - 1, 2**63, 2**64, 0.5, -3.0, float("nan"), float("inf")]
VALUES += ["", "x", "y" * 300, "ü" * 80, "\0", b"bytes", True, [], {}, (1, 2, 3, 4), (1, 0, 0), object(), np.int32(3)]


class Fuzzer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.buffers = [_testing.make_buffer(frames=2, objects=3, format="RGBA")]
        self.things: list[object] = []
        self.errors = self.successes = 0

    def pick(self, *, thing: float = 0.7) -> object:
        if self.things and self.random.random() < thing:
            return self.random.choice(self.things)
        if self.random.random() < 0.1:
            return self.random.choice([lambda *a: None, lambda *a: a[0], self.fail])
        if self.random.random() < 0.2:
            return self.random.choice(list(self.random.choice(ENUMS).__members__.values()))
        return self.random.choice(VALUES)

    def fail(self, *args: object) -> None:
        raise RuntimeError("on purpose")

    def keep(self, thing: object) -> None:
        if isinstance(thing, (list, tuple)):
            for item in thing[:4]:
                self.keep(item)
        elif thing is not None and not isinstance(thing, (str, float)):
            self.things.append(thing)
        if len(self.things) > 200:
            del self.things[self.random.randrange(len(self.things))]

    # --- steps ---
    def look_up(self) -> object:
        return pyds.gst_buffer_get_nvds_batch_meta(hash(self.random.choice(self.buffers)))

    def look_up_frames(self) -> object:
        batch = _core.Batch.of(hash(self.random.choice(self.buffers)), keep=self.random.random() < 0.3)
        return [batch, *batch.frames]

    def read(self) -> object:
        thing = self.pick(thing=1)
        name = self.random.choice([n for n in dir(thing) if not n.startswith("_")] or ["x"])
        return getattr(thing, name)

    def write(self) -> None:
        thing = self.pick(thing=1)
        name = self.random.choice([n for n in dir(thing) if not n.startswith("_")] or ["x"])
        if self.random.random() < 0.03:
            delattr(thing, name)
        else:
            now = getattr(thing, name)
            kind = type(now).__name__
            setattr(
                thing,
                name,
                self.fitting("PyCapsule" if now is None else kind)
                if self.random.random() < 0.7
                else self.pick(thing=0.4),
            )

    def cast(self) -> object:
        return self.random.choice(CLASSES).cast(self.pick(thing=0.95))

    def make(self) -> object:
        return self.random.choice(CLASSES)()

    def fitting(self, kind: str) -> object:
        fits = [t for t in self.things if type(t).__name__ == kind]
        if kind == "int":
            fits += [hash(b) for b in self.buffers] + [0, 1, 2, 100]
        if kind == "collections":  # ".abc.Callable"
            fits = [lambda *a: None, lambda *a: a[0], self.fail]
        if not fits or self.random.random() < 0.15:
            return self.pick(thing=0.85)
        return self.random.choice(fits[-5:] if self.random.random() < 0.6 else fits)  # the latest are alive

    def call(self) -> object:
        function = self.random.choice(FUNCTIONS)
        if self.random.random() < 0.1:
            return function(*[self.pick() for _ in range(self.random.choice([0, 1, 2, 3]))])
        return function(*[self.fitting({"object": "int"}.get(kind, kind)) for kind in WANTED[function]])

    def call_method(self) -> object:
        thing = self.pick(thing=1)
        methods = [n for n in dir(thing) if not n.startswith("_") and callable(getattr(type(thing), n, None))]
        method = getattr(thing, self.random.choice(methods or ["x"]))
        if isinstance(thing, np.ndarray):
            return None
        return method(*[self.pick(thing=0.3) for _ in range(self.random.choice([0, 0, 1, 2]))])

    def write_array(self) -> None:
        arrays = [t for t in self.things if isinstance(t, np.ndarray) and t.flags.writeable]
        if arrays:
            self.random.choice(arrays)[...] = 1

    def copy(self) -> None:
        self.buffers.append(self.random.choice(self.buffers).copy())

    def close(self) -> None:
        if self.random.random() < 0.6:
            return
        self.buffers.pop(self.random.randrange(len(self.buffers))).close()
        if not self.buffers:
            self.buffers.append(_testing.make_buffer(frames=1, objects=2, format="RGBA"))

    def step(self) -> None:
        steps = [self.look_up, self.look_up_frames, self.copy, self.close, self.make, self.write_array]
        steps += [self.read] * 8 + [self.write] * 6 + [self.cast] * 5 + [self.call] * 8 + [self.call_method] * 4
        with contextlib.suppress(StopIteration):
            try:
                self.keep(self.random.choice(steps)())
                self.successes += 1
            except (Exception, MemoryError):
                self.errors += 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_calls_raise_or_work(seed):
    fuzzer = Fuzzer(seed)
    for _ in range(STEPS):
        fuzzer.step()
    assert fuzzer.successes > STEPS / 10  # else it tests nothing but refusals
