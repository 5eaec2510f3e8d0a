"""pyds against the names of NVIDIA's: every difference is meant, and says why."""

from __future__ import annotations

import re

import pytest

import pyds
import pyds_surface


@pytest.fixture(scope="module")
def ours():
    return pyds_surface.describe(pyds)


@pytest.fixture(scope="module")
def theirs():
    return pyds_surface.reference()


@pytest.fixture(scope="module")
def found(ours, theirs):
    return list(pyds_surface.differences(ours, theirs))


def test_the_reference_is_the_whole_of_pyds_1_2(theirs):
    attributes = sum(len(c.attributes) for c in theirs.classes.values())
    members = sum(len(e) for e in theirs.enums.values())
    assert (len(theirs.classes), attributes, len(theirs.functions)) == (69, 404, 106)
    assert (len(theirs.enums), members) == (15, 138)


def test_every_difference_is_in_the_table(found):
    unexplained = [d for d in found if d not in pyds_surface.explained()]
    assert not unexplained, "not in api/pyds-differences.txt:\n" + "\n".join(unexplained)


def test_nothing_is_in_the_table_that_is_no_difference(found):
    gone = [d for d in pyds_surface.explained() if d not in found]
    assert not gone, "no more: `make generate` takes them out of api/pyds-differences.txt:\n" + "\n".join(gone)


def test_no_name_is_missing(found):
    assert [d for d in found if d.endswith(": missing")] == []


def test_enum_members_are_names_of_the_module_too(ours):
    for name, members in ours.enums.items():
        cls = getattr(pyds, name)
        assert [m for m in members if getattr(pyds, m) is not getattr(cls, m)] == []


def test_every_field_says_its_type_in_help(ours):
    names = set(ours.classes) | set(ours.enums) | {"Any", "T", "None", "Never", "NDArray", "GList", "capsule"}
    names |= {"int", "float", "str", "bool", "list", "dict", "object", "int32", "uint32", "uint64", "uint8", "float32"}
    wrong = []
    for name, cls in ours.classes.items():
        for one, attribute in cls.attributes.items():
            words = re.findall(r"\w+", f"{attribute.type} {attribute.set_as}")
            if not words or set(words) - names:
                wrong.append(f"{name}.{one}: {attribute.type or 'no type'}")
    assert not wrong, "a field's documentation is `TYPE: what` (cpp/bindings/pyds/field.h):\n" + "\n".join(wrong)


def readable(thing, attribute):
    return getattr(thing, attribute, None) if attribute not in ("meta_mutex", "meta") else None


def test_fields_give_what_they_say(ours):
    python = {"int": int, "float": float, "str": str, "bool": bool}
    wrong = []
    for name, cls in ours.classes.items():
        if not cls.is_constructible:
            continue
        made = getattr(pyds, name)()
        for one, attribute in cls.attributes.items():
            value = readable(made, one)
            kind = python.get(attribute.type) or getattr(pyds, attribute.type, None)
            if kind and type(value) is not kind:
                wrong.append(f"{name}.{one}: {attribute.type}, but {value!r}")
    assert not wrong, "\n".join(wrong)


# --- the comparison itself, shown to see each kind of difference
def surface(**parts):
    return pyds_surface.Surface(**parts)


def cls(attributes=(), methods=(), is_constructible=True):
    return pyds_surface.Class(
        {n: pyds_surface.attribute(t) for n, t in dict(attributes).items()},
        {n: pyds_surface.signature(t) for n, t in dict(methods).items()},
        is_constructible,
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        (surface(), surface(classes={"A": cls()}), ["A: missing"]),
        (surface(classes={"A": cls()}), surface(classes={"A": cls({"x": "int"})}), ["A.x: missing"]),
        (
            surface(classes={"A": cls({"x": "int"})}),
            surface(classes={"A": cls({"x": "int, set"})}),
            ["A.x: read only"],
        ),
        (surface(classes={"A": cls({"x": "int"})}), surface(classes={"A": cls({"x": "str"})}), ["A.x: int, there str"]),
        (
            surface(classes={"A": cls({"x": "int, set as str"})}),
            surface(classes={"A": cls({"x": "int, set as str"})}),
            [],
        ),
        (surface(classes={"A": cls(is_constructible=False)}), surface(classes={"A": cls()}), ["A: cannot be made"]),
        (surface(classes={"A": cls()}), surface(classes={"A": cls((), {"m": "(self) -> int"})}), ["A.m: missing"]),
        (surface(enums={"E": {}}), surface(enums={"E": {"A": [1]}}), ["E.A: missing"]),
        (surface(enums={"E": {"A": [3]}}), surface(enums={"E": {"A": [1, 2]}}), ["E.A: 3, there 1 or 2"]),
        (surface(), surface(constants=("__version__",)), ["__version__: missing"]),
    ],
)
def test_each_kind_of_difference_is_named(ours, theirs, says):
    assert list(pyds_surface.differences(ours, theirs)) == says


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        ("(a: int) -> int", "(a: int, b: int) -> int", ["f: 1 arguments, there 2"]),
        ("(x: int) -> int", "(a: int) -> int", ["f: no argument a"]),
        ("(x: int) -> int", "(arg0: int, /) -> int", []),
        ("(a: str) -> int", "(a: int) -> str", ["f: a is str, there int", "f: gives int, there str"]),
        ("(a: object) -> object", "(a: int) -> str", []),
        ("(a: int | None) -> int", "(a: int) -> int", []),
    ],
)
def test_calls_are_compared_as_programs_make_them(ours, theirs, says):
    here, there = ({"f": pyds_surface.signature(text)} for text in (ours, theirs))
    assert list(pyds_surface.differences(surface(functions=here), surface(functions=there))) == says
