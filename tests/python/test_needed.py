"""Skips say why, and fail where FLUVIAL_REQUIRE promises what is missing."""

from __future__ import annotations

import json

import pytest

from needed import absent, package


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
