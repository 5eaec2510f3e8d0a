"""Random calls of pyds and fluvial's batches on live and dead metadata: a program of its own, as it may crash.

    python tests/fuzz/machine.py 7            # seed 7, as the test runs it
    python tests/fuzz/machine.py 0:40 --steps 500 --threads 2

Names are discovered, arguments are chosen by what a function's signature asks for, so most calls do something. The call
in hand stands in --trace (a file) before it is made: whoever finds the process dead knows what killed it. The last line
printed is a JSON object of what was done.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import gc
import json
import mmap
import os
import random
import re
import resource
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

import pyds
from fluvial import _core
from fluvial._core import _testing

CLASSES = [c for c in vars(pyds).values() if isinstance(c, type) and hasattr(c, "cast")]
ENUMS = [c for c in vars(pyds).values() if isinstance(c, type) and hasattr(c, "__members__")]
# What is locked or unset for ever would end the fun, not the process; locks are taken in pairs by `while_locked`.
_LEFT_OUT = {"unset_callback_funcs", "nvds_acquire_meta_lock"}
FUNCTIONS: dict[str, Callable[..., object]] = {
    name: f for name, f in vars(pyds).items() if callable(f) and not isinstance(f, type) and name not in _LEFT_OUT
}
# "nvds_add_obj_meta_to_frame(frame_meta: pyds.NvDsFrameMeta, ...)": what each argument should be.
WANTED = {n: re.findall(r"\w+: (?:pyds\.)?(\w+)", (f.__doc__ or "").split(" -> ")[0]) for n, f in FUNCTIONS.items()}
FUNCTIONS |= {"attach_probe": _core.attach_probe, "BatchQueue": _core.BatchQueue}
WANTED |= {"attach_probe": ["object", "collections"], "BatchQueue": ["object"]}

# What elements leave on a buffer, each by a function of its own.
ADDERS = [f for name, f in vars(_testing).items() if name.startswith("add_")]

HANGS_AFTER = 120  # seconds of one seed: threads wait for each other

VALUES = [None, 0, 1, -1, 7, 16, 255, 2**31, 2**32 - 1, 2**63, 2**64, 0.5, -3.0, float("nan"), float("inf")]
VALUES += ["", "x", "y" * 300, "ü" * 80, "\0", b"bytes", True, [], {}, (1, 2, 3, 4), (1, 0, 0), object(), np.int32(3)]

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_FOREIGN = ctypes.create_string_buffer(b"not ours", 4096)
CAPSULES = [_new_capsule(ctypes.addressof(_FOREIGN), None, None), _new_capsule(64, None, None)]
CAPSULES += [_new_capsule(ctypes.addressof(_FOREIGN), b"named", None)]


class Trace:
    """The call in hand, in memory that outlives the process."""

    SIZE = 400

    def __init__(self, path: Path) -> None:
        with path.open("w+b") as file:
            file.truncate(self.SIZE)
            self._map = mmap.mmap(file.fileno(), self.SIZE)

    def write(self, words: str) -> None:
        self._map[:] = words.encode("utf-8", "replace")[: self.SIZE].ljust(self.SIZE)


class Machine:
    """One seed's buffers and whatever was obtained from them. Threads share it: the GIL is all they have."""

    def __init__(self, seed: int, trace: Trace) -> None:
        self.seed, self.trace = seed, trace
        self.random = random.Random(seed)
        self.things: list[object] = []
        self.buffers = [self.new_buffer()]
        self.errors = self.successes = self.depth = 0
        # Whoever holds the lock of one batch and asks for that of another. Two threads that did so in opposite orders
        # would wait for each other, here as in any program with two locks: it is one thread at a time.
        self.nesting = threading.RLock()

    # --- choosing
    def new_buffer(self) -> _testing.Buffer:
        buffer = _testing.make_buffer(frames=self.random.choice([1, 2]), objects=3, format="RGBA")
        for add in ADDERS:
            if self.random.random() < 0.4:
                add(buffer if "_testing.Buffer" in (add.__doc__ or "") else hash(buffer))
        for add_to in (
            _testing.add_optical_flow,
            _testing.add_analytics,
            _testing.add_reid,
            _testing.add_preprocessed,
            _testing.add_message,
        ):
            if self.random.random() < 0.2:
                add_to(hash(buffer))
        return buffer

    def pick(self, *, thing: float = 0.7) -> object:
        if self.things and self.random.random() < thing:
            return self.random.choice(self.things)
        dice = self.random.random()
        if dice < 0.1:
            return self.callback()
        if dice < 0.25:
            return self.random.choice(list(self.random.choice(ENUMS).__members__.values()))
        return self.random.choice(CAPSULES if dice < 0.3 else VALUES)

    def fitting(self, kind: str) -> object:
        fits = [t for t in self.things if type(t).__name__ == kind]
        if kind == "int":
            fits += [hash(b) for b in self.buffers] + [0, 1, 2, 100]
        if kind == "collections":  # ".abc.Callable"
            fits = [self.callback()]
        if not fits or self.random.random() < 0.15:
            return self.pick(thing=0.85)
        return self.random.choice(fits[-5:] if self.random.random() < 0.6 else fits)  # the latest are alive

    def callback(self) -> Callable[..., object]:
        """A copy or release function: it may do anything, as a program's may."""

        def fail(*_: object) -> None:
            raise RuntimeError("on purpose")

        def walk(*given: object) -> object:
            self.things += given
            if self.depth < 3 and self.nesting.acquire(blocking=False):
                self.depth += 1  # it may free a buffer, whose callbacks may free a buffer, ...
                self.step()
                self.depth -= 1
                self.nesting.release()
            return self.pick()

        return self.random.choice([fail, walk, lambda *a: None, lambda *a: a[0], lambda *a: pyds.NvOSD_RectParams()])

    def keep(self, thing: object) -> None:
        if isinstance(thing, (list, tuple)):
            for item in thing[:4]:
                self.keep(item)
        elif thing is not None and not isinstance(thing, (str, float)):
            self.things.append(thing)
        if len(self.things) > 200:
            del self.things[self.random.randrange(200)]

    def name_in(self, thing: object) -> str:
        return self.random.choice([n for n in dir(thing) if not n.startswith("_")] or ["x"])

    # --- steps: each says what it does before it does it
    def look_up(self) -> object:
        return pyds.gst_buffer_get_nvds_batch_meta(hash(self.random.choice(self.buffers)))

    def look_up_frames(self) -> object:
        batch = _core.Batch.of(hash(self.random.choice(self.buffers)), keep=self.random.random() < 0.3)
        return [batch, *batch.frames]

    def read(self) -> object:
        thing = self.pick(thing=1)
        name = self.name_in(thing)
        self.say(f"read {type(thing).__name__}.{name}")
        return getattr(thing, name)

    def write(self) -> None:
        thing = self.pick(thing=1)
        if isinstance(thing, np.ndarray):  # its strides are NumPy's matter
            return
        name = self.name_in(thing)
        if self.random.random() < 0.03:
            delattr(thing, name)
            return
        now = getattr(thing, name)
        fits = self.random.random() < 0.7
        value = self.fitting("PyCapsule" if now is None else type(now).__name__) if fits else self.pick(thing=0.4)
        self.say(f"{type(thing).__name__}.{name} = {_brief(value)}")
        setattr(thing, name, value)

    def cast(self) -> object:
        cls, thing = self.random.choice(CLASSES), self.pick(thing=0.95)
        self.say(f"{cls.__name__}.cast({_brief(thing)})")
        return cls.cast(thing)

    def make(self) -> object:
        return self.random.choice(CLASSES)()

    def call(self) -> object:
        name = self.random.choice(list(FUNCTIONS))
        if self.random.random() < 0.1:
            arguments = [self.pick() for _ in range(self.random.choice([0, 1, 2, 3]))]
        else:
            arguments = [self.fitting({"object": "int"}.get(kind, kind)) for kind in WANTED[name]]
        self.say(f"{name}({', '.join(map(_brief, arguments))})")
        return FUNCTIONS[name](*arguments)

    def call_method(self) -> object:
        thing = self.pick(thing=1)
        if not type(thing).__module__.startswith(("pyds", "fluvial")):  # (1).to_bytes(2**32 - 1) fills the machine
            return None
        methods = [n for n in dir(thing) if not n.startswith("_") and callable(getattr(type(thing), n, None))]
        name = self.random.choice(methods or ["x"])
        arguments = [self.pick(thing=0.3) for _ in range(self.random.choice([0, 0, 1, 2]))]
        self.say(f"{type(thing).__name__}.{name}({', '.join(map(_brief, arguments))})")
        return getattr(thing, name)(*arguments)

    def write_array(self) -> None:
        # Not what fills the machine: alloc_buffer(2**30) is memory only once it is written.
        arrays = [t for t in self.things if isinstance(t, np.ndarray) and t.flags.writeable and t.nbytes < 1 << 24]
        self.say("write into an array")
        self.random.choice(arrays)[...] = 1

    def hang_data(self) -> object:
        """What custom-binding-test does: a user meta with data, functions, in a list."""
        batch = self.look_up()
        user = pyds.nvds_acquire_user_meta_from_pool(batch)
        self.things.append(user)
        kinds = [pyds.alloc_custom_struct, lambda _: self.make(), lambda _: self.pick()]
        for what in self.random.sample(["data", "copy", "release", "list"], 4):
            self.say(f"hang_data: {what}")
            with contextlib.suppress(Exception):
                if what == "data":
                    user.user_meta_data = self.random.choice(kinds)(user)
                elif what == "list":
                    pyds.nvds_add_user_meta_to_batch(batch, user)
                elif self.random.random() < 0.6:
                    set_function = pyds.user_copyfunc if what == "copy" else pyds.user_releasefunc
                    set_function(user, self.callback())
        return user.user_meta_data

    def while_locked(self) -> None:
        if not self.nesting.acquire(blocking=False):
            return
        try:
            self.step_while_locked()
        finally:
            self.nesting.release()

    def step_while_locked(self) -> None:
        batch = self.look_up()
        pyds.nvds_acquire_meta_lock(batch)
        try:
            for _ in range(3):
                self.step()
        finally:
            with contextlib.suppress(_core.StaleMetadataError):
                pyds.nvds_release_meta_lock(batch)

    def copy(self) -> None:
        self.say("copy a buffer")
        self.buffers.append(self.random.choice(self.buffers).copy())

    def close(self) -> None:
        if self.random.random() < 0.6:
            return
        self.say("close a buffer")
        self.buffers.append(self.new_buffer())
        self.buffers.pop(self.random.randrange(len(self.buffers) - 1)).close()
        if len(self.buffers) > 6:
            self.buffers.pop(0).close()

    def collect(self) -> None:
        self.things = self.things[len(self.things) // 2 :]
        gc.collect()

    def say(self, words: str) -> None:
        self.trace.write(f"seed {self.seed}, step {self.successes + self.errors}: {words}")

    def step(self) -> None:
        rare = [self.look_up, self.look_up_frames, self.copy, self.close, self.make, self.write_array, self.hang_data]
        often = [self.read] * 8 + [self.write] * 6 + [self.cast] * 5 + [self.call] * 8 + [self.call_method] * 4
        seldom = [self.while_locked, self.collect] if self.random.random() < 0.1 else []
        try:
            self.keep(self.random.choice(rare + often + seldom)())
            self.successes += 1
        except Exception:
            self.errors += 1


def _brief(thing: object) -> str:
    return repr(thing)[:24] if isinstance(thing, (int, float, str, bytes, type(None))) else type(thing).__name__


def run_seed(seed: int, steps: int, threads: int, trace: Trace) -> Machine:
    machine = Machine(seed, trace)
    others = [
        threading.Thread(target=lambda: [machine.step() for _ in range(steps // threads)]) for _ in range(threads - 1)
    ]
    for other in others:
        other.start()
    for _ in range(steps - steps // threads * (threads - 1)):
        machine.step()
    for other in others:
        other.join()
    return machine


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("seeds", help="a number, or start:stop")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trace", type=Path, default=Path(tempfile.gettempdir()) / f"fuzz-{os.getpid()}")
    args = parser.parse_args()
    start, _, stop = args.seeds.partition(":")
    sys.unraisablehook = lambda _: None  # callbacks fail on purpose
    sys.setswitchinterval(1e-5 if args.threads > 1 else 5e-3)
    if "libasan" not in os.environ.get("LD_PRELOAD", ""):  # whose shadow is larger than any limit
        # Wide, as alloc_buffer(2**31) is forgotten again and again, and GLib ends a process that is refused memory.
        resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))
    _testing.watch_locks()
    trace = Trace(args.trace)
    successes = errors = 0
    for seed in range(int(start), int(stop or int(start) + 1)):
        faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
        machine = run_seed(seed, args.steps, args.threads, trace)
        successes += machine.successes
        errors += machine.errors
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"successes": successes, "errors": errors}))


if __name__ == "__main__":
    main()
