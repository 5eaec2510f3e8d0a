"""The schema: what a YAML file may say, and what it is told when it may not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fluvial import ConfigError
from fluvial.config import InferConfig, RunConfig, TileConfig, checked, json_schema, load

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text)
    return path


def test_a_short_file_says_it_all(tmp_path: Path) -> None:
    config = load(written(tmp_path, "sources: [a.mp4, 0]\ninfer: yolox-nano\ntrack: true\nsave: out.mp4\n"))
    assert config.sources == ["a.mp4", 0]
    assert config.infer == [InferConfig(model="yolox-nano")]
    assert config.track is not None
    assert config.draw is None
    assert config.save is not None
    assert config.save.path == "out.mp4"


def test_sources_may_have_names(tmp_path: Path) -> None:
    read = load(written(tmp_path, "sources: {door: rtsp://cam/1, yard: 2}"))
    assert read.sources == {"door": "rtsp://cam/1", "yard": 2}


BAD = """
sources: [a.mp4]
infer:
  - {model: yolox-nano, thresold: 0.4, interval: -1}
  - {model: x, batch_size: "0", on: objects, threshold: 2}
tile: {rows: 0, width: 8}
sho: true
"""


def test_every_problem_is_told_with_its_key(tmp_path: Path) -> None:
    path = written(tmp_path, BAD)
    with pytest.raises(ConfigError) as e:
        load(path)
    text = str(e.value)
    assert text.startswith(f"{path}: 7 problems\n")
    for says in (
        "infer[0].thresold: no such setting (got 0.4); did you mean 'threshold'?",
        "infer[0].interval: input should be greater than or equal to 0 (got -1)",
        "infer[1].batch_size: input should be a valid integer (got '0')",
        "infer[1].threshold: input should be less than or equal to 1 (got 2)",
        "tile.rows: ",
        "tile.width: ",
        "sho: no such setting (got True); did you mean 'show'?",
    ):
        assert f"\n  {says}" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sources: []", "sources: "),
        ("track: true", "sources: missing"),
        ("- a", "expected keys and values"),
        ("a: [", "not YAML"),
        ("sources: [a]\ninfer: {model: x, on: objects}", "nothing has found objects before it"),
        ("sources: [a]\ntrack: 3", "track: "),
        ("sources: [a]\nsave: {path: a.mp4, bitrate: true}", "save.bitrate: expected a number"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("[", r"\[")):
        load(written(tmp_path, text))


def test_a_missing_file() -> None:
    with pytest.raises(ConfigError, match=r"/no/such\.yaml: No such file"):
        load("/no/such.yaml")


def test_a_config_cannot_change() -> None:
    config = checked(TileConfig, {"rows": 2}, where="here")
    with pytest.raises(Exception, match="frozen"):
        config.rows = 3  # type: ignore[misc]


def test_every_field_has_a_sentence() -> None:
    schema = json_schema()
    kinds = [schema, *schema["$defs"].values()]
    missing = [f"{k['title']}.{n}" for k in kinds for n, p in k["properties"].items() if "description" not in p]
    assert not missing
    json.dumps(schema)


def test_it_needs_no_gstreamer() -> None:
    code = "import sys; sys.modules['gi'] = None; from fluvial.config import RunConfig; RunConfig(sources=['a'])"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "python")})


def test_options_and_file_are_one_schema() -> None:
    assert set(RunConfig.model_fields) >= {"sources", "infer", "track", "draw", "tile", "save", "write_json", "show"}
