"""train.py trains, tests, predicts and resumes, and a checkpoint can be loaded without it."""

import csv
import sys
from pathlib import Path

import pytest
import torch
import train

from torchtour import Classifier

SMALL = ["--data.n_train=1000", "--data.n_val=100", "--data.n_test=100", "--trainer.enable_progress_bar=false"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call train.py as a shell would, from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["train.py", *words])
        train.main()

    return call


@pytest.fixture
def checkpoint(run):
    run("fit", *SMALL, "--trainer.max_epochs=3")
    return Path("runs/version_0/checkpoints/best.ckpt")


def test_fit_learns_and_writes_its_metrics(checkpoint):
    with open("runs/version_0/metrics.csv", newline="") as file:
        losses = [float(row["val/loss"]) for row in csv.DictReader(file) if row["val/loss"]]
    assert len(losses) == 3
    assert min(losses) < 0.5 * 0.693  # always one half: ln 2


def test_test_and_predict_take_the_checkpoint(run, checkpoint, capsys):
    run("test", *SMALL, f"--ckpt_path={checkpoint}")
    assert "test/accuracy" in capsys.readouterr().out
    run("predict", f"--ckpt_path={checkpoint}", "--trainer.enable_progress_bar=false")


def test_an_untrained_net_is_never_tested(run, checkpoint):
    with pytest.raises(SystemExit, match="ckpt_path is missing"):
        run("test", *SMALL)


def test_a_checkpoint_loads_without_train_py(checkpoint):
    model = Classifier.load_from_checkpoint(checkpoint, weights_only=True).eval()
    with torch.inference_mode():
        probabilities = model(torch.tensor([[3.0, 3.0], [-3.0, -3.0]])).softmax(dim=1)
    assert probabilities.argmax(dim=1).tolist() == [1, 0]


def test_a_fit_continues_from_its_last_checkpoint(run, checkpoint):
    run("fit", *SMALL, "--trainer.max_epochs=5", f"--ckpt_path={checkpoint.with_name('last.ckpt')}")
    last = torch.load("runs/version_1/checkpoints/last.ckpt", weights_only=True)
    assert last["epoch"] == 4
