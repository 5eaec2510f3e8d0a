"""Several GPUs in one flow: who does what, and what comes back. Fake ones: tests/cpp/libraries/fake_gpu.cpp."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import fluvial as fv
from fluvial._gpus import Share, device_on, share_out
from fluvial.errors import CallSite

pytestmark = pytest.mark.slow  # every test starts a program

AT = CallSite("app.py", 7)


def shares(names: list[str], gpus: object, count: int = 2) -> list[tuple[int | None, tuple[int, ...]]]:
    found = share_out(names, gpus, count=count, why_none="no NVIDIA driver", at=AT)  # type: ignore[arg-type]
    return [(s.gpu, s.sources) for s in found]


def test_sources_are_dealt_out_one_by_one() -> None:
    assert shares(list("abcde"), "all") == [(0, (0, 2, 4)), (1, (1, 3))]
    assert shares(list("abcde"), "all", count=8) == [(i, (i,)) for i in range(5)]
    assert shares(list("ab"), [1]) == [(1, (0, 1))]
    assert shares(list("abc"), [1, 0, 1]) == [(0, (1,)), (1, (0, 2))]


def test_each_source_may_be_named() -> None:
    assert shares(list("abc"), {"a": 1, "b": 1, "c": 0}) == [(0, (2,)), (1, (0, 1))]


def test_a_machine_without_gpus_does_it_all_on_the_cpu() -> None:
    assert shares(list("abc"), "all", count=0) == [(None, (0, 1, 2))]
    assert share_out(list("ab"), None, count=0, why_none="", at=AT) == (Share(None, (0, 1)),)


@pytest.mark.parametrize(
    ("gpus", "count", "says"),
    [
        ([0, 2], 2, "there is no GPU 2; this machine has 2, counted from 0"),
        ([-1], 2, "there is no GPU -1"),
        ([0], 0, "there is no GPU 0; no NVIDIA driver"),
        ([], 2, r"gpus=\[\]: none is named\n  hint: 'all', or their numbers"),
        ({"a": 0, "door": 1}, 2, "no source 'door'; one of: a, b"),
        ({"a": 0}, 2, "the source 'b' has none\n  hint: name the GPU of each source"),
    ],
)
def test_a_gpu_that_cannot_be_is_told_before_anything_runs(gpus: object, count: int, says: str) -> None:
    with pytest.raises(fv.ConfigError, match=says):
        shares(["a", "b"], gpus, count)


def test_a_device_with_a_number_of_its_own() -> None:
    assert device_on("cuda:1", 1) == "cuda:1"
    assert device_on("GPU", 1) == "GPU:1"
    with pytest.raises(fv.ConfigError, match=r"device='cuda:0', and its sources are on GPU 1\n  hint: device='cuda'"):
        device_on("cuda:0", 1)


FOUR = '{name: "test://?frames=%d" % n for name, n in zip("abcd", (9, 12, 30, 5))}'
FLOW = f"""
flow = fv.Flow({FOUR}, gpus="all").infer(OnGpu(), device="cuda", **HEAD).track()
seen = {{}}
for batch in flow:
    assert len({{flow.gpus[frame.source] for frame in batch.frames}}) == 1
    for frame in batch.frames:
        seen.setdefault(frame.source, []).append(frame.number)
print(flow.gpus, sorted(OnGpu.seen))
print(all(numbers == list(range(len(numbers))) for numbers in seen.values()))
print(sorted((name, len(numbers)) for name, numbers in seen.items()))
print(sorted((name, s.frames) for name, s in flow.stats.items()))
"""


def test_one_loop_gets_the_frames_of_all_gpus_each_source_in_its_order(say: Callable[..., str]) -> None:
    said = say(FLOW, FAKE_GPUS=2).splitlines()
    assert said[0] == "{'a': 0, 'c': 0, 'b': 1, 'd': 1} ['cuda:0', 'cuda:1']"
    assert said[1] == "True"
    assert said[2] == said[3] == "[('a', 9), ('b', 12), ('c', 30), ('d', 5)]"


def test_each_gpu_has_a_copy_of_the_model(say: Callable[..., str]) -> None:
    body = """
class Own(OnGpu):
    made = []
    def __deepcopy__(self, memo):
        Own.made.append(1)
        return Own()
class Stuck(OnGpu):
    def __deepcopy__(self, memo):
        raise TypeError("it holds a socket")
four = ["test://?frames=3"] * 4
fv.Flow(four, gpus=[0, 1, 2]).infer(Own(), device="cuda", **HEAD).run()
print(len(Own.made), "copies")
fv.Flow(four, gpus=[0, 1]).infer(Stuck(), device="cuda", **HEAD).run()
"""
    said = say(body, FAKE_GPUS=3)
    assert "2 copies" in said
    assert "each GPU needs a copy of Stuck, and it cannot be copied: it holds a socket" in said
    assert "hint: give it __deepcopy__" in said


def test_probes_and_files_are_called_by_one_gpu_at_a_time(say: Callable[..., str]) -> None:
    body = """
import json, pathlib, tempfile, threading
folder = pathlib.Path(tempfile.mkdtemp())
inside, most, threads = 0, 0, set()
def probe(batch):
    global inside, most
    inside += 1
    most = max(most, inside)
    threads.add(threading.get_ident())
    batch.frames[0].objects
    sum(range(20000))
    inside -= 1
flow = fv.Flow(["test://?frames=60"] * 4, gpus=[0, 1]).infer(OnGpu(), device="cuda", **HEAD).probe(probe)
flow.write_json(folder / "o.jsonl").save(str(folder / "{source}.mp4")).run()
print(len(threads), "threads,", most, "at a time,", sorted(p.name for p in folder.iterdir()))
"""
    said = say(body, FAKE_GPUS=2)
    assert "2 threads, 1 at a time, ['o.jsonl', 'test-2.mp4', 'test-3.mp4', 'test-4.mp4', 'test.mp4']" in said


@pytest.mark.parametrize("word", ["tile()", "show()", 'save("/tmp/a.mp4")'])
def test_one_picture_of_several_gpus_is_an_error_that_says_what_works(say: Callable[..., str], word: str) -> None:
    said = say(f'fv.Flow(["test://"] * 2, gpus=[0, 1]).{word}', FAKE_GPUS=2)
    assert f"{word.partition('(')[0]}(): the sources are on the GPUs 0, 1, and one picture is made on one" in said
    assert 'hint: save("{source}.mp4") writes one file a source; or gpus=[0]' in said


def test_a_source_that_fails_takes_no_other_gpu_down(say: Callable[..., str]) -> None:
    body = """
import pathlib, tempfile
noise = pathlib.Path(tempfile.mkdtemp()) / "noise.mp4"
noise.write_bytes(bytes((7 * i * i + i) % 251 for i in range(20000)))
flow = fv.Flow(["test://?frames=9", noise], gpus=[0, 1]).infer(OnGpu(), device="cuda", **HEAD)
print(sum(len(batch.frames) for batch in flow), "frames;", [p.element for p in flow.problems])
"""
    assert "9 frames; ['noise']" in say(body, FAKE_GPUS=2)


def test_a_model_that_fails_on_one_gpu_ends_the_flow(say: Callable[..., str]) -> None:
    body = FLOW.replace("OnGpu(), device", "OnGpu(raises_at=4), device")
    assert "ValueError" in say(body, FAKE_GPUS=2)


def test_leaving_the_loop_early_ends_all_of_them(say: Callable[..., str]) -> None:
    body = """
for batch in fv.Flow(["test://?frames=100000"] * 4, gpus="all").infer(OnGpu(), device="cuda", **HEAD):
    break
print("left")
"""
    assert "left" in say(body, FAKE_GPUS=2)


def test_a_pipeline_s_elements_take_their_gpu_by_gpu_id(say: Callable[..., str]) -> None:
    # Two branches in one program, as programs for pyds have them.
    body = """
from fluvial import _core
from fluvial.backends._bridge import Bridge
import pathlib, tempfile
_core.offer_backend("mine", lambda path: Bridge(OnGpu(), "mine"))
config = pathlib.Path(tempfile.mkdtemp()) / "config.txt"
config.write_text("[property]\\nmodel=/mine\\nbackend=mine\\nhead=rows\\nmodel-color-format=0\\nnet-scale-factor=1\\n")
with fv.Pipeline() as p:
    for gpu in (0, 1):
        mux = p.add("fluvialmux", batch_size=1)
        p.link(p.add("videotestsrc", num_buffers=5), p.add("fluvialconvert"), mux)
        infer = p.add("fluvialinfer", config_file_path=config, device="cuda", gpu_id=gpu)
        p.link(mux, infer, p.add("fakesink", sync=False))
    p.run()
print(sorted(OnGpu.seen))
"""
    assert "['cuda', 'cuda:1']" in say(body, FAKE_GPUS=2)


def test_a_model_on_another_gpu_than_its_sources_is_told(say: Callable[..., str]) -> None:
    flow = 'fv.Flow("test://?frames=2", gpus=[0]).infer(OnGpu(), device="cuda:1", **HEAD).run()'
    assert "device='cuda:1', and its sources are on GPU 0" in say(flow, FAKE_GPUS=2)


def test_the_command_line_takes_their_numbers(say: Callable[..., str]) -> None:
    body = """
from fluvial.cli.main import main
print(main(["run", "test://?frames=3", "test://?frames=4", "--gpus", "0,1", "--json"]))
print(main(["run", "test://", "--gpus", "0,5"]), main(["run", "test://", "--gpus", "one"]))
"""
    said = say(body, FAKE_GPUS=2)
    assert '"frames": 7' in said
    assert "gpus: there is no GPU 5; this machine has 2" in said
    assert "--gpus one: all, or numbers of GPUs: 0,1" in said


# --- bench/gpu.py's comparison of two GPUs with one ------------------------------------------------------------------

BENCH = Path(__file__).parents[2] / "bench"
TWO = f"""
sys.path[:0] = [{str(BENCH / "gpu_parts")!r}, {str(BENCH)!r}]
import section_two as two
from harness import Unfit
def infer(flow):
    return flow.infer(OnGpu(), device="cuda", **HEAD).track()
def told(sources, seconds=0.2):
    try:
        for row in two.compared("a model", sources, infer, seconds):
            print(f"{{row.name}} [{{row.unit}}] {{row.at_least}} {{row.value > 0}}: {{row.note}}")
    except Unfit as e:
        print("unfit:", e)
"""


def test_two_gpus_are_measured_against_one_in_one_run(say: Callable[..., str]) -> None:
    said = say(f'{TWO}told(["test://?frames=1000000"] * 4)', FAKE_GPUS=2)
    assert "unfit" not in said
    one, both, ratio = [line for line in said.splitlines() if line.startswith("a model")]
    assert re.fullmatch(
        r"a model, 2 streams on a GPU: one \[frames/s\] None True: "
        r"GPU 0 \d+ before, \d+ after; GPU 1 \d+ before, \d+ after",
        one,
    )
    assert re.fullmatch(r"a model, 2 streams on a GPU: two \[frames/s\] None True: GPU 0 \d+; GPU 1 \d+", both)
    assert ratio == "a model, 2 streams on a GPU: two against one [times] 1.9 True: "


@pytest.mark.parametrize(
    ("call", "gpus", "says"),
    [
        ('told(["test://?frames=9"] * 3)', 2, "unfit: 3 streams are not shared out evenly over 2 GPUs"),
        ('told(["test://?frames=20"] * 2, 60)', 2, "unfit: the clips ended before they were measured"),
        ('list(two.measure("yolox-nano-96", None))', 1, "two GPUs are needed; this machine has 1 (Fake GPU A)"),
        ('list(two.measure("yolox-nano-96", None))', 0, "two GPUs are needed; this machine has 0 (none)"),
    ],
)
def test_what_cannot_be_compared_is_told(say: Callable[..., str], call: str, gpus: int, says: str) -> None:
    body = f"""
try:
    {call}
except Unfit as e:
    print("unfit:", e)
"""
    assert says in say(TWO + body, FAKE_GPUS=gpus)
