"""What lessons 7 to 10 need beyond the project's own packages, and what they say where it is missing."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from test_lessons import LESSONS, NO_COMPILER


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("data", "scikit-learn"),
        ("generalisation", "scikit-learn"),
        ("tables", "scikit-learn and polars"),
        ("pictures", "scikit-learn"),
        ("probabilities", "scikit-learn"),
        ("shipping", "scikit-learn"),
    ],
)
def test_without_scikit_learn_one_line_says_how_to_get_it(
    name: str, needs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [module for module in sys.modules if module.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(LESSONS[name]), run_name="__main__")
    assert stopped.value.code == 2
    packages = needs.replace(" and", "")
    assert capsys.readouterr() == ("", f"This lesson needs {needs}: pip install {packages}\n")


@pytest.mark.slow
def test_without_a_compiler_one_line_says_that_torch_compile_is_skipped(tmp_path: Path) -> None:
    notebook = jupytext.reads(LESSONS["further"].read_text("utf-8"), fmt="py:percent")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (compiles,) = [cell for cell in code if "torch.compile(roughly_gelu)" in cell]
    script = "\n".join([code[0], "batch = torch.ones(5, 2)", compiles])
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    environment |= {"PATH": "", "CXX": str(tmp_path / "g++"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == NO_COMPILER
