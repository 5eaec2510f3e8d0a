"""A camera for tests: an RTSP server on the loopback in a process of its own, which can be killed and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from needed import absent

__all__ = ["MOVING_BALL", "RtspCamera"]

MOVING_BALL = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=25/1 "
    "! x264enc tune=zerolatency key-int-max=10 speed-preset=ultrafast ! rtph264pay name=pay0 config-interval=1 )"
)

_SERVER = """
import signal
import sys
import gi
gi.require_version("Gst", "1.0")
try:
    gi.require_version("GstRtspServer", "1.0")
except ValueError:
    sys.exit(77)
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(sys.argv[2])
factory.set_shared(True)
server.get_mount_points().add_factory("/door", factory)
if server.attach(None) == 0:
    sys.exit(1)
def hang_up():
    server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)
    return True
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, hang_up)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


class RtspCamera:
    """At one address, whether it is on or not.

    Args:
        launch: What it shows, as GstRtspServer's factories take it.
    """

    def __init__(self, launch: str = MOVING_BALL) -> None:
        self.process: subprocess.Popen[str] | None = None
        self._launch = launch
        self._port = "0"

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self._port}/door"

    def plug_in(self) -> None:
        """Returns when it can be reached, at the port that it had before."""
        command = [sys.executable, "-c", _SERVER, self._port, self._launch]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GST_DEBUG")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        port = self.process.stdout.readline().strip()
        if not port and self.process.wait() == 77:
            absent("packages", "gir1.2-gst-rtsp-server-1.0 is not installed: make setup")
        assert port, "the server did not start"
        self._port = port

    def unplug(self) -> None:
        """Nobody says good-bye."""
        if self.process is None:
            return
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def fall_silent(self) -> None:
        """Its connections stay open, and nothing comes."""
        self._signal(signal.SIGSTOP)

    def speak(self) -> None:
        self._signal(signal.SIGCONT)

    def hang_up(self) -> None:
        """Ends all connections, and takes new ones."""
        self._signal(signal.SIGUSR1)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
