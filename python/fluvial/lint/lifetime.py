"""Rules on how long metadata, its strings and its pixels live."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fluvial.lint.finding import rule
from fluvial.lint.program import Function, Program, name_of, position

__all__ = ["RULES"]

_STORES = {"append", "appendleft", "add", "insert", "put", "put_nowait", "extend", "setdefault"}
_VIEWS = ("get_nvds_buf_surface", "get_mask_array", "alloc_mask_array")
_SHARES = {"numpy.asarray", "numpy.ascontiguousarray", "numpy.frombuffer", "numpy.reshape", "numpy.squeeze"}
_FREES = ("free_buffer", "free_gbuffer")
_REGISTERS = ("user_copyfunc", "user_releasefunc", "set_user_copyfunc", "set_user_releasefunc")

Found = Iterator[tuple[ast.AST, str]]


def _kept(program: Program) -> Iterator[tuple[ast.AST, ast.AST]]:
    """(place, value) of everything that is put where it outlives the call of its function."""
    for node in program.nodes:
        if not isinstance(program.scope(node), Function):
            continue
        if isinstance(node, ast.Assign):
            if any(_outlives(program, target) for target in node.targets):
                yield node, node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _STORES:
            if _is_long_lived(program, node.func.value):
                yield from ((node, a) for a in node.args)


def _outlives(program: Program, target: ast.AST) -> bool:
    if isinstance(target, ast.Name):
        return _is_global(program, target)
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        # A field of the metadata itself lives as long as it does.
        return not program.type_of(target.value) and _is_long_lived(program, target.value)
    return False


def _is_long_lived(program: Program, owner: ast.AST) -> bool:
    """self, something of the module, or inside such."""
    while isinstance(owner, (ast.Attribute, ast.Subscript)):
        if program.type_of(owner):
            return False
        owner = owner.value
    name = name_of(owner)
    return name in ("self", "cls") or (bool(name) and isinstance(owner, ast.Name) and _is_global(program, owner))


def _is_global(program: Program, name: ast.Name) -> bool:
    function = program.scope(name)
    here = [n for n in program.inside(function) if isinstance(n, ast.Name) and n.id == name.id]
    if any(isinstance(n, ast.Global) and name.id in n.names for n in program.inside(function)):
        return True
    assert isinstance(function, Function)
    arguments = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    is_local = name.id in arguments or any(isinstance(n.ctx, ast.Store) for n in here)
    return not is_local and any(t in program.tree.body for t in _module_targets(program, name.id))


def _module_targets(program: Program, name: str) -> Iterator[ast.AST]:
    for node in program.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(name_of(t) == name for t in targets):
            yield node


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The values themselves of a tuple, a list, a dict."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        for item in node.elts:
            yield from _parts(item)
    elif isinstance(node, ast.Dict):
        for item in node.values:
            yield from _parts(item)
    else:
        yield node


@rule("kept-metadata", "crash")
def kept_metadata(program: Program) -> Found:
    """Metadata is kept beyond the probe.

    A pyds object is a pointer into the buffer's metadata. When the buffer is gone, NVIDIA's pyds reads memory that
    means something else, and the program crashes or shows nonsense. Here it raises StaleMetadataError.

    Instead: keep the values: `obj.obj_label`, `obj.object_id`, `(rect.left, rect.top, rect.width, rect.height)`.
    """
    for place, value in _kept(program):
        for part in _parts(value):
            kind = program.type_of(part)
            if program.stub.is_struct(kind) and not _is_made_here(program, part):
                yield place, f"{kind.split('[')[0]} is stored in {_words(place)}"


def _is_made_here(program: Program, node: ast.AST) -> bool:
    """`pyds.NvDsInferObjectDetectionInfo()` is Python's own memory."""
    values = program.values_of(node) if isinstance(node, ast.Name) else [node]
    return bool(values) and all(program.called(v) in program.stub.classes for v in values)


def _words(place: ast.AST) -> str:
    """What it is stored in: `self.frame` of an assignment, `seen` of `seen[1] = ...` and of `seen.append(...)`."""
    owner: ast.AST = place.targets[0] if isinstance(place, ast.Assign) else place
    if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute):
        owner = owner.func.value
    return ast.unparse(owner.value if isinstance(owner, ast.Subscript) else owner)


@rule("kept-pixels", "crash")
def kept_pixels(program: Program) -> Found:
    """Pixels or a mask are kept without a copy.

    get_nvds_buf_surface and get_mask_array return views. NVIDIA's hold no reference to the buffer: later reads see
    another frame, or crash. Here a view keeps its surface alive, so that keeping many starves the decoder.

    Instead: keep a copy: `np.array(view, copy=True, order="C")`.
    """
    for place, value in _kept(program):
        for part in _parts(value):
            if _is_view(program, part, set()):
                yield place, f"a view of a frame's memory is stored in {_words(place)}"


def _is_view(program: Program, node: ast.AST, seen: set[ast.AST]) -> bool:
    if node in seen:
        return False
    seen.add(node)
    if isinstance(node, ast.Name):
        return any(_is_view(program, v, seen) for v in program.values_of(node))
    if isinstance(node, ast.Subscript):
        return _has_slice(node.slice) and _is_view(program, node.value, seen)
    if not isinstance(node, ast.Call):
        return False
    if program.called(node) == "get_nvds_buf_surface":
        return True
    if isinstance(node.func, ast.Attribute):
        if node.func.attr in _VIEWS and program.type_of(node.func.value) == "NvOSD_MaskParams":
            return True
        if node.func.attr in ("reshape", "view", "transpose", "squeeze"):
            return _is_view(program, node.func.value, seen)
    shares = program.full_name(node.func) in _SHARES or _is_uncopied(program, node)
    return shares and bool(node.args) and _is_view(program, node.args[0], seen)


def _has_slice(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Slice) for n in ast.walk(node))


def _is_uncopied(program: Program, call: ast.Call) -> bool:
    is_array = program.full_name(call.func) == "numpy.array"
    return is_array and any(k.arg == "copy" and program.constant(k.value) is False for k in call.keywords)


@rule("removed-before-next", "crash")
def removed_before_next(program: Program) -> Found:
    """An element is removed before the walk has gone on from it.

    Removing frees the list's node, and `.next` of a freed node is somebody else's memory on NVIDIA's pyds. Here a list
    is read once, and the walk goes on.

    Instead: advance first: `l_obj = l_obj.next`, then `pyds.nvds_remove_obj_meta_from_frame(frame, obj)`.
    """
    for loop in program.of(ast.While):
        advances = [n for n in program.inside(loop) if _advanced(n)]
        for call in (n for n in program.inside(loop) if program.called(n).startswith("nvds_remove_")):
            assert isinstance(call, ast.Call)
            node = _node_behind(program, call.args[-1] if call.args else None)
            mine = [n for n in advances if _advanced(n) == node]
            if node and mine and all(position(n) > position(call) for n in mine):
                yield call, f"{program.called(call)}, and {node} = {node}.next comes after it"


def _advanced(node: ast.AST) -> str:
    """The variable of `node = node.next`; "" for anything else."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr == "next":
        return name_of(node.targets[0]) if name_of(node.targets[0]) == name_of(node.value.value) else ""
    return ""


def _node_behind(program: Program, node: ast.AST | None) -> str:
    """`l_obj` of `obj = pyds.NvDsObjectMeta.cast(l_obj.data)`."""
    for value in program.values_of(node) if isinstance(node, ast.Name) else [node]:
        if isinstance(value, ast.Call) and value.args:
            data = value.args[0]
            if isinstance(data, ast.Attribute) and data.attr == "data":
                return name_of(data.value)
    return ""


@rule("freed-string", "crash")
def freed_string(program: Program) -> Found:
    """A string is used after it was freed, or freed although the metadata owns it.

    free_buffer frees what alloc_buffer, strdup and memdup returned. The address of display_text and its like belongs
    to the metadata, which frees it once more: NVIDIA's pyds corrupts the heap. Here free_buffer leaves foreign
    addresses alone.

    Instead: free last, and only what the program allocated; assign to display_text, which frees the old string itself.
    """
    for call in program.pyds_calls(*_FREES):
        argument = call.args[0] if call.args else None
        if isinstance(argument, ast.Attribute) and program.type_of(argument.value):
            yield call, f"{ast.unparse(argument)} belongs to the metadata"
        elif used := _used_after(program, call, name_of(argument)):
            yield used, f"{name_of(argument)} was freed in line {call.lineno}"


def _used_after(program: Program, call: ast.Call, name: str) -> ast.AST | None:
    block = next((p for p in program.parents(call) if isinstance(p, ast.stmt)), call)
    for node in program.inside(program.scope(call)):
        if position(node) <= (getattr(block, "end_lineno", 0), getattr(block, "end_col_offset", 0)):
            continue
        if isinstance(node, ast.Name) and node.id == name:
            return node if isinstance(node.ctx, ast.Load) else None
    return None


@rule("capturing-callback", "crash")
def capturing_callback(program: Program) -> Found:
    """A callback for user metadata captures variables of the probe.

    pyds has one slot for the copy and one for the release function: the last one registered is called for every user
    meta, later, on another thread. What it captured belongs to another buffer by then.

    Instead: a function of the module, which finds everything in the user meta that it is given.
    """
    for call in program.pyds_calls(*_REGISTERS):
        outer = program.scope(call)
        function = _function_named(program, call.args[1] if len(call.args) > 1 else None, outer)
        if function is None or not isinstance(outer, Function):
            continue
        captured = sorted(_free_names(function) & _local_names(program, outer) - {"self"})
        if captured:
            yield call, f"the function captures {', '.join(captured)}"


def _function_named(program: Program, node: ast.AST | None, outer: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Lambda):
        return node
    inner = (n for n in program.inside(outer) if isinstance(n, ast.FunctionDef))
    return next((n for n in inner if n.name == name_of(node)), None)


def _free_names(function: ast.AST) -> set[str]:
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    bound |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    return {n.id for n in names} - bound


def _local_names(program: Program, function: ast.AST) -> set[str]:
    names = {n.id for n in program.inside(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {a.arg for a in program.inside(function) if isinstance(a, ast.arg)}


RULES = (kept_metadata, kept_pixels, removed_before_next, freed_string, capturing_callback)
