"""What the pages on pyds promise by name exists."""

from __future__ import annotations

import re
from pathlib import Path

import fluvial as fv
import pyds

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("pyds.md", "migrate.md", "lint.md", "pyds-differences.md")]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [*PAGES, ROOT / "README.md"]:
        for target in re.findall(r"\]\(((?!https?:)[^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_functions_of_pyds_in_the_pages_exist() -> None:
    words = {w for page in PAGES[:2] for w in re.findall(r"\bpyds\.([A-Za-z_]\w+)", page.read_text())}
    assert [w for w in sorted(words - {"md"}) if not hasattr(pyds, w)] == []


def test_methods_of_fluvial_in_the_table_exist() -> None:
    table = (ROOT / "docs" / "migrate.md").read_text().split("## Which word is which")[1]
    owners = (fv.Flow, fv.Pipeline, fv.Batch, fv.Frame, fv.Object, fv.Objects)
    ours = " ".join(line.split("|")[2] for line in table.splitlines() if line.count("|") == 3)
    words = set(re.findall(r"(?<![\w.])(?:\w+)?\.([a-z_]{2,})\b(?=[(`,= ])", ours)) - {"mp4", "txt", "md", "copy"}
    missing = [w for w in sorted(words) if not any(hasattr(owner, w) for owner in owners)]
    assert len(words) > 30
    assert not missing
