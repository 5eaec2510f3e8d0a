"""A flow as a running pipeline: which source failed, which file is complete, what ends it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluvial._figures import figures
from fluvial._flow_build import NO_VIDEO, Built, Plan
from fluvial._gst import Gst
from fluvial._publish import Publisher
from fluvial.errors import CallSite, PipelineError, SourceError, from_gstreamer
from fluvial.outputs import partial_name
from fluvial.pipeline import _with_reason
from fluvial.sources import NO_PICTURE, Source, SourceBin, SourceEvent, location

__all__ = ["Graph"]

_log = logging.getLogger("fluvial")

_DRAIN_SECONDS = 5.0
_LOOK_SECONDS = 1.0


class Graph(Built):
    """Built once, run once. The thread that starts it polls it; everything else happens in GStreamer's threads."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.is_running = False
        self._problems: dict[int, PipelineError] = {}  # by source: a camera that comes and goes has one at most
        self._on_source = plan.on_source  # the flow's own: what is added while it runs is called too
        self.pipeline._on_message = self._on_message
        self.pipeline._on_idle = self._look_for_stuck
        self.pipeline._ask_for_end = self._end_sources

    @property
    def problems(self) -> tuple[PipelineError, ...]:
        """Why nothing comes of single sources, in the order in which they failed or went away."""
        return tuple(self._problems.values())

    def progress(self) -> float | None:
        """How much of the sources has been read, 0 to 1; None where one of them has no known end."""
        if not self.is_running:
            return None
        shares = [1.0 if b.error else b.progress() for b in self._bins]
        known = [s for s in shares if s is not None]
        return min(known) if known and len(known) == len(shares) else None

    def figures(self) -> dict[str, Any]:
        """What each part of it does, now: for `fluvial top`."""
        gpus = {self._names[i]: c.share.gpu for c in self._chains if c.share.gpu is not None for i in c.share.sources}
        return figures(self.meters, self.stats.by_source(), self._bins, gpus=gpus, began=self._began)

    def start(self) -> None:
        """Starts the stages, then each source: one that cannot be opened takes nothing else down."""
        self.is_running = True
        self._began = time.monotonic()
        self._publisher = Publisher(self.figures)
        try:
            for writer in self._json:
                writer.open()
            self.pipeline.start()
            for one in self._bins:
                self.pipeline.gst.add(one.bin)
                one.pad.link(one.mux_pad)
                one.bin.sync_state_with_parent()
        except BaseException:
            self.stop()
            raise

    def poll(self) -> None:
        """Handles what has happened since. Raises what the run has to end for."""
        self._look_for_stuck()
        while self.pipeline._bus.have_pending() and not self.pipeline._is_over:
            self.pipeline._step(0)
        if self.pipeline._failure.error is not None:
            raise self.pipeline._failure.error
        if self.pipeline._interrupt.is_pressed and self._ending_since is None:
            self._ending_since = time.monotonic()
            self._end_sources()

    def has_given_up(self, quiet_since: float) -> bool:
        """Ctrl+C was pressed, and nothing has come for so long that nothing will (a server that stalls). Says so."""
        if self._ending_since is None or time.monotonic() - max(self._ending_since, quiet_since) < _DRAIN_SECONDS:
            return False
        _log.warning("the frames under way did not reach their end within %g s: stopped", _DRAIN_SECONDS)
        return True

    def wait(self) -> None:
        """Waits until the last frame has left the pipeline. Raises like `poll`."""
        self.pipeline.wait()

    def finish(self) -> None:
        """Stops it after its end, and gives complete files their names.

        Raises:
            SourceError: Every source failed.
        """
        interrupt = self.pipeline._interrupt
        if interrupt.is_pressed and self.stats.frames == 0:
            _log.warning("%s came before the first frame: the flow ends without one", interrupt.name)
        self._stop(is_complete=True)
        failed = [b.error for b in self._bins if b.error]
        if len(failed) == len(self._bins):
            raise failed[0] if len(failed) == 1 else _all_failed(failed, self._at)

    def finish_early(self) -> None:
        """Ends it now, as if the sources had ended."""
        if self.queue is not None:
            self.queue.stop()
        deadline = time.monotonic() + _DRAIN_SECONDS
        self._end_sources()
        try:
            while not self.pipeline._is_over and time.monotonic() < deadline:
                self.pipeline._step(50_000_000)
        except Exception as e:  # nobody above waits for it: the loop has been left
            _log.warning("%s", e)
        finally:
            self._stop(is_complete=self.pipeline._is_over)

    def stop(self) -> None:
        """Stops at once. Files under way keep their .partial name. May be called twice."""
        self._stop(is_complete=False)

    _began = 0.0
    _publisher: Publisher | None = None
    _ending_since: float | None = None
    _looked_at = 0.0
    _maybe_stuck: frozenset[int] = frozenset()

    def _look_for_stuck(self) -> None:
        # Twice in a row, a second apart: between two threads there may be none for a moment.
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        stuck = frozenset(b.index for b in self._bins if b.error is None and b.is_stuck())
        for index in stuck & self._maybe_stuck:
            self._fail(self._bins[index], SourceError("", "gave no video", hint="the file is damaged or cut short"))
        self._maybe_stuck = stuck

    def _stop(self, *, is_complete: bool) -> None:
        if not self.is_running:
            return
        self.is_running = False
        if self._publisher:
            self._publisher.close()
        self.pipeline.stop()
        self._let_go()
        are_all_bad = all(b.error for b in self._bins)
        for file in self._files:
            is_bad = self._bins[file.source].error is not None if file.source >= 0 else are_all_bad
            is_empty = self._is_empty(file.source) if file.source >= 0 else self.stats.frames == 0
            _name(file.path, is_complete=is_complete and not is_bad, is_empty=is_empty)
        for writer in self._json:
            writer.close(is_complete=is_complete and not are_all_bad)
        self._folder.cleanup()

    def _let_go(self) -> None:
        # Of what holds the extension's objects or this graph: a flow may be kept for its figures alone.
        self.queue = None
        self.meters.close()
        for one in self._bins:
            one.close()
        self.pipeline._detach_all()
        self.pipeline._before_stop.clear()
        self.pipeline._on_message = lambda _message: False
        self.pipeline._on_idle = lambda: None
        self.pipeline._ask_for_end = lambda: None

    # --- messages -----------------------------------------------------------------------------------------------------

    def _on_message(self, message: Any) -> bool:
        """True: it has been dealt with."""
        kind, structure = message.type, message.get_structure()
        name = structure.get_name() if structure is not None else ""
        if kind == Gst.MessageType.APPLICATION and name == NO_VIDEO:
            self._fail(self._bins[structure.get_value("source")], SourceError("", "holds no video"))
            return True
        if kind == Gst.MessageType.ELEMENT and name == "GstBinForwarded":
            self._on_sink_message(structure.get_value("message"))
            return True
        if kind == Gst.MessageType.ERROR and self._is_about_nothing(message.src):
            return True
        failed = self._source_of(message.src)
        if failed is None:
            return False
        if kind == Gst.MessageType.ERROR:
            error, detail = message.parse_error()
            self._fail(failed, _cause(failed.source, error, detail or ""))
        elif kind == Gst.MessageType.ELEMENT and name == NO_PICTURE and not failed.is_told_to_end:
            self._fail(failed, SourceError("", "ended before its first picture"))
        elif kind == Gst.MessageType.WARNING and (change := _change(message)) is not None:
            self._note_change(failed, change)
        elif kind == Gst.MessageType.WARNING:
            # Of others' elements most are noise; ours says what it does less well than it should.
            level = logging.WARNING if _is_ours(message.src) else logging.DEBUG
            _log.log(level, "%s: %s", failed.source.name, message.parse_warning()[0].message)
        return True

    def _on_sink_message(self, message: Any) -> None:
        # The file of a source that never gave a frame never ends: the run does not wait for it.
        if message.type != Gst.MessageType.EOS:
            return
        self._open_files.pop(message.src.get_name(), None)
        if all(self._is_empty(source) for source in self._open_files.values()):
            self.pipeline._is_over = True

    def _is_about_nothing(self, element: Any) -> bool:
        source = self._branches.get(self.pipeline._who(element)[0])
        return source is not None and self._is_empty(source)

    def _is_empty(self, source: int) -> bool:
        return self._bins[source].error is not None and self.stats.frames_of(self._names[source]) == 0

    def _source_of(self, element: Any) -> SourceBin | None:
        while element is not None:
            for one in self._bins:
                if element == one.bin:
                    return one
            element = element.get_parent()
        return None

    def _fail(self, one: SourceBin, cause: PipelineError) -> None:
        # One source is at its end; the others go on. Only its first error tells something.
        if one.error is not None:
            return
        where = location(one.source)
        one.error = SourceError(
            one.source.name, f"{cause.problem} ({where})", at=self._at, hint=cause.hint, detail=cause.detail
        )
        self._problems[one.index] = one.error
        self._tell(SourceEvent(one.source.name, "failed", cause.problem))
        failed = [b.error for b in self._bins if b.error]
        if len(failed) == len(self._bins) and self.stats.frames == 0:  # else what has come is finished first
            raise failed[0] if len(failed) == 1 else _all_failed(failed, self._at)
        if len(self._bins) > 1:
            _log.warning("source %s failed, the others go on: %s", one.source.name, cause.problem)
        one.end()

    def _note_change(self, one: SourceBin, change: Any) -> None:
        # A camera went away or came back: it is told once, and nothing ends.
        if one.error is not None or one.is_told_to_end:
            return
        name = one.source.name
        if change.get_value("event") == "back":
            one.outage = None
            self._problems.pop(one.index, None)
            seconds = change.get_value("away-ms") / 1000
            _log.warning("source %s is back after %.1f s", name, seconds)
            self._tell(SourceEvent(name, "back", away_seconds=seconds))
            return
        reason = change.get_value("reason")
        one.outage = SourceError(name, f"{reason} ({location(one.source)})", at=self._at, hint="it is tried again")
        self._problems[one.index] = one.outage
        _log.warning("source %s is away, and is tried again: %s", name, reason)
        self._tell(SourceEvent(name, "lost", reason))

    def _tell(self, event: SourceEvent) -> None:
        for call in self._on_source:
            call(event)

    def _end_sources(self) -> None:
        for one in self._bins:
            one.end()


def _change(warning: Any) -> Any:
    # What fluvialsource says of its connection, if it is that.
    details = warning.parse_warning_details()
    return details if details is not None and details.get_name() == "fluvial-source" else None


def _is_ours(element: Any) -> bool:
    factory = element.get_factory()
    return factory is not None and factory.get_plugin_name() == "fluvial"


def _name(path: Path, *, is_complete: bool, is_empty: bool) -> None:
    partial = partial_name(path)
    if not partial.exists():
        return
    if is_complete:
        partial.replace(path)
    elif is_empty:  # nothing came: leave nothing
        partial.unlink()


def _cause(source: Source, error: Any, detail: str) -> PipelineError:
    # An HTTP source that cannot connect says only that it stopped.
    if source.uri.startswith(("http", "rtmp", "srt")) and "reason error (-5)" in detail:
        hint = "check the address, and that the host answers"
        return SourceError("", "cannot be reached, or broke off", hint=hint, detail=detail)
    problem = _with_reason(error.message, detail)
    return from_gstreamer(error.domain, error.code, problem, element="", detail=detail)


def _all_failed(errors: Sequence[PipelineError], at: CallSite) -> SourceError:
    lines = "".join(f"\n    {e.element}: {e.problem}" for e in errors)
    return SourceError("sources", f"every one of {len(errors)} failed:{lines}", at=at, hint=errors[0].hint)
