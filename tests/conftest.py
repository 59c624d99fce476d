"""What several tests need: the command, called in this process from an empty folder."""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

# Two test processes on two cores: more threads would wait for each other. Set before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parents[1]


@dataclass
class Answer:
    status: int
    out: str
    err: str


@pytest.fixture
def torchtour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Call the command as a shell would, from an empty folder: torchtour("fit", "--model.lr", "0.1")."""
    from torchtour.command.main import run

    monkeypatch.chdir(tmp_path)
    # Lightning's loggers write to the stderr of their first use: send their records through the one in place now.
    for name in ("lightning.pytorch", "lightning.fabric"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["torchtour", *map(str, arguments)])
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Answer(status, *capsys.readouterr())

    return call


SMALL = (
    "--data",
    "SyntheticData",
    "--data.n_train",
    60,
    "--data.n_val",
    30,
    "--data.n_test",
    30,
    "--data.batch_size",
    25,
    "--trainer.max_epochs",
    2,
    "--plots.enabled",
    "false",
)


@pytest.fixture
def small_run(torchtour: Callable[..., Answer]) -> Path:
    """The folder of a finished run of two epochs over 60 points."""
    answer = torchtour("fit", *SMALL)
    assert (answer.status, answer.err) == (0, "")
    return Path("checkpoints/default/version_0").resolve()
