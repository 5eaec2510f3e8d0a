"""The list of models: finding files, fetching them, explaining them."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fluvial import ModelError
from fluvial.models import Build, Entry, File, entries, entry, find, registry
from fluvial.models.explain import explain, read_ports
from fluvial.models.people_and_faces import with_faces
from fluvial.models.people_with_masks import with_masks
from fluvial.models.pull import fetch, pull
from fluvial.models.registry import assets_folder, cache_folder
from fluvial.models.stand_ins import STAND_INS, write_table
from golden import save_constants
from needed import package

TRAFFIC = ["vehicle", "bicycle", "person", "roadsign"]  # of TrafficCamNet, as programs number them


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any model. Returns the cache's folder."""
    monkeypatch.setenv("FLUVIAL_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path / "carried")
    return cache_folder()


def file_of(content: bytes, address: str, *, name: str = "tiny.onnx", kind: str = "sha256") -> File:
    return File(name, f"{kind}:{hashlib.new(kind, content).hexdigest()}", len(content), address)


def entry_of(*files: File) -> Entry:
    return Entry("tiny", "detect", "", "MIT", "https://example.org", "yolox", (), "", (Build(files),))


def test_the_list_is_whole() -> None:
    names = [e.name for e in entries()]
    assert len(set(names)) == len(names) >= 10
    for e in entries():
        assert e.licence
        assert e.home.startswith("https://")
        for file in (f for b in e.builds for f in b.files):
            kind, _, digest = file.checksum.partition(":")
            assert len(digest) == 2 * hashlib.new(kind).digest_size
            assert file.address == "" or file.address.startswith("https://")


def test_names_and_files_lead_to_the_same_entry() -> None:
    assert entry("yolox-nano") is entry("yolox_nano.onnx") is entry("yolox_nano_416.onnx")
    assert entry("yolox") is None
    assert len(entry("yolox-nano").labels) == 80


def test_a_path_is_taken_as_it_is(tmp_path: Path, nowhere: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.touch()
    assert find(path).path == path
    assert find(path).entry is None


def test_assets_come_before_the_cache(nowhere: Path) -> None:
    name = "yolox_nano_416.onnx"
    nowhere.mkdir(parents=True)
    (nowhere / name).touch()
    assert find("yolox-nano").path == nowhere / name
    models = assets_folder() / "models"
    models.mkdir(parents=True)
    (models / name).touch()
    assert find("yolox-nano").path == models / name


def test_a_build_needs_all_its_files(nowhere: Path) -> None:
    nowhere.mkdir(parents=True)
    stem = "person-vehicle-bike-detection-2004-INT8"
    (nowhere / f"{stem}.xml").touch()
    with pytest.raises(ModelError, match="not on this machine"):
        find("person-vehicle-bike-int8")
    (nowhere / f"{stem}.bin").touch()
    assert find("person-vehicle-bike-int8").path == nowhere / f"{stem}.xml"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("yolox-nan", r"no model 'yolox-nan'.*\n  hint: did you mean 'yolox-nano'\?"),
        ("yolox-nano", r"not on this machine\n  hint: fluvial models pull yolox-nano"),
        ("deimv2-atto", r"not on this machine\n  hint: put deimv2_hgnetv2_atto_coco\.onnx .* into "),
        ("no/such.onnx", r"no/such\.onnx: no such model file"),
    ],
)
def test_what_is_not_here_says_how_to_get_it(nowhere: Path, name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        find(name)


@pytest.mark.parametrize("kind", ["sha256", "sha384"])
def test_a_file_is_fetched_whole(nowhere: Path, tmp_path: Path, kind: str) -> None:
    there = tmp_path / "there.onnx"
    there.write_bytes(b"model" * 50_000)
    seen: list[int] = []
    known = entry_of(file_of(there.read_bytes(), there.as_uri(), kind=kind))
    path = pull(known, on_progress=lambda _name, done, _size: seen.append(done))
    assert path.read_bytes() == there.read_bytes()
    assert seen[-1] == 250_000
    assert [p.name for p in nowhere.iterdir()] == ["tiny.onnx"]


def test_what_is_there_and_right_is_not_fetched_again(nowhere: Path) -> None:
    nowhere.mkdir(parents=True)
    (nowhere / "tiny.onnx").write_bytes(b"right")
    fetch(file_of(b"right", "file:///no/such"), nowhere)


def test_a_wrong_checksum_leaves_nothing(nowhere: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.onnx"
    there.write_bytes(b"changed")
    with pytest.raises(ModelError, match="not the file that was expected: sha256:"):
        pull(entry_of(file_of(b"original", there.as_uri())))
    assert list(nowhere.iterdir()) == []


@pytest.fixture
def server() -> Iterator[str]:
    """An HTTP server on this machine that has nothing."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_an_address_that_fails_says_so(nowhere: Path, server: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be fetched: .*\n  hint: fetch it by hand and put it into"):
        pull(entry_of(file_of(b"x", f"{server}/x.onnx")))
    assert list(nowhere.iterdir()) == []


def test_a_model_without_address_says_where_to_look(nowhere: Path) -> None:
    with pytest.raises(ModelError, match=r"no address .*\n  hint: put tiny\.onnx \(see https://example\.org\) into"):
        pull(entry_of(file_of(b"x", "")))


def test_a_stand_in_is_written_for_each_model_that_is_here(nowhere: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    missing = write_table(table)
    assert table.read_text() == ""
    assert len(missing) == len({s.model for s in STAND_INS})
    nowhere.mkdir(parents=True)
    (nowhere / "person-vehicle-bike-detection-2004.onnx").touch()
    write_table(table)
    model, labels, classes, options = rows_of(table)["resnet18_trafficcamnet_pruned.onnx"]
    assert model == str(nowhere / "person-vehicle-bike-detection-2004.onnx")
    assert Path(labels).read_text().split() == TRAFFIC
    assert (classes, options) == ("0=0,2=1,1=2", "")


def rows_of(table: Path) -> dict[str, list[str]]:
    rows = [row.split("\t") for row in table.read_text().splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_without_a_model_fetched_the_builds_own_detector_stands_in(nowhere: Path, tmp_path: Path) -> None:
    own = tmp_path / "carried" / "detector.onnx"
    own.parent.mkdir()
    own.touch()
    table = tmp_path / "table.tsv"
    missing = write_table(table)
    rows = rows_of(table)
    detectors = {s.suffix for s in STAND_INS if s.labels in ("trafficcamnet", "peoplenet")}
    assert set(rows) == detectors, "it tells no makes of cars, and has no masks"
    assert {row[0] for row in rows.values()} == {str(own)}
    assert sum("person-vehicle-bike" in sentence for sentence in missing) == 1, "for people with masks"
    labels = entry("bundled").labels

    def seen_as(suffix: str) -> dict[str, str]:
        _model, names, classes, _options = rows[suffix]
        pairs = [pair.split("=") for pair in classes.split(",")]
        return {labels[int(a)]: Path(names).read_text().split()[int(b)] for a, b in pairs}

    assert (
        seen_as("Primary_Detector/resnet10.caffemodel")
        == seen_as("resnet18_trafficcamnet_pruned.onnx")
        == {
            **dict.fromkeys(("car", "bus", "truck"), "vehicle"),
            **dict.fromkeys(("bicycle", "motorcycle"), "bicycle"),
            "person": "person",
        }
    )
    assert seen_as("resnet34_peoplenet.onnx") == {"person": "person"}
    nowhere.mkdir(parents=True)
    (nowhere / "person-vehicle-bike-detection-2004.onnx").touch()
    write_table(table)
    assert str(own) not in table.read_text(), "what the user has fetched comes before it"


def constants_behind_a_picture(outputs: dict[str, object], size: tuple[int, int]) -> object:
    """A network that answers the same to every picture."""
    import openvino
    from openvino import opset13 as ops

    picture = ops.parameter([1, 3, *size], np.float32, "picture")
    nothing = ops.multiply(ops.reduce_max(picture, np.array([0, 1, 2, 3])), np.float32(0))
    nodes = []
    for name, value in outputs.items():
        nodes.append(ops.add(ops.constant(np.asarray(value, np.float32)), nothing))
        nodes[-1].output(0).set_names({name})
    return openvino.Model(nodes, [picture])


def test_people_and_faces_of_two_models_come_from_one(tmp_path: Path) -> None:
    openvino = package("openvino")
    height, width = 384, 672
    outputs: dict[str, object] = {}
    for stride in (8, 16, 32):
        cells = height // stride * (width // stride)
        outputs |= {f"{name}_{stride}": np.zeros((1, cells, 1)) for name in ("cls", "obj")}
        outputs[f"bbox_{stride}"] = np.zeros((1, cells, 4))
    row = 5 * (width // 16) + 3  # of stride 16: fifth row, third column
    outputs["cls_16"][0, row], outputs["obj_16"][0, row] = 0.9, 0.8  # type: ignore[index]
    outputs["bbox_16"][0, row] = 0.5, 0, np.log(2), 0  # type: ignore[index]
    one_person = {"boxes": [[[0.1, 0.2, 0.3, 0.4]]], "scores": [[[0.3, 0.7, 0.2]]]}
    openvino.save_model(constants_behind_a_picture(outputs, (height, width)), str(tmp_path / "faces.xml"))
    openvino.save_model(constants_behind_a_picture(one_person, (256, 448)), str(tmp_path / "people.xml"))

    joined = with_faces(tmp_path / "people.xml", tmp_path / "faces.xml", folder=tmp_path)
    assert with_faces(tmp_path / "people.xml", tmp_path / "faces.xml", folder=tmp_path) == joined
    found = openvino.Core().compile_model(joined, "CPU")(np.zeros((1, 3, height, width), np.float32))
    boxes, scores = found["boxes"][0], found["scores"][0]
    assert boxes[0] == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=1e-3)
    assert scores[0] == pytest.approx([0.7, 0, 0], abs=1e-3)
    place = int(np.argmax(scores[:, 2]))
    assert scores[place] == pytest.approx([0, 0, 0.72], abs=1e-3)
    # Centre (3.5, 5) cells, 32 x 16 pixels, as shares of the picture.
    assert boxes[place] == pytest.approx([40 / width, 72 / height, 72 / width, 88 / height], abs=1e-3)


def test_people_with_masks_of_two_models_come_from_one(tmp_path: Path) -> None:
    openvino = package("openvino")
    from openvino import opset13 as ops

    # Two people, of whom one is seen twice, and a car; all in the left half of the picture is a person's.
    boxes = [[[0.25, 0.2, 0.75, 0.8], [0.25, 0.21, 0.75, 0.8], [0, 0, 0.2, 0.4], [0.5, 0.5, 1, 1]]]
    scores = [[[0, 0.5, 0], [0, 0.4, 0], [0, 0.2, 0.1], [0.9, 0.05, 0]]]
    people = constants_behind_a_picture({"boxes": boxes, "scores": scores}, (256, 448))
    openvino.save_model(people, str(tmp_path / "people.xml"))
    picture = ops.parameter([1, 100, 120, 3], np.uint8, "picture")
    pixels = np.zeros((1, 100, 120), np.int64)
    pixels[:, :, :60] = 15
    found = ops.add(ops.constant(pixels), ops.multiply(ops.reduce_max(ops.convert(picture, np.int64), [0, 1, 2, 3]), 0))
    found.output(0).set_names({"ArgMax"})
    openvino.save_model(openvino.Model([found], [picture]), str(tmp_path / "classes.xml"))

    joined = with_masks(tmp_path / "people.xml", tmp_path / "classes.xml", folder=tmp_path)
    assert with_masks(tmp_path / "people.xml", tmp_path / "classes.xml", folder=tmp_path) == joined
    assert explain(find(joined))["head"] == "boxes_masks"
    outputs = openvino.Core().compile_model(joined, "CPU")(np.zeros((1, 3, 513, 896), np.float32))
    assert outputs["boxes"] == pytest.approx(np.array([boxes[0][0], boxes[0][2]]) * [896, 513, 896, 513], rel=1e-2)
    assert outputs["labels"].tolist() == [1, 1]
    assert outputs["scores"] == pytest.approx(np.array([0.5, 0.2]) ** 0.25, abs=0.01)
    masks = outputs["masks"]
    assert masks.shape == (2, 1, 28, 28)
    assert masks[0, 0, :, :13].min() > 0.99, "left of the middle"
    assert masks[0, 0, :, 15:].max() < 0.01
    assert masks[1].min() > 0.99, "all of the second"


def test_models_that_cannot_be_joined_are_named(tmp_path: Path) -> None:
    for name in ("people.onnx", "faces.onnx"):
        (tmp_path / name).write_bytes(b"junk")
    with pytest.raises(ModelError, match=r"faces are not found: people\.onnx and faces\.onnx cannot be joined: "):
        with_faces(tmp_path / "people.onnx", tmp_path / "faces.onnx", folder=tmp_path)
    with pytest.raises(ModelError, match=r"^people\.onnx and faces\.onnx cannot be joined: "):
        with_masks(tmp_path / "people.onnx", tmp_path / "faces.onnx", folder=tmp_path)


def test_a_stand_in_of_two_models_needs_both(nowhere: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    nowhere.mkdir(parents=True)
    (nowhere / "person-vehicle-bike-detection-2004.onnx").touch()
    missing = write_table(table)
    assert "peoplesegnet" not in table.read_text()
    assert "resnet34_peoplenet.onnx" in table.read_text(), "without faces it still finds people"
    assert any("deeplabv3" in sentence for sentence in missing)
    (nowhere / "deeplabv3_mnv2_pascal_int8.onnx").touch()
    missing = write_table(table)
    assert "peoplesegnet" not in table.read_text()
    assert any("cannot be joined" in sentence for sentence in missing)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x07junk")
    with pytest.raises(ModelError, match=r"the ONNX file is cut short: it has 6 bytes, .*bad\.onnx"):
        explain(find(bad))


def test_what_makes_an_output_is_part_of_the_decision(tmp_path: Path) -> None:
    openvino = package("openvino")
    from openvino import opset13 as ops

    picture = ops.parameter([1, 3, 64, 64], np.float32, "image")
    scores = ops.reshape(ops.sigmoid(picture), np.array([1, 2, -1, 2]), special_zero=False)
    scores = ops.reshape(scores, np.array([1, -1, 2]), special_zero=False)
    boxes = ops.reshape(ops.concat([picture, picture], 1), np.array([1, -1, 4]), special_zero=False)
    for node, name in ((picture, "image"), (scores, "scores"), (boxes, "boxes")):
        node.output(0).set_names({name})
    path = tmp_path / "sigmoids.xml"
    openvino.save_model(openvino.Model([boxes, scores], [picture]), str(path))
    # Two columns without a sigmoid would be one class and background.
    assert explain(find(path))["class_count"] == 2


def test_names_with_quotes_and_line_breaks_are_told_as_they_are(tmp_path: Path) -> None:
    package("onnx")
    strange = 'sco"res\\\n\u00e9'
    save_constants(tmp_path / "strange.onnx", {strange: np.zeros((1, 126, 85), np.float32)})
    seen = explain(find(tmp_path / "strange.onnx"))
    assert seen["outputs"] == [{"name": strange, "type": "f32", "shape": [1, 126, 85]}]
    assert seen["head"] == "yolox"


def test_tensors_are_told_of_a_model_that_no_head_decodes(tmp_path: Path) -> None:
    package("onnx")
    path = tmp_path / "odd.onnx"
    save_constants(path, {"odd": np.zeros((3, 3, 3, 3, 3), np.float32)})
    assert read_ports(path)["inputs"] == [{"name": "images", "type": "f32", "shape": [1, 3, 64, 96]}]
    with pytest.raises(ModelError, match=r"its outputs fit no head .*\n  file: .*odd\.onnx"):
        explain(find(path))


def test_settings_lead_where_the_file_does_not(tmp_path: Path) -> None:
    package("onnx")
    path = tmp_path / "vague.onnx"
    save_constants(path, {"output": np.zeros((1, 126, 85), np.float32)})
    seen = explain(find(path), threshold=0.7, head_options={"boxes": "decoded"}, num_detected_classes=3)
    assert (seen["threshold"], seen["usual_threshold"]) == (pytest.approx(0.7), pytest.approx(0.3))
    assert seen["options"]["boxes"] == "decoded"
