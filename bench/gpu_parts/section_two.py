"""Two GPUs against one, in one run: `Flow(gpus=[0, 1])` with twice the sources of `Flow(gpus=[0])`, and a loop that
reads all metadata. One GPU is measured before and after two, and the higher rate counts. Models run as they are, as to
compile them at each of five starts would take minutes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fluvial as fv
from fluvial import _core
from harness import Row, Unfit

LEAST = 1.9
WARM = 3  # batches of each GPU, after which it is counted
START_SECONDS = 60

Infer = Callable[[fv.Flow], fv.Flow]  # adds the model


@dataclass(frozen=True)
class Rate:
    """Frames a second, of all GPUs and of each."""

    whole: float
    of_each: dict[int, float]


def measure(case: str, options: Any) -> Iterator[Row]:
    """A case is a model and how many streams two GPUs have together."""
    need_two(_core.gpus()[0])
    import models
    import torch  # before the networks

    model, _, count = case.rpartition("-")
    streams = int(count)
    size = models.KNOWN[model].size
    settings = {**models.settings_of(model), "input_size": (size, size), "precision": "f16"}
    print(f"{torch.cuda.device_count()} GPUs: {', '.join(_core.gpus()[0])}", flush=True)

    def infer(flow: fv.Flow) -> fv.Flow:
        return flow.infer(models.network(model), device="cuda", batch_size=min(streams // 2, 48), **settings).track()

    yield from compared(model, [str(options.hd)] * streams, infer, options.seconds)


def need_two(names: Sequence[str]) -> None:
    if len(names) < 2:
        here = names[0] if names else "none"
        raise Unfit(f"two GPUs are needed; this machine has {len(names)} ({here})")


def compared(what: str, sources: list[str], infer: Infer, seconds: float) -> Iterator[Row]:
    """Half of the sources on one GPU, on the other, all on both, and again on each."""
    if len(sources) % 2:
        raise Unfit(f"{len(sources)} streams are not shared out evenly over 2 GPUs")
    half = sources[: len(sources) // 2]
    before = [rate(half, [gpu], infer, seconds) for gpu in (0, 1)]
    two = rate(sources, [0, 1], infer, seconds)
    after = [rate(half, [gpu], infer, seconds) for gpu in (0, 1)]
    one = max(found.whole for found in (*before, *after))
    loads = f"{what}, {len(half)} streams on a GPU"
    alone = [f"GPU {gpu} {before[gpu].whole:.0f} before, {after[gpu].whole:.0f} after" for gpu in (0, 1)]
    together = [f"GPU {gpu} {part:.0f}" for gpu, part in sorted(two.of_each.items())]
    yield Row(f"{loads}: one", one, "frames/s", note="; ".join(alone))
    yield Row(f"{loads}: two", two.whole, "frames/s", note="; ".join(together))
    yield Row(f"{loads}: two against one", two.whole / one, "times", at_least=LEAST)


def rate(sources: list[str], gpus: list[int], infer: Infer, seconds: float) -> Rate:
    """Over so many seconds, from when every GPU has given a few batches."""
    flow = infer(fv.Flow(sources, gpus=gpus))
    warm: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    deadline, begin = time.monotonic() + START_SECONDS, None
    for batch in flow:
        now = time.monotonic()
        gpu = flow.gpus[batch.frames[0].source]
        if begin is None:
            warm[gpu] += 1
            if all(warm[each] >= WARM for each in gpus):
                begin = now
            elif now > deadline:
                lazy = [each for each in gpus if warm[each] < WARM]
                raise Unfit(f"GPU {lazy[0]} gave {warm[lazy[0]]} batches in {START_SECONDS} s")
            continue
        if now - begin >= seconds:
            break
        seen[gpu] += read(batch)
    else:
        raise Unfit("the clips ended before they were measured")
    if idle := [gpu for gpu in gpus if not seen[gpu]]:
        raise Unfit(f"GPU {idle[0]} did no work in {seconds} s")
    return Rate(seen.total() / seconds, {gpu: seen[gpu] / seconds for gpu in gpus})


def read(batch: fv.Batch) -> int:
    """All metadata; how many frames it was of."""
    for frame in batch.frames:
        objects = frame.objects
        if len(objects.boxes):
            len(objects.track_ids)
    return len(batch.frames)
