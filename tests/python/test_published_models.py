"""Published models in a whole pipeline, against plain NumPy fed with the same pixels. Needs the assets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluvial.models.registry import assets_folder
from published import MOST, Published, compare, frames_of_size, present, spec_of

FOUND = list(present(assets_folder()))


@pytest.mark.slow
@pytest.mark.skipif(not FOUND, reason="no assets: neither FLUVIAL_ASSETS nor a folder beside the project")
@pytest.mark.parametrize(("model", "path", "video"), FOUND, ids=[f[0].file for f in FOUND])
def test_a_published_model_finds_what_plain_numpy_finds(
    model: Published, path: Path, video: Path, tmp_path: Path
) -> None:
    fed = spec_of(model, path)["input"]
    clip = frames_of_size(video, fed["width"], fed["height"], tmp_path)
    result = compare(model, path, clip)
    assert result.things > 0
    assert result.unmatched == 0
    assert result.worst <= MOST[model.kind]
