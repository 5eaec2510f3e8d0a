"""The command: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fluvial.cli import main
from fluvial.models import registry

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "python")}


def fluvial(*args: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "fluvial", *args], capture_output=True, text=True, env=ENV, check=False, **kwargs
    )


def test_a_run_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "test://ball?frames=5", "test://snow?frames=3"]) == 0
    out = capsys.readouterr().out
    assert "ball" in out
    assert "8 frames in" in out


def test_a_run_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "o.mp4"
    assert main(["run", "test://ball?frames=5", "--draw", "--save", str(video), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["frames"], found["problems"]) == (True, 5, [])
    assert set(found["sources"]["ball"]) == {"frames", "objects", "tracks", "fps", "latency_ms", "latency_ms_p99"}
    assert found["sources"]["ball"]["latency_ms"] > 0
    assert video.exists()


def test_a_yaml_file_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.yaml"
    save = tmp_path / "o.mkv"
    path.write_text(f"sources: {{one: 'test://?frames=4'}}\nsave: {save}\ntile: {{width: 64, height: 48}}\n")
    assert main(["run", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"]["one"]["frames"] == 4
    assert main(["run", "test://?frames=2", "--config", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"]["test"]["frames"] == 2


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run"], "no sources"),
        (["run", "/no/such.mp4"], "no such file"),
        (["run", "test://", "--model", "yolox-nan"], "did you mean 'yolox-nano'?"),
        (["run", "test://", "--threshold", "0.5"], "--threshold without --model"),
        (["run", "test://", "--model", "x", "--threshold", "5"], "infer[0].threshold"),
        (["run", "test://", "--save", "/no/such/o.mp4"], "there is no folder /no/such"),
        (["run", "no.yaml"], "no.yaml: No such file"),
        (["models", "explain", "no/such.onnx"], "no such model file"),
        (["models", "pull", "yolox-nan"], "did you mean 'yolox-nano'?"),
        (["exec", "/no/such.py"], "/no/such.py: no such file"),
    ],
)
def test_what_the_user_gave_is_exit_code_1_without_a_traceback(
    args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 1
    said = capsys.readouterr()
    assert said.err.startswith("fluvial: ")
    assert says in said.err
    assert "Traceback" not in said.err
    assert ".py:" not in said.err.replace("/no/such.py:", ""), "no line of a program is the user's here"
    assert said.out == ""


def test_an_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "/no/such.mp4", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["error"]) == (False, "SourceError")


def test_one_bad_source_is_told_and_the_other_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("hello\n" * 100)
    assert main(["run", "test://ball?frames=5", str(text), "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["sources"]["ball"]["frames"] == 5
    assert [p["source"] for p in found["problems"]] == ["text"]
    assert "text: This appears to be a text file" in said.err


@pytest.mark.parametrize("args", [[], ["no-such-command"], ["run", "--no-such-option"], ["models"]])
def test_wrong_usage_is_exit_code_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        main(args)
    assert e.value.code == 2
    assert "usage: fluvial" in capsys.readouterr().err


def test_versions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"fluvial", "GStreamer", "OpenVINO", "NumPy", "Python"}
    assert found["GStreamer"].startswith("1.")


def test_the_list_of_models(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLUVIAL_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["models", "list"]) == 0
    assert "yolox-nano" in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["yolox-nano"]["path"] is None
    assert rows["yolox-nano"]["get"] == "pull"


def test_the_list_has_the_detector_of_the_build_whether_it_carries_one_or_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)

    def row() -> dict[str, object]:
        assert main(["models", "list", "--json"]) == 0
        return next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "bundled")

    assert (row()["path"], row()["get"]) == (None, "not in this build")
    assert main(["models", "pull", "bundled"]) == 1
    assert (
        "model 'bundled' has no address to fetch it from\n  hint: this build of fluvial carries none; fluvial models"
        in (capsys.readouterr().err)
    )
    (tmp_path / "detector.onnx").touch()
    assert row()["path"] == str(tmp_path / "detector.onnx")
    assert row()["licence"] == "Apache-2.0"
    assert main(["models", "pull", "bundled"]) == 0, "there is nothing to fetch"


def test_the_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    good = {f["what"] for f in found["findings"] if f["is_ok"]}
    assert {"GStreamer", "fluvial's plugin", "OpenVINO", "decoders"} <= good
    assert main(["doctor"]) == 0
    assert "GStreamer" in capsys.readouterr().out


def test_the_doctor_says_what_installs_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.cli.doctor._has", lambda name: name not in ("x264enc", "openh264enc", "vah264enc"))
    main(["doctor"])
    assert "sudo apt-get install gstreamer1.0-plugins-ugly" in capsys.readouterr().out


def wait_until_it_plays(pid: int) -> None:
    """The program says nothing before its end; that the mux has a thread which pushes batches tells that it plays."""
    give_up = time.monotonic() + 10
    pause = threading.Event()
    while time.monotonic() < give_up:
        names = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/comm")]
        if any("mux" in name and ":src" in name for name in names):
            return
        pause.wait(0.02)
    raise AssertionError("no thread of the mux within 10 s")


def test_ctrl_c_ends_it_within_a_second() -> None:
    command = [sys.executable, "-m", "fluvial", "run", "test://?frames=10000000", "--json"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV)
    wait_until_it_plays(program.pid)
    program.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, errors = program.communicate(timeout=10)
    assert time.monotonic() - began < 2  # a second, and as much again for a busy machine
    assert program.returncode == 0, errors
    assert json.loads(out)["was_interrupted"]


SCRIPT = """
import sys
from cuda import cudart
from cuda import cuda
import pyds
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
result, = cuda.cuInit(0)
print(sys.argv, __name__, result == cuda.CUresult.CUDA_SUCCESS, cudart.cudaGetDeviceProperties(0)[1].integrated)
print(sys.path[0], bool(Gst.ElementFactory.find("nvstreammux")), pyds.__name__)
sys.path.append("../")
from common.x import word
print(word)
sys.exit(7)
"""


def test_a_deepstream_program_runs_unchanged(tmp_path: Path) -> None:
    app = tmp_path / "apps" / "test"
    app.mkdir(parents=True)
    (tmp_path / "apps" / "common").mkdir()
    (tmp_path / "apps" / "common" / "x.py").write_text("word = 'from beside'\n")
    (app / "app.py").write_text(SCRIPT)
    done = fluvial("exec", "app.py", "--flag", "file.h264", cwd=app)
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == [
        "['app.py', '--flag', 'file.h264'] __main__ False 0",
        f"{app} True pyds",
        "from beside",
    ]


def test_a_program_that_is_not_there_is_told_with_the_nearest_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deepstream_test_1.py").touch()
    assert main(["exec", str(tmp_path / "deepstream_test1.py")]) == 1
    assert "deepstream_test1.py: no such file\n  hint: did you mean 'deepstream_test_1.py'?" in capsys.readouterr().err
    assert main(["exec", str(tmp_path)]) == 1
    assert "a folder, not a program\n  hint: one of: deepstream_test_1.py" in capsys.readouterr().err


def test_a_program_that_looks_around_itself_is_told_where_it_runs(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text("import sys\nsys.path.append('../')\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert f"hint: cd {tmp_path}\n" in fluvial("exec", str(script), cwd=elsewhere).stderr
    assert "hint: cd" not in fluvial("exec", str(script), cwd=tmp_path).stderr


def test_a_real_cuda_package_is_not_shadowed(tmp_path: Path) -> None:
    package = tmp_path / "cuda"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cuda.py").write_text("real = True\ndef cuInit(flags): return (0,)\n")
    (package / "cudart.py").touch()
    script = tmp_path / "app.py"
    script.write_text("from cuda import cuda\nprint(cuda.real)\n")
    env = {**ENV, "PYTHONPATH": f"{ENV['PYTHONPATH']}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "fluvial", "exec", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
