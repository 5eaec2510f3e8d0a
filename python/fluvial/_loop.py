"""`for batch in flow`: the pipeline's batches in the caller's thread, and a clean end however the loop is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from fluvial._flow_graph import Graph
from fluvial.errors import add_note
from fluvial.probes import describe_place

__all__ = ["loop_over"]

_WAIT_SECONDS = 0.05  # how long a wait may keep Python from seeing Ctrl+C


class _Place:
    """What the loop's body has in hand."""

    def __init__(self) -> None:
        self.batch: Any = None


def loop_over(graph: Graph) -> Iterator[Any]:
    """An iterator over the graph's batches that knows why it was left.

    Python tells a generator only that it was closed, not whether by `break` or by an exception. The extension's Loop
    sees the exception on its way, so that it can carry the place where it happened, and files are left unfinished.
    """
    from fluvial import _core

    place = _Place()

    def on_leave(error: BaseException | None) -> None:
        if not graph.is_running:
            return
        if error is None and sys.is_finalizing():
            graph.stop()  # kept by a traceback until now, when no thread that could end it in order starts any more
            return
        if error is None:
            graph.finish_early()
            return
        if isinstance(error, Exception):
            add_note(error, describe_place("the loop", place.batch, error.__traceback__))
        graph.stop()

    return _core.Loop(_batches(graph, place), on_leave)


def _batches(graph: Graph, place: _Place) -> Iterator[Any]:
    try:
        with graph.pipeline._interrupt:
            queue = graph.queue
            quiet_since = time.monotonic()
            while not queue.is_over:
                graph.poll()
                batch = queue.next(_WAIT_SECONDS)
                if batch is not None:
                    place.batch = batch
                    yield batch
                    quiet_since = time.monotonic()
                elif graph.has_given_up(quiet_since):
                    graph.stop()
                    return
            graph.wait()
        graph.finish()
    except GeneratorExit:  # the loop was left: on_leave knows why, and ends the graph
        raise
    except BaseException:
        graph.stop()
        raise
