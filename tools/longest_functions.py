"""Prints the ten longest functions, so that growth is seen: about 10 lines as a rule, past 80 they are split.

python tools/longest_functions.py [COUNT]
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("cpp", "python", "tools", "bench", "examples")
LIMIT = 80  # lines

# clang-format's layout makes this enough: a body opens at the end of a line and closes alone at the same depth.
NOT_FUNCTIONS = "namespace|struct|class|enum|union|if|for|while|switch|else|do|try|catch"
OPENS = re.compile(rf"^( *)(?!.*\b(?:{NOT_FUNCTIONS})\b)\S.*\).*\{{$")
NAME = re.compile(r"([\w:~]+)\s*\(")


def of_python(file: Path) -> Iterator[tuple[int, str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node.name, node.lineno


def of_cpp(file: Path) -> Iterator[tuple[int, str, int]]:
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        opened = OPENS.match(line)
        if not opened:
            continue
        close = re.compile(rf"^{opened[1]}\}}")
        end = next((n for n in range(number + 1, len(lines)) if close.match(lines[n])), number)
        named = NAME.search(line)
        yield end - number + 1, named[1] if named else "?", number + 1


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    found = []
    for file in (f for folder in FOLDERS for f in (ROOT / folder).rglob("*") if f.is_file()):
        reader = {".py": of_python, ".cpp": of_cpp, ".h": of_cpp}.get(file.suffix)
        if reader:
            found += [(length, f"{file.relative_to(ROOT)}:{line}", name) for length, name, line in reader(file)]
    found.sort(reverse=True)
    print(f"the {count} longest of {len(found)} functions ({sum(f[0] > LIMIT for f in found)} past {LIMIT} lines)")
    for length, place, name in found[:count]:
        print(f"{length:5}  {place}  {name}")


if __name__ == "__main__":
    main()
