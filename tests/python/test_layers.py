"""The folders' order is the dependencies' order. This test is the rule's only text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

CPP = ["types", "algo", "meta", "surface", "backends", "elements"]  # may include those to its left
BINDINGS_USE = {"types", "algo", "meta", "surface", "backends", "bindings"}
FORBIDDEN = {  # folder: headers that may not appear in it
    "types": r"gst/|nanobind|Python\.h|openvino",
    "algo": r"gst/|nanobind|Python\.h|openvino",
    "meta": r"nanobind|Python\.h|openvino",
    "surface": r"nanobind|Python\.h|openvino",
    "backends": r"nanobind|Python\.h",
    "elements": r"nanobind|Python\.h|openvino",
    "bindings": r"openvino",
}
PYTHON = [  # may import those on the lines above; a name with others on its line, those too
    {"errors", "_unwind"},
    {"_plugin", "_core", "_gpus", "_meters", "_nvdec", "_nvml", "_nvrtc", "_publish", "config"},
    {"_gst", "models", "_infer_config", "frame", "backends", "parsers"},
    {"tuning"},
    {"_properties", "_interrupt", "outputs", "sources", "probes", "stats", "lint"},
    {"pipeline", "_figures"},
    {"_flow_build"},
    {"_flow_graph"},
    {"_loop"},
    {"flow"},
    {"train"},
    {"cli"},
    {"__main__"},
]


def test_cpp_includes_point_left() -> None:
    wrong = []
    for folder in [*CPP, "bindings"]:
        allowed = BINDINGS_USE if folder == "bindings" else set(CPP[: CPP.index(folder) + 1])
        for file in (ROOT / "cpp" / folder).rglob("*.[ch]*"):
            for header in re.findall(r'#include [<"]([^">]+)', file.read_text()):
                top = header.split("/")[0]
                is_ours = "/" in header and (ROOT / "cpp" / top).is_dir()
                if (is_ours and top not in allowed) or re.match(FORBIDDEN.get(folder, "$^"), header):
                    wrong.append(f"{file.relative_to(ROOT)} includes {header}")
    assert not wrong, "\n".join(wrong)


def test_no_element_includes_another() -> None:
    wrong = []
    elements = ROOT / "cpp/elements"
    for file in (f for folder in elements.glob("*/") for f in folder.rglob("*.[ch]*")):
        for other in re.findall(r'#include "elements/(\w+)/', file.read_text()):
            if other != file.relative_to(elements).parts[0]:
                wrong.append(f"{file.relative_to(ROOT)} includes the element {other}")
    assert not wrong, "\n".join(wrong)


def layer_of(name: str) -> int:
    return next(i for i, names in enumerate(PYTHON) if name in names)


def test_every_python_file_has_a_layer() -> None:
    folder = ROOT / "python/fluvial"
    names = {p.stem for p in folder.glob("*.py")} | {p.name for p in folder.iterdir() if (p / "__init__.py").exists()}
    assert names - {"__init__"} == set().union(*PYTHON) - {"_core"}


def test_python_imports_point_left() -> None:
    wrong = []
    for file in (ROOT / "python/fluvial").rglob("*.py"):
        top = file.relative_to(ROOT / "python/fluvial").parts[0].removesuffix(".py")
        if top in ("__init__", "_cuda"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if names == ["fluvial"]:
                names = [f"fluvial.{a.name}" for a in node.names]
            for name in (n.removeprefix("fluvial.").split(".")[0] for n in names if n.startswith("fluvial.")):
                if layer_of(name) > layer_of(top):
                    wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_pyds_uses_the_extension_and_the_plugin_alone() -> None:
    for file in (ROOT / "python/pyds").rglob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) (fluvial[\w.]*)", file.read_text(), re.MULTILINE):
            assert module in ("fluvial", "fluvial._core", "fluvial._core.pyds", "fluvial._plugin"), f"{file} {module}"
