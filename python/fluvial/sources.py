"""What a video can come from, and the part of a pipeline that reads it.

A source is a bin of its own with one pad. It is started after the rest of the pipeline, so that one which cannot be
opened takes nothing else down, and what it says when it fails is about it alone.
"""

from __future__ import annotations

import glob
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fluvial._gst import Gst
from fluvial.config import ReconnectConfig
from fluvial.errors import CallSite, SourceError, did_you_mean

_END = "fluvial-end-source"  # the mux's event: see cpp/elements/events.h
NO_PICTURE = "fluvial-no-picture"  # a source's message, from cpp/bindings/first.cpp

__all__ = ["NO_PICTURE", "Given", "Source", "SourceBin", "SourceEvent", "location", "read_sources"]

_SCHEMES = ("file", "rtsp", "rtsps", "http", "https", "test", "v4l2", "srt", "udp", "rtmp")
_NETWORK = ("rtsp", "rtsps", "srt", "udp", "rtmp")  # as is_live() of cpp/elements/source/settings.cpp
_LIVE = ("v4l2", *_NETWORK)

Given = str | int | Path


@dataclass(frozen=True)
class Source:
    """One video.

    Attributes:
        name: What `frame.source` says.
        uri: Where it is.
        is_live: True for cameras and network streams: what is late is dropped, not waited for.

    Example:
        >>> [(s.name, s.is_live) for s in read_sources(["rtsp://10.0.0.5/door", "test://?frames=30"])]
        [('10.0.0.5-door', True), ('test', False)]
    """

    name: str
    uri: str
    is_live: bool


@dataclass(frozen=True)
class SourceEvent:
    """A source went away, came back, or has failed for good. See `Flow.on_source`.

    Attributes:
        source: Its name.
        kind: "lost": it is tried again. "back": it gives frames again. "failed": nothing more comes of it.
        problem: What went wrong; "" when it is back.
        away_seconds: When it is back: how long nothing came of it.
    """

    source: str
    kind: Literal["lost", "back", "failed"]
    problem: str = ""
    away_seconds: float = 0.0


def read_sources(given: Given | Iterable[Given] | Mapping[str, Given]) -> tuple[Source, ...]:
    """The sources meant by what a user gives to `Flow`.

    Args:
        given: A path, a pattern such as "videos/*.mp4", an address, the number of a camera; or several of these in a
            list; or a dict that names each.

    Raises:
        SourceError: There is no such file, camera or kind of address, or nothing was given.
    """
    if isinstance(given, Mapping):
        named = [replace(s, name=name) for name, one in given.items() for s in [_only(one)]]
    else:
        several = [given] if isinstance(given, (str, int, Path)) else list(given)
        named = [s for one in several for s in _read(one)]
    if not named:
        raise SourceError("sources", "none given", at=CallSite.here(), hint="a path, an address or a camera's number")
    return tuple(_with_own_names(named))


def _read(given: Given) -> list[Source]:
    if isinstance(given, bool) or not isinstance(given, (str, int, Path)):
        raise SourceError("sources", f"{given!r}: expected a path, an address or a camera's number", at=CallSite.here())
    if isinstance(given, int):
        return [_camera(f"/dev/video{given}")]
    text = str(given)
    scheme = re.match(r"([a-z0-9]+)://", text, re.IGNORECASE)
    if scheme:
        return [_address(scheme[1].lower(), text)]
    if text.startswith("/dev/"):
        return [_camera(text)]
    return _files(text)


def location(source: Source) -> str:
    """Where it is, for a person: a path, or an address without its password."""
    if source.uri.startswith("file://"):
        return urllib.parse.unquote(urllib.parse.urlsplit(source.uri).path)
    return _without_secret(source.uri)


def _only(given: Given) -> Source:
    found = _read(given)
    if len(found) > 1:
        raise SourceError(str(given), f"one name for {len(found)} files", at=CallSite.here(), hint="give a list")
    return found[0]


def _files(text: str) -> list[Source]:
    path = Path(text).expanduser()
    if path.is_file():
        return [Source(path.stem, path.resolve().as_uri(), is_live=False)]
    matches = sorted(glob.glob(str(path))) if re.search(r"[*?\[]", text) else []
    files = [Path(m) for m in matches if Path(m).is_file()]
    if files:
        return [Source(f.stem, f.resolve().as_uri(), is_live=False) for f in files]
    problem = "is a folder" if path.is_dir() else "no file matches" if matches or "*" in text else "no such file"
    hint = "a pattern takes all of it: 'FOLDER/*.mp4'" if path.is_dir() else _near(path)
    raise SourceError(text, problem, at=CallSite.here(), hint=hint)


def _near(path: Path) -> str:
    try:
        names = [p.name for p in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent}"
    hint = did_you_mean(path.name, names, listed=0)
    return hint if hint.startswith("did") else "check the path; it is relative to the current folder"


def _camera(device: str) -> Source:
    if not Path(device).exists():
        known = sorted(glob.glob("/dev/video*"))
        hint = did_you_mean(device, known, listed=8) if known else "no camera is connected"
        raise SourceError(device, "no such camera", at=CallSite.here(), hint=hint)
    return Source(Path(device).name, f"v4l2://{device}", is_live=True)


def _address(scheme: str, text: str) -> Source:
    if scheme == "v4l2":
        return _camera(text.removeprefix("v4l2://"))
    if scheme == "file":
        return _files(urllib.parse.unquote(urllib.parse.urlsplit(text).path))[0]
    if scheme not in _SCHEMES:
        hint = did_you_mean(scheme, _SCHEMES)
        raise SourceError(_without_secret(text), f"cannot read {scheme}:// addresses", at=CallSite.here(), hint=hint)
    parts = urllib.parse.urlsplit(text)
    if scheme == "test":
        return Source(parts.netloc or "test", text, is_live=False)
    if not parts.hostname:
        raise SourceError(_without_secret(text), "no host in this address", at=CallSite.here())
    path = re.sub(r"\.\w+$", "", parts.path)
    name = "-".join(filter(None, [parts.hostname, *path.split("/")]))
    return Source(name, text, is_live=scheme in _LIVE)


def _without_secret(uri: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", uri)


def _with_own_names(sources: list[Source]) -> Iterable[Source]:
    # Names are keys in the outputs and part of files' names: one each.
    taken: set[str] = set()
    for source in sources:
        stem = re.sub(r"[^\w.,+@=-]+", "_", source.name) or "source"
        name, n = stem, 1
        while name in taken:
            n += 1
            name = f"{stem}-{n}"
        taken.add(name)
        yield replace(source, name=name)


class SourceBin:
    """One source in a pipeline: `bin` has a pad "src" that gives surfaces once the video is known.

    Args:
        source: What to read.
        index: Its number among the sources; part of its name.
        rtsp_latency_ms: How long packets of an RTSP stream are sorted before they are decoded.
        reconnect: How it is connected again, if it is a live one from a network; None: it is not.
        on_no_video: Called, from any thread, when it turns out to hold no video.
        gpu: Number of the GPU that decodes it, where one does; None: the first.
    """

    def __init__(
        self,
        source: Source,
        index: int,
        *,
        rtsp_latency_ms: int,
        reconnect: ReconnectConfig | None,
        on_no_video: Callable[[SourceBin], None],
        gpu: int | None = None,
    ) -> None:
        from fluvial import _core

        self.source, self.index = source, index
        self.error: SourceError | None = None
        self.outage: SourceError | None = None  # why it is away, while it is
        self.mux_pad: Any = None  # what `pad` is linked to once the source is part of a pipeline
        self.bin: Any = Gst.Bin.new(f"source{index}")
        # Its own business: a source that never gets to its first frame would else keep the pipeline from playing, and
        # a pipeline that does not play does not tell its end.
        self.bin.set_property("async-handling", True)
        self._rtsp_latency_ms = rtsp_latency_ms
        self._reconnect = reconnect
        self._on_no_video = on_no_video
        self._gpu = gpu
        self.newest: Any = None  # of a live source: the queue that drops what nobody has taken
        self.pad: Any = Gst.GhostPad.new_no_target("src", Gst.PadDirection.SRC)
        self.bin.add_pad(self.pad)
        self.is_told_to_end = False
        _core.tell_no_picture(self.pad)  # no decoder that we know ends in silence, yet none promises not to
        self._handlers: list[tuple[Any, int]] = []
        self._convert = self._last_elements()
        self._first_elements()

    def end(self) -> None:
        """As if the video had ended here: what it has given is finished, what it still brings is refused.

        Any thread; does not wait. It says so to the mux and nothing on its own pad: the video may begin in this moment,
        with events that have their order.
        """
        self.is_told_to_end = True
        event = Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM_OOB, Gst.Structure.new_empty(_END))
        self.mux_pad.send_event(event)

    @property
    def problem(self) -> SourceError | None:
        """Why nothing comes of it, for good or for a while."""
        return self.error or self.outage

    def close(self) -> None:
        """Lets go of callbacks, after the pipeline has stopped: the elements keep them, and they keep the elements."""
        while self._handlers:
            element, handler = self._handlers.pop()
            element.disconnect(handler)

    def progress(self) -> float | None:
        """How much of the video has been given, 0 to 1; None where it has no known end."""
        has_duration, duration = self.bin.query_duration(Gst.Format.TIME)
        has_position, position = self.bin.query_position(Gst.Format.TIME)
        if not has_duration or not has_position or duration <= 0:
            return None
        return float(min(position / duration, 1.0))

    def is_stuck(self) -> bool:
        """True when it gave no video and no thread of it runs any more.

        decodebin drops errors of an element while it connects it. A demuxer that fails in this moment, as with a file
        cut short, is never heard of again.
        """
        if self._convert.get_static_pad("sink").is_linked():
            return False
        elements = _all_of(self.bin.iterate_recurse())
        states = [pad.get_task_state() for element in elements for pad in _all_of(element.iterate_pads())]
        return Gst.TaskState.PAUSED in states and Gst.TaskState.STARTED not in states

    def _make(self, factory: str, **properties: object) -> Any:
        element = Gst.ElementFactory.make(factory, None)
        if element is None:
            raise SourceError(
                self.source.name,
                f"GStreamer's {factory} is missing",
                hint="`fluvial doctor` says which package holds it",
            )
        for key, value in properties.items():
            element.set_property(key.replace("_", "-"), value)
        self.bin.add(element)
        return element

    def _last_elements(self) -> Any:
        # System memory becomes surfaces without a copy; what is surfaces already passes.
        convert = self._make("fluvialconvert")
        caps = self._make("capsfilter", caps=Gst.Caps.from_string("video/x-raw(memory:NVMM)"))
        convert.link(caps)
        last = caps
        if self.source.is_live:  # the newest frame counts: what the rest has not taken yet is replaced
            last = self._make("queue", leaky=2, max_size_buffers=1, max_size_bytes=0, max_size_time=0)
            caps.link(last)
            self.newest = last
        self.pad.set_target(last.get_static_pad("src"))
        return convert

    def _first_elements(self) -> None:
        scheme = self.source.uri.partition(":")[0]
        if scheme == "test":
            self._test_pattern()
        elif scheme == "v4l2":
            self._camera()
        elif scheme in _NETWORK:
            self._network()
        else:
            self._decoder()

    def _test_pattern(self) -> None:
        parts = urllib.parse.urlsplit(self.source.uri)
        asked = dict(urllib.parse.parse_qsl(parts.query))
        width, height, fps = (int(asked.get(k, d)) for k, d in (("width", 320), ("height", 240), ("fps", 25)))
        source = self._make("videotestsrc", num_buffers=int(asked.get("frames", 100)))
        Gst.util_set_object_arg(source, "pattern", asked.get("pattern", "ball"))
        text = f"video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
        caps = self._make("capsfilter", caps=Gst.Caps.from_string(text))
        source.link(caps)
        caps.link(self._convert)

    def _camera(self) -> None:
        source = self._make("v4l2src", device=self.source.uri.removeprefix("v4l2://"))
        decode = self._make("decodebin")  # cameras give raw video or JPEG
        source.link(decode)
        convert = self._make("videoconvert")
        convert.link(self._convert)
        decode.connect("pad-added", lambda _, pad: pad.link(convert.get_static_pad("sink")))

    def _network(self) -> None:
        again = self._reconnect
        waits = (
            {}
            if again is None
            else {
                "stall_timeout": again.stalled_after_ms,
                "reconnect_delay": again.first_wait_ms,
                "reconnect_max_delay": again.longest_wait_ms,
                "rtsp_reconnect_attempts": again.attempts or -1,
            }
        )
        gpu = self._gpu or 0
        source = self._make("fluvialsource", uri=self.source.uri, latency=self._rtsp_latency_ms, gpu_id=gpu, **waits)
        self._handlers.append((source, source.connect("pad-added", self._on_pad)))

    def _decoder(self) -> None:
        decode = self._make("uridecodebin", uri=self.source.uri, caps=Gst.Caps.from_string("video/x-raw(ANY)"))
        decode.set_property("expose-all-streams", False)  # sound is not even decoded
        for signal, callback in (
            ("pad-added", self._on_pad),
            ("no-more-pads", self._on_no_more_pads),
            ("deep-element-added", self._on_element),
        ):
            self._handlers.append((decode, decode.connect(signal, callback)))

    def _on_pad(self, _: Any, pad: Any) -> None:
        sink = self._convert.get_static_pad("sink")
        if not sink.is_linked():
            pad.link(sink)

    def _on_no_more_pads(self, _: Any) -> None:
        if not self._convert.get_static_pad("sink").is_linked():
            self._on_no_video(self)

    def _on_element(self, _: Any, _bin: Any, element: Any) -> None:
        factory = element.get_factory()
        if self._gpu is not None and factory is not None and factory.get_plugin_name() == "fluvial":
            if element.find_property("gpu-id") is not None:
                element.set_property("gpu-id", self._gpu)


def _all_of(iterator: Any) -> list[Any]:
    # Locked against the threads that add and remove, as an element's list of pads is not.
    found: list[Any] = []
    while True:
        result, one = iterator.next()
        if result == Gst.IteratorResult.RESYNC:
            iterator.resync()
            found = []
        elif result != Gst.IteratorResult.OK:
            return found
        else:
            found.append(one)
