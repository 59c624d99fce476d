"""The files for GitHub and pre-commit are what their schemas say, and name what exists."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from torchtour.runs import files
from torchtour.runs.files import FolderLock
from torchtour.runs.run import Run
from torchtour.settings import UserError

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = [path for path in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]


def check_schema(schema: str, *paths: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_workflows_fit_their_schema():
    check_schema("github-workflows", *WORKFLOWS, ROOT / "src/torchtour/template/full/ci.yml")


def test_the_issue_forms_fit_their_schema():
    assert len(FORMS) == 2
    for path in FORMS:
        form = yaml.safe_load(path.read_text())
        assert {"name", "description", "body"} <= form.keys()
        for field in form["body"]:
            assert field["type"] in {"textarea", "input", "dropdown", "checkboxes", "markdown"}
            assert field["attributes"]["label"]


def test_the_hooks_of_pre_commit_are_the_checks_of_make_test():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = {hook["entry"].removeprefix(".venv/bin/") for repo in config["repos"] for hook in repo["hooks"]}
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert hooks <= {line.strip().removeprefix("$(BIN)/").removesuffix(" .") for line in recipe.splitlines()}


def test_every_workflow_calls_the_recipes_that_exist():
    for path in WORKFLOWS:
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(re.findall(r"run: make (\w+)", path.read_text())) <= set(targets)
    assert {"ubuntu-latest", "macos-latest", "windows-latest"} <= set(
        re.findall(r"\w+-latest", WORKFLOWS[0].read_text())
    )


def test_what_contributing_names_exists():
    text = (ROOT / ".github/CONTRIBUTING.md").read_text()
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([\w-]+)", text)) <= set(targets)


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "lpt9.txt", "a:b", "a*", "aux.x"])
def test_a_run_has_no_name_that_windows_keeps_for_itself(name):
    with pytest.raises(UserError, match=r"run\.name"):
        Run(name)


def test_where_a_folder_cannot_be_opened_files_are_written_all_the_same(tmp_path, monkeypatch):
    """As on Windows: no folder is synced or locked, and no call is made that only POSIX has."""
    monkeypatch.setattr(files, "POSIX", False)
    real = os.open

    def only_files(path, *arguments, **settings):
        assert not Path(path).is_dir()
        return real(path, *arguments, **settings)

    monkeypatch.setattr(os, "open", only_files)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    files.replace(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    FolderLock(tmp_path).release()
