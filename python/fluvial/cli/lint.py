"""`fluvial lint SCRIPT...`: what in a pyds program crashes, leaks or stalls, and what is not here. Nothing is run."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import asdict
from pathlib import Path

from fluvial.errors import FluvialError
from fluvial.lint import HARMS, RULES, Finding, check

__all__ = ["register", "run"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("lint", help="find what crashes, leaks or stalls in such a program")
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="programs, or folders of them; nothing is run")
    parser.add_argument("--rules", action="store_true", help="list the rules")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    if args.rules:
        _print_rules(as_json=args.json)
        return 0
    if not args.scripts:
        args.parser.error("name a program: fluvial lint SCRIPT...")
    files = [file for script in args.scripts for file in _files(Path(script))]
    findings = [finding for file in files for finding in check(file)]
    if args.json:
        print(json.dumps({"ok": not findings, "files": len(files), "findings": [asdict(f) for f in findings]}))
    else:
        _print(findings, len(files))
    return 1 if findings else 0


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FluvialError(f"{path}: no such file")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _print(findings: list[Finding], files: int) -> None:
    # The reason and the hint once a rule, at its first place.
    explained: set[str] = set()
    for f in findings:
        print(f"{f.file}:{f.line}:{f.column}: {f.harm}: {f.what} [{f.rule}]")
        if f.rule not in explained:
            explained.add(f.rule)
            for word, text in (("why", f.why), ("instead", f.hint)):
                print(textwrap.fill(f"{word}: {text}", 110, initial_indent="    ", subsequent_indent="        "))
    places = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    print(f"{places if findings else 'nothing found'} in {files} file{'s' if files != 1 else ''}")


def _print_rules(*, as_json: bool) -> None:
    if as_json:
        keys = ("name", "harm", "title", "why", "hint")
        print(json.dumps([{key: getattr(rule, key) for key in keys} for rule in RULES]))
        return
    for harm, meaning in HARMS.items():
        print(f"{harm}: {meaning}")
        for rule in (r for r in RULES if r.harm == harm):
            print(f"    {rule.name:24}{rule.title}")
