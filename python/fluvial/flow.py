"""From sources to results in a chain of words, for programs that need no element of their own.

The order of the chain is the order of the pipeline. Everything is judged where it is written; nothing runs before
`run()` or the loop. What is added on its own: surfaces of one format for drawing, a tiled picture where several sources
go into one file, queues between threads.

    sources -> mux -> infer, track, draw, probe, ... -> [loop] -> tile -> [encode -> file], [window]
                                                               \\-> demux -> [encode -> file] for each source

The loop's place is where frames are still apart: after the last stage, before tiling.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from fluvial._flow_build import Plan, Stage
from fluvial._flow_graph import Graph
from fluvial._gpus import Gpus, share_out
from fluvial._loop import loop_over
from fluvial.backends import Backend
from fluvial.backends.choice import choose, label_of
from fluvial.config import (
    DrawConfig,
    InferConfig,
    JsonConfig,
    RunConfig,
    SaveConfig,
    TileConfig,
    TrackConfig,
    checked,
)
from fluvial.errors import CallSite, ConfigError, FluvialError, PipelineError
from fluvial.frame import Batch
from fluvial.models.registry import BUNDLED, Found, find
from fluvial.outputs import JsonLines, VideoFile
from fluvial.pipeline import Pipeline
from fluvial.sources import Given, Source, SourceEvent, read_sources
from fluvial.stats import SourceStats

__all__ = ["Flow"]

_Config = TypeVar("_Config", bound=BaseModel)

_TRANSFORMING = ("infer", "track", "draw", "tile")


class Flow:
    """Sources, what is done with them, and what comes out.

    Args:
        sources: A path, a pattern ("videos/*.mp4"), an address (rtsp://, http://), a camera's number, "test://"; or
            several in a list; or a dict that names each. Without a name, a source is called as its file's stem.
        rtsp_latency_ms: Milliseconds that packets of an RTSP stream wait to be sorted.
        batch_wait_ms: Milliseconds a frame waits for those of other sources; left out, 40 if any source is live, else
            as long as it takes.
        reconnect: What happens when a live source from a network (rtsp, rtmp, srt, udp) fails, ends, falls silent or is
            not there: True, it is connected again after a second, then two, at most thirty, for as long as it takes;
            False, it has failed; or settings, as `{"attempts": 5}`: see `ReconnectConfig`.
        gpus: On a machine with several GPUs: "all", their numbers, or by source the number of its GPU. Each decodes its
            sources and runs a copy of each model; the loop, probes and files get the batches of all, the frames of a
            source in their order. Left out, the first GPU does it all.

    Raises:
        SourceError: A file or camera that does not exist, or a kind of address that nothing reads.
        ConfigError: A GPU that this machine does not have.

    Example:
        >>> flow = Flow("test://?frames=3")
        >>> [source.name for source in flow.sources]
        ['test']
    """

    def __init__(
        self,
        sources: Given | Iterable[Given] | Mapping[str, Given],
        *,
        rtsp_latency_ms: int = 200,
        batch_wait_ms: int | None = None,
        reconnect: bool | Mapping[str, Any] = True,
        gpus: Gpus | None = None,
    ) -> None:
        self._at = CallSite.here()
        self.sources: tuple[Source, ...] = read_sources(sources)
        limits = {"rtsp_latency_ms": rtsp_latency_ms, "batch_wait_ms": batch_wait_ms, "gpus": gpus}
        limits["reconnect"] = dict(reconnect) if isinstance(reconnect, Mapping) else reconnect
        self._limits = checked(RunConfig, {"sources": ["-"], **limits}, where=self._at)
        names = [s.name for s in self.sources]
        self._shares = share_out(names, gpus, **_gpus_here(is_asked=gpus is not None), at=self._at)
        self._stages: list[Stage] = []
        self._graph: Graph | None = None
        self._on_source: list[Callable[[SourceEvent], object]] = []

    # --- the chain ----------------------------------------------------------------------------------------------------

    def infer(self, model: str | Path | object = BUNDLED, **settings: Any) -> Flow:
        """Runs a model on every frame; with on="objects", on every object that the models before have found.

        Args:
            model: Path of an ONNX or OpenVINO model, or a name of `fluvial models list`. Or of TorchScript, an exported
                program or a TensorRT engine; or a model in memory: a `torch.nn.Module`, a function, a
                `fluvial.backends.Backend`, with `input_size=(width, height)` where it does not tell. Left out: the
                detector that this build of fluvial carries.
            **settings: `backend="onnxruntime"`, `providers=[...]`, `precision="f16"`, `device="GPU"`: who runs it;
                `parser=function`: what reads its outputs, in place of a head (see `Detections`);
                `threshold=0.4`, `interval=1`, `labels=[...]` and whatever a DeepStream config file says, with `_` for
                `-`; `config="config_infer.txt"` takes such a file as the base. See `InferConfig`.

        Raises:
            ModelError: No such model, or it is not on this machine; none is named, and this build carries none.
            ConfigError: A setting that does not exist, or a value that it does not take. Says all of them.
        """
        at = CallSite.here()
        is_file = isinstance(model, (str, Path))
        parser = settings.pop("parser", None)
        if parser is not None and not callable(parser):
            raise ConfigError(f"{at}\n  infer: parser={parser!r}: a function (tensors, info) -> Detections is needed")
        if parser is not None and settings.get("nms_iou") is not None:
            settings.setdefault("cluster_mode", 2)
        given = {"model": model if is_file else label_of(model), **settings}
        if not isinstance(given.get("backend", ""), str):
            given["backend"] = label_of(given["backend"])
        config = self._checked(InferConfig, given, at, "infer")
        _must_exist(at, "infer", config=config.config, labels=config.labels, decoder=config.decoder)
        first = not any(s.kind == "infer" for s in self._stages)
        if first and (config.on == "objects" or config.decoder):
            what = "on='objects'" if config.on == "objects" else f"decoder={config.decoder!r} makes masks of objects"
            raise ConfigError(f"{at}\n  infer: {what}, and no model before it has found any")
        found = find(config.model) if is_file else Found(Path(config.model))
        how = {
            "backend": settings.get("backend", "auto"),
            "providers": settings.get("providers"),
            "input_size": None if config.input_size is None else (config.input_size[0], config.input_size[1]),
            "compile": config.compile,
            "device": config.device,
        }
        try:
            backend = choose(found.path if is_file else model, **how)
        except ConfigError as e:
            raise ConfigError(f"{at}\n  infer: {e}") from None
        other = functools.partial(choose, **how) if is_file and isinstance(how["backend"], str) else None
        again = functools.partial(_again, found.path if is_file else model, how, at)
        return self._append(
            Stage("infer", at, config, found, backend, open_other=other, open_again=again, parser=parser)
        )

    def classify(self, model: str | Path | object, **settings: Any) -> Flow:
        """Runs a model on every object found so far: `infer` with on="objects" and network_type=1."""
        return self.infer(model, **{"on": "objects", "network_type": 1, **settings})

    def segment(self, encoder: str | Path | object, decoder: str | Path, **settings: Any) -> Flow:
        """Gives every object found so far a mask, by a promptable model (SAM): its encoder looks at the frame once, its
        decoder makes a mask of each object's box.

        Args:
            encoder: Path of the encoder, ONNX or OpenVINO; or as `infer` takes models.
            decoder: Path of the decoder: image_embeddings, point_coords and point_labels in, masks and iou_predictions
                out.
            **settings: `operate_on_class_ids=[0]`, `segmentation_threshold=0.5`, `decoder_batch_size=4` and as `infer`
                takes them.

        Raises:
            ModelError: No such model, or it is not on this machine.
            ConfigError: A setting that does not exist, or a value that it does not take; no model before it.

        Example:
            >>> flow = Flow("a.mp4").infer("yolox-nano").segment("encoder.onnx", "decoder.onnx")  # doctest: +SKIP
        """
        return self.infer(encoder, decoder=str(decoder), **settings)

    def track(self, **settings: Any) -> Flow:
        """Gives every object an id that stays with it from frame to frame.

        Args:
            **settings: `config="tracker.yml"`, `class_ids=[1]`. See `TrackConfig`.

        Raises:
            ConfigError: A setting that does not exist, or a value that it does not take.
        """
        at = CallSite.here()
        config = self._checked(TrackConfig, settings, at, "track")
        _must_exist(at, "track", config=config.config)
        return self._append(Stage("track", at, config))

    def draw(self, **settings: Any) -> Flow:
        """Draws boxes, labels and ids onto the frames.

        Args:
            **settings: `boxes`, `text`, `masks`, `keypoints`, `clock`: True or False. See `DrawConfig`.

        Raises:
            ConfigError: A setting that does not exist, or a value that it does not take.
        """
        return self._configured("draw", DrawConfig, settings)

    def tile(self, **settings: Any) -> Flow:
        """Puts the frames of all sources beside each other into one picture.

        Args:
            **settings: `rows`, `columns`: as few as fit, if left out; `width`, `height`: pixels. See `TileConfig`.

        Raises:
            ConfigError: A setting that does not exist, or a value that it does not take.
        """
        return self._configured("tile", TileConfig, settings)

    def probe(self, call: Callable[[Batch], object]) -> Flow:
        """Calls a function with every batch at this place of the chain, in the thread that carries it.

        It may change what it gets: objects, texts, pixels. An exception in it stops the flow and is raised by `run()`.
        """
        return self._append(Stage("probe", CallSite.here(), extra=call))

    def save(self, path: str | Path, **settings: Any) -> Flow:
        """Writes a video file. It gets its name when it is complete; until then it is called NAME.partial.EXT.

        Args:
            path: A file: .mp4, .mov, .mkv or .ts. Several sources are tiled into it. With "{source}" in it, there is
                one file a source.
            **settings: `codec="h265"`, `bitrate=2_000_000` (bits a second). See `SaveConfig`.

        Raises:
            OutputError: The folder does not exist or may not be written, or nobody writes such files.
            ConfigError: A setting that does not exist, or a value that it does not take.
        """
        at = CallSite.here()
        config = self._checked(SaveConfig, {"path": path, **settings}, at, "save")
        file = VideoFile(config.path, config.codec, config.bitrate)
        file.check(at)
        return self._append(Stage("save", at, config, extra=file))

    def show(self) -> Flow:
        """Shows the result in a window, at the videos' own speed. Several sources are tiled."""
        return self._append(Stage("show", CallSite.here()))

    def write_json(self, path: str | Path) -> Flow:
        """Writes every object of every frame to a JSON Lines file, one object a line.

        Raises:
            OutputError: The folder does not exist or may not be written.
        """
        at = CallSite.here()
        config = self._checked(JsonConfig, {"path": path}, at, "write_json")
        return self._append(Stage("write_json", at, extra=JsonLines(Path(config.path).expanduser(), at)))

    def on_source(self, call: Callable[[SourceEvent], object]) -> Flow:
        """Calls a function when a source goes away, comes back or has failed, in the thread that runs the flow.

        An exception in it ends the flow and is raised by `run()` or the loop.

        Example:
            >>> flow = Flow("rtsp://cam/1").on_source(lambda event: print(event.source, event.kind, event.problem))
        """
        self._on_source.append(call)
        return self

    # --- running ------------------------------------------------------------------------------------------------------

    def run(self) -> Flow:
        """Runs to the end of the sources. Files are read as fast as they can be.

        Ctrl+C or SIGTERM ends it as if the sources had ended, so that files are complete (`was_interrupted` tells); a
        second one ends it at once. A source that fails does not stop the others: it is told in `problems`.

        Raises:
            SourceError: Every source failed.
            PipelineError: A stage failed. It names the line of your program that added the stage.
            Exception: Whatever a probe raised, with a note that says which stage, source and frame it was about.
        """
        graph = self._new_graph(has_loop=False)
        try:
            with graph.pipeline._interrupt:  # from the first thread on: Ctrl+C may come at once
                graph.start()
                graph.wait()
            graph.finish()
        finally:
            graph.stop()
        return self

    def __iter__(self) -> Iterator[Batch]:
        """Runs it and yields each batch.

        The pipeline waits while the loop's body works, and the body may change what it gets: objects, texts, pixels;
        results further down have it. A batch is valid until the next one.

        Leaving the loop early ends the run as if the sources had ended. Raises like `run`.
        """
        graph = self._new_graph(has_loop=True)
        with graph.pipeline._interrupt:  # a model may take long to load
            graph.start()
        return loop_over(graph)

    @property
    def gpus(self) -> dict[str, int]:
        """The number of the GPU that each source is on; empty where nobody has said."""
        return {self.sources[i].name: s.gpu for s in self._shares if s.gpu is not None for i in s.sources}

    @property
    def problems(self) -> tuple[PipelineError, ...]:
        """Why nothing comes of single sources in the last run, while the others go on.

        Those that have failed, and those that are away for the moment; not of a camera that is back.
        """
        return self._graph.problems if self._graph else ()

    @property
    def stats(self) -> dict[str, SourceStats]:
        """Frames, objects, tracks, speed and latency by source, so far or of the last run."""
        return self._graph.stats.by_source() if self._graph else {}

    @property
    def figures(self) -> dict[str, Any] | None:
        """What each source, stage and queue does, as `fluvial top` sees it; None while it does not run.

        Example:
            >>> for batch in (flow := Flow("test://?frames=2")):
            ...     names = [stage["name"] for stage in flow.figures["stages"]]
            >>> names, flow.figures
            (['mux', 'loop'], None)
        """
        return self._graph.figures() if self._graph and self._graph.is_running else None

    @property
    def progress(self) -> float | None:
        """How much of the sources has been read, 0 to 1; None where one of them has no end."""
        return self._graph.progress() if self._graph else None

    @property
    def was_interrupted(self) -> bool:
        """True when Ctrl+C or SIGTERM ended the last run before the sources did."""
        return self._graph.pipeline.was_interrupted if self._graph else False

    @property
    def pipeline(self) -> Pipeline | None:
        """The `Pipeline` of the last run, with every element in it; None before the first."""
        return self._graph.pipeline if self._graph else None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _checked(self, kind: type[_Config], settings: Mapping[str, Any], at: CallSite, stage: str) -> _Config:
        return checked(kind, settings, where=f"{at}\n  {stage}")

    def _configured(self, stage: str, kind: type[BaseModel], settings: Mapping[str, Any]) -> Flow:
        at = CallSite.here()
        return self._append(Stage(stage, at, self._checked(kind, settings, at, stage)))

    def _append(self, stage: Stage) -> Flow:
        before = [s.kind for s in self._stages]
        output = next((k for k in before if k in ("save", "show")), None)
        if stage.kind in _TRANSFORMING and output:
            raise ConfigError(f"{stage.at}\n  {stage.kind}() after {output}(): put it before, results come last")
        if stage.kind in ("tile", "track") and stage.kind in before:
            raise ConfigError(f"{stage.at}\n  {stage.kind}() for the second time")
        if stage.kind in ("infer", "track") and "tile" in before:
            raise ConfigError(f"{stage.at}\n  {stage.kind}() after tile(): put it before, while frames are apart")
        is_whole = stage.kind in ("tile", "show") or (stage.kind == "save" and not stage.extra.is_per_source)
        if is_whole and len(self._shares) > 1:
            several = ", ".join(str(share.gpu) for share in self._shares)
            raise ConfigError(
                f"{stage.at}\n  {stage.kind}(): the sources are on the GPUs {several}, and one picture is made on one\n"
                '  hint: save("{source}.mp4") writes one file a source; or gpus=[0]'
            )
        self._stages.append(stage)
        return self

    def _new_graph(self, *, has_loop: bool) -> Graph:
        if self._graph is not None and self._graph.is_running:
            raise ConfigError(f"{CallSite.here()}\n  this flow runs already")
        plan = Plan(self.sources, self._stages, self._limits, self._at, has_loop, self._shares, self._on_source)
        self._graph = Graph(plan)
        return self._graph


def _must_exist(at: CallSite, stage: str, **files: object) -> None:
    # Of settings that name a file; a list of labels, or nothing, is none.
    for key, path in files.items():
        if isinstance(path, str) and not Path(path).expanduser().is_file():
            raise ConfigError(f"{at}\n  {stage}: {key}={path!r}: no such file")


def _gpus_here(*, is_asked: bool) -> dict[str, Any]:
    # The driver takes a moment to start: not for those who do not ask.
    if not is_asked:
        return {"count": 0, "why_none": ""}
    from fluvial import _core

    names, why_none = _core.gpus()
    return {"count": len(names), "why_none": why_none}


def _again(model: object, how: Mapping[str, Any], at: CallSite) -> Backend | None:
    """The same model once more, with weights of its own, as a GPU needs them."""
    is_file = isinstance(model, Path)
    try:
        backend = how["backend"] if isinstance(how["backend"], str) else copy.deepcopy(how["backend"])
        return choose(model if is_file else copy.deepcopy(model), **{**how, "backend": backend})
    except FluvialError:
        raise
    except Exception as e:  # whatever the user's object makes of being copied
        raise ConfigError(
            f"{at}\n  infer: each GPU needs a copy of {label_of(model)}, and it cannot be copied: {e}\n"
            "  hint: give it __deepcopy__, or a file's path in its place"
        ) from e
