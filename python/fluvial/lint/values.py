"""Rules on values: enums, counts, buffers, NumPy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fluvial.lint.finding import rule
from fluvial.lint.program import Program, name_of

__all__ = ["RULES"]

Found = Iterator[tuple[ast.AST, str]]

_MOST = 16  # MAX_ELEMENTS_IN_DISPLAY_META
_DRAWN = re.compile(r"(rect|text|line|arrow|circle)_params|num_(rects|labels|lines|arrows|circles)")
_TAKES_HASH = ("gst_buffer_get_nvds_batch_meta", "get_nvds_buf_surface", "get_nvds_buf_surface_gpu")
_TAKES_HASH_TOO = ("unmap_nvds_buf_surface", "nvds_measure_buffer_latency")
_NUMPY = {
    "float": "float",
    "int": "int",
    "bool": "bool",
    "object": "object",
    "str": "str",
    "complex": "complex",
    "long": "int",
    "float_": "numpy.float64",
    "complex_": "numpy.complex128",
    "unicode_": "numpy.str_",
    "string_": "numpy.bytes_",
    "bool8": "numpy.bool_",
    "Inf": "numpy.inf",
    "Infinity": "numpy.inf",
    "infty": "numpy.inf",
    "PINF": "numpy.inf",
    "NINF": "-numpy.inf",
    "NaN": "numpy.nan",
    "NAN": "numpy.nan",
    "product": "numpy.prod",
    "cumproduct": "numpy.cumprod",
    "sometrue": "numpy.any",
    "alltrue": "numpy.all",
    "round_": "numpy.round",
    "asfarray": "numpy.asarray(..., dtype=float)",
    "row_stack": "numpy.vstack",
    "in1d": "numpy.isin",
    "trapz": "numpy.trapezoid",
    "mat": "numpy.asmatrix",
    "find_common_type": "numpy.promote_types",
    "issubclass_": "issubclass",
    "msort": "numpy.sort(a, axis=0)",
    "source": "inspect.getsource",
    "cast": "numpy.asarray(..., dtype=...)",
}


def _is_enum(program: Program, node: ast.AST) -> bool:
    kind = program.type_of(node)
    return kind in program.stub.classes and program.stub.classes[kind].is_enum


@rule("enum-order", "error")
def enum_order(program: Program) -> Found:
    """Enum members are put in order or combined.

    pyds's enums know == and != alone; `<`, `>`, `|` and `+` raise TypeError, there and here.

    Instead: compare numbers: `int(user_meta.base_meta.meta_type) >= int(pyds.NvDsMetaType.NVDS_START_USER_META)`.
    """
    for node in program.of(ast.Compare, ast.BinOp):
        if isinstance(node, ast.Compare):
            is_order = any(isinstance(op, (ast.Lt, ast.Gt, ast.LtE, ast.GtE)) for op in node.ops)
            sides = [node.left, *node.comparators]
        else:
            assert isinstance(node, ast.BinOp)
            is_order, sides = not isinstance(node.op, ast.Mod), [node.left, node.right]
        enums = [s for s in sides if _is_enum(program, s)]
        if is_order and enums:
            yield node, ast.unparse(node)


@rule("enum-from-number", "error")
def enum_from_number(program: Program) -> Found:
    """A number is assigned to a field that is an enum.

    pyds takes the enum's members alone and raises TypeError, there and here. Types of one's own, from
    nvds_get_user_meta_type, are the exception.

    Instead: the member: `user_meta.base_meta.meta_type = pyds.NvDsMetaType.NVDS_USER_META`.
    """
    for node in program.of(ast.Assign):
        assert isinstance(node, ast.Assign)
        number = program.constant(node.value)
        if type(number) is not int or number > 4096:
            continue
        for target in node.targets:
            if isinstance(target, ast.Attribute) and _is_enum(program, target):
                yield node, f"{ast.unparse(target)} = {number}, a {program.type_of(target)}"


@rule("too-many-drawings", "crash")
def too_many_drawings(program: Program) -> Found:
    """More than 16 drawings of a kind are put into one display meta.

    There is room for 16 rectangles, 16 texts and so on. A higher index raises IndexError; a higher count makes
    NVIDIA's on-screen display read beyond the struct. Here the count raises ValueError.

    Instead: after 16, `pyds.nvds_acquire_display_meta_from_pool(batch_meta)` once more.
    """
    for node in program.of(ast.Assign, ast.Subscript):
        if isinstance(node, ast.Assign):
            value = program.constant(node.value)
            names = [t.attr for t in node.targets if isinstance(t, ast.Attribute) and t.attr.startswith("num_")]
            is_over = type(value) is int and value > _MOST
        else:
            assert isinstance(node, ast.Subscript)
            value = program.constant(node.slice)
            names = [node.value.attr] if isinstance(node.value, ast.Attribute) else []
            is_over = type(value) is int and value >= _MOST
        if is_over and any(_DRAWN.fullmatch(n) for n in names):
            yield node, f"{names[0]} and {value}: there is room for {_MOST}"
    yield from _counted_up(program)


def _counted_up(program: Program) -> Found:
    """`display_meta.num_rects += 1` for each object, with nothing that looks at the count."""
    for node in program.of(ast.AugAssign):
        assert isinstance(node, ast.AugAssign)
        target = node.target
        if not isinstance(target, ast.Attribute) or not _DRAWN.fullmatch(target.attr):
            continue
        owner = name_of(target.value)
        for loop in (p for p in program.parents(node) if isinstance(p, (ast.While, ast.For))):
            inside = list(program.inside(loop))
            is_renewed = any(isinstance(n, ast.Name) and n.id == owner and isinstance(n.ctx, ast.Store) for n in inside)
            looks = [n for n in inside if isinstance(n, ast.Compare) and _looks_at(n, target.attr)]
            if not is_renewed and not looks:
                yield node, f"{ast.unparse(target)} grows in a loop without a limit"
            break


def _looks_at(node: ast.Compare, count: str) -> bool:
    return any(
        (isinstance(n, ast.Attribute) and n.attr == count) or (isinstance(n, ast.Constant) and n.value in (15, 16))
        for n in ast.walk(node)
    )


@rule("buffer-not-hashed", "error")
def buffer_not_hashed(program: Program) -> Found:
    """A Gst.Buffer is given where its address is wanted.

    NVIDIA's pyds takes the buffer's address, which is what hash() of a Gst.Buffer gives; the buffer itself raises
    TypeError. Here both are taken.

    Instead: `pyds.gst_buffer_get_nvds_batch_meta(hash(gst_buffer))`.
    """
    for call in program.pyds_calls(*_TAKES_HASH, *_TAKES_HASH_TOO):
        argument = call.args[0] if call.args else None
        values = program.values_of(argument) if isinstance(argument, ast.Name) else [argument]
        if any(isinstance(v, ast.Call) and _method(v) in ("get_buffer", "pull_sample") for v in values if v):
            yield call, f"{program.called(call)}({ast.unparse(argument)})" if argument else ""


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@rule("numpy-removed", "error")
def numpy_removed(program: Program) -> Found:
    """A name that NumPy no longer has.

    NVIDIA's pyds needs NumPy 1, ours works with 2; names that went in between raise AttributeError.

    Instead: see the finding's text; all of them are in NumPy's migration guide.
    """
    for node in program.of(ast.Attribute):
        name = program.full_name(node)
        if name.startswith("numpy.") and name.count(".") == 1:
            yield from _numpy_name(node, name.removeprefix("numpy."))
    for node in program.of(ast.ImportFrom):
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names if node.module == "numpy" else []:
            yield from _numpy_name(node, alias.name)


def _numpy_name(node: ast.AST, name: str) -> Found:
    import numpy  # here, as the other commands need no NumPy to start

    # `bool`, `long` and `str` exist in NumPy 2 anew, as NumPy's own types.
    if name != "*" and not hasattr(numpy, name):
        yield (
            node,
            f"numpy.{name}" + (f" is now {_NUMPY[name]}" if name in _NUMPY else f" is not in {numpy.__version__}"),
        )


RULES = (enum_order, enum_from_number, too_many_drawings, buffer_not_hashed, numpy_removed)
