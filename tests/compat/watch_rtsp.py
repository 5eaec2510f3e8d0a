"""Runs a program that serves RTSP, and watches what it serves.

    python watch_rtsp.py FRAMES PICTURE PROGRAM ARGS...

When the program says that it serves, a client connects, decodes so many frames, writes the last one to PICTURE and
leaves; the program goes on to its end. Its output is printed, then how many frames were seen. The exit code is its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import cv2
import gi
import numpy as np

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SERVES = "Launched RTSP Streaming"  # what DeepStream's samples print
ADDRESS = "rtsp://127.0.0.1:8554/ds-test"
TIMEOUT_SECONDS = 60
CLIENT = (
    f"rtspsrc location={ADDRESS} latency=200 ! rtph264depay ! h264parse ! avdec_h264 ! videoconvert"
    " ! video/x-raw,format=BGR ! appsink name=sink sync=false"
)


def watch(frames: int, picture: str) -> int:
    """Returns how many frames came, at most `frames`."""
    client = Gst.parse_launch(CLIENT)
    sink = client.get_by_name("sink")
    client.set_state(Gst.State.PLAYING)
    seen, sample = 0, None
    try:
        while seen < frames:
            next_sample = sink.emit("try-pull-sample", TIMEOUT_SECONDS * Gst.SECOND)
            if next_sample is None:
                break
            seen, sample = seen + 1, next_sample
        if sample is not None:
            cv2.imwrite(picture, pixels(sample))
    finally:
        client.set_state(Gst.State.NULL)
    return seen


def pixels(sample: Gst.Sample) -> np.ndarray:
    shape = sample.get_caps().get_structure(0)
    width, height = shape.get_value("width"), shape.get_value("height")
    buffer = sample.get_buffer()
    data = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.uint8)
    return data.reshape(height, -1)[:, : width * 3].reshape(height, width, 3)


def main(frames: int, picture: str, command: list[str]) -> int:
    Gst.init(None)
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    serves = threading.Event()

    def read() -> None:
        for line in program.stdout:
            print(line, end="")
            if SERVES in line:
                serves.set()
        serves.set()  # it ended without

    reader = threading.Thread(target=read)
    reader.start()
    serves.wait()
    seen = watch(frames, picture) if program.poll() is None else 0
    reader.join()
    print(f"frames seen by the client: {seen}")
    return program.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
