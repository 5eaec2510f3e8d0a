"""A config file that says all but where the data lies; the bundled model's is one."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from fluvial.cli.main import main
from fluvial.cli.train import _settings
from fluvial.errors import ConfigError

RECIPE = Path(__file__).parents[2] / "training" / "bundled" / "recipe.yaml"


def settings_of(config: Path, *data: str) -> Any:
    return _settings(Namespace(config=config, data=list(data)))


def test_the_recipe_takes_its_data_from_the_folder_that_is_named(tmp_path: Path) -> None:
    settings = settings_of(RECIPE, str(tmp_path))
    assert settings.data[0] == tmp_path / "annotations.json" and settings.validation == (tmp_path / "val.json",)
    assert settings.teacher_boxes == tmp_path / "teacher_deimv2_femto.json"
    assert settings.apart == (RECIPE.parent / "apart.json",) and settings.apart[0].is_file()
    assert settings.classes == ("person", "bicycle", "car", "motorcycle", "bus", "truck")
    assert (settings.size, settings.input_side) == ("nano", 416)


@pytest.mark.parametrize("data", [(), ("a", "b")])
def test_a_recipe_with_a_place_for_data_needs_one_folder(data: tuple[str, ...]) -> None:
    with pytest.raises(
        ConfigError, match=rf"has {{data}} in it: one folder is needed on the command line, not {len(data)}"
    ):
        settings_of(RECIPE, *data)


def test_a_config_without_a_place_lets_the_command_line_win(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: [shop]\nepochs: 7")
    assert settings_of(tmp_path / "c.yaml").data == (tmp_path / "shop",), "relative to the file"
    settings = settings_of(tmp_path / "c.yaml", "other")
    assert settings.data == (Path("other"),) and settings.epochs == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [("- 1", "settings with their values are needed: epochs: 100"), ("a: [", "--config"), ("depth: 3", "depth: Extra")],
)
def test_a_config_that_is_none_is_told(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.yaml").write_text(text)
    assert main(["train", "shop/", "--config", str(tmp_path / "c.yaml")]) == 1
    assert message in capsys.readouterr().err


def test_no_time_at_all_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "shop/", "--minutes", "0"]) == 1
    assert "--minutes 0: allowed is more than 0" in capsys.readouterr().err
