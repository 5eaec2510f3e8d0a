"""Rules on walks that never end, probes that stop the pipeline, and pairs of calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fluvial.lint.finding import rule
from fluvial.lint.program import Program, name_of, position

__all__ = ["RULES"]

Found = Iterator[tuple[ast.AST, str]]

_WAITS = {
    "time.sleep": "waits",
    "input": "waits for a person",
    "cv2.waitKey": "waits for a key",
    "requests.get": "waits for a server",
    "requests.post": "waits for a server",
    "urllib.request.urlopen": "waits for a server",
    "subprocess.run": "waits for a program",
    "subprocess.check_output": "waits for a program",
    "os.system": "waits for a program",
}


# --- walks
@rule("endless-walk", "stall")
def endless_walk(program: Program) -> Found:
    """A walk may stay on one node for ever.

    The end of a list is None. A turn that neither goes to `.next` nor leaves the loop repeats the same element, and
    the pipeline stands still: with `continue` before the advance, or an except clause that swallows the error which
    kept the advance from being reached.

    Instead: advance on every way through the loop, best directly after the cast.
    """
    for loop in program.of(ast.While):
        assert isinstance(loop, ast.While)
        node = _walked(program, loop)
        if not node:
            continue
        turn = list(_own(program, loop))
        advances = [n for n in turn if _sets(n, node)]
        if not advances:
            if not any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in turn):
                yield loop, f"{node} is never advanced"
            continue
        yield from _early_continues(program, turn, advances, node)
        yield from _swallowed(turn, advances, node)


def _walked(program: Program, loop: ast.While) -> str:
    """`l_obj` of `while l_obj is not None:`, where that is a node of a list."""
    test = loop.test.left if isinstance(loop.test, ast.Compare) else loop.test
    if not isinstance(test, ast.Name):
        return ""
    is_list = program.type_of(test).startswith("GList")
    reads = (n for n in program.inside(loop) if isinstance(n, ast.Attribute) and name_of(n.value) == test.id)
    return test.id if is_list or {"data", "next"} <= {n.attr for n in reads} else ""


def _own(program: Program, loop: ast.AST) -> Iterator[ast.AST]:
    """What belongs to this loop's turn, in order: not what loops inside it contain, but they themselves."""
    for node in program.inside(loop):
        inner = next(p for p in program.parents(node) if isinstance(p, (ast.While, ast.For)))
        if inner is loop:
            yield node


def _sets(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.NamedExpr):
        return name_of(node.target) == name
    return isinstance(node, ast.Assign) and any(name_of(t) == name for t in node.targets)


def _early_continues(program: Program, turn: list[ast.AST], advances: list[ast.AST], node: str) -> Found:
    for one in turn:
        if not isinstance(one, ast.Continue) or any(position(a) < position(one) for a in advances):
            continue
        handler = next((p for p in program.parents(one) if isinstance(p, ast.ExceptHandler)), None)
        if handler is None or _catches_real_errors(handler):
            yield one, f"continue, and {node} has not been advanced"


def _catches_real_errors(handler: ast.ExceptHandler) -> bool:
    # pyds raises StopIteration nowhere: NVIDIA's samples expect it, and nothing comes of it.
    return handler.type is None or ast.unparse(handler.type) != "StopIteration"


def _swallowed(turn: list[ast.AST], advances: list[ast.AST], node: str) -> Found:
    """Every advance is inside of a try, behind something that may raise, and a handler goes on as if nothing was."""
    for tried in (n for n in turn if isinstance(n, ast.Try)):
        inside = [a for a in advances if a in set(ast.walk(ast.Module(tried.body, [])))]
        is_first = inside and inside[0] is tried.body[0]
        if len(inside) != len(advances) or is_first or not _may_raise_before(tried, inside[0]):
            continue
        for handler in tried.handlers:
            leaves = any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in ast.walk(handler))
            if _catches_real_errors(handler) and not leaves and not any(_sets(n, node) for n in ast.walk(handler)):
                yield handler, f"an error before {node} = {node}.next is swallowed here, and the turn repeats"


def _may_raise_before(tried: ast.Try, advance: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and position(n) < position(advance) for n in ast.walk(tried))


# --- probes
@rule("probe-returns-nothing", "stall")
def probe_returns_nothing(program: Program) -> Found:
    """A probe ends without a return value.

    None is no Gst.PadProbeReturn: a TypeError is printed for each buffer, and the buffer is dropped, so that nothing
    reaches the elements after it.

    Instead: `return Gst.PadProbeReturn.OK` at the end.
    """
    for probe in program.probes:
        if not _ends(probe.body[-1]):
            yield probe.body[-1], f"{probe.name} ends without a return value"


def _ends(last: ast.stmt) -> bool:
    if isinstance(last, ast.Return):
        return last.value is not None
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends(last.body[-1]) and _ends(last.orelse[-1])
    if isinstance(last, ast.Try):
        return (_ends(last.body[-1]) and all(_ends(h.body[-1]) for h in last.handlers)) or (
            bool(last.finalbody) and _ends(last.finalbody[-1])
        )
    if isinstance(last, ast.With):
        return _ends(last.body[-1])
    return isinstance(last, (ast.Raise, ast.While))


@rule("slow-probe", "stall")
def slow_probe(program: Program) -> Found:
    """A probe waits.

    A probe runs on the thread that moves the frames: while it waits, so does every stream of the pipeline.

    Instead: put the values into a queue and wait on another thread.
    """
    for probe in program.probes:
        for node in program.inside(probe):
            if isinstance(node, ast.Call):
                name = program.full_name(node.func) or name_of(node.func)
                if name in _WAITS:
                    yield node, f"{name} {_WAITS[name]}, in the probe {probe.name}"


# --- pairs
@rule("lock-kept", "stall")
def lock_kept(program: Program) -> Found:
    """The metadata's lock is taken and not given back on every way out.

    The next element that wants the metadata waits for ever.

    Instead: `try: ... finally: pyds.nvds_release_meta_lock(batch_meta)`.
    """
    for call in program.pyds_calls("nvds_acquire_meta_lock"):
        function = program.scope(call)
        releases = sorted(program.pyds_calls("nvds_release_meta_lock", within=function), key=position)
        after = [r for r in releases if position(r) > position(call)]
        if not after:
            yield call, "nvds_acquire_meta_lock, and no nvds_release_meta_lock after it in this function"
            continue
        if any(_is_in_finally(program, r) for r in after):
            continue
        for node in program.inside(function):
            if isinstance(node, (ast.Return, ast.Raise)) and position(call) < position(node) < position(after[0]):
                yield node, f"leaves while the lock of line {call.lineno} is held"


def _is_in_finally(program: Program, node: ast.AST) -> bool:
    for tried in (p for p in program.parents(node) if isinstance(p, ast.Try)):
        if any(node is n for part in tried.finalbody for n in ast.walk(part)):
            return True
    return False


@rule("callbacks-kept", "crash")
def callbacks_kept(program: Program) -> Found:
    """Copy or release functions are registered and never taken back.

    Buffers that are freed while the interpreter ends call Python functions that are gone: NVIDIA's pyds crashes at the
    end of the program. Here nothing is called then.

    Instead: `pyds.unset_callback_funcs()` after the pipeline is in state NULL.
    """
    if any(program.pyds_calls("unset_callback_funcs")):
        return
    for call in program.pyds_calls("user_copyfunc", "user_releasefunc", "set_user_copyfunc", "set_user_releasefunc"):
        yield call, f"{program.called(call)}, and nowhere unset_callback_funcs"
        return


@rule("mapping-kept", "leak")
def mapping_kept(program: Program) -> Found:
    """A surface is mapped and never unmapped.

    On Jetson get_nvds_buf_surface maps the surface into the program; each map that is not undone costs memory and in
    the end the decoder's buffers. On other machines, and here, unmapping does nothing.

    Instead: `pyds.unmap_nvds_buf_surface(hash(gst_buffer), frame_meta.batch_id)` when done with the array.
    """
    if any(program.pyds_calls("unmap_nvds_buf_surface")):
        return
    for call in program.pyds_calls("get_nvds_buf_surface"):
        yield call, "get_nvds_buf_surface, and nowhere unmap_nvds_buf_surface"


@rule("font-names", "leak")
def font_names(program: Program) -> Found:
    """Ever new font names are made.

    pyds keeps every font name for good, and so do we: elements may read it at any time.

    Instead: one of a few constant names: `font_params.font_name = "Serif"`.
    """
    for node in program.of(ast.Assign):
        assert isinstance(node, ast.Assign)
        is_made = isinstance(node.value, (ast.JoinedStr, ast.BinOp)) or (
            isinstance(node.value, ast.Call) and getattr(node.value.func, "attr", "") in ("format", "join", "replace")
        )
        if is_made and any(isinstance(t, ast.Attribute) and t.attr == "font_name" for t in node.targets):
            yield node, f"font_name is made anew: {ast.unparse(node.value)}"


RULES = (
    endless_walk,
    probe_returns_nothing,
    slow_probe,
    lock_kept,
    callbacks_kept,
    mapping_kept,
    font_names,
)
