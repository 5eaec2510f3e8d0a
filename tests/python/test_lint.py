"""`fluvial lint`: each rule finds what its file in tests/compat/lint marks, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import lint_page
from fluvial.cli import main
from fluvial.errors import FluvialError
from fluvial.lint import HARMS, RULES, check, settings

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "compat" / "lint"
MARK = re.compile(r"# finds: ([\w-]+)$")


def marks(file):
    lines = enumerate(file.read_text().splitlines(), 1)
    return sorted((number, found[1]) for number, line in lines if (found := MARK.search(line)))


@pytest.mark.parametrize("rule", [r.name for r in RULES])
def test_a_rule_finds_what_is_marked_and_nothing_else(rule):
    file = FILES / f"{rule}.py"
    found = sorted({(f.line, f.rule) for f in check(file)})
    assert found == marks(file)
    assert rule in {name for _, name in found}


def test_every_file_belongs_to_a_rule():
    assert {p.stem for p in FILES.iterdir()} == {r.name for r in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_rule_says_why_and_what_instead(rule):
    assert rule.harm in HARMS
    assert all(text.endswith((".", "`", ")")) or "`" in text for text in (rule.why, rule.hint))
    assert 10 < len(rule.title) < 110
    assert len(rule.why) > 30


def whats(text, tmp_path):
    file = tmp_path / "app.py"
    file.write_text(text)
    return [f"{f.line}:{f.column} {f.rule}: {f.what}" for f in check(file)]


def test_findings_say_what_stands_there_and_the_nearest_name(tmp_path):
    assert whats("import pyds\nx = pyds.NvDsFramMeta\n", tmp_path) == [
        "2:5 unknown-name: pyds has no NvDsFramMeta; did you mean 'NvDsFrameMeta'?"
    ]
    assert whats("import pyds\npyds.NvDsPastFrameObjBatch\n", tmp_path) == [
        "2:1 unknown-name: pyds has no NvDsPastFrameObjBatch; since pyds 1.1.11 it is NvDsTargetMiscDataBatch"
    ]
    assert whats("import numpy as np\nx = np.float_\n", tmp_path) == [
        "2:5 numpy-removed: numpy.float_ is now numpy.float64"
    ]


def test_a_configuration_file_is_read_beside_the_program():
    found = [f.what for f in check(FILES / "unknown-key.py")]
    assert found == [
        "unknown-key.txt:10: [class-attrs-all] topkk is not known; did you mean 'topk'?",
        "unknown-key.txt:12: group [nonsense] is not known",
        "unknown-key.txt:3: [property] labelfile-pth is not known; did you mean 'labelfile-path'?",
        "unknown-key.txt:4: [property] mean-file: mean pictures are not read; use offsets",
    ]


def test_yaml_files_are_read_too(tmp_path):
    (tmp_path / "config.yml").write_text("property:\n  batch-size: 1\n  batchsize: 1\nclass-attrs-0:\n  topk: 5\n")
    assert list(settings.unused(tmp_path / "config.yml")) == [
        "config.yml:3: [property] batchsize is not known; did you mean 'batch-size'?"
    ]
    (tmp_path / "bad.yml").write_text("property: [")
    assert list(settings.unused(tmp_path / "bad.yml")) == []


def test_the_keys_are_those_of_the_element():
    text = (ROOT / "cpp/elements/infer/nvinfer_config.cpp").read_text()
    limits = [("keys_that_do_something() {", "property_keys() {"), ("class_keys() {", "return keys")]
    tables = [text.partition(start)[2].partition(end)[0] for start, end in limits]
    names = [set(re.findall(r'^      \{"([\w-]+)",', table, re.MULTILINE)) for table in tables]
    assert names == [set(settings.PROPERTY_KEYS), set(settings.CLASS_KEYS)]
    missed = {m[1] for m in re.finditer(r'\{"([\w-]+)",[^{}]*, true\}', tables[0])}
    assert missed == set(settings.MISSED)


WRONG = "import pyds\npyds.alloc_buffer(){}\n"


@pytest.mark.parametrize(
    ("comment", "is_found"),
    [
        ("", True),
        ("  # fluvial: ignore", False),
        ("  # fluvial: ignore[wrong-arguments]", False),
        ("  # fluvial: ignore[enum-order, wrong-arguments] since it is a test", False),
        ("  # fluvial: ignore[enum-order]", True),
    ],
)
def test_a_comment_ignores_a_finding_of_its_line(tmp_path, comment, is_found):
    assert bool(whats(WRONG.format(comment), tmp_path)) == is_found


def test_a_comment_of_its_own_ignores_the_line_below(tmp_path):
    assert whats("import pyds\n# fluvial: ignore[wrong-arguments]\npyds.alloc_buffer()\n", tmp_path) == []
    assert whats("import pyds\nx = 1  # fluvial: ignore\npyds.alloc_buffer()\n", tmp_path) != []


def test_a_program_without_pyds_has_no_findings(tmp_path):
    assert whats("class pyds: pass\npyds.x = 1\nprint(pyds.y)\n", tmp_path) == []


def test_what_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / "old.py").write_text("print 'hello'\n")
    with pytest.raises(FluvialError, match=r"old\.py:1: .*: not Python 3"):
        check(tmp_path / "old.py")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FluvialError, match=r"binary\.py: "):
        check(tmp_path / "binary.py")


# --- the command
def test_the_command_prints_place_harm_what_and_rule_and_exits_with_1(tmp_path, capsys):
    file = tmp_path / "app.py"
    file.write_text(WRONG.format("") + "pyds.alloc_buffer()\n")
    assert main(["lint", str(file)]) == 1
    out = capsys.readouterr().out
    assert f"{file}:2:1: error: alloc_buffer gets 0 arguments; it takes size [wrong-arguments]\n    why: " in out
    assert out.count("why: ") == 1
    assert out.endswith("2 findings in 1 file\n")


def test_the_command_on_a_clean_folder(tmp_path, capsys):
    (tmp_path / "a.py").write_text("import pyds\n")
    (tmp_path / "b.py").write_text("")
    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "nothing found in 2 files\n"


def test_the_command_as_json(tmp_path, capsys):
    file = tmp_path / "app.py"
    file.write_text(WRONG.format(""))
    assert main(["lint", "--json", str(file)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["files"]) == (False, 1)
    assert found["findings"][0] == {
        "file": str(file),
        "line": 2,
        "column": 1,
        "rule": "wrong-arguments",
        "harm": "error",
        "what": "alloc_buffer gets 0 arguments; it takes size",
        "why": next(r.why for r in RULES if r.name == "wrong-arguments"),
        "hint": next(r.hint for r in RULES if r.name == "wrong-arguments"),
    }


def test_the_rules_are_listed(capsys):
    assert main(["lint", "--rules"]) == 0
    out = capsys.readouterr().out
    assert [r.name for r in RULES if f"    {r.name} " not in out] == []
    assert main(["lint", "--rules", "--json"]) == 0
    assert [r["name"] for r in json.loads(capsys.readouterr().out)] == [r.name for r in RULES]


def test_no_program_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as e:
        main(["lint"])
    assert e.value.code == 2
    assert "name a program: fluvial lint SCRIPT..." in capsys.readouterr().err


def test_a_file_that_is_not_there_is_the_users_to_mend(capsys):
    assert main(["lint", "/no/such.py"]) == 1
    assert "/no/such.py: no such file" in capsys.readouterr().err


def test_the_page_shows_what_its_program_gets(tmp_path, capsys, monkeypatch):
    program = re.search(r"<<'PROGRAM'\n(.*?)PROGRAM\n", lint_page.HEAD, re.DOTALL)
    assert program
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(program[1])
    main(["lint", "app.py"])
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert said == [line for line in lint_page.OUTPUT.splitlines() if not line.startswith(" ")]


def test_variables_that_are_made_of_each_other_cost_no_time(tmp_path):
    turns = "".join(
        f"    a{i} = a{(i + 1) % 30}\n    a{i} = a{(i + 2) % 30}\n    a{i} = a{(i + 3) % 30}\n" for i in range(30)
    )
    file = tmp_path / "app.py"
    file.write_text(f"import pyds\n\n\ndef probe(self, a0):\n{turns}    self.kept = a1.x\n    self.kept = a2\n")
    assert check(file) == []
