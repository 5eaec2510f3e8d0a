"""A program as the rules see it: its tree, who contains whom, what its names stand for."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from fluvial.lint.stub import Stub, stub

__all__ = ["Function", "Program", "name_of", "position"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_IGNORE = re.compile(r"#\s*fluvial:\s*ignore(?:\[([\w\s,-]*)\])?")


# One object stands for all of a kind, so that none of them has a place.
_SHARED = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if not isinstance(child, _SHARED))


def position(node: ast.AST) -> tuple[int, int]:
    """Where it begins: later in the text is larger."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def name_of(node: ast.AST | None) -> str:
    """Of a plain variable; "" for anything else."""
    return node.id if isinstance(node, ast.Name) else ""


class Program:
    """One file.

    Attributes:
        path: As it was named.
        tree: Its syntax tree.
        stub: What pyds has.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.tree = ast.parse(text, filename=str(path))
        self.stub: Stub = stub()
        self.nodes = [n for n in ast.walk(self.tree) if not isinstance(n, _SHARED)]
        self._lines = text.splitlines()
        self._types: dict[ast.AST, str] = {}
        self._parents = {child: node for node in self.nodes for child in _children(node)}

    def of(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in self.nodes if isinstance(node, kinds))

    @functools.cached_property
    def calls(self) -> list[ast.Call]:
        return [n for n in self.nodes if isinstance(n, ast.Call)]

    # --- who contains whom
    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        above = self._parents.get(node)
        while above is not None:
            yield above
            above = self._parents.get(above)

    def scope(self, node: ast.AST) -> ast.AST:
        """The function around it, or the module."""
        return next((p for p in self.parents(node) if isinstance(p, Function)), self.tree)

    def inside(self, outer: ast.AST) -> Iterator[ast.AST]:
        """Everything in a function or a loop, without what functions in it contain, in the order of the text."""
        found: list[ast.AST] = []
        waiting = list(_children(outer))
        while waiting:
            node = waiting.pop()
            found.append(node)
            if not isinstance(node, (*Function.__args__, ast.ClassDef)):
                waiting.extend(_children(node))
        return iter(sorted(found, key=position))

    def is_ignored(self, line: int, rule: str) -> bool:
        """`# fluvial: ignore` or `# fluvial: ignore[rule, ...]` in the line, or alone in the one above."""
        for number in (line, line - 1):
            text = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
            said = _IGNORE.search(text)
            if said and (number == line or text.lstrip().startswith("#")):
                return said[1] is None or rule in re.split(r"[\s,]+", said[1])
        return False

    # --- names
    @functools.cached_property
    def modules(self) -> dict[str, str]:
        """What the program calls a module: its real name."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found.update({a.asname or a.name.split(".")[0]: a.name for a in node.names})
        return found

    @functools.cached_property
    def imported(self) -> dict[str, str]:
        """What the program calls a thing that it took out of a module: `module.thing`."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                found.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
        return found

    def full_name(self, node: ast.AST | None) -> str:
        """`pyds.NvDsFrameMeta.cast`, whatever the program calls pyds; "" for what is no name of a module."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        base = name_of(node)
        real = self.modules.get(base) or self.imported.get(base)
        return ".".join([real, *parts]) if real else ""

    def pyds_name(self, node: ast.AST | None) -> str:
        """The same without `pyds.`; "" for what is not pyds's."""
        name = self.full_name(node)
        return name.removeprefix("pyds.") if name.startswith("pyds.") else ""

    def called(self, call: ast.AST) -> str:
        """The pyds function that it calls; "" for any other."""
        return self.pyds_name(call.func) if isinstance(call, ast.Call) else ""

    def pyds_calls(self, *names: str, within: ast.AST | None = None) -> Iterator[ast.Call]:
        for call in self.calls if within is None else self.inside(within):
            if isinstance(call, ast.Call) and self.called(call) in names:
                yield call

    # --- types
    def type_of(self, node: ast.AST | None) -> str:
        """As pyds's stub writes it; "" for what is not pyds's or not known."""
        if node is None:
            return ""
        # Variables are made of each other, in circles at times: each place is looked at once.
        if node not in self._types:
            self._types[node] = ""
            self._types[node] = self._find_type(node)
        return self._types[node]

    def _find_type(self, node: ast.AST) -> str:
        if isinstance(node, ast.Call):
            return self._type_of_call(node)
        if isinstance(node, ast.Attribute):
            if name := self.pyds_name(node):
                owner, _, member = name.rpartition(".")
                is_member = owner in self.stub.classes and self.stub.classes[owner].is_enum and bool(member)
                return owner if is_member else self.stub.constants.get(name, "")
            return self.stub.attribute(self.type_of(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            listed = re.fullmatch(r"list\[(\w+)\]", self.type_of(node.value))
            return listed[1] if listed else ""
        if isinstance(node, ast.Name):
            kinds = {self.type_of(value) for value in self.values_of(node)} - {""}
            return kinds.pop() if len(kinds) == 1 else ""
        return ""

    def _type_of_call(self, call: ast.Call) -> str:
        name = self.called(call)
        if name.endswith(".cast"):
            return name.removesuffix(".cast")
        if name in self.stub.classes:
            return name
        if name in self.stub.functions:
            return self.stub.functions[name].returns
        if isinstance(call.func, ast.Attribute):
            owner = self.stub.classes.get(self.type_of(call.func.value))
            if owner and call.func.attr in owner.methods:
                return owner.methods[call.func.attr].returns
        return ""

    @functools.cached_property
    def _assigned(self) -> dict[tuple[ast.AST, str], list[ast.AST]]:
        found: dict[tuple[ast.AST, str], list[ast.AST]] = {}
        for node in self.nodes:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
                targets = [node.target]
            for target in targets:
                value = getattr(node, "value", None)
                if name_of(target) and value is not None:
                    found.setdefault((self.scope(node), name_of(target)), []).append(value)
        return found

    def values_of(self, name: ast.Name) -> list[ast.AST]:
        """What is assigned to it in its function, or else in the module."""
        return self._assigned.get((self.scope(name), name.id)) or self._assigned.get((self.tree, name.id), [])

    def constant(self, node: ast.AST | None) -> object:
        """Its value where the text says it, directly or by one variable; None else."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            values = self.values_of(node)
            return values[0].value if len(values) == 1 and isinstance(values[0], ast.Constant) else None
        return None

    # --- probes
    @functools.cached_property
    def probes(self) -> list[ast.FunctionDef]:
        """Functions that the program hands to add_probe."""
        names = set()
        for call in self.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "add_probe" and len(call.args) > 1:
                function = call.args[1]
                names.add(function.attr if isinstance(function, ast.Attribute) else name_of(function))
        return [n for n in self.nodes if isinstance(n, ast.FunctionDef) and n.name in names]
