"""Chooses the subcommand, and what an error looks like: one message, an exit code, a traceback for our bugs alone."""

from __future__ import annotations

import argparse
import json
import logging
import sys

from fluvial.cli import doctor, export, label, lint, models, run, script, top, train, tune, version
from fluvial.errors import FluvialError, PipelineError

__all__ = ["main"]

_COMMANDS = (run, top, script, lint, models, tune, label, train, export, doctor, version)
_EXAMPLES = """examples:
  fluvial run street.mp4 rtsp://cam/1 --model yolox-nano --track --save out.mp4
  fluvial exec deepstream_test_1.py video.h264
  fluvial lint deepstream_test_1.py

`fluvial COMMAND --help` says what a command takes."""
_INTERRUPTED = 130  # what a shell expects of a program that Ctrl+C ended


def main(argv: list[str] | None = None) -> int:
    """Runs one subcommand.

    Args:
        argv: The command line without the program's name; the process's own if left out.

    Returns:
        The exit code: 0 well, 1 a problem in what the user gave, 2 wrong usage, 130 ended by Ctrl+C.
    """
    parser = argparse.ArgumentParser(
        prog="fluvial",
        description="Streaming video analytics: many videos in; detections, tracks and annotated video out.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="say more while working")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.register(commands)
    args = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if args.verbose else logging.WARNING, format="fluvial: %(message)s", stream=sys.stderr
    )
    try:
        return int(args.run(args))
    except FluvialError as e:
        _report(e, as_json=getattr(args, "json", False))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # `fluvial models list | head`
        sys.stderr.close()
        return 0


def _report(error: FluvialError, *, as_json: bool) -> None:
    words = error.words if isinstance(error, PipelineError) else str(error)
    print(f"fluvial: {words}", file=sys.stderr)
    if as_json:
        print(json.dumps({"ok": False, "error": type(error).__name__, "message": words}))
