"""Settings of `Flow.infer` on the command line: --set KEY=VALUE."""

from __future__ import annotations

import argparse
from typing import Any

import yaml

from fluvial.errors import ConfigError

__all__ = ["add_settings", "settings_of"]


def add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the file does not tell, in the words of Flow.infer and of config files: head=yolox, "
        "model-color-format=1, net-scale-factor=0.0039215697, 'input-size=640;480', 'head-options=boxes=raw'; again "
        "for another",
    )


def settings_of(words: list[str]) -> dict[str, Any]:
    """Names as `Flow.infer` has them; values as YAML has them, several with ; between.

    Raises:
        ConfigError: A word without "=", or a value that cannot be read.

    Example:
        >>> settings_of(["net-scale-factor=0.5", "input-size=640;480", "head-options=boxes=raw"])
        {'net_scale_factor': 0.5, 'input_size': [640, 480], 'head_options': {'boxes': 'raw'}}
    """
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise ConfigError(f"--set {word}: allowed is KEY=VALUE, such as head=yolox")
        name = key.replace("-", "_")
        settings[name] = _options(word, value) if name == "head_options" else _value(word, value)
    return settings


def _value(word: str, text: str) -> Any:
    if ";" in text:
        return [_value(word, part) for part in text.split(";") if part.strip()]
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {word}: the value cannot be read; text with signs in it wants quotes") from None


def _options(word: str, text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";") if part]
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError(f"--set {word}: allowed are option=value with ; between, such as head-options=boxes=raw")
    return {key: value for key, _, value in pairs}
