"""Where commands print: tables as wide as the window, or as they need to be when a program reads them."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["console"]

_WIDE = 240


def console() -> Console:
    """Of standard output."""
    return Console(width=None if sys.stdout.isatty() else _WIDE)
