"""No picture of a test is among those trained on."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fluvial.errors import ConfigError
from fluvial.models.registry import assets_folder
from fluvial.train.apart import check_apart, fingerprint, read_fingerprints, write_fingerprints
from fluvial.train.folders import read_folder
from fluvial.train.store import Store, fill_store
from needed import absent

Coco = Callable[..., Path]
RECIPE = Path(__file__).parents[2] / "training" / "bundled"


def store_of(folder: Path, tmp_path: Path) -> Store:
    data = read_folder(folder)
    return fill_store(data.pictures, 96, tmp_path / "store", problems=data.problems)


def test_other_pictures_are_apart(coco: Coco, tmp_path: Path) -> None:
    test = coco(4, seed=1)
    said = check_apart(store_of(coco(8), tmp_path), [test / "images"])
    assert said.startswith("apart: none of 4 test pictures is among 8; ")
    assert int(said.split("; ")[1].split()[0]) > 60


@pytest.mark.parametrize(("size", "quality"), [((160, 120), 95), ((80, 60), 50)])
def test_a_test_picture_is_found_at_another_size_and_quality(
    coco: Coco, tmp_path: Path, size: tuple[int, int], quality: int
) -> None:
    folder = coco(8)
    test = tmp_path / "test"
    test.mkdir()
    Image.open(folder / "images" / "3.png").resize(size).save(test / "secret.jpg", quality=quality)
    with pytest.raises(
        ConfigError,
        match=r"apart: 1 pictures .* testing are among those trained on: 3 \(secret, \d+ of 256 bits differ\)",
    ):
        check_apart(store_of(folder, tmp_path), [test])


def test_a_number_of_coco_in_the_name_tells_too(coco: Coco, tmp_path: Path) -> None:
    store = store_of(coco(2), tmp_path)
    picture = store.pictures[0]
    store.pictures[0] = type(picture)(**{**vars(picture), "path": Path("train_000000006818.jpg")})
    with pytest.raises(ConfigError, match=r"train_000000006818 \(000000006818, by its number\)"):
        check_apart(store, [RECIPE / "apart.json"])


def test_a_grey_picture_is_like_no_other(coco: Coco, tmp_path: Path) -> None:
    grey = fingerprint("grey", np.full((50, 50, 3), 90, np.uint8))
    assert not grey.bits.any()
    write_fingerprints(tmp_path / "grey.json", [grey])
    assert "256 of 256 bits differ at least" in check_apart(store_of(coco(2), tmp_path), [tmp_path / "grey.json"])


def test_fingerprints_are_read_as_they_were_written(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    one = fingerprint("noise", np.kron(pixels, np.ones((4, 4, 1), np.uint8)))
    write_fingerprints(tmp_path / "f.json", [one])
    assert (read_fingerprints(tmp_path / "f.json")[0].bits == one.bits).all()


@pytest.mark.parametrize("content", ["[]", "{", '{"a": "ff"}', '{"a": 3}'])
def test_what_is_no_file_of_fingerprints_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.json").write_text(content)
    with pytest.raises(
        ConfigError, match=r"apart: .*f.json: no file of fingerprints: .*; allowed is a folder of pictures"
    ):
        read_fingerprints(tmp_path / "f.json")
    with pytest.raises(ConfigError, match=r"apart: .*none: No such file"):
        read_fingerprints(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"apart: .*empty: no picture in it"):
        (tmp_path / "empty").mkdir()
        read_fingerprints(tmp_path / "empty")


@pytest.mark.slow
def test_the_recipe_s_fingerprints_are_those_of_its_tests() -> None:
    """Of all 25 pictures, also small and at a low quality."""
    assets = assets_folder()
    if assets is None or not (assets / "truth" / "coco25" / "images").is_dir():
        absent("models", "no truth/coco25 of the assets is here: FLUVIAL_ASSETS names their folder")
    known = {one.name: one.bits for one in read_fingerprints(RECIPE / "apart.json")}
    files = sorted((assets / "truth" / "coco25" / "images").glob("*.jpg"))
    assert len(files) == 25 and sum(name.startswith("vtest_") for name in known) == 80
    for file in files:
        image = Image.open(file).convert("RGB")
        image.thumbnail((336, 336))
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=50)
        again = fingerprint(file.stem, np.asarray(Image.open(packed).convert("RGB")))
        assert (known[file.stem] != again.bits).sum() <= 20
