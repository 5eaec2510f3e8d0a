"""Models that Python runs: what goes in and comes out, what is refused, what ends well."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial.backends import Backend, Function, Model, OnnxRuntime, Plan, Ready, Tensor, offer
from needed import absent, package
from waiting import eventually

Clip = Callable[..., Path]

BOXES = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2).astype(np.float32) / 8
BOXES = np.concatenate([BOXES, BOXES + 1 / 8], axis=1)
COLOURS = {"model_color_format": 0, "net_scale_factor": 1.0}


class Cells:
    """The blob model in NumPy: one box a cell of 8 x 8 pixels, whose score is its brightness."""

    type, batch = "f32", -1

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.seen: list[tuple[int, ...]] = []

    def describe(self) -> Model:
        return Model(
            (Tensor("image", self.type, (self.batch, 3, 64, 64)),),
            (Tensor("boxes", "f32", (self.batch, 64, 4)), Tensor("scores", "f32", (self.batch, 64, 3))),
            {"op.scores": "Sigmoid"},
        )

    def compile(self, plan: Plan) -> Ready | None:
        self.plan = plan
        return None

    def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
        pictures = inputs["image"]
        self.seen.append(pictures.shape)
        count = len(pictures)
        share = pictures.astype(np.float32).mean(axis=1).reshape(count, 8, 8, 8, 8).mean(axis=(2, 4)) / 255
        scores = np.zeros((count, 64, 3), np.float32)
        scores[..., 0] = share.reshape(count, 64)
        return {"boxes": np.broadcast_to(BOXES, (count, 64, 4)), "scores": scores}


def found_in(flow: fv.Flow) -> list[np.ndarray]:
    """Boxes and confidences of each frame, in an order of their own."""
    found = []
    for batch in flow:
        for frame in batch.frames:
            rows = np.array([(*o.box, o.confidence) for o in frame.objects], np.float32).reshape(-1, 5)
            found.append(rows[np.lexsort(rows.round().T)])
    return found


def assert_same(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    assert len(some) == len(others)
    assert sum(map(len, some)) > 0
    for a, b in zip(some, others, strict=True):
        assert a.shape == b.shape
        assert np.abs(a[:, :4] - b[:, :4]).max(initial=0) < 1  # pixels
        assert np.abs(a[:, 4] - b[:, 4]).max(initial=0) < 0.01


# --- what is found ----------------------------------------------------------------------------------------------------


@pytest.fixture
def onnxruntime() -> Any:
    return package("onnxruntime")


def test_onnx_runtime_finds_what_openvino_finds(onnxruntime: Any, make_clip: Clip, blob_model: Path) -> None:
    here = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, precision="f32")
    there = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, backend="onnxruntime")
    assert_same(found_in(here), found_in(there))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["yolox-nano", "deimv2-atto", "person-vehicle-bike"])
def test_real_models_find_the_same_in_onnx_runtime(onnxruntime: Any, name: str) -> None:
    from fluvial.models.registry import assets_folder, find

    try:
        model = find(name).path
    except fv.ModelError as e:
        absent("models", str(e))
    clip = (assets_folder() or Path()) / "videos" / "person-bicycle-car-detection.mp4"
    if not clip.is_file():
        absent("models", "no clip of the assets is here: FLUVIAL_ASSETS names their folder")

    def first(**how: Any) -> list[np.ndarray]:
        flow = fv.Flow(clip).infer(model.with_suffix(".onnx"), **how)
        found: list[np.ndarray] = []
        for batch in flow:
            for frame in batch.frames:
                rows = np.array([(*o.box, o.confidence) for o in frame.objects], np.float32).reshape(-1, 5)
                found.append(rows[np.lexsort(rows.round().T)])
            if len(found) == 60:
                break
        return found

    assert_same(first(precision="f32"), first(backend="onnxruntime"))


def test_an_object_finds_what_the_same_model_in_a_file_finds(make_clip: Clip, blob_model: Path) -> None:
    file = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, precision="f32")
    cells = Cells()
    assert isinstance(cells, Backend)
    ours = fv.Flow(make_clip("a.mp4")).infer(cells, threshold=0.3, **COLOURS)
    assert_same(found_in(file), found_in(ours))
    assert cells.plan is not None and cells.plan.shapes == {"image": (1, 3, 64, 64)} and cells.plan.is_batch_open


def test_a_function_is_a_model(make_clip: Clip, blob_model: Path) -> None:
    cells = Cells()
    ours = fv.Flow(make_clip("a.mp4")).infer(
        lambda pictures: cells.infer({"image": pictures}), input_size=(64, 64), threshold=0.3, **COLOURS
    )
    file = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, precision="f32")
    assert_same(found_in(file), found_in(ours))


def test_the_element_says_who_runs_the_model(onnxruntime: Any, make_clip: Clip, blob_model: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, backend="onnxruntime", threads=1, requests=1)
    for _ in flow:
        assert flow.pipeline is not None
        infer = next(e for e in flow.pipeline.gst.children if e.get_name().startswith("fluvialinfer"))
        said = flow.pipeline.get(infer, "backend")
        break
    assert said == f"ONNX Runtime {onnxruntime.__version__} on CPU, 1 at a time, 1 thread each"


@pytest.mark.parametrize(("kind", "numpys"), [("u8", "uint8"), ("f16", "float16"), ("i32", "int32")])
def test_pictures_come_in_the_type_that_was_described(make_clip: Clip, kind: str, numpys: str) -> None:
    types = set()

    class Typed(Cells):
        type = kind

        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            types.add(inputs["image"].dtype.name)
            return super().infer(inputs)

    assert sum(map(len, found_in(fv.Flow(make_clip("a.mp4")).infer(Typed(), threshold=0.3, **COLOURS)))) > 0
    assert types == {numpys}


def test_a_view_of_an_input_outlives_the_flow(make_clip: Clip) -> None:
    kept: list[np.ndarray] = []

    class Keeping(Cells):
        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            kept.append(inputs["image"])
            return super().infer(inputs)

    fv.Flow(make_clip("a.mp4")).infer(Keeping(), **COLOURS).run()
    gc.collect()
    assert all(np.isfinite(view).all() and view.base is not None for view in kept)
    assert len({view.ctypes.data for view in kept}) == 2, "one memory a request: nothing was copied"


class Foreign:
    """An array of another library, which speaks DLPack alone."""

    def __init__(self, array: np.ndarray, device: tuple[int, int] = (1, 0)) -> None:
        self._array, self._device = array, device

    def __dlpack__(self, **how: Any) -> Any:
        return self._array.__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device


def test_whatever_speaks_dlpack_may_be_returned(make_clip: Clip) -> None:
    class Returning(Cells):
        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            found = super().infer({"image": np.from_dlpack(Foreign(inputs["image"]))})
            return {name: Foreign(np.ascontiguousarray(array)) for name, array in found.items()}

    plain = fv.Flow(make_clip("a.mp4")).infer(Cells(), threshold=0.3, **COLOURS)
    assert_same(found_in(plain), found_in(fv.Flow(make_clip("a.mp4")).infer(Returning(), threshold=0.3, **COLOURS)))


def test_a_flow_runs_again_with_the_same_backend(onnxruntime: Any, make_clip: Clip, blob_model: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, backend="onnxruntime")
    assert_same(found_in(flow), found_in(flow))


def swap(flow: fv.Flow, path: Path) -> int:
    """Names another model while the flow plays; what its signal says: 0, it took over."""
    told: list[int] = []
    is_told = threading.Event()

    def on_updated(_: object, status: int, path: str) -> None:
        told.append(status)
        is_told.set()

    for batch in flow:
        if batch.frames[0].number == 0:
            assert flow.pipeline is not None
            infer = next(e for e in flow.pipeline.gst.children if e.get_name().startswith("fluvialinfer"))
            infer.connect("model-updated", on_updated)
            infer.set_property("model", str(path))
            assert is_told.wait(20)
    return told[0]


def test_another_file_takes_over_while_it_plays(
    onnxruntime: Any, make_clip: Clip, blob_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(blob_model.read_bytes())
    assert swap(fv.Flow(make_clip("a.mp4")).infer(blob_model, backend="onnxruntime"), other) == 0


WARM_UPS = 3  # each of two requests, and the first once more


def test_a_model_in_memory_stays_when_a_file_would_take_over(make_clip: Clip, blob_model: Path) -> None:
    cells = Cells()
    flow = fv.Flow(make_clip("a.mp4")).infer(cells, **COLOURS)
    assert swap(flow, blob_model) != 0
    assert len(cells.seen) == WARM_UPS + 20 and flow.stats["a"].frames == 20


# --- batches ----------------------------------------------------------------------------------------------------------


def test_an_open_batch_is_as_large_as_there_are_pictures(make_clip: Clip) -> None:
    cells = Cells()
    clips = [make_clip("long.mp4", frames=10), make_clip("short.mp4", frames=4)]
    fv.Flow(clips).infer(cells, **COLOURS).run()
    sizes = [shape[0] for shape in cells.seen[WARM_UPS:]]
    assert (sizes.count(2), sizes.count(1)) == (4, 6)


def test_a_fixed_batch_is_padded(make_clip: Clip) -> None:
    class Three(Cells):
        batch = 3

    cells = Three()
    found = found_in(fv.Flow(make_clip("a.mp4")).infer(cells, threshold=0.3, **COLOURS))
    assert {shape[0] for shape in cells.seen} == {3}
    assert_same(found, found_in(fv.Flow(make_clip("a.mp4")).infer(Cells(), threshold=0.3, **COLOURS)))


def test_the_largest_batch_of_a_model_is_not_passed(make_clip: Clip) -> None:
    class AtMostTwo(Cells):
        def describe(self) -> Model:
            model = super().describe()
            return Model(model.inputs, model.outputs, model.metadata, max_batch=2)

    cells = AtMostTwo()
    clips = {str(i): make_clip("a.mp4") for i in range(3)}
    fv.Flow(clips).infer(cells, **COLOURS).run()
    assert max(shape[0] for shape in cells.seen) == 2


# --- threads ----------------------------------------------------------------------------------------------------------


def test_requests_run_beside_each_other(make_clip: Clip) -> None:
    together = threading.Barrier(2, timeout=20)
    warm = WARM_UPS + 1  # of three requests

    class Two(Cells):
        def compile(self, plan: Plan) -> Ready:
            return Ready("two at a time", parallel=2)

        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            found = super().infer(inputs)
            if len(self.seen) > warm:
                together.wait()  # breaks unless another call comes while this one is under way
            return found

    fv.Flow(make_clip("even.mp4", frames=20)).infer(Two(), **COLOURS).run()
    assert not together.broken


def big_model(path: Path) -> Path:
    """Works for a tenth of a second and gives one number."""
    onnx = package("onnx")
    from onnx import TensorProto, helper, numpy_helper

    size = 1024
    weights = numpy_helper.from_array(np.full((size, size), 1 / size, np.float32), "weights")
    nodes = [helper.make_node("Reshape", ["image", "shape"], ["x0"])]
    nodes += [helper.make_node("MatMul", [f"x{i}", "weights"], [f"x{i + 1}"]) for i in range(12)]
    nodes += [helper.make_node("ReduceMean", ["x12"], ["out"], axes=[0], keepdims=1)]
    graph = helper.make_graph(
        nodes,
        "big",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, size])],
        [weights, numpy_helper.from_array(np.array([3 * size, size], np.int64), "shape")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def test_python_goes_on_while_onnx_runtime_computes(onnxruntime: Any, tmp_path: Path) -> None:
    backend = OnnxRuntime(big_model(tmp_path / "big.onnx"))
    model = backend.describe()
    shapes = {t.name: t.shape for t in model.inputs}
    backend.compile(Plan(1, "CPU", "", 1, 1, shapes, False))
    ticks, is_over = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not is_over.wait(0.001):
            ticks += 1

    ticker = threading.Thread(target=tick)
    ticker.start()
    before = ticks
    backend.infer({"image": np.zeros((1, 3, 1024, 1024), np.float32)})
    during = ticks - before
    is_over.set()
    ticker.join()
    assert during > 3, "one tick would be that of a lock given back at the end"


def test_python_goes_on_while_a_request_is_under_way(make_clip: Clip) -> None:
    is_asked, may_go_on = threading.Event(), threading.Event()

    class Waiting(Cells):
        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            if len(self.seen) == 4:
                is_asked.set()
                assert may_go_on.wait(20)
            return super().infer(inputs)

    def other() -> None:
        assert is_asked.wait(20)
        may_go_on.set()

    thread = threading.Thread(target=other)
    thread.start()
    flow = fv.Flow(make_clip("a.mp4")).infer(Waiting(), **COLOURS).run()
    thread.join()
    assert flow.stats["a"].frames == 20


def thread_count() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_a_loop_that_is_left_early_leaves_nothing_behind(make_clip: Clip) -> None:
    before = thread_count()
    cells = Cells()
    gone = weakref.ref(cells)
    for _ in fv.Flow(make_clip("a.mp4")).infer(cells, **COLOURS):
        break
    del cells

    def is_clean() -> bool:
        gc.collect()
        return gone() is None and thread_count() <= before

    assert eventually(is_clean, seconds=10)


@pytest.mark.slow
def test_a_hundred_starts_and_stops_leave_nothing_behind(onnxruntime: Any, make_clip: Clip, blob_model: Path) -> None:
    clip = make_clip("a.mp4")

    def run(count: int) -> None:
        for i in range(count):
            for _ in fv.Flow(clip).infer(blob_model, backend="onnxruntime", threshold=0.3):
                if i % 2:
                    break

    run(5)  # what is made once
    gc.collect()
    threads, memory = thread_count(), resident_kb()
    run(100)
    gc.collect()
    assert eventually(lambda: thread_count() <= threads, seconds=10)
    assert resident_kb() - memory < 30_000


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


PROGRAM = """
import sys, threading
import numpy as np
import fluvial as fv
from fluvial.backends import Function

is_asked = threading.Event()
calls = 0

def model(pictures):
    global calls
    calls += 1
    if calls > 6:  # two that ask what it gives, two that warm up
        is_asked.set()
        {work}
    return np.zeros((len(pictures), 5), np.float32)

def parse(tensors, info):
    model(np.zeros((1, 1)))
    return fv.Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))

how = dict(parser=parse) if {is_parser} else dict(network_type=1)
subject = (lambda x: np.zeros((len(x), 5), np.float32)) if {is_parser} else model
flow = fv.Flow({clip!r}).infer(subject, input_size=(64, 64), model_color_format=0, net_scale_factor=1.0, **how)
graph = flow._new_graph(has_loop=False)
graph.start()
assert is_asked.wait(30)
print("ends", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("is_parser", [False, True])
@pytest.mark.parametrize("work", ["np.linalg.svd(np.random.rand(300, 300))", "threading.Event().wait(0.3)"])
def test_a_program_may_exit_with_calls_under_way(make_clip: Clip, work: str, is_parser: bool) -> None:
    program = PROGRAM.format(is_parser=is_parser, clip=str(make_clip("long.mp4", frames=200)), work=work)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "ends\n"), done.stderr


# --- what is refused --------------------------------------------------------------------------------------------------


class Wrong(Cells):
    """Cells, but for what `infer` gives."""

    def __init__(self, change: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__()
        self._change = change

    def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
        changed: dict[str, Any] = self._change(super().infer(inputs))
        return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda found: None, r"Wrong: infer\(\) returned NoneType None; a dict of arrays by output is needed"),
        (
            lambda found: {"boxes": found["boxes"]},
            r"output 'scores' is missing from what infer\(\) returned; one of: b",
        ),
        (lambda found: {**found, "scores": found["scores"].astype(float)}, "float64 and was described as float32"),
        (lambda found: {**found, "scores": found["scores"][:, :5]}, r"\(1, 5, 3\) and was described as \(any, 64, 3\)"),
        (lambda found: {**found, "scores": Foreign(found["scores"], (2, 0))}, "scores' lies on a device .*\n.*x.cpu"),
        (lambda found: {**found, "scores": "none"}, "output 'scores' is str 'none'; an array or a tensor on the CPU"),
    ],
)
def test_wrong_answers_are_named(make_clip: Clip, change: Callable[[Any], Any], says: str) -> None:
    with pytest.raises(fv.ModelError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(Wrong(change), **COLOURS).run()


@pytest.mark.parametrize("at", [1, 8])  # when it is warmed up; while frames flow
def test_an_exception_in_a_backend_arrives_as_it_is(make_clip: Clip, at: int) -> None:
    class Failing(Cells):
        def infer(self, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
            if len(self.seen) == at:
                raise LookupError("no such weight")
            return super().infer(inputs)

    with pytest.raises(LookupError, match="no such weight") as caught:
        fv.Flow(make_clip("a.mp4")).infer(Failing(), **COLOURS).run()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.name, Path(last.filename).name) == ("infer", "test_backends.py")
    assert "in infer 'Failing', " in "\n".join(getattr(caught.value, "__notes__", caught.value.args))


@pytest.mark.parametrize("method", ["describe", "compile"])
def test_an_exception_before_the_first_picture_arrives_too(make_clip: Clip, method: str) -> None:
    cells = Cells()

    def fail(*_: object) -> None:
        raise ZeroDivisionError(method)

    setattr(cells, method, fail)
    with pytest.raises(ZeroDivisionError, match=method):
        fv.Flow(make_clip("a.mp4")).infer(cells, **COLOURS).run()


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Model((), ()), r"Cells: describe\(\) gives no inputs"),
        (
            Model((Tensor("x", "f64", (1, 3, 8, 8)),), (Tensor("y", "f32", ()),)),
            "input 'x' is of type 'f64'; one of: f",
        ),
        (Model((Tensor("x", "f32", (1, 3, 8, 8)),) * 2, (Tensor("y", "f32", ()),)), "gives the input 'x' twice"),
        ("none", r"describe\(\) returned str 'none'; a fluvial.backends.Model is needed"),
    ],
)
def test_wrong_descriptions_are_named(make_clip: Clip, model: Any, says: str) -> None:
    cells = Cells()
    cells.describe = lambda: model  # type: ignore[method-assign]
    with pytest.raises(fv.ModelError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(cells, **COLOURS).run()


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"backend": "onxruntime"}, fv.ConfigError, "no such backend; did you mean 'onnxruntime'"),
        ({"backend": 3}, fv.ConfigError, r"backend=3: a name, or an object with describe\(\), compile\(\) and infer"),
        ({"providers": ["CUDA"]}, fv.ConfigError, "providers: no 'CUDA' here; "),
        ({"compile": True}, fv.ConfigError, "it is PyTorch's, and backend is 'openvino'\n  hint: backend='pytorch'"),
        ({"providers": ["x"], "backend": "openvino"}, fv.ConfigError, "they are ONNX Runtime's, and backend is 'openv"),
        ({"precision": "f8"}, fv.ConfigError, "precision: input should be 'f32', 'f16' or 'bf16'"),
        ({"input_size": (640,)}, fv.ConfigError, "input_size: list should have at least 2 items"),
    ],
)
def test_wrong_choices_are_refused_where_they_are_written(
    onnxruntime: Any, blob_model: Path, settings: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        fv.Flow("test://").infer(blob_model, **settings)
    assert "test_backends.py" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"device": "GPU"}, "device='GPU': no execution provider of this ONNX Runtime reaches it; there are "),
        ({"precision": "f16"}, "precision='f16': ONNX Runtime computes as the file says on CPUExecutionProvider"),
    ],
)
def test_what_onnx_runtime_cannot_do_here_is_said(
    onnxruntime: Any, make_clip: Clip, blob_model: Path, settings: dict[str, Any], says: str
) -> None:
    if "device" in settings and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime reaches a GPU")
    with pytest.raises(fv.ConfigError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(blob_model, backend="onnxruntime", **settings).run()


def test_a_broken_file_is_named(onnxruntime: Any, make_clip: Clip, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08\x07nothing of a model")
    with pytest.raises(fv.ModelError, match=r"ONNX Runtime: the model cannot be opened: .*broken\.onnx"):
        fv.Flow(make_clip("a.mp4")).infer(broken, backend="onnxruntime").run()


def test_a_function_needs_a_size() -> None:
    with pytest.raises(fv.ConfigError, match="nothing tells the size of its pictures"):
        fv.Flow("test://").infer(lambda x: x)


def test_engines_say_what_to_install(tmp_path: Path) -> None:
    engine = tmp_path / "a.engine"
    engine.write_bytes(b"engine")
    if "tensorrt" in sys.modules:
        pytest.skip("TensorRT is here")
    with pytest.raises(fv.ModelError, match=r"TensorRT cannot be used: .*\n  hint: pip install tensorrt torch"):
        fv.Flow("test://").infer(engine)


# --- elements that one places oneself ---------------------------------------------------------------------------------


def pipeline_with(clip: Path, **properties: Any) -> fv.Pipeline:
    p = fv.Pipeline()
    p.add("filesrc", "file", location=clip)
    p.add("decodebin", "decode")
    p.add("fluvialmux", "mux", batch_size=1, width=160, height=120)
    p.add("fluvialinfer", "infer", **properties)
    p.add("fakesink", "sink")
    return p.link("file", "decode", "mux.sink_0").link("mux", "infer", "sink")


def test_an_element_finds_a_backend_by_the_name_of_its_offer(
    onnxruntime: Any, make_clip: Clip, blob_model: Path
) -> None:
    opened = []

    def open_model(path: str) -> Backend:
        opened.append(path)
        return OnnxRuntime(path)

    with offer("mine", open_model):
        with pipeline_with(make_clip("a.mp4"), backend="mine", model=blob_model) as p:
            assert p.get("infer", "backend") == "mine"
            p.run()
            assert p.get("infer", "backend").startswith("ONNX Runtime")
    assert opened == [str(blob_model)]


def test_an_element_knows_onnx_runtime_by_name(onnxruntime: Any, make_clip: Clip, blob_model: Path) -> None:
    with pipeline_with(make_clip("a.mp4"), backend="onnxruntime", model=blob_model) as p:
        p.run()
        assert p.get("infer", "backend").startswith("ONNX Runtime")


def test_a_name_that_nobody_offers_is_said_with_those_that_are(make_clip: Clip, blob_model: Path) -> None:
    says = "nobody offers a backend 'mine'; there are auto, openvino, onnxruntime, pytorch, tensorrt"
    with pipeline_with(make_clip("a.mp4"), backend="mine", model=blob_model) as p:
        with pytest.raises(fv.PipelineError, match=says):
            p.run()


def test_the_bus_says_what_python_raised_and_where(make_clip: Clip) -> None:
    def fail(path: str) -> Backend:
        raise LookupError(f"no weights beside {path}")

    with offer("failing", fail), pipeline_with(make_clip("a.mp4"), backend="failing", model="a") as p:
        with pytest.raises(fv.PipelineError, match=r"LookupError: no weights beside a \(test_backends.py:\d+, in fail"):
            p.run()


@pytest.mark.parametrize("name", ["", "auto", "openvino"])
def test_names_that_mean_something_are_not_offered(name: str) -> None:
    with pytest.raises(fv.ConfigError, match="taken"):
        offer(name, lambda path: Cells())


def test_a_precision_that_is_none_stops_the_start(make_clip: Clip, blob_model: Path) -> None:
    with pipeline_with(make_clip("a.mp4"), model=blob_model, precision="f8") as p:
        with pytest.raises(fv.PipelineError, match="precision=f8: allowed are f32, f16 and bf16"):
            p.run()


def test_a_function_is_asked_with_one_picture_and_with_two() -> None:
    sizes = []

    def call(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(len(pictures))
        return pictures.mean(axis=(1, 2, 3)).reshape(-1, 1), np.zeros((7, 4), np.float32)

    outputs = Function(call, input_size=(8, 8)).describe().outputs
    assert sizes == [1, 2]
    assert [t.shape for t in outputs] == [(-1, 1), (7, 4)]


def test_an_opset_newer_than_onnx_runtime_is_named_with_what_it_allows(
    make_clip: Clip, blob_model: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(blob_model))
    model.opset_import[0].version = 99
    onnx.save(model, str(tmp_path / "tomorrow.onnx"))
    says = (
        r"it is of opset 99 of ai\.onnx, this ONNX Runtime allows opsets to \d+; export it .*opset_version=17.*tomorrow"
    )
    with pytest.raises(fv.ModelError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(tmp_path / "tomorrow.onnx", backend="onnxruntime").run()
