"""The first cell of a notebook: it installs what is missing, and never another torch."""

import hashlib
import os
import subprocess
import sys
import venv
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT
from test_lessons import LESSONS

sys.path.insert(0, str(ROOT / "docs"))
from first_cell import first_cell, modules, wheel_in

WHEEL = "torchtour-0.0-py3-none-any.whl"
OTHER = "2.11.0" if version("torch").startswith("2.12") else "2.12.*"  # a torch that is not the one of these tests


def cell(name: str, wheel: str = WHEEL) -> str:
    return first_cell(LESSONS[name].read_text("utf-8"), wheel)


def run(source: str) -> None:
    exec(source, {"get_ipython": None})


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The calls of pip, of which none is made."""
    calls: list[list[str]] = []

    def noted(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, "nothing" in " ".join(command), "", "no such package")

    monkeypatch.setattr(subprocess, "run", noted)
    monkeypatch.chdir(tmp_path)
    return calls


def absent(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in names else find_spec(name))


@pytest.mark.parametrize("name", LESSONS)
def test_where_nothing_is_missing_the_cell_does_and_says_nothing(name, pip, capsys):
    run(cell(name))
    assert pip == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", LESSONS)
def test_each_lesson_names_what_it_needs(name):
    """What a lesson imports is Python's own, or named by its cell, or comes with what is named."""
    ours = {"lightning", "matplotlib", "torchmetrics"}  # they come with torchtour
    given = {"torch", "numpy", "sklearn", "polars", "torchtour"}
    found = modules(LESSONS[name].read_text("utf-8")) - set(sys.stdlib_module_names)
    source = cell(name)
    optional = {"onnxruntime", "onnxscript", "safetensors"}  # lesson 14 uses them where they are installed
    assert found <= given | ours | optional
    for module in found & given:
        assert f'"{module}": ' in source
    assert ("torchtour" in found) == (name not in ("tensors", "autograd"))
    assert not found & ours or "torchtour" in found or name in ("tensors", "autograd")  # these can do without pictures


def test_pip_is_told_to_keep_the_torch_that_is_here(pip, monkeypatch):
    absent(monkeypatch, "torchtour", "polars")
    Path(WHEEL).touch()
    run(cell("tables"))
    kept = f"torch=={version('torch')}"
    assert pip == [[sys.executable, "-m", "pip", "install", "-q", kept, "polars", WHEEL]]


def test_where_there_is_no_torch_pip_chooses(pip, monkeypatch):
    absent(monkeypatch, "torch", "numpy")
    run(cell("tensors"))
    assert pip == [[sys.executable, "-m", "pip", "install", "-q", "numpy", "torch"]]


def test_a_wheel_that_is_not_there_is_asked_for(pip, monkeypatch):
    absent(monkeypatch, "torchtour")
    with pytest.raises(SystemExit, match=f"Put {WHEEL} beside this notebook"):
        run(cell("training"))
    assert pip == []


def test_what_pip_cannot_do_ends_the_cell_with_its_words(pip, monkeypatch):
    absent(monkeypatch, "torchtour")
    Path("nothing.whl").touch()
    with pytest.raises(SystemExit, match=r"could not install nothing\.whl:\nno such package"):
        run(cell("training", "nothing.whl"))


@pytest.mark.slow
def test_in_an_environment_with_another_torch_the_lesson_then_runs(tmp_path):
    """That very cell, in an environment that has another torch and nothing else; it needs pip's network."""
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv/bin/python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"torch=={OTHER}"], check=True)
    before = fingerprint(tmp_path / "venv")
    source = cell("generalisation", wheel_in(tmp_path).name)
    lesson = "from torchtour import Classifier\nfrom torchtour.lessons import headline\nimport sklearn, matplotlib\n"
    lesson += (
        f"import torch\nassert torch.__version__ != {version('torch')!r}\nprint(Classifier()(torch.ones(3, 2)).shape)"
    )
    assert told(python, tmp_path, f"{source}\n{lesson}") == "torch.Size([3, 2])\n"
    assert fingerprint(tmp_path / "venv") == before
    assert told(python, tmp_path, source, PIP_NO_INDEX="1") == ""  # a second time there is nothing to do


def told(python: Path, folder: Path, code: str, **variables: str) -> str:
    """What Python prints, in a folder, with nothing of this project on its path."""
    apart = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [python, "-c", code], cwd=folder, env=apart | variables, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def fingerprint(environment: Path) -> dict[str, str]:
    """The checksum of each file of torch's metadata, which names the version and every file of it."""
    (metadata,) = environment.glob("lib/*/site-packages/torch-*.dist-info")
    return {
        f"{metadata.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in metadata.iterdir() if path.is_file()
    }  # fmt: skip
