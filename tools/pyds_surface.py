"""What pyds is made of, as plain values: of our module, of NVIDIA's (api/pyds-reference.json), and how they differ.

An attribute is its type, ", set" where it can be set, " as TYPE" where that is another type. Ours come from the
documentation of the fields, which is "TYPE: what" (cpp/bindings/pyds/field.h), so help() says the same.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "api" / "pyds-reference.json"
DIFFERENCES = ROOT / "api" / "pyds-differences.txt"


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    is_positional_only: bool = False


@dataclass(frozen=True)
class Signature:
    parameters: tuple[Parameter, ...]
    returns: str


@dataclass(frozen=True)
class Attribute:
    type: str
    set_as: str = ""  # "": read only
    what: str = ""


@dataclass
class Class:
    attributes: dict[str, Attribute] = field(default_factory=dict)
    methods: dict[str, Signature] = field(default_factory=dict)
    is_constructible: bool = True


@dataclass
class Surface:
    classes: dict[str, Class] = field(default_factory=dict)
    enums: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    functions: dict[str, Signature] = field(default_factory=dict)
    constants: tuple[str, ...] = ()


# --- text
def attribute(text: str) -> Attribute:
    """Of `TYPE`, `TYPE, set` or `TYPE, set as TYPE`."""
    kind, _, rest = text.partition(", set")
    return Attribute(kind, set_as="" if kind == text else rest.removeprefix(" as ") or kind)


def signature(text: str) -> Signature:
    """Of `(a: int, /, b: object = ...) -> str`."""
    text = re.sub(r"\\\d+", "...", text)  # nanobind's mark for a default
    definition = ast.parse(f"def f{text}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    parts = definition.args
    parameters = [Parameter(a.arg, _type(a.annotation), True) for a in parts.posonlyargs]
    parameters += [Parameter(a.arg, _type(a.annotation)) for a in parts.args]
    return Signature(tuple(parameters), _type(definition.returns))


def _type(node: ast.expr | None) -> str:
    if node is None:
        return ""
    text = ast.unparse(node).replace("pyds.", "").replace("collections.abc.", "").replace("numpy.typing.", "")
    return re.sub(r"\bnumpy\.(?!ndarray)", "", text).replace("| None | None", "| None")


# --- NVIDIA's
def reference() -> Surface:
    facts = json.loads(REFERENCE.read_text())
    surface = Surface(constants=tuple(facts["constants"]))
    for name, one in facts["classes"].items():
        surface.classes[name] = Class(
            {n: attribute(text) for n, text in one["attributes"].items()},
            {n: signature(text) for n, text in one["methods"].items()},
            one.get("constructible", True),
        )
    for name, members in facts["enums"].items():
        surface.enums[name] = {n: value if isinstance(value, list) else [value] for n, value in members.items()}
    for name, text in facts["functions"].items():
        surface.functions[name] = signature(text if isinstance(text, str) else text[0])
    return surface


# --- ours
def describe(module: ModuleType) -> Surface:
    surface = Surface(constants=tuple(n for n in ("__version__",) if isinstance(getattr(module, n, None), str)))
    for name, thing in vars(module).items():
        if name.startswith("_"):
            continue
        if inspect.isclass(thing) and hasattr(thing, "__members__"):
            surface.enums[name] = {n: [int(m)] for n, m in thing.__members__.items()}
        elif inspect.isclass(thing):
            surface.classes[name] = _class(thing)
        elif overloads := getattr(thing, "__nb_signature__", None):
            surface.functions[name] = signature(re.sub(r"^def \w+", "", overloads[0][0]))
    return surface


def _class(kind: type) -> Class:
    try:
        instance = kind()
    except TypeError:
        instance = None
    described = Class(is_constructible=instance is not None)
    for name, thing in vars(kind).items():
        if name.startswith("_"):
            continue
        if inspect.isgetsetdescriptor(thing):
            described.attributes[name] = _field(name, thing.__doc__ or "", instance)
        elif overloads := getattr(thing, "__nb_signature__", None):
            described.methods[name] = signature(re.sub(r"^def \w+", "", overloads[0][0]))
        elif callable(thing):
            described.methods[name] = _method(kind.__name__, name, thing)
    return described


def _field(name: str, doc: str, instance: object) -> Attribute:
    kind, _, what = doc.partition(": ")
    read, _, set_as = kind.partition(", set as ")
    can_set = bool(set_as) or (instance is not None and _can_set(instance, name))
    return Attribute(read, (set_as or read) if can_set else "", what)


def _can_set(instance: object, name: str) -> bool:
    # A value of no type that any field takes: what can be set says so, what cannot says that.
    try:
        setattr(instance, name, object())
    except AttributeError:
        return False
    except (TypeError, ValueError):
        return True
    return True


def _method(owner: str, name: str, method: Any) -> Signature:
    if name == "cast":
        is_static = method.__get__(owner) is method
        return signature(f"({'data' if is_static else 'self'}: capsule | object | int | None) -> {owner}")
    told = re.match(rf"{name}(\(.*?\) -> [^:]+)", method.__doc__ or "")
    return signature(told[1]) if told else Signature((), "")


# --- differences
def differences(ours: Surface, theirs: Surface) -> Iterator[str]:
    """One line each: `NAME: what`."""
    for name in theirs.constants:
        if name not in ours.constants:
            yield f"{name}: missing"
    for name, cls in theirs.classes.items():
        if name in ours.classes:
            yield from _class_differences(name, ours.classes[name], cls)
        else:
            yield f"{name}: missing"
    for name, members in theirs.enums.items():
        if name in ours.enums:
            yield from _enum_differences(name, ours.enums[name], members)
        else:
            yield f"{name}: missing"
    for name, function in theirs.functions.items():
        yield from _call_differences(name, ours.functions.get(name), function)


def _class_differences(name: str, ours: Class, theirs: Class) -> Iterator[str]:
    if theirs.is_constructible and not ours.is_constructible:
        yield f"{name}: cannot be made"
    for one, there in theirs.attributes.items():
        here = ours.attributes.get(one)
        if here is None:
            yield f"{name}.{one}: missing"
            continue
        if here.type != there.type:
            yield f"{name}.{one}: {here.type or 'no type'}, there {there.type}"
        if there.set_as and not here.set_as:
            yield f"{name}.{one}: read only"
    for one, method in theirs.methods.items():
        yield from _call_differences(f"{name}.{one}", ours.methods.get(one), method)


def _enum_differences(name: str, ours: dict[str, list[int]], theirs: dict[str, list[int]]) -> Iterator[str]:
    for member, values in theirs.items():
        if member not in ours:
            yield f"{name}.{member}: missing"
        elif ours[member][0] not in values:
            yield f"{name}.{member}: {ours[member][0]}, there {' or '.join(map(str, values))}"


def _call_differences(name: str, ours: Signature | None, theirs: Signature) -> Iterator[str]:
    if ours is None:
        yield f"{name}: missing"
        return
    if not ours.returns:  # a plain C method, which says nothing about itself
        return
    if len(ours.parameters) != len(theirs.parameters):
        yield f"{name}: {len(ours.parameters)} arguments, there {len(theirs.parameters)}"
        return
    for here, there in zip(ours.parameters, theirs.parameters, strict=True):
        if not there.is_positional_only and there.name != "self" and here.name != there.name:
            yield f"{name}: no argument {there.name}"
        if is_said(here.type) and not set(there.type.split(" | ")) <= {*here.type.split(" | "), "None"}:
            yield f"{name}: {here.name} is {here.type}, there {there.type}"
    if is_said(ours.returns) and ours.returns != theirs.returns:
        yield f"{name}: gives {ours.returns}, there {theirs.returns}"


def is_said(kind: str) -> bool:
    """False for what a signature leaves open: the function looks itself."""
    return kind not in ("", "object", "object | None", "Callable", "tuple", "list") and "ndarray" not in kind


def explained() -> dict[str, str]:
    """The differences that are meant, each with its reason: paragraphs, a reason and indented `NAME: what`."""
    table: dict[str, str] = {}
    for reason, lines in paragraphs():
        table.update(dict.fromkeys(lines, reason))
    return table


def paragraphs() -> list[tuple[str, list[str]]]:
    found = []
    for block in DIFFERENCES.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        reason = " ".join(line for line in lines if not line.startswith(" "))
        found.append((reason, [line.strip() for line in lines if line.startswith(" ")]))
    return [(reason, lines) for reason, lines in found if reason]
