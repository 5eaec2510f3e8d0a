"""A running flow's figures for other processes of the same user, on a Unix socket that nobody else may open.

A line in, one JSON object in a line out. Nothing is computed while nobody asks, and whoever watches sees the end of the
flow as the end of the connection. The socket lies in XDG_RUNTIME_DIR/fluvial, named PID-N.sock.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Publisher", "Running", "Watch", "folder", "running"]

_log = logging.getLogger("fluvial")

_LONGEST = 64  # bytes of a question: a line that says nothing
_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Running:
    """A flow that can be asked.

    Attributes:
        pid: Of its process.
        number: Of the flow within it, from 0.
        path: Of its socket.
    """

    pid: int
    number: int
    path: Path


def folder() -> Path:
    """Where the sockets of this user lie."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "fluvial" if runtime else Path(tempfile.gettempdir()) / f"fluvial-{os.getuid()}"


def running() -> list[Running]:
    """The flows that run now, by process. Sockets that nobody serves any more are removed."""
    found = []
    for path in sorted(folder().glob("*-*.sock")):
        pid, _, number = path.stem.partition("-")
        if not (pid.isdecimal() and number.isdecimal()):
            continue
        try:
            Watch(path).close()
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            continue
        else:
            found.append(Running(int(pid), int(number), path))
    return sorted(found, key=lambda one: (one.pid, one.number))


class Watch:
    """A connection to one flow.

    Raises:
        OSError: There is none any more.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_WAIT_SECONDS)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def ask(self) -> dict[str, Any] | None:
        """Its figures now; None: it has ended."""
        try:
            self._socket.sendall(b"\n")
            line = self._lines.readline()
        except OSError:
            return None
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class Publisher:
    """Answers until it is closed, in a thread of its own. Where that cannot be, nobody can watch, and the flow runs.

    Args:
        figures: Called for each question, in that thread; what it returns becomes JSON.
    """

    def __init__(self, figures: Callable[[], dict[str, Any]]) -> None:
        self._figures = figures
        self._path: Path | None = None
        self._thread: threading.Thread | None = None
        try:
            self._listener = _listen()
        except OSError as e:
            _log.debug("`fluvial top` cannot watch: %s", e)
            return
        self._path = Path(self._listener.getsockname())
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="fluvial-figures", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path | None:
        """Of the socket; None where there is none."""
        return self._path

    def close(self) -> None:
        """Ends it and every connection. May be called twice."""
        if self._thread is None:
            return
        self._wake.close()
        if not sys.is_finalizing():  # else it does not run any more
            self._thread.join(_WAIT_SECONDS)
        self._thread = None
        assert self._path is not None
        self._path.unlink(missing_ok=True)
        self._figures = dict  # holds the flow

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector, self._listener, self._woken:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            clients: set[socket.socket] = set()
            try:
                while all(self._answer(key.fileobj, selector, clients) for key, _ in selector.select()):
                    pass
            finally:
                for client in clients:
                    client.close()

    def _answer(self, ready: Any, selector: selectors.BaseSelector, clients: set[socket.socket]) -> bool:
        # False: it is over.
        if ready is self._woken:
            return False
        if ready is self._listener:
            client, _ = self._listener.accept()
            client.settimeout(_WAIT_SECONDS)
            clients.add(client)
            selector.register(client, selectors.EVENT_READ)
            return True
        try:
            is_open = bool(ready.recv(_LONGEST))
            if is_open:
                ready.sendall(json.dumps(self._figures()).encode() + b"\n")
        except OSError:
            is_open = False
        if not is_open:
            selector.unregister(ready)
            clients.discard(ready)
            ready.close()
        return True


def _listen() -> socket.socket:
    where = folder()
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = where.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise OSError(f"{where} is not a folder of this user's alone")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        for path in _names(where):
            with contextlib.suppress(FileExistsError):
                _bind(listener, path)
                listener.listen(4)
                return listener
    except OSError:
        listener.close()
        raise
    raise AssertionError("the names do not end")


def _bind(listener: socket.socket, path: Path) -> None:
    try:
        listener.bind(str(path))
    except OSError as e:
        if path.exists():
            raise FileExistsError(path) from e
        raise


def _names(where: Path) -> Iterator[Path]:
    number = 0
    while True:
        yield where / f"{os.getpid()}-{number}.sock"
        number += 1
