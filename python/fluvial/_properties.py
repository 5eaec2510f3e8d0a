"""A Python value for a GObject property: judged by the property's own description, before GStreamer sees it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from fluvial._gst import GObject, Gst
from fluvial.errors import did_you_mean

__all__ = ["RefusedError", "convert", "describe", "plain", "property_names"]


class RefusedError(Exception):
    """This key or value does not fit; `hint` says what would."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


def property_names(element: Any) -> list[str]:
    """What can be set, without what every GStreamer object has."""
    return [p.name for p in element.list_properties() if p.name not in ("name", "parent")]


def convert(element: Any, key: str, value: object) -> tuple[str, Any]:
    """The property's real name and a value that `set_property` takes.

    Raises:
        RefusedError: No such property, not writable, a wrong type, or out of range.
    """
    pspec = element.find_property(key.replace("_", "-"))
    if pspec is None:
        raise RefusedError(f"no property {key!r}", did_you_mean(key.replace("_", "-"), property_names(element)))
    if not pspec.flags & GObject.ParamFlags.WRITABLE:
        raise RefusedError(f"{key}={value!r}: this property can only be read")
    kind = pspec.value_type.fundamental.name
    read = _READERS.get(kind, _read_object)
    try:
        return pspec.name, read(pspec, value)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise RefusedError(f"{key}={value!r}: expected {describe(pspec)}") from None


def describe(pspec: Any) -> str:
    """What a property takes, for a person: "a whole number from 1 to 8"."""
    kind = pspec.value_type.fundamental.name
    if kind in _WHOLE:
        return f"a whole number from {pspec.minimum} to {pspec.maximum}"
    if kind in ("gfloat", "gdouble"):
        return f"a number from {pspec.minimum:g} to {pspec.maximum:g}"
    if kind == "GEnum":
        return f"one of {', '.join(_nicks(pspec))}"
    if kind == "GFlags":
        return f"any of {', '.join(n for n in _nicks(pspec))}, joined by +"
    words = {"gboolean": "True or False", "gchararray": "a string", "GstFraction": "a fraction such as (30, 1)"}
    return words.get(kind, f"a {pspec.value_type.name}")


def plain(value: object) -> Any:
    """A property's value as Python writes it: enum and flags as their short names."""
    if isinstance(value, GObject.GEnum):
        return value.value_nick
    if isinstance(value, GObject.GFlags):
        return "+".join(value.value_nicks)
    if isinstance(value, Gst.Caps):
        return value.to_string()
    if isinstance(value, Gst.Fraction):
        return (value.num, value.denom)
    return value


_WHOLE = ("gint", "guint", "gint64", "guint64", "glong", "gulong", "guchar", "gchar")


def _enum_members(pspec: Any) -> dict[int, Any]:
    # By number, with value_nick and value_name. What enum_class is has changed: a class of Python's with a table, and
    # from PyGObject 3.50 on GObject's own struct, which is asked number by number.
    known = getattr(pspec.enum_class, "__enum_values__", None)
    if known is not None:
        return {int(number): member for number, member in known.items()}
    numbers = range(pspec.enum_class.minimum, pspec.enum_class.maximum + 1)
    found = ((number, GObject.enum_get_value(pspec.enum_class, number)) for number in numbers)
    return {number: member for number, member in found if member is not None}


def _flag_bits(pspec: Any) -> dict[str, int]:
    # By nick; the same history.
    known = getattr(pspec.flags_class, "__flags_values__", None)
    if known is not None:
        return {nick: int(member) for member in known.values() for nick in member.value_nicks}
    bits = (
        GObject.flags_get_first_value(pspec.flags_class, 1 << n) for n in range(32) if pspec.flags_class.mask >> n & 1
    )
    return {member.value_nick: member.value for member in bits if member is not None}


def _nicks(pspec: Any) -> list[str]:
    # An enum's nicks; for flags, those of single bits.
    if pspec.value_type.fundamental.name == "GEnum":
        return [member.value_nick for member in _enum_members(pspec).values()]
    return [nick for nick, bit in _flag_bits(pspec).items() if bit]


def _read_bool(_: Any, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _read_whole(pspec: Any, value: Any) -> int:
    if isinstance(value, (bool, str)):
        raise TypeError
    number = value.__index__()  # numpy's integers too, but no float
    if not pspec.minimum <= number <= pspec.maximum:
        raise ValueError
    return int(number)


def _read_number(pspec: Any, value: Any) -> float:
    if isinstance(value, (bool, str)):
        raise TypeError
    number = float(value)
    if math.isnan(number) or not pspec.minimum <= number <= pspec.maximum:
        raise ValueError
    return number


def _read_string(_: Any, value: Any) -> str | None:
    if value is None:
        return None
    text = os.fspath(value)
    if not isinstance(text, str):
        raise TypeError
    return text


def _read_enum(pspec: Any, value: object) -> int:
    values = _enum_members(pspec)
    if isinstance(value, str):
        for number, entry in values.items():
            if value.lower().replace("_", "-") in (entry.value_nick.lower(), entry.value_name.lower()):
                return int(number)
        raise ValueError
    if isinstance(value, bool) or not isinstance(value, int) or int(value) not in values:
        raise ValueError
    return int(value)


def _read_flags(pspec: Any, value: object) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int):
        return int(value)
    if not isinstance(value, str):
        raise TypeError
    bits = _flag_bits(pspec)
    total = 0
    for word in filter(None, (w.strip() for w in value.split("+"))):
        if word not in bits:
            raise ValueError
        total |= bits[word]
    return total


def _read_fraction(_: Any, value: Any) -> Any:
    if isinstance(value, Gst.Fraction):
        return value
    if isinstance(value, tuple):
        numerator, denominator = value
        return Gst.Fraction(int(numerator), int(denominator))
    exact = Fraction(value).limit_denominator(1001)
    return Gst.Fraction(exact.numerator, exact.denominator)


def _read_boxed(pspec: Any, value: Any) -> Any:
    name = pspec.value_type.name
    if isinstance(value, str) and name == "GstCaps":
        caps = Gst.Caps.from_string(value)
        if caps is None:
            raise ValueError
        return caps
    if isinstance(value, str) and name == "GstStructure":
        parsed = Gst.Structure.from_string(value)
        structure = parsed[0] if isinstance(parsed, tuple) else parsed
        if structure is None:
            raise ValueError
        return structure
    return _read_object(pspec, value)


def _read_object(pspec: Any, value: Any) -> Any:
    if value is None or (hasattr(value, "__gtype__") and value.__gtype__.is_a(pspec.value_type)):
        return value
    if pspec.value_type.name in ("gpointer", "GstValueArray", "GstValueList"):
        return value
    raise TypeError


_READERS: dict[str, Callable[[Any, Any], Any]] = {
    "gboolean": _read_bool,
    **dict.fromkeys(_WHOLE, _read_whole),
    "gfloat": _read_number,
    "gdouble": _read_number,
    "gchararray": _read_string,
    "GEnum": _read_enum,
    "GFlags": _read_flags,
    "GstFraction": _read_fraction,
    "GBoxed": _read_boxed,
}
