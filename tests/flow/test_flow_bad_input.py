"""What a flow says and leaves behind when something is wrong with what it was given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import fluvial as fv

Clip = Callable[..., Path]
ANY = "yolox-nano"  # judged after the settings are


@pytest.fixture
def broken(tmp_path: Path, make_clip: Clip) -> dict[str, Path]:
    """Files that are no whole videos, by what is wrong with them."""
    text = tmp_path / "text.mp4"
    text.write_text("hello\n" * 100)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    whole = make_clip("a.mp4").read_bytes()
    truncated = tmp_path / "truncated.mp4"
    truncated.write_bytes(whole[: len(whole) // 2])
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(bytes((7 * i * i + i) % 251 for i in range(20000)))
    return {"text": text, "empty": empty, "truncated": truncated, "noise": noise}


def results(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("kind", ["text", "empty", "truncated", "noise"])
def test_a_source_that_is_no_video_is_an_error_and_leaves_nothing(
    broken: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(fv.SourceError) as e:
        fv.Flow(broken[kind]).draw().save(out / "o.mp4").write_json(out / "o.jsonl").run()
    assert e.value.element == kind
    assert str(broken[kind]) in e.value.problem
    assert [n for n in results(out) if ".partial" not in n] == []


@pytest.mark.parametrize("kind", ["text", "truncated"])
@pytest.mark.parametrize("pattern", ["all.mp4", "{source}.mp4", "{source}.mkv"])
def test_one_bad_source_leaves_the_others_alone(
    broken: dict[str, Path], make_clip: Clip, tmp_path: Path, kind: str, pattern: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    flow = fv.Flow([make_clip("a.mp4"), broken[kind]]).draw().save(out / pattern).run()
    assert flow.stats["a"].frames == 20
    assert [p.element for p in flow.problems] == [kind]
    assert results(out) == [pattern.replace("{source}", "a")]


def test_when_all_are_bad_the_error_names_each(broken: dict[str, Path]) -> None:
    with pytest.raises(fv.SourceError, match=r"every one of 2 failed") as e:
        fv.Flow([broken["text"], broken["truncated"]]).run()
    assert "text: " in str(e.value)
    assert "truncated: " in str(e.value)


@pytest.mark.parametrize("uri", ["rtsp://127.0.0.1:9/x", "http://127.0.0.1:9/x.mp4"])
def test_an_address_that_nobody_answers(uri: str) -> None:
    with pytest.raises(fv.SourceError) as e:
        fv.Flow(uri, reconnect=False).run()
    assert uri in e.value.problem


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("/no/such.mp4", r"no such file\n  hint: there is no folder /no"),
        ("/tmp", "is a folder"),
        ("/no/*.mp4", "no file matches"),
        ([], "none given"),
        (True, "expected a path"),
        ("ftp://host/x.mp4", "cannot read ftp://"),
        ("rtsp://", "no host"),
        (977, "no such camera"),
    ],
)
def test_sources_are_judged_before_anything_runs(given: object, says: str) -> None:
    with pytest.raises(fv.SourceError, match=says) as e:
        fv.Flow(given)  # type: ignore[arg-type]
    assert e.value.at is not None
    assert e.value.at.file == __file__


def test_a_near_name_is_offered(make_clip: Clip) -> None:
    clip = make_clip("a.mp4")
    with pytest.raises(fv.SourceError, match=r"did you mean 'a\.mp4'"):
        fv.Flow(clip.with_name("aa.mp4"))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/no/such/out.mp4", r"there is no folder /no/such\n  hint: mkdir -p /no/such"),
        ("out.avi", r"no video format '\.avi'"),
        ("{name}.mp4", r"unknown \{name\}"),
    ],
)
def test_outputs_are_judged_before_anything_runs(path: str, says: str) -> None:
    with pytest.raises(fv.OutputError, match=says):
        fv.Flow("test://").save(path)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda f: f.infer("yolox-nano", thresold=0.4), r"thresold: no such setting .* did you mean 'threshold'"),
        (lambda f: f.infer("yolox-nano", batch_size=0), "batch_size: .*greater than or equal to 1"),
        (lambda f: f.infer("yolox-nano", interval="2"), "interval: .*integer"),
        (lambda f: f.infer(ANY, config="no/such.txt"), r"infer: config='no/such\.txt': no such file"),
        (lambda f: f.infer(ANY, labels="no/such.txt"), r"infer: labels='no/such\.txt': no such file"),
        (lambda f: f.track(config="no/such.yml"), r"track: config='no/such\.yml': no such file"),
        (lambda f: f.track(conf="x.yml"), r"did you mean 'config'"),
        (lambda f: f.tile(rows=0), "rows: .*greater than or equal to 1"),
        (lambda f: f.draw(bxes=True), "did you mean 'boxes'"),
        (lambda f: f.save("/tmp/a.mp4", codec="h266"), "codec: .*'h264' or 'h265'"),
        (lambda f: f.save("/tmp/a.mp4").draw(), r"draw\(\) after save\(\)"),
        (lambda f: f.tile().track(), r"track\(\) after tile\(\)"),
        (lambda f: f.track().track(), r"track\(\) for the second time"),
        (lambda f: f.classify("vehicle-attributes"), "no model before it"),
    ],
)
def test_a_wrong_setting_names_my_line_and_the_key(build: Callable[[fv.Flow], object], says: str) -> None:
    with pytest.raises(fv.ConfigError, match=says) as e:
        build(fv.Flow("test://"))
    assert __file__ in str(e.value)


def test_a_model_that_is_no_model_names_the_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x07junk")
    flow = fv.Flow("test://")
    with pytest.raises(fv.PipelineError, match=r"bad\.onnx") as e:
        flow.infer(bad).run()
    assert e.value.at is not None
    assert e.value.at.file == __file__


def test_a_model_that_does_not_exist() -> None:
    with pytest.raises(fv.ModelError, match="no such model file"):
        fv.Flow("test://").infer("no/such.onnx")
