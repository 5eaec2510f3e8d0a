"""A pipeline of any GStreamer elements, for those who want to place each one themselves.

It adds four things to `Gst.Pipeline`: properties are judged when they are given, every element remembers the line of
your program that added it, an error while running is raised as an exception that names this line, and an exception
in a probe stops the pipeline and arrives where you called `run()`.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from fluvial import _gst
from fluvial._gst import Gst
from fluvial._interrupt import Interrupt
from fluvial._properties import RefusedError, convert, plain, property_names
from fluvial.errors import CallSite, FluvialError, PipelineError, did_you_mean, from_gstreamer
from fluvial.frame import Batch
from fluvial.probes import Failure, guarded

__all__ = ["Pipeline"]

_log = logging.getLogger("fluvial")

_POLL_NS = 100_000_000  # how long a wait may keep Python from seeing Ctrl+C
_START_NS = 2_000_000_000
_DRAIN_SECONDS = 5.0  # after Ctrl+C: how long the frames under way may take to reach the files
_CALLBACK = "fluvial-callback-failed"
_NEVER_LINKED = "fluvial-never-linked"


class Pipeline:
    """Elements, links between them, and the running of both.

    Args:
        name: Shown in GStreamer's logs and graphs.

    Example:
        >>> with Pipeline() as p:
        ...     source = p.add("videotestsrc", num_buffers=3)
        ...     sink = p.add("fakesink")
        ...     _ = p.link(source, sink)
        ...     p.run()
        ...     p.get(sink, "sync")
        False
    """

    def __init__(self, name: str | None = None) -> None:
        _gst.start()
        self._gst: Any = Gst.Pipeline.new(name)
        self._bus: Any = self._gst.get_bus()
        self._sites: dict[str, CallSite] = {}
        self._waiting: list[tuple[str, str]] = []
        self._failure = Failure(self._wake_of(self._bus))
        self._probes: list[tuple[Any, int]] = []
        self._interrupt = Interrupt()
        self._before_stop: list[Callable[[], None]] = []
        self._is_over = False
        self._on_message: Callable[[Any], bool] = lambda _message: False
        self._on_idle: Callable[[], None] = lambda: None
        self._ask_for_end: Callable[[], None] = self._send_end

    # --- building -----------------------------------------------------------------------------------------------------

    @property
    def gst(self) -> Any:
        """The `Gst.Pipeline` itself. Whatever GStreamer can do, you can do with it."""
        return self._gst

    @property
    def was_interrupted(self) -> bool:
        """True when Ctrl+C or SIGTERM ended it before its videos did."""
        return self._interrupt.is_pressed

    def __getitem__(self, name: str) -> Any:
        """The `Gst.Element` of this name.

        Raises:
            PipelineError: There is none.
        """
        found = self._gst.get_by_name(name)
        if found is None:
            raise PipelineError(
                name, "no element of this name", at=CallSite.here(), hint=did_you_mean(name, self._names())
            )
        return found

    def add(self, factory: str, name: str | None = None, **properties: object) -> Any:
        """Adds an element.

        Args:
            factory: What `gst-inspect-1.0` lists, such as "filesrc".
            name: Your name for it; made from the factory's if left out.
            **properties: Its properties, with `_` for `-`: `num_buffers=3`. Caps are given as a string, an enum's
                value by its short name.

        Returns:
            The `Gst.Element`.

        Raises:
            PipelineError: No such element or property, or a value that the property does not take.

        Example:
            >>> Pipeline().add("videotestsrc", pattern="ball").get_property("pattern").value_nick
            'ball'
        """
        return self._add(factory, name, properties, CallSite.here())

    def set(self, element: Any, **properties: object) -> Pipeline:
        """Sets properties of an element, given by itself or its name. Raises like `add`."""
        self._set(self._element(element), properties, CallSite.here())
        return self

    def get(self, element: Any, key: str) -> Any:
        """The value of one property, as Python writes it.

        Raises:
            PipelineError: No such element or property.
        """
        found = self._element(element)
        if found.find_property(key.replace("_", "-")) is None:
            hint = did_you_mean(key.replace("_", "-"), property_names(found))
            raise PipelineError(found.get_name(), f"no property {key!r}", at=CallSite.here(), hint=hint)
        return plain(found.get_property(key.replace("_", "-")))

    def link(self, *elements: Any) -> Pipeline:
        """Links elements one after the other, given by themselves, their names or "name.pad".

        A pad that an element has only once it knows its stream (a demuxer, `uridecodebin`) is linked when it appears.

        Raises:
            PipelineError: Two of them do not fit.

        Example:
            >>> p = Pipeline()
            >>> _ = p.add("videotestsrc", "camera"), p.add("tee", "tee"), p.add("fakesink", "sink")
            >>> _ = p.link("camera", "tee.sink").link("tee.src_0", "sink")
        """
        at = CallSite.here()
        for a, b in itertools.pairwise(elements):
            self._link_two(a, b, at)
        return self

    def attach(self, element: Any, probe: Callable[[Batch], object], *, pad: str = "src") -> Pipeline:
        """Calls a function with every batch that passes, in the thread that carries it.

        The batch is valid until the function returns. An exception stops the pipeline and is raised by `run()`, with a
        note that says which stage, source and frame it was about.

        Args:
            element: The element or its name.
            probe: Called with a `Batch`.
            pad: Which of its pads to listen at.

        Raises:
            PipelineError: No such element or pad.
        """
        found = self._element(element)
        at_pad = found.get_static_pad(pad)
        if at_pad is None:
            names = [p.get_name() for p in found.pads]
            raise PipelineError(
                found.get_name(), f"no pad {pad!r} to attach to", at=CallSite.here(), hint=did_you_mean(pad, names)
            )
        self._attach(at_pad, probe, stage=f"probe {getattr(probe, '__name__', 'probe')!r} at {found.get_name()}")
        return self

    # --- running ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Runs to the end of the videos and stops.

        Ctrl+C or SIGTERM ends it as if the videos had ended, so that files are complete; a second one ends it at once.

        Raises:
            PipelineError: An element failed. It names the line of your program that added the element.
            KeyboardInterrupt: Ctrl+C was pressed twice.
            SystemExit: SIGTERM was the second.
            Exception: Whatever a probe raised.
        """
        try:
            with self._interrupt:
                self.start()
                self.wait()
        finally:
            self.stop()

    def start(self) -> None:
        """Sets it going and returns.

        Raises:
            PipelineError: An element could not start.
        """
        if self._gst.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            error = self._failure.error or self._first_error()
            self.stop()
            raise error

    def wait(self) -> None:
        """Waits for the end. Raises like `run`."""
        asked_at = 0.0
        while not self._is_over:
            self._step(_POLL_NS)
            if self._interrupt.is_pressed and not asked_at:
                asked_at = time.monotonic()
                self.end()
            if asked_at and time.monotonic() - asked_at > _DRAIN_SECONDS:
                _log.warning("the frames under way did not reach their end within %g s: stopped", _DRAIN_SECONDS)
                return

    def end(self) -> None:
        """Ends it as if the videos had ended: what is under way is finished, files are closed. Does not wait."""
        # In a thread of its own: an event waits for the frame before it, which may wait for the caller.
        threading.Thread(target=self._ask_for_end, name="fluvial-end", daemon=True).start()

    def stop(self) -> None:
        """Stops at once and lets go of every file and device. May be called twice."""
        for release in self._before_stop:
            release()
        _gst.set_null(self._gst)

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._detach_all()

    # --- inside, and for flow.py -------------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        return [e.get_name() for e in self._gst.children]

    def _add(
        self, factory: str, name: str | None, properties: dict[str, object], at: CallSite, *, into: Any = None
    ) -> Any:
        element = self._make(factory, name, at)
        self._sites[element.get_name()] = at
        self._set(element, properties, at)
        (into or self._gst).add(element)
        return element

    def _make(self, factory: str, name: str | None, at: CallSite) -> Any:
        if name is not None and self._gst.get_by_name(name) is not None:
            raise PipelineError(name, "this name is taken", at=at)
        element = Gst.ElementFactory.make(factory, name)
        if element is None:
            raise PipelineError(
                name or factory, f"no element {factory!r} is installed", at=at, hint=_hint_for_factory(factory)
            )
        return element

    def _element(self, element: Any) -> Any:
        return self[element] if isinstance(element, str) else element

    def _set(self, element: Any, properties: dict[str, object], at: CallSite) -> None:
        for key, value in properties.items():
            try:
                element.set_property(*convert(element, key, value))
            except RefusedError as e:
                raise PipelineError(element.get_name(), e.problem, at=at, hint=e.hint) from None

    def _end_of_link(self, end: Any) -> tuple[Any, str | None]:
        # An element or "name" or "name.pad" -> the element and its pad's name.
        if not isinstance(end, str):
            return end, None
        if self._gst.get_by_name(end) is not None or "." not in end:
            return self[end], None
        name, _, pad = end.rpartition(".")
        return self[name], pad

    def _link_two(self, a: Any, b: Any, at: CallSite) -> None:
        (source, source_pad), (sink, sink_pad) = self._end_of_link(a), self._end_of_link(b)
        if source.link_pads(source_pad, sink, sink_pad):
            return
        if not _gets_pads_later(source):
            raise PipelineError(
                source.get_name(), f"cannot be linked to {sink.get_name()}: {_why_not(source, sink)}", at=at
            )
        self._link_later(source, source_pad, sink, sink_pad)

    def _link_later(self, source: Any, source_pad: str | None, sink: Any, sink_pad: str | None) -> None:
        # The callbacks know this list and the bus, not the pipeline or the source: they would keep both alive for ever.
        waiting, bus = self._waiting, self._bus
        pair = (source.get_name(), sink.get_name())
        waiting.append(pair)
        linked: list[str] = []

        def on_pad(element: Any, pad: Any) -> None:
            if pair in waiting and source_pad in (None, pad.get_name()):
                if element.link_pads(pad.get_name(), sink, sink_pad):
                    waiting.remove(pair)
                    linked.append(pad.get_name())

        def on_removed(_: Any, pad: Any) -> None:  # it was stopped, and may run again
            if pad.get_name() in linked:
                linked.remove(pad.get_name())
                waiting.append(pair)

        def on_no_more(_: Any) -> None:
            if pair in waiting:
                structure = Gst.Structure.new_empty(_NEVER_LINKED)
                structure.set_value("from", pair[0])
                structure.set_value("to", pair[1])
                bus.post(Gst.Message.new_application(None, structure))

        source.connect("pad-added", on_pad)
        source.connect("pad-removed", on_removed)
        source.connect("no-more-pads", on_no_more)

    def _attach(self, pad: Any, probe: Callable[[Any], object], *, stage: str, names: Sequence[str] = ()) -> None:
        from fluvial import _core  # here, so that a pipeline of stock elements runs without the compiled part

        self._probes.append((pad, _core.attach_probe(pad, guarded(probe, stage=stage, failure=self._failure), names)))

    def _detach_all(self) -> None:
        # A probe is held by its pad, and may hold this pipeline, which holds the pad: nobody else would end that.
        from fluvial import _core

        while self._probes:
            _core.detach_probe(*self._probes.pop())

    def _send_end(self) -> None:
        self._gst.get_state(_START_NS)  # a source that has not started yet would not take it
        self._gst.send_event(Gst.Event.new_eos())

    @staticmethod
    def _wake_of(bus: Any) -> Callable[[], None]:
        # Knows the bus alone: see _detach_all.
        return lambda: bus.post(Gst.Message.new_application(None, Gst.Structure.new_empty(_CALLBACK)))

    def _step(self, timeout_ns: int) -> None:
        # Waits for one message and handles it. Raises what the run has to end for.
        kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
        message = self._bus.timed_pop_filtered(
            timeout_ns, kinds | Gst.MessageType.APPLICATION | Gst.MessageType.ELEMENT
        )
        if self._failure.error is not None:
            raise self._failure.error
        self._on_idle()
        if message is None or self._on_message(message):
            return
        if message.type == Gst.MessageType.APPLICATION and message.get_structure().get_name() == _NEVER_LINKED:
            raise self._never_linked(*(message.get_structure().get_value(k) for k in ("from", "to")))
        if message.type == Gst.MessageType.ERROR:
            raise self._error_of(message)
        if message.type == Gst.MessageType.WARNING:
            warning, _ = message.parse_warning()
            _log.warning("%s: %s", message.src.get_name() if message.src else "pipeline", warning.message)
        if message.type == Gst.MessageType.EOS:
            self._is_over = True

    def _first_error(self) -> FluvialError:
        message = self._bus.pop_filtered(Gst.MessageType.ERROR)
        if message is None:
            return PipelineError(self._gst.get_name(), "could not start, and no element says why", at=CallSite.here())
        return self._error_of(message)

    def _error_of(self, message: Any) -> PipelineError:
        error, detail = message.parse_error()
        name, at = self._who(message.src)
        unlinked = [b for a, b in self._waiting if a == name]
        if unlinked and "not-linked" in (detail or ""):
            return self._never_linked(name, unlinked[0])
        problem = _with_reason(error.message, detail or "")
        return from_gstreamer(error.domain, error.code, problem, element=name, at=at, detail=detail or "")

    def _never_linked(self, source: str, sink: str) -> PipelineError:
        problem = f"gave no stream that {sink} takes, so the two were never linked"
        return PipelineError(source, problem, at=self._sites.get(source))

    def _who(self, element: Any) -> tuple[str, CallSite | None]:
        # The element that the user added: the one that posted, or the bin of ours around it.
        while element is not None:
            name = element.get_name()
            if name in self._sites:
                return name, self._sites[name]
            element = element.get_parent()
        return self._gst.get_name(), None


def _with_reason(message: str, detail: str) -> str:
    # GStreamer's message is general ("Resource not found."); the last line of the detail often has the particulars.
    place, _, reason = detail.rstrip().rpartition("\n")
    reason = reason.strip().rstrip(".")
    if not place or not reason or reason in message or "/Gst" in reason:
        return message
    return f"{message.strip().rstrip('.')}: {reason}"


def _gets_pads_later(element: Any) -> bool:
    templates = element.get_pad_template_list()
    later = (Gst.PadPresence.SOMETIMES,)
    return any(t.direction == Gst.PadDirection.SRC and t.presence in later for t in templates)


def _why_not(source: Any, sink: Any) -> str:
    gives = [p.query_caps(None).to_string() for p in source.srcpads if not p.is_linked()]
    takes = [p.query_caps(None).to_string() for p in sink.sinkpads if not p.is_linked()]
    if not gives:
        return f"{source.get_name()} has no free output"
    if not takes:
        return f"{sink.get_name()} has no free input"
    return f"it gives {_short(gives[0])}; {sink.get_name()} takes {_short(takes[0])}"


def _short(caps: str) -> str:
    return caps if len(caps) <= 120 else caps[:117] + "..."


def _hint_for_factory(factory: str) -> str:
    known = [f.get_name() for f in Gst.Registry.get().get_feature_list(Gst.ElementFactory)]
    near = did_you_mean(factory, known, listed=0)
    return near if near.startswith("did") else "`fluvial doctor` says which package holds it"
