"""`torchtour new`: what it writes works on its own, under its own name; a folder that holds something is left alone."""

import csv
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import conftest
import pytest
from conftest import ROOT

from torchtour.command import new as new_command
from torchtour.command.main import run
from torchtour.command.new import CONFIGS, TESTS, customers

SMALL = [str(word) for word in conftest.SMALL]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "my_project"
    folder.mkdir()  # a folder that is there, and empty, is taken
    assert run(["new", "--full", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "my_core"
    assert run(["new", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "my-table"
    assert run(["new", str(folder), "--data", "table"]) == 0
    return folder


def python(folder: Path, *arguments: str) -> str:
    """What Python prints with the project's sources, and no others, on its path."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and "__py" not in str(path)}


def test_it_has_what_a_project_needs(project, table):
    for folder, package, data in ((project, "my_project", "synthetic"), (table, "my_table", "table")):
        wanted = {"README.md", "NOTICE", "Makefile", "pyproject.toml", "requirements.lock", ".gitignore"}
        wanted |= {".github/workflows/ci.yml", "configs/default.yaml", "tests/conftest.py"}
        wanted |= {f"src/{package}/{name}.py" for name in ("network", "problems", "data", "classifier")}
        wanted |= {
            f"src/{package}/command/main.py",
            f"src/{package}/runs/checkpoint_file.py",
            f"src/{package}/py.typed",
        }
        wanted |= {f"configs/{name}.yaml" for name in CONFIGS[data]} | {f"tests/{name}" for name in TESTS[data]}
        assert wanted <= files(folder)
        meta = tomllib.loads((folder / "pyproject.toml").read_text())
        assert meta["project"]["name"] == folder.name
        assert meta["project"]["scripts"] == {package: f"{package}.command.main:main"}
        assert "license" not in meta["project"]  # that choice is the reader's
    assert "data/customers.csv" in files(table)


def test_the_core_is_a_project_of_few_files(core):
    sources = {path.relative_to(core / "src/my_core").as_posix() for path in (core / "src/my_core").rglob("*.py")}
    assert {"network.py", "problems.py", "data.py", "classifier.py", "settings.py"} <= sources
    assert {name.split("/")[0] for name in sources if "/" in name} == {"training"}
    assert len((core / "train.py").read_text().splitlines()) <= 45
    assert "torchtour" not in "".join(path.read_text() for path in core.rglob("*.py"))
    assert {"configs/default.yaml", "Makefile", "pyproject.toml", "NOTICE", ".gitignore"} <= files(core)


def test_the_cores_train_py_trains_tests_and_resumes(core, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(core / "src")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_train.py"]
    done = subprocess.run(command, cwd=core, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_tour_stays_behind(project, table, core):
    for folder in (project, table, core):
        names = [name for name in files(folder) if "template/export/" not in name]
        left = [name for name in names if re.search("lesson|exercise|faults|template|docs|torchtour", name)]
        assert left == []
        named = {name for name in files(folder) if "torchtour" in (folder / name).read_text().lower()}
        assert named == {"README.md", "NOTICE"}  # where the code comes from
        (line,) = [text for text in (folder / "README.md").read_text().splitlines() if "torchtour" in text]
        assert "torchtour new" in line


def test_its_tests_need_nothing_that_stayed_behind(project, table, core):
    for folder in (project, table, core):
        assert "collected" in python(folder, "-m", "pytest", "--collect-only")


def test_everything_compiles_and_no_word_was_left_to_fill_in(project, table, core):
    for folder in (project, table, core):
        python(folder, "-m", "compileall", "-q", "src", "tests")
        for name in ("README.md", "Makefile", "pyproject.toml", ".github/workflows/ci.yml", "configs/default.yaml"):
            assert not re.search(r"(?<!\$)\{(?!\{)[a-z_]+\}", (folder / name).read_text())


@pytest.mark.slow
def test_its_own_tests_pass(project, table):
    python(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_network.py", "tests/test_problems.py")
    python(table, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_example.py")


@pytest.mark.slow
def test_it_trains_tests_predicts_and_resumes_as_its_readme_says(project, tmp_path_factory):
    script = f"""
import sys
from my_project.command.main import run
for arguments in ({["fit", *SMALL]}, ["test"], ["predict"], ["runs"],
                  ["fit", "--ckpt_path", "last", "--trainer.max_epochs", "4"], ["export", "--to", "taken"]):
    sys.argv = ["my_project"]
    assert run(arguments) == 0
assert not [name for name in sys.modules if name.startswith("torchtour")]
"""
    said = python(project, "-c", script)
    assert "  my_project test --ckpt_path checkpoints/default/version_0/best.ckpt" in said
    with open(project / "checkpoints/default/version_0/metrics.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]
    for command in re.findall(r"^\$ my_project (\w+)", (project / "README.md").read_text(), re.MULTILINE):
        assert command in {"fit", "test", "predict"}


def test_python_m_is_its_command(project):
    page = python(project, "-m", "my_project", "--help")
    assert page.startswith("usage: my_project COMMAND")
    assert not {"new", "lesson", "exercises", "check", "sweep", "lr-find"} & set(re.findall(r"^  ([\w-]+)", page, re.M))


def test_the_example_table_is_the_same_each_time():
    rows = customers()
    assert rows == customers()
    assert rows != customers(seed=1)
    assert len(rows) == 601
    assert 0.2 < sum(row[-1] == "yes" for row in rows) / 600 < 0.5


@pytest.mark.parametrize("name", ["1st", "a b", "class", "torch", "json", "ä", "-x-", "a" * 70])
def test_a_name_that_cannot_be_a_packages_is_one_line(torchtour, name):
    answer = torchtour("new", f"./{name}")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert list(Path().iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(torchtour):
    Path("mine").mkdir()
    Path("mine/notes").write_text("kept")
    answer = torchtour("new", "mine")
    assert (answer.status, answer.err) == (2, "torchtour: mine is not empty\n")
    assert [path.read_text() for path in Path("mine").iterdir()] == ["kept"]
    Path("file").write_text("kept")
    assert torchtour("new", "file").status == 2
    assert Path("file").read_text() == "kept"


def test_what_fails_half_way_leaves_nothing(torchtour, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(new_command, "fill_in", full)
    answer = torchtour("new", "mine")
    assert (answer.status, answer.err) == (2, "torchtour: mine cannot be written: No space left on device\n")
    assert not Path("mine").exists()


def test_the_wheel_ships_what_new_takes():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    names = {name for tests in TESTS.values() for name in tests}
    assert {name for name in shipped["force-include"] if name.startswith("tests/")} == {f"tests/{n}" for n in names}
