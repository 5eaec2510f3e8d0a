"""What pyds has, read from its types (pyds/__init__.pyi): nothing is imported to look at a program."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Class", "Function", "Stub", "stub"]

_FILE = Path(__file__).resolve().parents[2] / "pyds" / "__init__.pyi"
_PRIVATE = {"T", "MaybeNone", "capsule"}


@dataclass(frozen=True)
class Function:
    least: int
    most: int
    names: tuple[str, ...]
    returns: str


@dataclass
class Class:
    attributes: dict[str, str] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    methods: dict[str, Function] = field(default_factory=dict)
    is_enum: bool = False


@dataclass
class Stub:
    classes: dict[str, Class] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def names(self) -> set[str]:
        return {*self.classes, *self.functions, *self.constants, "__version__", "__name__", "__file__", "__doc__"}

    def is_struct(self, kind: str) -> bool:
        """A type whose objects live on a buffer's metadata."""
        return (kind in self.classes and not self.classes[kind].is_enum) or kind.startswith(("GList", "capsule"))

    def attribute(self, kind: str, name: str) -> str:
        """The type of kind's attribute; "" where it is not known."""
        if kind.startswith("GList"):
            inner = kind[6:-1] or "Any"
            return {"next": kind, "prev": kind, "data": f"capsule[{inner}]"}.get(name, "")
        return self.classes[kind].attributes.get(name, "") if kind in self.classes else ""


@functools.cache
def stub() -> Stub:
    found = Stub()
    for node in ast.parse(_FILE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name not in _PRIVATE and not node.name.startswith("_"):
            found.classes[node.name] = _class(node)
        elif isinstance(node, ast.FunctionDef):
            found.functions[node.name] = _function(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is None:
            found.constants[node.target.id] = _type(node.annotation)
    return found


def _class(node: ast.ClassDef) -> Class:
    cls = Class(is_enum=any(isinstance(b, ast.Name) and b.id == "_Enum" for b in node.bases))
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            cls.attributes[item.target.id] = _type(item.annotation)
        elif isinstance(item, ast.FunctionDef):
            marks = [ast.unparse(d) for d in item.decorator_list]
            if "property" in marks:
                cls.attributes[item.name] = _type(item.returns)
                cls.read_only.add(item.name)
            elif f"{item.name}.setter" in marks:
                cls.read_only.discard(item.name)
            else:
                cls.methods[item.name] = _function(item)
    return cls


def _function(node: ast.FunctionDef) -> Function:
    parameters = [*node.args.posonlyargs, *node.args.args]
    least = len(parameters) - len(node.args.defaults)
    return Function(least, len(parameters), tuple(a.arg for a in node.args.args), _type(node.returns))


def _type(node: ast.expr | None) -> str:
    text = ast.unparse(node) if node else ""
    return re.sub(r" \| (None|MaybeNone)$|^ClassVar\[(.*)\]$", r"\2", text)
