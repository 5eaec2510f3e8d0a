"""Rules on what is not there: in pyds, in its classes, among the elements, in the files that the program names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fluvial.errors import FluvialError, did_you_mean
from fluvial.lint import elements, settings
from fluvial.lint.finding import rule
from fluvial.lint.program import Program

__all__ = ["RULES"]

Found = Iterator[tuple[ast.AST, str]]

_RENAMED = {
    "NvDsPastFrameObjBatch": "NvDsTargetMiscDataBatch",
    "NvDsPastFrameObjStream": "NvDsTargetMiscDataStream",
    "NvDsPastFrameObjList": "NvDsTargetMiscDataObject",
    "NvDsPastFrameObj": "NvDsTargetMiscDataFrame",
}


def _near(word: str, known: set[str]) -> str:
    hint = did_you_mean(word, known, listed=0)
    return f"; {hint}" if hint.startswith("did you mean") else ""


# --- pyds
@rule("unknown-name", "error")
def unknown_name(program: Program) -> Found:
    """pyds has no such name.

    The line raises AttributeError when it is reached, which in a probe may be minutes after the start.

    Instead: the name that the finding offers, or one of api/pyds.txt.
    """
    for node in program.of(ast.Attribute):
        name = program.pyds_name(node)
        if name and "." not in name and name not in program.stub.names():
            yield node, _no_name(name, program.stub.names())
        owner, _, member = name.rpartition(".")
        if owner in program.stub.classes and member not in _members(program, owner):
            yield node, f"pyds.{owner} has no {member}{_near(member, _members(program, owner))}"
    for name, full in program.imported.items():
        if full.startswith("pyds.") and full != "pyds.*" and full.removeprefix("pyds.") not in program.stub.names():
            node = next(n for n in program.of(ast.ImportFrom) if any((a.asname or a.name) == name for a in n.names))  # type: ignore[attr-defined]
            yield node, _no_name(full.removeprefix("pyds."), program.stub.names())


def _no_name(name: str, known: set[str]) -> str:
    renamed = f"; since pyds 1.1.11 it is {_RENAMED[name]}" if name in _RENAMED else _near(name, known)
    return f"pyds has no {name}{renamed}"


def _members(program: Program, owner: str) -> set[str]:
    cls = program.stub.classes[owner]
    return {*cls.attributes, *cls.methods, "__members__", "__name__", "__doc__", "name", "value"}


@rule("unknown-field", "error")
def unknown_field(program: Program) -> Found:
    """A class of pyds has no such field.

    The line raises AttributeError when it is reached; pyds objects take no attributes of one's own either.

    Instead: the field that the finding offers; data of one's own goes into a user meta.
    """
    for node in program.of(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        kind = program.type_of(node.value)
        if program.pyds_name(node) or kind not in program.stub.classes or node.attr.startswith("__"):
            continue
        if node.attr not in _members(program, kind):
            yield node, f"{kind} has no {node.attr}{_near(node.attr, _members(program, kind))}"


@rule("read-only-field", "unsupported")
def read_only_field(program: Program) -> Found:
    """A field is set that can only be read.

    NVIDIA's pyds lets a program write some fields that its memory depends on: lists' heads, pools, counts. Here they
    are read only, and the line raises AttributeError; docs/pyds-differences.md has each with its reason.

    Instead: the functions: nvds_add_..., nvds_remove_..., nvds_clear_...
    """
    for node in program.of(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        kind = program.type_of(node.value)
        if isinstance(node.ctx, ast.Store) and kind in program.stub.classes:
            if node.attr in program.stub.classes[kind].read_only:
                yield node, f"{kind}.{node.attr} is set"


@rule("wrong-arguments", "error")
def wrong_arguments(program: Program) -> Found:
    """A function of pyds gets too few or too many arguments.

    The line raises TypeError when it is reached. Signatures changed: since pyds 1.1.8 alloc_nvds_event_msg_meta takes
    the user meta, and user_copyfunc takes it before the function.

    Instead: the arguments that the finding names.
    """
    for call in program.calls:
        function = program.stub.functions.get(program.called(call))
        if function is None or any(isinstance(a, ast.Starred) for a in call.args):
            continue
        if any(k.arg is None for k in call.keywords):
            continue
        given = len(call.args) + len(call.keywords)
        wrong = [k.arg for k in call.keywords if k.arg not in function.names]
        if wrong:
            yield call, f"{program.called(call)} has no argument {wrong[0]}; it takes {', '.join(function.names)}"
        elif not function.least <= given <= function.most:
            names = ", ".join(function.names) or f"{function.most}"
            yield call, f"{program.called(call)} gets {given} arguments; it takes {names}"


# --- elements
def _made(program: Program) -> Iterator[tuple[ast.Call, str]]:
    """Calls of Gst.ElementFactory.make, with the element's name."""
    for call in program.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "make" and call.args:
            if ast.unparse(call.func.value).endswith("ElementFactory"):
                name = program.constant(call.args[0])
                if isinstance(name, str):
                    yield call, name


def _launched(program: Program) -> Iterator[tuple[ast.Call, str]]:
    """Calls of Gst.parse_launch, with each element's name in the description."""
    for call in program.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("parse_launch", "parse_bin_from_description"):
            for text in (n for n in ast.walk(call) if isinstance(n, ast.Constant) and isinstance(n.value, str)):
                for name in re.findall(r"(?:^|[!(])\s*([a-z]\w+)(?=\s|$|!)", str(text.value)):
                    yield call, name


@rule("unknown-element", "unsupported")
def unknown_element(program: Program) -> Found:
    """There is no such element.

    Gst.ElementFactory.make returns None for it, and the program fails there or at the next line that uses it.

    Instead: a package that brings the element, where one is named; `gst-inspect-1.0 fluvial` lists those of NVIDIA's
    elements that are here.
    """
    for call, name in (*_made(program), *_launched(program)):
        if not elements.exists(name):
            yield call, elements.missing(name)


@rule("unknown-property", "unsupported")
def unknown_property(program: Program) -> Found:
    """An element has no such property.

    set_property raises TypeError while the pipeline is built.

    Instead: the property that the finding offers; api/elements.json and `gst-inspect-1.0 NAME` list them.
    """
    for call in program.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("set_property", "get_property") and call.args:
            key = program.constant(call.args[0])
            names = _element_names(program, call.func.value)
            if not isinstance(key, str) or not names:
                continue
            known = [elements.properties(name) for name in names]
            if all(k and key.replace("_", "-") not in k for k in known):
                where = " or ".join(sorted(set(names)))
                yield call, f"{where} has no property {key}{_near(key, set().union(*known))}"


def _element_names(program: Program, node: ast.AST) -> list[str]:
    """Of a variable that holds what ElementFactory.make made: the elements that it may be."""
    made = {id(call): name for call, name in _made(program)}
    values = program.values_of(node) if isinstance(node, ast.Name) else []
    names = [made.get(id(v), "") for v in values]
    return names if all(names) else []


# --- files
@rule("unknown-key", "unsupported")
def unknown_key(program: Program) -> Found:
    """A configuration file asks for something that is not done here.

    The pipeline runs, and that key has no effect.

    Instead: see the finding's text; an unknown key is often a misspelt one.
    """
    for call in program.calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "set_property" or len(call.args) < 2:
            continue
        if program.constant(call.args[0]) not in ("config-file-path", "config_file_path"):
            continue
        if set(_element_names(program, call.func.value)) - {"nvinfer", "fluvialinfer"}:
            continue
        value = program.constant(call.args[1])
        path = program.path.parent / str(value)
        if isinstance(value, str) and path.is_file():
            yield from ((call, what) for what in settings.unused(path))


def is_gstreamer_here() -> bool:
    """Whether elements can be looked at."""
    try:
        return elements.exists("fakesink")
    except FluvialError:
        return False


RULES = (
    unknown_name,
    unknown_field,
    read_only_field,
    wrong_arguments,
    unknown_element,
    unknown_property,
    unknown_key,
)
