"""Looks at programs written for DeepStream's pyds, without running them: see rules' docstrings, or `fluvial lint`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from fluvial.errors import FluvialError
from fluvial.lint import flow, lifetime, support, values
from fluvial.lint.finding import HARMS, Finding, Rule
from fluvial.lint.program import Program

__all__ = ["HARMS", "RULES", "Finding", "Rule", "check"]

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*lifetime.RULES, *flow.RULES, *values.RULES, *support.RULES), key=lambda r: (list(HARMS).index(r.harm), r.name)
    )
)
_NEEDS_GSTREAMER = ("unknown-element", "unknown-property")


def check(path: Path) -> list[Finding]:
    """Everything that the rules find in one file.

    Args:
        path: A Python program.

    Returns:
        In the order of the text.

    Raises:
        FluvialError: The file cannot be read, or is not Python.
    """
    try:
        program = Program(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as e:
        raise FluvialError(f"{path}: {getattr(e, 'strerror', None) or e}") from None
    except SyntaxError as e:
        raise FluvialError(f"{path}:{e.lineno}: {e.msg}: not Python 3") from None
    found = {(f.line, f.column, f.rule, f.what): f for f in _findings(program)}
    return [found[key] for key in sorted(found)]


def _findings(program: Program) -> Iterator[Finding]:
    is_gstreamer_here = support.is_gstreamer_here()
    for rule in RULES:
        if rule.name in _NEEDS_GSTREAMER and not is_gstreamer_here:
            continue
        for node, what in rule.check(program):
            finding = _finding(program, rule, node, what)
            if not program.is_ignored(finding.line, rule.name):
                yield finding


def _finding(program: Program, rule: Rule, node: ast.AST, what: str) -> Finding:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    return Finding(str(program.path), line, column, rule.name, rule.harm, what, rule.why, rule.hint)
