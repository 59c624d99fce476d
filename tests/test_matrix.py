"""`make matrix` tells green from red, leaves no environment behind, and says which rows it could not try."""

import subprocess
import sys
from pathlib import Path

import matrix
import pytest
from matrix import Row, interpreter, main, table, wanted

# Stands in for the Makefile of a clone: it makes no environment, and fails where torch is "torch==0".
MAKEFILE = """
TORCH ?= torch==2
test:
\t@echo "$(TORCH) $$PYTEST_ADDOPTS"
\t@test "$(TORCH)" != torch==0
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with a commit, of which matrix takes clones."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "Makefile").write_text(MAKEFILE)
    (root / "pyproject.toml").write_text('"torch>=2.10"')
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=root, check=True)
    monkeypatch.setattr(matrix, "ROOT", root)
    monkeypatch.setattr(matrix, "LOGS", root / ".venv/matrix")
    monkeypatch.setattr(matrix, "interpreter", lambda _: Path(sys.executable))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return root


def test_a_green_matrix_ends_with_0_and_leaves_only_logs(clone, tmp_path, capsys):
    assert main(["--only", "3.12", "oldest", "--pytest=-k network"]) == 0
    out = capsys.readouterr().out
    assert out.count("| green ") == 2
    assert (clone / ".venv/matrix/3.12-2.log").read_text() == "torch==2 -k network\n"
    assert (clone / ".venv/matrix/3.11-2.10.log").read_text().startswith("torch==2.10.*")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_red_row_ends_with_1_and_names_its_log(clone, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "wanted", lambda _: [Row("3.12", "torch==0"), Row("3.13", "torch==2")])
    assert main([]) == 1
    out = capsys.readouterr().out
    assert "status 2: .venv/matrix/3.12-0.log" in out
    assert out.count("| green ") == 1


def test_a_python_that_is_not_there_is_a_row_that_is_not_green(clone, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "interpreter", lambda _: None)
    assert main(["--only", "3.13"]) == 1
    assert "not installed here" in capsys.readouterr().out


def test_the_rows_are_the_pythons_and_the_oldest_torch():
    rows = wanted(None)
    assert [row.python for row in rows] == ["3.11", "3.12", "3.13", "3.11"]
    assert rows[-1].torch == "torch==2.10.*"
    with pytest.raises(SystemExit, match=r"no row 2\.7"):
        wanted(["2.7"])


def test_this_python_is_found_by_its_version(tmp_path, monkeypatch):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    (tmp_path / "versions/3.12.13/bin").mkdir(parents=True)
    (tmp_path / "versions/3.12.13/bin/python").touch()
    assert interpreter("3.12") == tmp_path / "versions/3.12.13/bin/python"
    assert interpreter("3.99") is None


def test_the_table_is_aligned():
    lines = table([Row("3.12", "torch", ("2.10.0", "2.6.6"), "green", 3.14)]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[-1] == "| 3.12   | 2.10.0 | 2.6.6     | green  | 3.1     |"
