"""What a user gives as a source, and the name it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluvial import SourceError
from fluvial.sources import location, read_sources


@pytest.mark.parametrize(
    ("uri", "name", "is_live"),
    [
        ("rtsp://10.0.0.5:554/Streaming/Channels/101", "10.0.0.5-Streaming-Channels-101", True),
        ("rtsp://user:secret@cam/1", "cam-1", True),
        ("https://example.org/videos/a.mp4", "example.org-videos-a", False),
        ("test://ball?frames=3", "ball", False),
    ],
)
def test_addresses(uri: str, name: str, is_live: bool) -> None:
    (source,) = read_sources(uri)
    assert (source.name, source.uri, source.is_live) == (name, uri, is_live)


def test_a_password_is_not_shown() -> None:
    assert location(read_sources("rtsp://user:secret@cam/1")[0]) == "rtsp://***@cam/1"
    with pytest.raises(SourceError) as e:
        read_sources("ftp://user:secret@cam/1")
    assert "secret" not in e.value.problem + e.value.element


def test_files_patterns_and_names(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "a.avi", "with space.mp4"):
        (tmp_path / name).touch()
    assert [s.name for s in read_sources(tmp_path / "b.mp4")] == ["b"]
    assert [s.name for s in read_sources(str(tmp_path / "*.mp4"))] == ["a", "b", "with_space"]
    both = read_sources([tmp_path / "a.mp4", tmp_path / "a.avi", tmp_path / "a.mp4"])
    assert [s.name for s in both] == ["a", "a-2", "a-3"]
    named = read_sources({"door": tmp_path / "a.mp4", "yard": str(tmp_path / "with space.mp4")})
    assert [s.name for s in named] == ["door", "yard"]
    assert location(named[1]) == str(tmp_path / "with space.mp4")
    assert read_sources((tmp_path / "a.mp4").as_uri())[0].name == "a"


def test_one_name_is_for_one_source(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(SourceError, match="one name for 2 files"):
        read_sources({"x": str(tmp_path / "*.mp4")})
