"""The project as others get it: the wheel, the lock, the sources."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from torchtour.command.new import new


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(build, check=True)
    (path,) = folder.glob("torchtour-*.whl")
    return path


def test_the_wheel_holds_the_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {"torchtour/py.typed", "torchtour/command/cli.py", "torchtour/lessons/tensors.py"} <= set(names)
    assert not [name for name in names if not name.startswith("torchtour")]


@pytest.mark.slow
def test_from_the_wheel_alone_in_an_empty_folder_everything_works(wheel, tmp_path):
    """Installed where nothing of the clone is seen: a config by its name, a lesson, the exercises, a new project."""
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", tmp_path / "site"]
    subprocess.run([*install, wheel], check=True)
    small = "--data.n_train 60 --data.n_val 30 --data.n_test 30 --trainer.max_epochs 1"
    code = f"""
import sys, torchtour
from torchtour.command.main import run
assert torchtour.__file__.startswith({str(tmp_path)!r}), torchtour.__file__
for line in ("fit -c spiral {small}", "test", "lesson 1", "exercises mine", "new my_project",
             "new my_table --data table"):
    sys.argv = ["torchtour"]
    assert run(line.split()) == 0, line
"""
    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "empty", env=environment, check=True)
    folder = tmp_path / "empty"
    assert {path.name for path in folder.iterdir()} >= {"checkpoints", "mine", "my_project", "my_table"}
    assert "problem: spiral" in (folder / "checkpoints/spiral/version_0/config.yaml").read_text()
    assert list((folder / "mine").glob("*.py"))
    own = {path.relative_to(folder) for path in folder.glob("my_*/**/*.py")}
    for data in ("synthetic", "table"):  # the same files as from the clone
        name = "my_table" if data == "table" else "my_project"
        assert new(["--data", data, str(tmp_path / name)]) == 0
        clone = {path.relative_to(tmp_path) for path in (tmp_path / name).rglob("*.py")}
        assert {path for path in own if path.parts[0] == name} == clone


def test_importing_the_package_does_not_bring_the_command():
    code = "import sys, torchtour; torchtour.Classifier; assert 'jsonargparse' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_lock_has_hashes_and_neither_torch_nor_an_address():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)
    assert {"lightning", "torchmetrics", "numpy", "pytest"} <= set(pins)
    assert not [name for name in pins if name == "torch" or name.startswith(("nvidia", "triton"))]
    assert "://" not in lock
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block


def test_the_top_level_is_closed():
    allowed = {"src", "configs", "tests", "checkpoints", "docs", "pyproject.toml", "Makefile", "README.md"}
    allowed |= {"requirements.lock", "LICENSE", "CHANGELOG.md"}
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    assert {name.split("/")[0] for name in tracked if not name.startswith(".")} <= allowed
