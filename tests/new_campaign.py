"""`make new-test`: a project is made, sets itself up, trains and passes its tests; then five changes are made in it.

Each change touches one file, and what was trained before it still loads. Some five minutes: it installs torch.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from acting import FLAGS
from test_copier import CHANGES

from torchtour.command.main import run

RING = '''@problem()
def ring(n: int, generator: Generator | None = None) -> Points:
    """Class 1 between two circles."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    radius = features.norm(dim=1)
    return features, ((radius > 0.8) & (radius < 1.6)).long()


def draw(name'''
OWN = '''"""Data of my own: three heaps on a line."""

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset


class Heaps(LightningDataModule):
    n_features, n_classes = 1, 3

    def __init__(self, batch_size: int = 20) -> None:
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage: str | None = None) -> None:
        labels = torch.arange(300) % 3
        features = 4.0 * labels[:, None] + torch.randn(300, 1, generator=torch.Generator().manual_seed(0))  # [300, 1]
        self.points = TensorDataset(features, labels)

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.points, self.hparams["batch_size"])

    val_dataloader = train_dataloader
'''
# What is written or edited, {file: [(before, after)]}, and the call that uses it with what it must then show.
EDITS = {
    "a hyperparameter": CHANGES["a hyperparameter"][0],
    "a metric": CHANGES["a metric"][0],
    "three classes and ten features": CHANGES["three classes in ten dimensions"][0],
    "a problem": {"problems.py": [("def draw(name", RING)]},
    "a dataset": {"heaps.py": [("", OWN)]},
}
CALLS = {
    "a hyperparameter": "--model.label_smoothing 0.2",
    "a metric": "",
    "three classes and ten features": "--data.problem tubes",
    "a problem": "--data.problem ring",
    "a dataset": "--data my_project.heaps.Heaps --trainer.max_epochs 3",
}
SEEN = {
    "a hyperparameter": ("config.yaml", "label_smoothing: 0.2"),
    "a metric": ("metrics.csv", "val/f1"),
    "three classes and ten features": ("config.yaml", "problem: tubes"),
    "a problem": ("config.yaml", "problem: ring"),
    "a dataset": ("config.yaml", "my_project.heaps.Heaps"),
}


def shell(folder: Path, *command: object, status: int = 0) -> str:
    """What a command prints in a folder, with nothing of this project on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == status, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module", params=["synthetic", "table"])
def made(request, tmp_path_factory) -> Path:
    """A project that has trained, by its own `make train`; its environment is its own."""
    folder = tmp_path_factory.mktemp(request.param) / "my_project"
    assert run(["new", "--full", str(folder), "--data", request.param]) == 0
    shell(folder, "make", "train", f"PYTHON={sys.executable}")
    return folder


def test_make_train_and_make_test_are_green(made):
    with open(made / "checkpoints/default/version_0/metrics.csv") as file:
        assert float(list(csv.DictReader(file))[-1]["val/accuracy"]) > 0.85
    assert re.search(r"\d+ passed|100%", shell(made, "make", "test", f"PYTHON={sys.executable}"))


@pytest.mark.parametrize("change", EDITS)
def test_a_change_touches_one_file(made, change, tmp_path):
    if (made / "data").exists():
        pytest.skip("the changes are made in the project whose data are points")
    kept = tmp_path / "kept"
    shutil.copytree(made / "src", kept)
    before = {path: path.read_bytes() for path in kept.rglob("*.py")}
    command = made / ".venv/bin/my_project"
    try:
        edit(made / "src/my_project", EDITS[change])
        after = {kept / path.relative_to(made / "src"): path.read_bytes() for path in (made / "src").rglob("*.py")}
        assert len(dict(after.items() - before.items())) == 1
        name = change.replace(" ", "_")
        shell(made, command, "fit", "--run.name", name, *small(change), *CALLS[change].split())
        file, text = SEEN[change]
        assert text in (made / "checkpoints" / name / "version_0" / file).read_text()
        shell(made, command, "test", "--ckpt_path", "checkpoints/default/version_0/best.ckpt")  # from before
    finally:
        shutil.rmtree(made / "src")
        shutil.copytree(kept, made / "src")


def small(change: str) -> list[str]:
    """A small run; data of one's own have other settings."""
    return [] if change == "a dataset" else FLAGS


def edit(source: Path, edits: dict[str, list[tuple[str, str]]]) -> None:
    for name, pairs in edits.items():
        path = source / name
        text = path.read_text() if path.exists() else ""
        for old, new in pairs:
            old = old.replace("\\n", "\n")
            assert not old or text.count(old) == 1, (name, old)
            text = text.replace(old, new) if old else new
        path.write_text(text)
