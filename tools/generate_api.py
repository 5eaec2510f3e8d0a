"""Writes what the project promises in public into api/, from the code itself, so that each change shows in a diff.

    python tools/generate_api.py            write
    python tools/generate_api.py --check    compare; exit 1 and the difference where one differs

api/elements.json        every element: pads, properties with type, range and default, signals
api/python.txt           every public name of fluvial and fluvial.backends, with its signature
api/pyds.txt             the same of pyds
api/cli.txt              every command and option
api/config.schema.json   the JSON schema of a pipeline's configuration
api/pyds-differences.txt what of NVIDIA's pyds is meant to differ: only taken from here, never added
python/fluvial/_core.pyi the extension's types, by nanobind
python/pyds/__init__.pyi pyds's types
docs/pyds-differences.md the table of differences, to read
docs/lint.md             the rules of fluvial lint
"""

from __future__ import annotations

import argparse
import difflib
import enum
import inspect
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import lint_page
import pyds_stub

ROOT = Path(__file__).resolve().parent.parent


# --- elements ---------------------------------------------------------------------------------------------------------
def elements() -> str:
    """Every element of the plugin, under each of its names."""
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import Gst

    import fluvial  # noqa: F401  its import makes the plugin findable

    Gst.init(None)
    features = Gst.Registry.get().get_feature_list_by_plugin("fluvial")
    factories = sorted((f for f in features if isinstance(f, Gst.ElementFactory)), key=lambda f: f.get_name())
    if not factories:
        raise SystemExit("generate_api: the plugin has no elements, or was not found: make build")
    by_type = {f.load().get_element_type(): f for f in factories}
    described = {f.get_name(): _element(f.load(), by_type) for f in factories}
    text = json.dumps(described, indent=1, ensure_ascii=False)
    return re.sub(r"\[\n\s+([^\s,\[\]]+),\n\s+([^\s,\[\]]+)\n\s+\]", r"[\1, \2]", text) + "\n"  # ranges on one line


def _element(factory: Any, by_type: dict[Any, Any]) -> dict[str, Any]:
    # DeepStream's name for an element of ours is a subtype that adds nothing: say only that.
    parent = by_type.get(factory.get_element_type().parent)
    described: dict[str, Any] = {"rank": factory.get_rank()}
    if parent is not None:
        return {"same_as": parent.get_name(), **described}
    element = factory.create(None)
    return {
        "title": factory.get_metadata("long-name"),
        "class": factory.get_metadata("klass"),
        "description": factory.get_metadata("description"),
        **described,
        "pads": sorted(map(_pad, factory.get_static_pad_templates()), key=str),
        "properties": {p.name: _property(p) for p in sorted(_own(element), key=_name_of)},
        "signals": _signals(element),
    }


def _name_of(spec: Any) -> str:
    return str(spec.name)


def _pad(template: Any) -> dict[str, str]:
    caps = template.get_caps().to_string()
    return {
        "name": template.name_template,
        "direction": template.direction.value_nick,
        "presence": template.presence.value_nick,
        "caps": re.sub(r"\((?:string|int|fraction|boolean)\)", "", caps),
    }


def _own(element: Any) -> Iterator[Any]:
    # Properties of ours; GStreamer's own base classes may gain some with a version.
    for spec in type(element).list_properties():
        if not spec.owner_type.name.startswith(("Gst", "GObject")):
            yield spec


def _property(spec: Any) -> dict[str, Any]:
    from gi.repository import GObject, Gst

    access = [
        name
        for name, flag in (
            ("read", GObject.ParamFlags.READABLE),
            ("write", GObject.ParamFlags.WRITABLE),
            ("controllable", Gst.PARAM_CONTROLLABLE),
            ("while playing", Gst.PARAM_MUTABLE_PLAYING),
        )
        if int(spec.flags) & int(flag)
    ]
    described: dict[str, Any] = {"type": spec.value_type.name, "what": spec.blurb, "access": " ".join(access)}
    default = _plain(getattr(spec, "default_value", None))
    if default is not None:
        described["default"] = default
    if hasattr(spec, "minimum"):
        described["range"] = [_plain(spec.minimum), _plain(spec.maximum)]
    if spec.value_type.is_a(GObject.TYPE_ENUM):
        described["values"] = {v.value_nick: int(v) for v in _enum_values(spec)}
    return described


def _enum_values(spec: Any) -> list[Any]:
    values = type(spec.default_value).__enum_values__
    return [values[k] for k in sorted(values)]


def _plain(value: Any) -> Any:
    if hasattr(value, "value_nick"):
        return value.value_nick
    if isinstance(value, float):
        return float(f"{value:.7g}")
    return value if isinstance(value, (bool, int, str)) or value is None else str(value)


def _signals(element: Any) -> dict[str, list[str]]:
    from gi.repository import GObject

    found = {}
    kind = element.__gtype__
    while kind != GObject.TYPE_INVALID and not kind.name.startswith(("Gst", "GObject")):
        for name in GObject.signal_list_names(kind):
            query = GObject.signal_query(name, kind)
            found[name] = [t.name for t in query.param_types]
        kind = kind.parent
    return dict(sorted(found.items()))


# --- Python -----------------------------------------------------------------------------------------------------------
def python_names() -> str:
    import fluvial
    import fluvial.backends

    return _module(fluvial) + _module(fluvial.backends)


def pyds_names() -> str:
    import pyds

    return _module(pyds)


def _module(module: ModuleType) -> str:
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    lines: list[str] = []
    for name in sorted(names):
        lines.extend(_name(f"{module.__name__}.{name}", getattr(module, name)))
    return "\n".join(lines) + "\n"


def _name(path: str, thing: Any) -> list[str]:
    if inspect.isclass(thing):
        return _class(path, thing)
    if inspect.ismodule(thing):
        return [f"{path}: module"]
    if callable(thing):
        return [f"{path}{_signature(thing)}"]
    return [f"{path}: {type(thing).__name__}{_value(thing)}"]


def _class(path: str, kind: type) -> list[str]:
    bases = ", ".join(b.__name__ for b in kind.__bases__ if b is not object)
    lines = [f"{path}({bases})" if bases else path]
    if issubclass(kind, enum.Enum):
        return lines + [f"{path}.{m.name} = {m.value!r}" for m in kind]
    initialiser = kind.__dict__.get("__init__")
    if inspect.isfunction(initialiser):
        lines.append(f"{path}.__init__{_signature(initialiser)}")
    fields = getattr(kind, "__annotations__", {})
    members = {n: getattr(kind, n, None) for n in [*vars(kind), *fields] if not n.startswith("_")}
    for name in sorted(members):
        lines.extend(_member(f"{path}.{name}", kind.__dict__.get(name, members[name])))
    return lines


def _member(path: str, thing: Any) -> list[str]:
    if isinstance(thing, (staticmethod, classmethod)):
        return [f"{path}{_signature(thing.__func__)} ({type(thing).__name__})"]
    if isinstance(thing, property):
        return [f"{path} (property{'' if thing.fset else ', read only'})"]
    if inspect.isgetsetdescriptor(thing):
        return [f"{path}: {(thing.__doc__ or '').partition(': ')[0]}"]
    if callable(thing):
        return [f"{path}{_signature(thing)}"]
    return [f"{path}: {type(thing).__name__}{_value(thing)}" if _value(thing) else path]


def _value(thing: Any) -> str:
    return f" = {thing!r}" if isinstance(thing, (int, str)) else ""


def _signature(thing: Any) -> str:
    # nanobind's functions carry their signatures, one an overload, in __nb_signature__.
    overloads = getattr(thing, "__nb_signature__", None)
    if overloads:
        return " | ".join(re.sub(r"^def \w+", "", o[0]) for o in overloads)
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return "(...)"
    parameters = [p.replace(annotation=_unquoted(p.annotation)) for p in signature.parameters.values()]
    signature = signature.replace(parameters=parameters, return_annotation=_unquoted(signature.return_annotation))
    return re.sub(r" at 0x[0-9a-f]+", "", str(signature))


class _Text:
    """Prints as its text, without quotes: an annotation under `from __future__ import annotations` is a string."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _unquoted(annotation: Any) -> Any:
    return _Text(annotation) if isinstance(annotation, str) else annotation


# --- command line -----------------------------------------------------------------------------------------------------
class _Parser(BaseException):
    """Carries the parser out of `main`, which makes it and would then use it."""


def command_line() -> str:
    """Options as the parser has them: `--help` is laid out differently by each Python."""
    from fluvial import cli

    def capture(parser: argparse.ArgumentParser, *_args: object, **_named: object) -> None:
        raise _Parser(parser)

    methods = dict.fromkeys(("parse_args", "parse_known_args"), capture)
    try:
        with mock.patch.multiple(argparse.ArgumentParser, **methods):
            cli.main(["models", "list"])
    except _Parser as found:
        return "\n".join(_commands(found.args[0])) + "\n"
    raise SystemExit("generate_api: fluvial.cli.main used no argparse parser")


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield parser.prog
    nested: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            nested = action.choices
        elif not isinstance(action, argparse._HelpAction):
            yield f"    {_option(action)}"
    for name in nested:
        yield ""
        yield from _commands(nested[name])


def _option(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or action.metavar or action.dest
    takes = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
    count = f" [{action.nargs}]" if action.nargs not in (None, 0) else ""
    choices = f" {{{','.join(map(str, action.choices))}}}" if action.choices else ""
    default = "" if action.default in (None, False, argparse.SUPPRESS, []) else f" = {action.default}"
    return f"{name}{takes}{count}{choices}{default}: {action.help}".replace(str(Path.home()), "~")


# --- config and stub --------------------------------------------------------------------------------------------------
def config_schema() -> str:
    from fluvial.config import json_schema

    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def pyds_differences() -> str:
    import pyds

    return pyds_stub.pruned(pyds)


def pyds_types() -> str:
    import pyds

    return pyds_stub.stub(pyds)


def stub() -> str:
    """nanobind's own generator; the module is loaded as a part of the package, so that names come out whole."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "_core.pyi"
        command = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "fluvial._core", "-o", str(target)]
        subprocess.run(command, check=True, cwd=ROOT / "python")
        text = target.read_text()
    # Names of a submodule, which is no file of its own, and dicts whose keys nanobind does not know.
    text = text.replace("from fluvial._core import pyds as pyds\n", "")
    text = re.sub(r"-> dict:", "-> dict[str, Any]:", text)
    return text + "\n\npyds: types.ModuleType\n"


ARTEFACTS: dict[str, Callable[[], str]] = {
    "api/elements.json": elements,
    "api/python.txt": python_names,
    "api/pyds.txt": pyds_names,
    "api/pyds-differences.txt": pyds_differences,
    "api/cli.txt": command_line,
    "api/config.schema.json": config_schema,
    "python/fluvial/_core.pyi": stub,
    "python/pyds/__init__.pyi": pyds_types,
    "docs/pyds-differences.md": pyds_stub.page,
    "docs/lint.md": lint_page.page,
}


def differs(path: str, text: str) -> bool:
    """Prints the difference between the committed file and the code's."""
    file = ROOT / path
    known = file.read_text() if file.exists() else ""
    if known == text:
        return False
    lines = difflib.unified_diff(known.splitlines(), text.splitlines(), f"{path}, committed", "the code's", lineterm="")
    print("\n".join(list(lines)[:200]))
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    parser.add_argument("only", nargs="*", help="some of: " + " ".join(ARTEFACTS))
    args = parser.parse_args()
    stale = []
    for path in args.only or ARTEFACTS:
        text = ARTEFACTS[path]()
        if args.check:
            stale += [path] if differs(path, text) else []
        else:
            (ROOT / path).parent.mkdir(exist_ok=True)
            (ROOT / path).write_text(text)
            print(f"wrote {path}")
    if stale:
        print(f"\ngenerate_api: {', '.join(stale)}: not what the code says. Meant? `make generate`, CHANGELOG, commit.")
    elif args.check:
        print(f"generate_api: {len(args.only or ARTEFACTS)} files say what the code says")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
