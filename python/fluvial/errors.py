"""What goes wrong, said to the person who wrote the calling line.

- FluvialError
  - ConfigError            a setting, a config file or an option, before anything runs
  - ModelError             a model file: not found, not readable, or of a kind nothing here understands
  - PipelineError          a pipeline: built wrongly, or failed while it ran
    - SourceError          a video that cannot be opened, decoded or reached
    - OutputError          a result that cannot be written or shown
  - StaleMetadataError     a frame, an object or an array used after its buffer was gone

An exception in your own code is none of these: it arrives as it is, with a note that says which stage, source and
frame it was about (see `add_note`).
"""

from __future__ import annotations

import difflib
import linecache
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "CallSite",
    "ConfigError",
    "FluvialError",
    "ModelError",
    "OutputError",
    "PipelineError",
    "SourceError",
    "StaleMetadataError",
    "add_note",
    "did_you_mean",
    "from_gstreamer",
]

_PACKAGE = str(Path(__file__).parent)


@dataclass(frozen=True)
class CallSite:
    """One line of the user's program.

    Attributes:
        file: Its path, as Python knows it.
        line: From 1.

    Example:
        >>> CallSite("app.py", 12).line
        12
    """

    file: str
    line: int

    @classmethod
    def here(cls) -> CallSite:
        """The nearest line on the stack that is not fluvial's own."""
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith(_PACKAGE):
            frame = frame.f_back
        return cls(frame.f_code.co_filename, frame.f_lineno)

    def __str__(self) -> str:
        code = linecache.getline(self.file, self.line).strip()
        return f"{self.file}:{self.line}" + (f": {code}" if code else "")


class FluvialError(Exception):
    """Base of every error that fluvial raises on purpose."""


class ConfigError(FluvialError):
    """A setting, a config file or an option that cannot be used. Says every problem at once."""


class ModelError(FluvialError):
    """A model that cannot be found, read or understood."""


class StaleMetadataError(FluvialError):
    """Metadata or pixels used after the buffer that held them was gone.

    What you want to keep, copy while the probe or the loop body runs: `boxes.copy()`, `object.label`.
    """


class PipelineError(FluvialError):
    """A pipeline that cannot be built or that stopped.

    Attributes:
        element: Name of the element, such as "fluvialmux0", or of the stage that made it.
        problem: What is wrong, with the value that was given.
        at: The line of your program that added the element; None if no line of yours did.
        words: The message without that line: what the command line shows, where no line is the user's.
        hint: What to do about it; may be empty.
        detail: What the element's author would want to know: source lines and the like; may be empty.
    """

    def __init__(
        self, element: str, problem: str, *, at: CallSite | None = None, hint: str = "", detail: str = ""
    ) -> None:
        self.element, self.problem, self.at, self.hint, self.detail = element, problem, at, hint, detail
        super().__init__((f"{at}\n  " if at else "") + self.words)

    @property
    def words(self) -> str:
        """The message without the line of a program."""
        return f"{self.element}: {self.problem}" + (f"\n  hint: {self.hint}" if self.hint else "")


class SourceError(PipelineError):
    """A video that cannot be opened, decoded or reached."""


class OutputError(PipelineError):
    """A result that cannot be written or shown."""


def did_you_mean(word: str, known: Iterable[str], *, listed: int = 12) -> str:
    """The hint for a misspelt name: the nearest known one, else what there is.

    Args:
        word: What was written.
        known: What could have been meant.
        listed: How many names to list at most when none is near.

    Example:
        >>> did_you_mean("bitrat", ["bitrate", "profile"])
        "did you mean 'bitrate'?"
        >>> did_you_mean("xyz", ["bitrate", "profile"])
        'one of: bitrate, profile'
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return ""
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return f"one of: {', '.join(names[:listed])}{more}"


def add_note(error: BaseException, note: str) -> None:
    """Appends a line to what an exception prints. Python 3.10 has no notes: there it goes into the message."""
    if sys.version_info >= (3, 11):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])
    else:
        error.args = (*error.args, note)


# --- GStreamer's errors -----------------------------------------------------------------------------------------------
# Domain, then code: the class to raise and what to do about it. A code that is not listed takes its domain's class,
# without a hint. Kept as numbers, because this module must import where GStreamer is missing; test_errors compares.

_Kind = tuple[type[PipelineError], str]

_INSTALL = "`fluvial doctor` says which package holds it"
_FULL = "make room on the disk; what was written so far is in the .partial file"

_CODES: dict[str, dict[int, _Kind]] = {
    "gst-core-error-quark": {
        5: (PipelineError, "two elements could not be linked: look at the caps between them"),
        7: (PipelineError, "no common format between two elements: a convert stage between them helps"),
        10: (PipelineError, "no common format between two elements: a convert stage between them helps"),
        12: (PipelineError, f"a GStreamer plugin is missing; {_INSTALL}"),
    },
    "gst-library-error-quark": {
        3: (PipelineError, f"a library could not start; {_INSTALL}"),
        6: (OutputError, ""),
    },
    "gst-resource-error-quark": {
        3: (SourceError, "check the path or address"),
        4: (SourceError, "another program has the device open"),
        5: (SourceError, "check that the file, device or address can be read"),
        6: (OutputError, "check that the folder exists and that you may write to it"),
        7: (PipelineError, "check that the device or address can be opened"),
        9: (SourceError, "the source broke off"),
        10: (OutputError, "check the disk"),
        14: (OutputError, _FULL),
        15: (SourceError, "user name or password was refused: rtsp://USER:PASSWORD@host/path"),
    },
    "gst-stream-error-quark": {
        4: (SourceError, "this does not look like a video"),
        5: (SourceError, "this stream holds no video"),
        6: (SourceError, f"no decoder for this video is installed; {_INSTALL}"),
        7: (SourceError, "the video is damaged"),
        8: (OutputError, ""),
        9: (SourceError, "the file is damaged or cut short"),
        10: (OutputError, ""),
        12: (SourceError, "the stream is encrypted"),
        13: (SourceError, "the stream is encrypted, and no key was given"),
    },
    "gst_plugin_error": {1: (PipelineError, f"a library of this plugin is missing; {_INSTALL}")},
    "gst_parse_error": {
        1: (PipelineError, f"no such element is installed; {_INSTALL}"),
        2: (PipelineError, "`gst-inspect-1.0 ELEMENT` lists its properties"),
    },
    "gst-uri-error-quark": {0: (SourceError, f"no plugin reads such an address; {_INSTALL}")},
    "g-io-error-quark": {},
    "g-resolver-error-quark": {0: (SourceError, "no host of this name"), 1: (SourceError, "the name server is away")},
    "g-tls-error-quark": {},
}

_DOMAINS: dict[str, type[PipelineError]] = {
    "gst-core-error-quark": PipelineError,
    "gst-library-error-quark": PipelineError,
    "gst-resource-error-quark": PipelineError,
    "gst-stream-error-quark": PipelineError,
    "gst_plugin_error": PipelineError,
    "gst_parse_error": PipelineError,
    "gst-uri-error-quark": SourceError,
    "g-io-error-quark": SourceError,
    "g-resolver-error-quark": SourceError,
    "g-tls-error-quark": SourceError,
}


def from_gstreamer(
    domain: str, code: int, message: str, *, element: str, at: CallSite | None = None, detail: str = ""
) -> PipelineError:
    """The exception for an error that an element posted.

    Args:
        domain: As GLib names it: "gst-stream-error-quark".
        code: The number within the domain.
        message: The element's own words.
        element: Its name.
        at: The line of the user's program that added it.
        detail: The element's debug text.

    Example:
        >>> e = from_gstreamer("gst-resource-error-quark", 3, "No such file.", element="source0")
        >>> type(e).__name__, e.hint
        ('SourceError', 'check the path or address')
    """
    kind, hint = _CODES.get(domain, {}).get(code, (_DOMAINS.get(domain, PipelineError), ""))
    return kind(element, message.strip().rstrip("."), at=at, hint=hint, detail=detail)
