"""Which settings to try, and which of them is best: successive halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

__all__ = ["Candidate", "Measured", "Runner", "candidates", "search"]

_MOST_REQUESTS = 16
_BATCHES = (1, 2, 4, 8, 16)
_AS_GOOD = 0.97  # of the best: what uses less is chosen then, as clocks and neighbours move more than that

Runner = Callable[[float], float]  # runs for so many seconds; pictures a second


@dataclass(frozen=True, order=True)
class Candidate:
    """Settings of an infer stage. The lesser one is what costs less.

    Attributes:
        requests: Calls that run at a time.
        threads: CPU threads of all together.
        batch: Pictures in one call.
    """

    requests: int
    threads: int
    batch: int


@dataclass(frozen=True)
class Measured:
    """What one candidate did.

    Attributes:
        candidate: The settings.
        rate: Pictures a second, in its last and longest run.
        seconds: How long that was.
    """

    candidate: Candidate
    rate: float
    seconds: float


def candidates(*, cpus: int, streams: int, is_batch_open: bool) -> list[Candidate]:
    """What is worth trying.

    Args:
        cpus: CPUs that may be kept busy.
        streams: Pictures that come at a time: no batch is larger.
        is_batch_open: The model takes batches of any size.

    Example:
        >>> candidates(cpus=2, streams=1, is_batch_open=True)[:3]
        [Candidate(requests=1, threads=1, batch=1), Candidate(requests=1, threads=2, batch=1), \
Candidate(requests=2, threads=1, batch=1)]
    """
    batches = [b for b in _BATCHES if b <= streams] if is_batch_open else [1]
    tried = set()
    for threads in {cpus, max(1, cpus // 2)}:
        for requests in {1, max(1, threads // 2), threads, threads + 1}:
            tried |= {Candidate(min(requests, _MOST_REQUESTS), threads, batch) for batch in batches}
    return sorted(tried)


def search(
    tried: Sequence[Candidate],
    open_runner: Callable[[Candidate], AbstractContextManager[Runner]],
    *,
    seconds: float,
    on_measured: Callable[[Measured], None] = lambda _: None,
) -> list[Measured]:
    """Measures all for a short time, the better half of them for twice as long, and so on; the best comes first.

    Args:
        tried: The candidates.
        open_runner: Makes a model ready to run with the settings of one.
        seconds: To measure for, in all. Making ready comes on top.
        on_measured: Called after each.

    Returns:
        Every candidate once, with its last measurement: the chosen one, then by rate.
    """
    rounds = max(1, (len(tried) - 1).bit_length())
    results: dict[Candidate, Measured] = {}
    with ExitStack() as stack:
        left = [(one, stack.enter_context(open_runner(one))) for one in tried]
        for _ in range(rounds):
            each = seconds / rounds / len(left)
            for one, run in left:
                results[one] = Measured(one, run(each), each)
                on_measured(results[one])
            left.sort(key=lambda pair: -results[pair[0]].rate)
            left = left[: max(2, (len(left) + 1) // 2)]
    best = max(results[one].rate for one, _ in left)
    chosen = min(one for one, _ in left if results[one].rate >= _AS_GOOD * best)
    others = sorted((r for c, r in results.items() if c != chosen), key=lambda r: -r.rate)
    return [results[chosen], *others]
