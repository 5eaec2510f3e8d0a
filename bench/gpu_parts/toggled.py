"""What something costs: it is switched on and off, in turns, in a pipeline that goes on playing."""

from __future__ import annotations

from running import Playing  # isort: skip

import statistics
from collections.abc import Callable

ROUNDS = 10


def cost(
    playing: Playing, on: Callable[[], object], off: Callable[[], object], *, seconds: float
) -> tuple[float, float, float]:
    """Percent of the throughput that is lost while it is on; the spread of that over the rounds; frames/s without it.

    A round is off, on, on, off, so that a machine that gets slower is no advantage to either. The median is told.
    """
    lost, plain = [], []
    for _ in range(ROUNDS):
        rates: dict[bool, float] = {True: 0.0, False: 0.0}
        for is_on in (False, True, True, False):
            (on if is_on else off)()
            rates[is_on] += playing.rate(seconds / ROUNDS / 2) / 2
        off()
        lost.append((1 - rates[True] / rates[False]) * 100)
        plain.append(rates[False])
    middle = statistics.median(lost)
    spread = statistics.median(abs(x - middle) for x in lost)
    return middle, spread, statistics.median(plain)
