"""python/pyds/__init__.pyi, and the page on differences, from what the module says about itself.

Types are the fields' own (tools/pyds_surface.py) and those of functions' signatures; where a function takes or returns
any object, NVIDIA's types say which is meant. What may be None is written as typeshed does, `T | MaybeNone`: programs
that trust it check, and those that look for None do too. Lists are the exception: there `| None` ends every walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import pyds_surface
from pyds_surface import Attribute, Class, Parameter, Signature, Surface

HEAD = '''\
"""Types of pyds. Generated from the module: `make generate`.

Beyond the module's own names there are some for annotations alone, as pyds-stubs has them: capsule, GList[T], and
NvDsMetaList and the like. The module has no capsule, and its GList takes no [T]: quote them, or write
`from __future__ import annotations`.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, NoReturn, TypeAlias, TypeVar

import numpy
from numpy.typing import NDArray

T = TypeVar("T")
MaybeNone: TypeAlias = Any  # None at times: see the field

class capsule(Generic[T]): ...

class GList(Generic[T]):
    @property
    def data(self) -> capsule[T]: ...
    @property
    def next(self) -> GList[T] | None: ...
    @property
    def prev(self) -> GList[T] | None: ...

NvDsMetaList: TypeAlias = GList[Any] | None
NvDsFrameMetaList: TypeAlias = GList[NvDsFrameMeta] | None
NvDsObjectMetaList: TypeAlias = GList[NvDsObjectMeta] | None
NvDsUserMetaList: TypeAlias = GList[NvDsUserMeta] | None
NvDisplayMetaList: TypeAlias = GList[NvDsDisplayMeta] | None

class _Enum:
    def __init__(self, value: int | _Enum) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...
    def __int__(self) -> int: ...
    def __index__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...

class _Struct: ...
'''

ELSEWHERE = ("GList",)  # in HEAD
TYPED_HERE = {"data": "capsule[Any] | _Struct | None", "self": "capsule[Any] | _Struct | int | None"}


def stub(module: ModuleType) -> str:
    ours, theirs = pyds_surface.describe(module), pyds_surface.reference()
    lines = [HEAD]
    for name, members in sorted(ours.enums.items()):
        lines += _enum(name, members)
    for name, cls in sorted(ours.classes.items()):
        if name not in ELSEWHERE:
            lines += _class(name, cls, theirs.classes.get(name, Class()))
    for name, function in sorted(ours.functions.items()):
        lines.append(f"def {name}{_call(function, theirs.functions.get(name))}: ...")
    lines += ["", *(f"{m}: {name}" for name, members in sorted(ours.enums.items()) for m in members)]
    lines += ["", "__version__: str"]
    return "\n".join(lines) + "\n"


def _enum(name: str, members: dict[str, list[int]]) -> Iterator[str]:
    yield f"class {name}(_Enum):"
    yield f"    __members__: ClassVar[dict[str, {name}]]"
    yield from (f"    {m}: ClassVar[{name}]" for m in members)
    yield ""


def _class(name: str, cls: Class, theirs: Class) -> Iterator[str]:
    yield f"class {name}(_Struct):"
    untyped = [f"{name}.{n}" for n, a in cls.attributes.items() if not a.type]
    if untyped:
        raise SystemExit(f"pyds_stub: no type: {', '.join(untyped)}: a field's documentation is `TYPE: what` (field.h)")
    for one, attribute in cls.attributes.items():
        yield from _attribute(one, attribute)
    for one, method in cls.methods.items():
        if one == "cast":
            yield from _cast(name, theirs)
        else:
            yield f"    def {one}{_call(method, theirs.methods.get(one))}: ..."
    yield ""


def _cast(name: str, theirs: Class) -> Iterator[str]:
    # Called as Class.cast(x) and as instance.cast(); NVIDIA's two of analytics are static.
    first = next(iter(p.name for p in theirs.methods["cast"].parameters)) if "cast" in theirs.methods else "self"
    if first == "data":
        yield "    @staticmethod"
    yield f"    def cast({first}: {TYPED_HERE[first]}) -> {name}: ..."


def _attribute(name: str, attribute: Attribute) -> Iterator[str]:
    kind, set_as = _type(attribute.type), _type(attribute.set_as)
    if kind == set_as:
        yield f"    {name}: {kind}"
        return
    yield "    @property"
    yield f"    def {name}(self) -> {kind}: ..."
    if set_as:
        yield f"    @{name}.setter"
        yield f"    def {name}(self, value: {set_as}) -> None: ..."


def _call(ours: Signature, theirs: Signature | None) -> str:
    if theirs is None or (ours.returns and len(ours.parameters) != len(theirs.parameters)):
        theirs = ours
    known = ours if ours.returns else theirs
    parts = [_parameter(h, t) for h, t in zip(known.parameters, theirs.parameters, strict=True)]
    by_position = sum(p.is_positional_only for p in known.parameters)
    if by_position:
        parts.insert(by_position, "/")
    return f"({', '.join(parts)}) -> {_type(_told(known.returns, theirs.returns))}"


def _parameter(ours: Parameter, theirs: Parameter) -> str:
    kind = _type(_told(ours.type, theirs.type))
    kind = kind.replace("MaybeNone", "None")
    # A capsule or what it holds; and lists are not compared, as NVIDIA's own types name the wrong one at times.
    kind = re.sub(r"^capsule\[\w+\]$", "capsule[Any] | _Struct", kind)
    kind = re.sub(r"^GList\[\w+\]", "GList[Any]", kind)
    return ours.name if ours.name == "self" else f"{ours.name}: {kind}"


def _told(ours: str, theirs: str) -> str:
    return ours if pyds_surface.is_said(ours) or not theirs else theirs


def _type(text: str) -> str:
    text = text.replace("Never", "NoReturn")
    text = re.sub(r"\bNDArray\[(?=u?int|float)", "NDArray[numpy.", text)
    text = re.sub(r"\btuple\b(?!\[)", "tuple[Any, ...]", text)
    text = re.sub(r"\bcapsule\b(?!\[)( \| None)?", "Any", text)
    if text.endswith(" | None") and not text.startswith("GList"):
        text = text.removesuffix("None") + "MaybeNone"
    return text


# --- differences
PAGE = """\
<!-- Generated from api/pyds-differences.txt: `make generate`. -->
# Names that differ from NVIDIA's pyds

Everything else of pyds 1.2 is here: {names}, compared one by one with
[api/pyds-reference.json](../api/pyds-reference.json) by a test. What behaves differently under the same name stands in
[pyds.md](pyds.md).
"""


def page() -> str:
    theirs = pyds_surface.reference()
    parts = [PAGE.format(names=_count(theirs))]
    for reason, lines in pyds_surface.paragraphs():
        parts.append(
            f"**{reason}**\n\n" + "\n".join(f"- `{n}`: {what}" for n, what in (x.split(": ", 1) for x in lines))
        )
    return "\n".join(parts[:1]) + "\n" + "\n\n".join(parts[1:]) + "\n"


def _count(surface: Surface) -> str:
    attributes = sum(len(c.attributes) for c in surface.classes.values())
    members = sum(len(e) for e in surface.enums.values())
    classes, functions, enums = len(surface.classes), len(surface.functions), len(surface.enums)
    return f"{classes} classes with {attributes} attributes, {functions} functions, {enums} enums with {members} values"


def pruned(module: ModuleType) -> str:
    """The table of differences without those that are no more."""
    left = set(pyds_surface.differences(pyds_surface.describe(module), pyds_surface.reference()))
    lines = pyds_surface.DIFFERENCES.read_text().splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith(" ") or line.strip() in left)
    return re.sub(r"\n(?:[^#\s][^\n]*\n)+(?=\n|\Z)", "", kept)  # reasons without a line
