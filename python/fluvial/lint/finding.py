"""What a rule is and what it finds."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluvial.lint.program import Program

__all__ = ["HARMS", "Finding", "Rule", "rule"]

HARMS = {
    "crash": "ends a program on NVIDIA's pyds",
    "leak": "costs memory for as long as the program runs",
    "stall": "stops the pipeline",
    "error": "raises an exception when the line is reached",
    "unsupported": "is not there in Fluvial",
}

Check = Callable[["Program"], Iterator[tuple[ast.AST, str]]]


@dataclass(frozen=True)
class Rule:
    """One kind of mistake.

    Attributes:
        name: As it is written in `# fluvial: ignore[name]`.
        harm: A key of HARMS.
        title: What is wrong, in a few words.
        why: What comes of it, on NVIDIA's pyds and here.
        hint: What to write instead.
        check: Yields the places and what stands there.
    """

    name: str
    harm: str
    title: str
    why: str
    hint: str
    check: Check


@dataclass(frozen=True)
class Finding:
    """One place.

    Attributes:
        file: As it was named.
        line: From 1.
        column: From 1.
        rule: Its name.
        harm: A key of HARMS.
        what: What stands there.
        why: What comes of it.
        hint: What to write instead.
    """

    file: str
    line: int
    column: int
    rule: str
    harm: str
    what: str
    why: str
    hint: str


def rule(name: str, harm: str) -> Callable[[Check], Rule]:
    """Makes a rule of a check, whose docstring is the title, the reason, and a last paragraph `Instead: ...`."""

    def make(check: Check) -> Rule:
        title, *why, hint = (" ".join(p.split()) for p in (inspect.getdoc(check) or "").split("\n\n"))
        assert harm in HARMS and hint.startswith("Instead: "), name
        return Rule(name, harm, title.rstrip("."), " ".join(why), hint.removeprefix("Instead: "), check)

    return make
