"""The `fluvial` command. One file a subcommand; each has `register` and `run`."""

from fluvial.cli.main import main

__all__ = ["main"]
