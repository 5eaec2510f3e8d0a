"""Figures of the GPU grow old when its sources change: `make check` warns."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "gpu_measured.sh"


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q")

    def git(self, *args: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *who, *args], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, name: str, text: str) -> str:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        return self.git("rev-parse", "--short", "HEAD")

    def measured(self, commit: str) -> None:
        result = {"machine": {"commit": commit}, "rows": []}
        self.commit("bench/results/gpu-wall.json", json.dumps(result, indent=1))

    def warnings(self) -> str:
        return subprocess.run([SCRIPT, self.folder], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_figures_of_the_present_sources_are_not_spoken_of(repository: Repository) -> None:
    repository.measured(repository.commit("cpp/surface/cuda/device.cpp", "1"))
    repository.commit("README.md", "other things change")
    assert repository.warnings() == ""


def test_a_source_that_changed_since_is_named(repository: Repository) -> None:
    commit = repository.commit("cpp/surface/cuda/device.cpp", "1")
    repository.measured(commit)
    repository.commit("cpp/surface/cuda/kernels/new.cu", "2")
    assert (
        f"gpu-wall.json: measured at {commit}, before changes of cpp/surface/cuda/kernels/new.cu"
        in repository.warnings()
    )


def test_a_commit_that_nobody_knows_is_told(repository: Repository) -> None:
    repository.commit("README.md", "1")
    repository.measured("0123abc")
    assert "measured at '0123abc', which is no commit of this repository" in repository.warnings()


def test_no_figures_at_all_are_told(repository: Repository) -> None:
    repository.commit("README.md", "1")
    assert "nothing of the GPU was measured" in repository.warnings()
