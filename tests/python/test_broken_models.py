"""Models that cannot be read or run: each gives one message that names the file, what is wrong and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluvial as fv
from broken_models import BROKEN, Broken
from fluvial._gst import Gst
from fluvial.cli.main import main
from needed import package

package("onnx")
package("openvino")


@pytest.fixture
def path(broken: Broken, tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    broken.make(folder / broken.name)
    return folder / broken.name


def check(text: str, broken: Broken) -> None:
    assert broken.name in text
    for part in broken.says:
        assert part in text
    assert len(text) < 1500
    for noise in ("Exception from", "src/", "std::", "Traceback"):
        assert noise not in text


def errors_of_the_element(path: Path) -> list[str]:
    element = Gst.ElementFactory.make("fluvialinfer")
    bus = Gst.Bus()
    element.set_bus(bus)
    element.set_property("model", str(path))
    assert element.set_state(Gst.State.PAUSED) == Gst.StateChangeReturn.FAILURE
    element.set_state(Gst.State.NULL)
    messages = iter(lambda: bus.pop_filtered(Gst.MessageType.ERROR), None)
    return [message.parse_error()[0].message for message in messages]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_model_is_refused_with_one_message(
    broken: Broken, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "explain", str(path)]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("fluvial: ")
    check(said.err, broken)

    with pytest.raises(fv.FluvialError) as raised:
        fv.Flow("test://?frames=2").infer(str(path)).run()
    check(str(raised.value), broken)

    if not path.is_dir():
        (error,) = errors_of_the_element(path)
        check(error, broken)
    assert not (path.parent / "was_unpickled").exists()


def test_there_are_forty() -> None:
    assert len({broken.name for broken in BROKEN}) == len(BROKEN) >= 40
