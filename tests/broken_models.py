"""Model files that are none, or none that can be run: one function each, for test_broken_models.py."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

F32, F64, F16, I64, I32, U8, TEXT, C64 = 1, 11, 10, 7, 6, 2, 8, 14  # ONNX's numbers of types


@dataclass(frozen=True)
class Broken:
    """One file.

    Attributes:
        name: The file's, with its suffix.
        make: Writes it.
        says: What the message must have in it, beside the file's name: the tensor or key, the value, what is allowed.
    """

    name: str
    make: Callable[[Path], None]
    says: tuple[str, ...]


def value(name: str, kind: int = F32, shape: Sequence[int | str] | None = (1, 3, 64, 96)) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, shape if shape is None else list(shape))


def model(
    *,
    inputs: Sequence[Any] | None = None,
    outputs: Sequence[Any] | None = None,
    nodes: Sequence[Any] | None = None,
    initializers: Sequence[Any] = (),
    opset: int = 13,
    domain: str = "",
) -> Any:
    """A small classifier; each part can be replaced by something broken."""
    from onnx import helper

    shape = helper.make_tensor("shape", I64, [2], [1, -1])
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["picture", "shape"], ["scores"])] if nodes is None else list(nodes),
        "broken",
        [value("picture")] if inputs is None else list(inputs),
        [value("scores", shape=(1, 18432))] if outputs is None else list(outputs),
        [shape, *initializers],
    )
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def onnx_file(**parts: Any) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(model(**parts).SerializeToString()) and None


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, list(inputs), list(outputs), **attributes)


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def truncated(path: Path) -> None:
    from onnx import numpy_helper

    weights = numpy_helper.from_array(np.ones((64, 1000), np.float32), "weights")
    data = model(initializers=[weights]).SerializeToString()
    path.write_bytes(data[: len(data) // 2])


def flipped(path: Path) -> None:
    data = bytearray(model().SerializeToString())
    for i in range(0, len(data), 7):
        data[i] ^= 0xFF
    path.write_bytes(bytes(data))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.onnx", model().SerializeToString())


class Trap:
    """Whoever unpickles it leaves a file behind."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Trap(str(path.parent / "was_unpickled"))))


def pickled_in_zip(path: Path) -> None:
    packed = io.BytesIO()
    pickle.dump(Trap(str(path.parent / "was_unpickled")), packed)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", packed.getvalue())
        archive.writestr("archive/version", "3\n")


def external(location: str, length: int = 256) -> Callable[[Path], None]:
    """Weights that lie in another file."""

    def make(path: Path) -> None:
        from onnx import TensorProto

        (path.parent.parent / "secret.bin").write_bytes(bytes(256))
        weights = TensorProto(name="weights", data_type=F32, dims=[8, 8], data_location=TensorProto.EXTERNAL)
        for key, text in (("location", location), ("offset", "0"), ("length", str(length))):
            weights.external_data.add(key=key, value=text)
        nodes = [
            node("Reshape", ["picture", "shape"], ["flat"]),
            node("ReduceSum", ["weights"], ["sum"], keepdims=0),
            node("Add", ["flat", "sum"], ["scores"]),
        ]
        path.write_bytes(model(nodes=nodes, initializers=[weights]).SerializeToString())

    return make


def xml(text: str, weights: bytes | None = b"") -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_text(text, encoding="utf-8")
        if weights is not None:
            path.with_suffix(".bin").write_bytes(weights)

    return make


def folder(path: Path) -> None:
    path.mkdir()


PASS = "picture", "shape"
NO_PICTURE = "neither a picture"
TWO = [value("left"), value("right")]
IR = """<?xml version="1.0"?><net name="n" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,3,64,96" element_type="f32"/>
<output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim><dim>64</dim><dim>96</dim></port></output></layer>
{more}</layers><edges>{edges}</edges></net>"""


PORT = '<port id="{}" precision="FP32"><dim>1</dim></port>'
LOOP = (
    '<layer id="1" name="r" type="ReLU" version="opset1">'
    f"<input>{PORT.format(0)}</input><output>{PORT.format(1)}</output></layer>"
    f'<layer id="2" name="out" type="Result" version="opset1"><input>{PORT.format(0)}</input></layer>'
)
LOOP_EDGES = (
    '<edge from-layer="1" from-port="1" to-layer="1" to-port="0"/>'
    '<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/>'
)


def cyclic() -> Callable[[Path], None]:
    return onnx_file(
        nodes=[node("Add", ["picture", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["scores"])]
    )


def of_type(kind: int) -> Callable[[Path], None]:
    nodes = [node("Cast", ["picture"], ["cast"], to=F32), node("Reshape", ["cast", "shape"], ["scores"])]
    return onnx_file(inputs=[value("picture", kind)], nodes=nodes)


def of_shape(*shape: int) -> Callable[[Path], None]:
    return onnx_file(inputs=[value("picture", shape=shape)], outputs=[value("scores", shape=None)])


BROKEN = [
    Broken("empty.onnx", content(b""), ("empty",)),
    Broken("text.onnx", content(b"this is no model, only words\n"), ("plain text",)),
    Broken(
        "page.onnx",
        content(b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
        ("a page of HTML or XML", "fetch it again"),
    ),
    Broken(
        "pointer.onnx",
        content(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        ("Git LFS", "git lfs pull"),
    ),
    Broken("zip.onnx", zipped, ("a zip archive", "exported to ONNX")),
    Broken("random.onnx", content(np.random.default_rng(1).bytes(5000)), ("no message of ONNX",)),
    Broken("zeros.onnx", content(bytes(5000)), ("no message of ONNX",)),
    Broken("truncated.onnx", truncated, ("cut short: it has 128084 bytes",)),
    Broken("flipped.onnx", flipped, ("no message of ONNX",)),
    Broken("pickle.onnx", pickled, ("a Python pickle, which is not loaded",)),
    Broken("folder.onnx", folder, ("this is a folder",)),
    Broken("pickle.pt", pickled, ()),
    Broken("archive.pt", pickled_in_zip, ()),
    Broken("weights.pth", pickled, ("'.pth'", ".onnx (ONNX) or .xml")),
    Broken("network.tflite", content(b"\x1c\x00\x00\x00TFL3"), ("'.tflite'", ".onnx (ONNX) or .xml")),
    Broken("network.engine", content(b"ptrt" + bytes(64)), ()),
    Broken("no_outputs.onnx", onnx_file(outputs=[]), ("it has no outputs", "picture f32[1,3,64,96]")),
    Broken(
        "no_inputs.onnx",
        onnx_file(inputs=[], nodes=[node("Reshape", ["shape", "shape"], ["scores"])]),
        ("no input is a picture", "[N,3,H,W]"),
    ),
    Broken("no_graph.onnx", content(b"\x08\x08"), ("holds no graph",)),
    Broken("cyclic.onnx", cyclic(), ('node "b"',)),
    Broken("loose_end.onnx", onnx_file(nodes=[node("Relu", ["nothing"], ["scores"])]), ('node "nothing"',)),
    Broken(
        "unknown_op.onnx",
        onnx_file(nodes=[node("Frobnicate", ["picture"], ["scores"])]),
        ("no operation Frobnicate-13 (name-opset)", "opset_version=17", "backend=onnxruntime"),
    ),
    Broken(
        "opset_99.onnx",
        onnx_file(nodes=[node("OfTomorrow", ["picture"], ["scores"])], opset=99),
        ("no operation OfTomorrow-99 (name-opset)", "opset_version=17"),
    ),
    Broken(
        "unknown_domain.onnx",
        onnx_file(nodes=[node("Wonder", ["picture"], ["scores"], domain="com.example")], domain="com.example"),
        ("Wonder",),
    ),
    Broken("opset_0.onnx", onnx_file(opset=0), ("Unsupported operator version: Reshape:0",)),
    Broken(
        "wrong_shape.onnx",
        onnx_file(nodes=[node("MatMul", ["picture", "shape"], ["scores"])]),
        ("MatMul", "scores", "arg0 element type: f32, arg1 element type: i64"),
    ),
    Broken(
        "wrong_type.onnx",
        onnx_file(nodes=[node("Add", ["picture", "shape"], ["scores"])]),
        ("Add", "scores", "arg0 element type: f32, arg1 element type: i64"),
    ),
    Broken("outside.onnx", external("../secret.bin"), ("../secret.bin", "outside the base directory")),
    Broken("absolute.onnx", external("/etc/hostname", 4), ("/etc/hostname", "outside the base directory")),
    Broken("absent_data.onnx", external("weights.bin"), ("weights.bin", "data_length: 256")),
    Broken("double.onnx", of_type(F64), ("picture", "f64", "f32, f16")),
    Broken("int64.onnx", of_type(I64), ("picture", "i64", "f32, f16, u8 or i32")),
    Broken(
        "strings.onnx",
        onnx_file(inputs=[value("picture", TEXT)], outputs=[value("scores", TEXT, None)]),
        ("picture", "string"),
    ),
    Broken("two_channels.onnx", of_shape(1, 2, 64, 96), ("picture", NO_PICTURE, "[1,2,64,96]", "[N,3,H,W]")),
    Broken(
        "two_pictures.onnx",
        onnx_file(
            inputs=TWO, nodes=[node("Add", ["left", "right"], ["scores"])], outputs=[value("scores", shape=None)]
        ),
        ("left", "right", "both pictures"),
    ),
    Broken("vector_input.onnx", of_shape(1, 128), ("picture", NO_PICTURE, "[1,128]")),
    Broken(
        "open_rank.onnx",
        onnx_file(inputs=[value("picture", shape=None)], outputs=[value("scores", shape=None)]),
        ("picture", "leaves their number open", "four"),
    ),
    Broken("huge.onnx", of_shape(1, 3, 2_000_000, 2_000_000), ("picture", "2000000x2000000", "1 to 16384")),
    Broken("negative.onnx", of_shape(1, 3, -5, 96), ("picture", "96x0", "1 to 16384")),
    Broken("zero_size.onnx", of_shape(1, 3, 0, 96), ("picture", "96x0", "1 to 16384")),
    Broken("words.xml", xml("this is no model"), ("no <net>",)),
    Broken("cut.xml", xml(IR[:200]), ("Error parsing",)),
    Broken("empty.xml", xml(""), ("empty",)),
    Broken("other.xml", xml("<html><body/></html>"), ("no <net>",)),
    Broken("no_result.xml", xml(IR.format(more="", edges="")), ("it has no outputs",)),
    Broken("cycle.xml", xml(IR.format(more=LOOP, edges=LOOP_EDGES)), ("node 1",)),
    Broken(
        "entities.xml",
        xml('<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><net name="&b;" version="11"/>'),
        ("no input is a picture",),
    ),
]
