"""The elements of a flow, in the order of its words: sources, mux, stages, outputs."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from pathlib import Path
from typing import Any, ClassVar

from fluvial._gpus import InTurn, Share, device_on
from fluvial._gst import Gst
from fluvial._infer_config import write_config
from fluvial._meters import Meters
from fluvial.backends import Backend
from fluvial.backends.choice import label_of
from fluvial.config import DrawConfig, InferConfig, RunConfig, TileConfig, TrackConfig
from fluvial.errors import CallSite, ConfigError, PipelineError, add_note
from fluvial.outputs import JsonLines, VideoFile, partial_name
from fluvial.parsers import Parser
from fluvial.pipeline import Pipeline
from fluvial.sources import Source, SourceBin, SourceEvent
from fluvial.stats import StatsCounter
from fluvial.tuning import Tuned, describe_version
from fluvial.tuning import load as load_tuned

__all__ = ["NO_VIDEO", "Built", "Plan", "Stage"]

NO_VIDEO = "fluvial-no-video"  # the message of a source that turns out to hold none

_LIVE_WAIT_MS = 40  # a frame's time at 25 fps
_QUEUED = 2  # batches between two threads


@dataclass(frozen=True)
class Stage:
    """One word of the chain, and the line that said it."""

    kind: str
    at: CallSite
    config: Any = None
    extra: Any = None  # infer: the model found; probe: the function; save: a VideoFile; write_json: a JsonLines
    backend: Backend | None = None  # infer: the object that runs the model; None: the element's own
    open_other: Callable[[Path], Backend | None] | None = None  # infer: for another file, while it plays; None: cannot
    open_again: Callable[[], Backend | None] = lambda: None  # infer: the same model once more, for another GPU
    parser: Parser | None = None  # infer: the function that reads its outputs; None: a head does


@dataclass(frozen=True)
class Plan:
    """All that was said of a flow."""

    sources: Sequence[Source]
    stages: Sequence[Stage]
    limits: RunConfig
    at: CallSite  # the line that made the flow
    has_loop: bool  # a loop takes its batches
    shares: Sequence[Share] = ()  # of several GPUs; empty: one chain takes all
    on_source: Sequence[Callable[[SourceEvent], object]] = ()  # called when a source goes or comes


@dataclass
class _Chain:
    """The elements that one GPU's sources go through, as far as they are built."""

    share: Share
    tail: Any = None
    apart: Any = None  # the pad where frames of different sources are last apart
    is_tiled: bool = False
    late_json: list[tuple[Stage, Any]] = field(default_factory=list)
    infers: int = 0


@dataclass(frozen=True)
class _File:
    """A file under way. `source` is the number of the only source in it, or -1."""

    path: Path
    source: int


class Built:
    """A pipeline that stands and does not run yet, and what is known about its parts."""

    def __init__(self, plan: Plan) -> None:
        self.pipeline = Pipeline()
        self.meters = Meters()
        self.queue: Any = None  # the loop's, where there is one
        self._sources, self._limits, self._at = tuple(plan.sources), plan.limits, plan.at
        keeps_order = plan.has_loop or len(plan.sources) == 1
        self._stages = tuple(plan.stages) if keeps_order else _draw_behind_tile(plan.stages)
        self._names = [s.name for s in plan.sources]
        self.stats = StatsCounter(tuple(self._names))
        self._bins: list[SourceBin] = []
        self._files: list[_File] = []
        self._branches: dict[str, int] = {}  # an element of a one-source output: its source
        self._open_files: dict[str, int] = {}  # the file sink of a one-source output that has not ended: its source
        self._json: list[JsonLines] = [s.extra for s in plan.stages if s.kind == "write_json"]
        self._folder = tempfile.TemporaryDirectory(prefix="fluvial-")
        self._chains = [_Chain(share) for share in plan.shares or (Share(None, tuple(range(len(self._sources)))),)]
        self._chain = self._chains[0]  # the one that is being built
        self._in_turn: dict[int, InTurn] = {}  # by stage: functions that several chains call
        self._build(has_loop=plan.has_loop)

    # --- building -----------------------------------------------------------------------------------------------------

    def _build(self, *, has_loop: bool) -> None:
        for chain in self._chains:
            self._chain = chain
            self._build_chain()
        self._bins.sort(key=lambda one: one.index)
        if has_loop:
            self._loop([chain.apart for chain in self._chains])
        for chain in self._chains:
            self._chain = chain
            for stage, pad in chain.late_json:
                add = self._turns(stage, stage.extra.add)
                self.pipeline._attach(pad or chain.apart, add, stage="write_json", names=self._names)
            self.pipeline._attach(chain.apart, self.stats.add, stage="stats", names=self._names)
            self._outputs(is_tiled=chain.is_tiled)

    def _loop(self, pads: list[Any]) -> None:
        from fluvial import _core

        meters = [
            self.meters.enter("loop", chain.share.gpu, pad) for chain, pad in zip(self._chains, pads, strict=True)
        ]
        self.queue = _core.BatchQueue(pads, self._names)
        self.pipeline._before_stop.append(self.queue.stop)
        for meter, pad in zip(meters, pads, strict=True):
            meter.leave_at(pad)

    def _build_chain(self) -> None:
        chain = self._chain
        self._mux()
        for stage in self._stages:
            if stage.kind == "tile":
                chain.apart = self._tail.get_static_pad("src")
            if stage.kind == "write_json":
                chain.late_json.append((stage, None if chain.apart else self._tail.get_static_pad("src")))
            builder = self._builders.get(stage.kind)
            if builder:
                meter = self.meters.enter(_label(stage), chain.share.gpu, self._tail.get_static_pad("src"))
                builder(self, stage)
                meter.leave_at(self._tail.get_static_pad("src"))
        chain.is_tiled = chain.apart is not None
        chain.apart = chain.apart or self._tail.get_static_pad("src")

    @property
    def _tail(self) -> Any:
        return self._chain.tail

    @_tail.setter
    def _tail(self, element: Any) -> None:
        self._chain.tail = element

    def _turns(self, stage: Stage, call: Callable[[Any], object]) -> Callable[[Any], object]:
        # Each chain has a thread of its own: what is not made for several gets one after the other.
        if len(self._chains) == 1:
            return call
        return self._in_turn.setdefault(id(stage), InTurn(call))

    def _add(self, factory: str, at: CallSite, **properties: object) -> Any:
        """Adds an element behind the last one."""
        element = self.pipeline._add(factory, None, properties, at)
        if self._tail is not None and not self._tail.link(element):
            raise PipelineError(element.get_name(), f"cannot follow {self._tail.get_name()}", at=at)
        self._tail = element
        return element

    def _add_queue(self, at: CallSite, before: str) -> None:
        element = self._add("queue", at, max_size_buffers=_QUEUED, max_size_bytes=0, max_size_time=0)
        self.meters.queue(f"before {before}", self._chain.share.gpu, element)

    def _mux(self) -> None:
        share = self._chain.share
        is_live = any(self._sources[index].is_live for index in share.sources)
        wait_ms = self._limits.batch_wait_ms or (_LIVE_WAIT_MS if is_live else None)
        mux = self._add(
            "fluvialmux",
            self._at,
            batch_size=len(share.sources),
            batched_push_timeout=-1 if wait_ms is None else 1000 * wait_ms,
            live_source=is_live,
            # Files show the same moment beside each other, whatever their rates; each gives every frame it has.
            align_inputs=not is_live,
        )
        self.meters.stage("mux", share.gpu, enter=None, leave=mux.get_static_pad("src"))
        for index in share.sources:
            one = SourceBin(
                self._sources[index],
                index,
                rtsp_latency_ms=self._limits.rtsp_latency_ms,
                reconnect=self._limits.reconnect,
                on_no_video=self._post_no_video,
                gpu=share.gpu,
            )
            self._bins.append(one)
            self.meters.source(index, one.pad)
            if one.newest is not None:
                self.meters.leaky(index, one.newest)
            # Pads are there before anything runs: the mux does not end before the last source has begun.
            one.mux_pad = mux.request_pad_simple(f"sink_{index}")

    def _infer(self, stage: Stage) -> None:
        config: InferConfig = stage.config
        chain = self._chain
        chain.infers += 1
        count = len(chain.share.sources)
        offered = {}
        tuned = _tuned(config, stage)
        if tuned is not None:
            offered["tuned"] = str(tuned)
            batch = min(tuned.batch, count) if config.on == "frames" else tuned.batch
            found = {"threads": tuned.threads, "requests": tuned.requests, "batch_size": batch}
            config = config.model_copy(update=found)
        if config.batch_size is None and config.config is None and config.on == "frames":
            config = config.model_copy(update={"batch_size": count})
        if stage.backend is not None:
            config = config.model_copy(update={"device": self._device(config, stage)})
            backend = stage.backend if chain is self._chains[0] else stage.open_again()
            offered["backend"] = self._offer_backend(stage, backend or stage.backend)
        if stage.parser is not None:
            offered["parser"] = self._offer_parser(stage, stage.parser)
            offered["output-instance-mask"] = "1"  # who gives masks wants them
        folder = Path(self._folder.name) / str(self._chains.index(chain))
        folder.mkdir(exist_ok=True)
        path = write_config(config, stage.extra, folder, place=chain.infers, offered=offered)
        self._add("fluvialinfer", stage.at, config_file_path=path)

    def _device(self, config: InferConfig, stage: Stage) -> str:
        try:
            return device_on(config.device, self._chain.share.gpu)
        except ConfigError as e:
            raise ConfigError(f"{stage.at}\n  infer: {e}") from None

    def _offer_backend(self, stage: Stage, backend: Backend) -> str:
        from fluvial import _core
        from fluvial.backends._bridge import Bridge

        name = stage.extra.path.name
        first = [Bridge(backend, name, self._keeper(f"infer {name!r}", stage.at))]

        def open_bridge(path: str) -> Bridge:
            # A model that takes over while frames flow: if it does not, the element warns, and the first one stays.
            return first.pop() if first else Bridge(_other(stage, Path(path)), Path(path).name)

        return self._offer(_core.offer_backend, _core.withdraw_backend, open_bridge)

    def _offer_parser(self, stage: Stage, parser: Parser) -> str:
        from fluvial import _core
        from fluvial.parsers import ParserBridge, ParserInfo

        name = label_of(parser)
        keep = self._keeper(f"parser {name!r}", stage.at)

        def open_parser(*, labels: list[str], **known: Any) -> ParserBridge:
            return ParserBridge(parser, name, keep, ParserInfo(labels=tuple(labels), **known))

        return self._offer(_core.offer_parser, _core.withdraw_parser, open_parser)

    def _offer(
        self, offer: Callable[[str, Any], None], withdraw: Callable[[str], None], make: Callable[..., object]
    ) -> str:
        # Under a name that no other has, until this pipeline has stopped or is forgotten.
        name = f"flow-{id(self):x}-{self._chains.index(self._chain)}-{self._chain.infers}"
        offer(name, make)
        self.pipeline._before_stop.append(lambda: withdraw(name))
        weakref.finalize(self, withdraw, name)
        return name

    def _keeper(self, what: str, at: CallSite) -> Callable[[BaseException], None]:
        # What the user's code raises is the user's, as it is; the element's error says less.
        failure = self.pipeline._failure

        def keep(error: BaseException) -> None:
            add_note(error, f"in {what}, {at}")
            failure.set(error)

        return keep

    def _track(self, stage: Stage) -> None:
        config: TrackConfig = stage.config
        properties: dict[str, object] = {}
        if config.config:
            properties["ll_config_file"] = str(Path(config.config).expanduser().resolve())
        if config.start_confidence is not None:
            properties["config"] = f"Fluvial: {{high_confidence: {config.start_confidence}}}"
        if config.class_ids:
            properties["operate_on_class_ids"] = ";".join(map(str, config.class_ids))
        self._add("fluvialtrack", stage.at, **properties)

    def _draw(self, stage: Stage) -> None:
        config: DrawConfig = stage.config
        self._add_queue(stage.at, "draw")
        self._rgba(stage.at)
        self._add(
            "fluvialdraw",
            stage.at,
            display_bbox=config.boxes,
            display_text=config.text,
            display_mask=config.masks,
            display_keypoints=config.keypoints,
            display_clock=config.clock,
        )

    def _rgba(self, at: CallSite) -> None:
        self._add("fluvialconvert", at)
        self._add("capsfilter", at, caps="video/x-raw(memory:NVMM),format=RGBA")

    def _tile(self, stage: Stage) -> None:
        config: TileConfig = stage.config
        rows, columns = _grid(len(self._sources), config.rows, config.columns)
        self._add("fluvialtile", stage.at, rows=rows, columns=columns, width=config.width, height=config.height)

    def _probe(self, stage: Stage) -> None:
        name = getattr(stage.extra, "__name__", type(stage.extra).__name__)
        pad = self._tail.get_static_pad("src")
        self.pipeline._attach(pad, self._turns(stage, stage.extra), stage=f"probe {name!r}", names=self._names)

    _builders: ClassVar[dict[str, Callable[[Built, Stage], None]]] = {
        "infer": _infer,
        "track": _track,
        "draw": _draw,
        "tile": _tile,
        "probe": _probe,
    }

    # --- outputs ------------------------------------------------------------------------------------------------------

    def _outputs(self, *, is_tiled: bool) -> None:
        outputs = [s for s in self._stages if s.kind in ("save", "show")]
        each = [s for s in outputs if s.kind == "save" and s.extra.is_per_source]
        whole = [s for s in outputs if s not in each]
        if not outputs:
            self._add("fakesink", self._at, sync=False, **{"async": False})
            return
        for split in self._split([b for b in (whole, each) if b], outputs[0].at):
            if split is each:
                self._demux(each, is_tiled=is_tiled)
            else:
                self._whole(whole, is_tiled=is_tiled)

    def _split(self, parts: Sequence[Any], at: CallSite) -> Any:
        """Yields each part with the tail at a place of its own: the same buffers go to all."""
        if len(parts) == 1:
            yield parts[0]
            return
        tee = self._add("tee", at)
        for part in parts:
            self._tail = tee
            self._add_queue(at, "outputs")
            yield part

    def _whole(self, stages: Sequence[Stage], *, is_tiled: bool) -> None:
        if len(self._sources) > 1 and not is_tiled:
            self._tile(Stage("tile", stages[0].at, TileConfig.model_validate({})))
        for stage in self._split(stages, stages[0].at):
            if stage.kind == "show":
                self._show(stage)
            else:
                self._save(stage, stage.extra.path(), source=-1)

    def _demux(self, stages: Sequence[Stage], *, is_tiled: bool) -> None:
        if is_tiled:
            at = stages[0].at
            raise PipelineError("save", "one file a source, after tile() has made them one", at=at, hint="drop tile()")
        demux = self._add("fluvialdemux", stages[0].at)
        for index in self._chain.share.sources:
            source = self._sources[index]
            self._tail = None
            queue = self.pipeline._add(
                "queue", None, {"max_size_buffers": _QUEUED, "max_size_bytes": 0, "max_size_time": 0}, stages[0].at
            )
            self._tail = queue
            demux.request_pad_simple(f"src_{index}").link(queue.get_static_pad("sink"))
            for stage in self._split(stages, stages[0].at):
                self._save(stage, stage.extra.path(source.name), source=index)

    def _save(self, stage: Stage, path: Path, *, source: int) -> None:
        file: VideoFile = stage.extra
        first = len(self.pipeline._sites)
        self._add_queue(stage.at, f"save {path.name}")
        self._add("fluvialconvert", stage.at)
        self._add("fluvialencode" if file.codec == "h264" else "fluvialencodeh265", stage.at, bitrate=file.bitrate)
        self._add("h264parse" if file.codec == "h264" else "h265parse", stage.at)
        muxer, settings = file.muxer
        self._add(muxer, stage.at, **settings)
        sink = self._add("filesink", stage.at, location=partial_name(path), **{"async": False})
        self._files.append(_File(path, source))
        if source < 0:
            return
        self.pipeline.gst.set_property("message-forward", True)  # tells of each sink's end, not only of the last
        self._open_files[sink.get_name()] = source
        for name in list(self.pipeline._sites)[first:]:
            self._branches[name] = source

    def _show(self, stage: Stage) -> None:
        self._add_queue(stage.at, "show")
        self._add("fluvialsink", stage.at, sync=True)

    def _post_no_video(self, one: SourceBin) -> None:
        structure = Gst.Structure.new_empty(NO_VIDEO)
        structure.set_value("source", one.index)
        self.pipeline._bus.post(Gst.Message.new_application(self.pipeline.gst, structure))


def _label(stage: Stage) -> str:
    if stage.kind == "infer":
        return f"infer {stage.extra.path.name}"
    return f"probe {label_of(stage.extra)}" if stage.kind == "probe" else stage.kind


def _other(stage: Stage, path: Path) -> Backend:
    other = stage.open_other(path) if stage.open_other else None
    if other is None:
        raise ConfigError(f"{path}: it cannot take over from {stage.extra.path.name!r}, which another backend runs")
    return other


def _tuned(config: InferConfig, stage: Stage) -> Tuned | None:
    """What `fluvial tune` found for the model, where the user leaves all of it out."""
    given = (config.threads, config.requests, config.batch_size, config.precision, config.config)
    if any(value is not None for value in given) or config.device != "CPU" or not stage.extra.path.is_file():
        return None
    return load_tuned(stage.extra.path, describe_version(stage.backend))


def _draw_behind_tile(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Draws on the tiled picture, where nobody looks at drawn frames before: text of one size, one picture to touch."""
    kinds = [s.kind for s in stages]
    outputs = [s for s in stages if s.kind in ("save", "show")]
    if not outputs or "draw" not in kinds or any(s.kind == "save" and s.extra.is_per_source for s in outputs):
        return tuple(stages)
    draw = kinds.index("draw")
    if "tile" in kinds[:draw] or "probe" in kinds[draw:]:
        return tuple(stages)
    tile = next((s for s in stages if s.kind == "tile"), Stage("tile", outputs[0].at, TileConfig.model_validate({})))
    others = [s for s in stages if s is not tile and s is not stages[draw]]
    return (*others, tile, stages[draw])


def _grid(count: int, rows: int | None, columns: int | None) -> tuple[int, int]:
    """Rows and columns that hold `count` tiles.

    Example:
        >>> _grid(4, None, None), _grid(5, None, None), _grid(5, 1, None)
        ((2, 2), (2, 3), (1, 5))
    """
    if rows is None and columns is None:
        rows = max(1, round(sqrt(count)))
    if rows is None:
        assert columns is not None
        rows = ceil(count / columns)
    return rows, columns or ceil(count / rows)
