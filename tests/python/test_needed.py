"""Skips say why, and fail where FLUVIAL_REQUIRE promises what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fluvial.models import registry
from needed import absent, own_model, package


def test_what_is_there_is_given() -> None:
    assert package("json") is json


@pytest.mark.parametrize("promised", ["", "models,gpu", "package"])
def test_what_is_absent_skips_with_its_name_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch, promised: str) -> None:
    monkeypatch.setenv("FLUVIAL_REQUIRE", promised)
    with pytest.raises(pytest.skip.Exception, match=r"no_such_package cannot be imported \(.*\): make setup"):
        package("no_such_package")


def test_what_is_promised_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUVIAL_REQUIRE", "models,packages")
    with pytest.raises(pytest.fail.Exception, match="FLUVIAL_REQUIRE names packages, but no_such_package cannot be"):
        package("no_such_package")
    with pytest.raises(pytest.fail.Exception, match="FLUVIAL_REQUIRE names models, but yolo is not here"):
        absent("models", "yolo is not here")


def test_the_detector_of_the_build_is_needed_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)
    monkeypatch.setenv("FLUVIAL_REQUIRE", "models")
    with pytest.raises(pytest.skip.Exception, match=r"no detector of its own: training/bundled/README\.md says how"):
        own_model()
    monkeypatch.setenv("FLUVIAL_REQUIRE", "bundled")
    with pytest.raises(
        pytest.fail.Exception, match="FLUVIAL_REQUIRE names bundled, but this build carries no detector"
    ):
        own_model()
    (tmp_path / "detector.xml").touch()
    assert own_model() == tmp_path / "detector.xml"
