"""Pipelines that are measured: built of words, watched from outside, their frames counted where they end.

What a pipeline does is timed from one buffer's arrival at the sink to another's, so that large batches do not blur it.
"""

from __future__ import annotations

import torch  # before fluvial, as its libraries are the choosiest  # isort: skip

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import models

import fluvial as fv
from fluvial._infer_config import write_config
from fluvial.backends import PyTorch, offer
from fluvial.config import InferConfig
from fluvial.models.registry import Found
from harness import Unfit

_gi = fv.Pipeline  # its import starts GStreamer's bindings
import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

START_SECONDS = 120
SIZE = {"1080p": (1920, 1080), "4k": (3840, 2160)}


class Playing:
    """A pipeline while it plays, for `with`: entered when the first buffers have come out.

    Args:
        description: As gst-launch-1.0 takes it; what is counted ends in elements named out0, out1, ...
        frames: In each buffer that comes out.
    """

    def __init__(self, description: str, *, frames: int = 1) -> None:
        fv.Pipeline()  # starts GStreamer and finds the plugin
        self.gst = Gst.parse_launch(description)
        self.frames = frames
        self._outs: list[Any] = []
        while out := self.gst.get_by_name(f"out{len(self._outs)}"):
            self._outs.append(out)

    def __enter__(self) -> Playing:
        try:
            self.gst.set_state(Gst.State.PLAYING)
            deadline = time.monotonic() + START_SECONDS
            while self._buffers() < 2 * len(self._outs):
                self.look_for_errors()
                time.sleep(0.02)
                if time.monotonic() > deadline:
                    raise Unfit(f"nothing came out in {START_SECONDS} s")
        except Unfit:
            self.gst.set_state(Gst.State.NULL)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gst.set_state(Gst.State.NULL)

    @property
    def pad(self) -> Any:
        """Where everything passes before it ends."""
        return self._outs[0].get_static_pad("sink")

    def rate(self, seconds: float) -> float:
        """Frames a second from now on, over about so long."""
        first, begin = self._edge()
        time.sleep(seconds)
        last, end = self._edge()
        return (last - first) * self.frames / (end - begin)

    def look_for_errors(self) -> None:
        bus = self.gst.get_bus()
        message = bus.pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.EOS)
        if message is None:
            return
        if message.type == Gst.MessageType.EOS:
            raise Unfit("the clip ended before it was measured")
        raise Unfit(": ".join(map(str, message.parse_error())))

    def _edge(self) -> tuple[int, float]:
        before = now = self._buffers()
        deadline = time.monotonic() + 10
        while now == before:
            time.sleep(0.0005)
            now = self._buffers()
            if time.monotonic() > deadline:
                self.look_for_errors()
                raise Unfit("it stands still")
        self.look_for_errors()
        return now, time.monotonic()

    def _buffers(self) -> int:
        return sum(out.get_property("stats").get_value("rendered") for out in self._outs)


class Inference:
    """`fluvialinfer` for one of the networks or an ONNX file, for `with`: its words are part of a description.

    Args:
        model: A name of `models`, or a file.
        batch: Pictures at once.
        compiles: By PyTorch's compiler.
        **settings: As `Flow.infer` takes them.
    """

    def __init__(self, model: str | Path, *, batch: int, compiles: bool = True, **settings: Any) -> None:
        known = None if isinstance(model, Path) else models.KNOWN[model]
        size = (known.size, known.size) if known else None
        self._folder = tempfile.TemporaryDirectory()
        self._name = f"bench-{id(self):x}"
        if isinstance(model, str):
            settings = {**models.settings_of(model), "input_size": size, **settings}
        how = {"device": "cuda", "precision": "f16", "batch_size": batch, "unique_id": 1, **settings}
        path = write_config(
            InferConfig(model=str(model), **how),
            Found(Path(model)),
            Path(self._folder.name),
            place=1,
            offered={"backend": self._name},
        )
        self.words = f"fluvialinfer name=infer config-file-path={path}"
        self._open: Callable[[str], PyTorch] = lambda _path: PyTorch(
            models.network(model) if isinstance(model, str) else model, input_size=size, compile=compiles
        )

    def __enter__(self) -> str:
        self._offer = offer(self._name, self._open, on_error=lambda e: print(f"the model: {e!r}", flush=True))
        return self.words

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._offer.withdraw()


def read(clip: Path) -> str:
    return f"filesrc location={clip} ! {'qtdemux ! ' if clip.suffix == '.mp4' else ''}h264parse"


def analytics(
    clip: Path, streams: int, infer: str, *, size: tuple[int, int] = SIZE["1080p"], paced: str = "", mux: str = ""
) -> str:
    """decode - mux - infer - track of so many copies of a clip.

    Args:
        clip: Plain H.264.
        streams: How many.
        infer: Words of `Inference`.
        size: Of the clip, so that the mux scales nothing.
        paced: An element before each decoder; {offset} is a different share of a frame's time for each stream.
        mux: More of its settings.
    """
    sources = []
    for i in range(streams):
        pace = f"! {paced.format(offset=offset_ns(i, streams))} " if paced else ""
        sources.append(f"{read(clip)} {pace}! nvv4l2decoder ! mux.sink_{i}")
    width, height = size
    return (
        f"{' '.join(sources)} nvstreammux name=mux batch-size={streams} width={width} height={height} "
        f"{mux or 'batched-push-timeout=-1'} ! {infer} ! {QUEUE} ! nvtracker ! {QUEUE} ! fakesink name=out0 sync=false"
    )


QUEUE = "queue max-size-buffers=4 max-size-bytes=0 max-size-time=0"  # a thread of its own for what follows


def offset_ns(stream: int, streams: int) -> int:
    """When a stream's frames come within the time of one frame: cameras are not started together."""
    return int(1e9 / FRAME_RATE * stream / streams)


FRAME_RATE = 15  # of the clips


def batch_of(streams: int) -> int:
    """Pictures in one run of the model: more than about 48 gain nothing, each size is compiled anew, and what is left
    over of a batch of the mux would run alone."""
    return {64: 32, 200: 50}.get(streams, min(streams, 48))


def gpu_name() -> str:
    return str(torch.cuda.get_device_name())
