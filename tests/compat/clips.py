"""Makes clips of the kind that DeepStream's samples read from a longer video."""

from __future__ import annotations

from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

import fluvial  # noqa: E402, F401  its plugin decodes

__all__ = ["hurried", "packed", "pictures"]

TIMEOUT_SECONDS = 60
ENCODE = "x264enc speed-preset=veryfast tune=zerolatency key-int-max=12 ! h264parse"


def hurried(source: Path, stream: Path, *, frames_per_second: int) -> int:
    """Writes so many frames of each second as an H.264 stream of 12 frames a second. Returns how many it has."""
    return play(
        f"filesrc location={source} ! decodebin ! fluvialconvert ! video/x-raw,format=I420"
        f" ! videorate name=count ! video/x-raw,framerate={frames_per_second}/1"
        f" ! capssetter caps=video/x-raw,framerate=12/1 ! {ENCODE}"
        f" ! video/x-h264,stream-format=byte-stream ! filesink location={stream}"
    )


def packed(stream: Path, video: Path) -> int:
    """Writes the stream as MP4, encoded anew as MP4 wants times. Returns how many frames it has."""
    return play(
        f"filesrc location={stream} ! h264parse ! avdec_h264 ! videorate name=count ! video/x-raw,framerate=12/1"
        f" ! {ENCODE} ! mp4mux ! filesink location={video}"
    )


def pictures(source: Path, stream: Path, *, seconds_apart: int) -> int:
    """Writes a picture every so many seconds as JPEGs, one behind the other. Returns how many there are."""
    return play(
        f"filesrc location={source} ! decodebin ! fluvialconvert ! video/x-raw,format=I420"
        f" ! videorate name=count ! video/x-raw,framerate=1/{seconds_apart} ! jpegenc ! filesink location={stream}"
    )


def play(description: str) -> int:
    Gst.init(None)
    pipeline = Gst.parse_launch(description)
    try:
        pipeline.set_state(Gst.State.PLAYING)
        ends = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = pipeline.get_bus().timed_pop_filtered(TIMEOUT_SECONDS * Gst.SECOND, ends)
        assert message is not None, f"not done within {TIMEOUT_SECONDS} s: {description}"
        assert message.type == Gst.MessageType.EOS, f"{message.parse_error()}: {description}"
        return pipeline.get_by_name("count").get_property("out")
    finally:
        pipeline.set_state(Gst.State.NULL)
