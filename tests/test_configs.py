"""Every config is run as it stands, and does what its first line says."""

import csv
import re
from pathlib import Path

import pytest
import torch
import yaml
from conftest import ROOT
from lightning_utilities.core.imports import RequirementCache
from matplotlib.image import imread
from sklearn.datasets import load_iris

from torchtour import Classifier, SyntheticData
from torchtour.command.fit import Command

CONFIGS = ROOT / "configs"


def fit(torchtour, name, *flags):
    answer = torchtour("fit", "-c", CONFIGS / f"{name}.yaml", *flags)
    assert (answer.status, answer.err) == (0, "")
    return answer.out


def held_out_accuracy(name: str) -> float:
    """Accuracy of best.ckpt on the 10,000 test points, without the command."""
    stored = torch.load(f"checkpoints/{name}/version_0/best.ckpt", weights_only=True)
    data = SyntheticData(**stored["datamodule_hyper_parameters"])
    data.setup("test")
    features, labels = data.sets["test"].tensors
    model = Classifier.load_from_checkpoint(f"checkpoints/{name}/version_0/best.ckpt")
    assert len(labels) == 10_000
    return (model(features).argmax(dim=1) == labels).double().mean().item()


def table(name: str) -> list[dict[str, str]]:
    with open(f"checkpoints/{name}/version_0/metrics.csv") as file:
        return list(csv.DictReader(file))


def test_each_config_has_a_test():
    names = {path.stem for path in CONFIGS.iterdir()}
    assert names == {
        "default", "tutorial", "adam", "spiral", "ddp", "early_stopping", "tensorboard", "wandb", "stills", "table",
    }  # fmt: skip


def test_the_page_of_the_command_lists_each_config():
    section = (ROOT / "docs/command.md").read_text().partition("### Configs")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {path.stem for path in CONFIGS.iterdir()}


def test_default_is_what_fit_does_without_a_config(torchtour):
    fit(torchtour, "default", "--trainer.max_epochs", 1)
    assert torchtour("fit", "--trainer.max_epochs", 1).status == 0
    first, second = (yaml.safe_load(Path(f"checkpoints/default/version_{n}/config.yaml").read_text()) for n in (0, 1))
    assert first == second


def test_default_names_only_what_it_holds():
    config = yaml.safe_load((CONFIGS / "default.yaml").read_text())
    assert config["trainer"] == {"max_epochs": 10}


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 10))])
def test_default_reaches_99_percent_from_every_seed(torchtour, seed):
    fit(torchtour, "default", "--seed_everything", seed, "--data.seed", seed)
    assert held_out_accuracy("default") >= 0.99


def test_adam_reaches_99_percent(torchtour):
    fit(torchtour, "adam")
    assert held_out_accuracy("adam") >= 0.99


def test_tutorial_is_lesson_4(torchtour):
    lines = [line for line in fit(torchtour, "tutorial").splitlines() if line.startswith("Epoch")]
    assert len(lines) == 5
    assert lines[0].startswith("Epoch [20/100], Loss: 0.7186, Accuracy: 0.5300, Val loss: ")
    assert "accelerator: cpu" in Path("checkpoints/tutorial/version_0/config.yaml").read_text()
    assert lines[-1].startswith("Epoch [100/100], Loss: 0.6377, Accuracy: 0.5400, Val loss: ")


def test_spiral_is_solved_as_the_readme_shows(torchtour):
    flags = re.search(
        r"torchtour fit -c configs/spiral.yaml (--plots.boundary_epochs) '(.*)'", (ROOT / "README.md").read_text()
    )
    fit(torchtour, "spiral", *flags.groups())
    assert held_out_accuracy("spiral") >= 0.97
    shown, drawn = (imread(path) for path in (ROOT / "docs/spiral.png", "checkpoints/spiral/version_0/stills.png"))
    assert shown.shape == drawn.shape
    assert abs(shown - drawn).mean() < 0.02  # another machine may round otherwise


def test_tensorboard_has_the_curves(torchtour):
    fit(torchtour, "tensorboard", "--trainer.max_epochs", 1)
    (events,) = Path("checkpoints/default/version_0").glob("events.out.tfevents.*")
    assert b"val/accuracy" in events.read_bytes()


def test_early_stopping_ends_at_the_fifth_validation_without_a_fall(torchtour):
    flags = ("--run.name", "early", "--model.gamma", 1, "--data.n_train", 200, "--data.n_val", 100)
    fit(torchtour, "early_stopping", *flags)
    best, waited = float("inf"), 0
    rows = table("early")
    for row in rows:  # the rule in its own words
        fell = float(row["val/loss"]) < best - 0.0001
        best, waited = (float(row["val/loss"]), 0) if fell else (best, waited + 1)
        if waited == 5:
            break
    assert waited == 5
    assert row is rows[-1]
    assert len(rows) < 100


def test_early_stopping_goes_on_counting_when_a_run_is_resumed(torchtour):
    flags = ("--model.gamma", 1, "--data.n_train", 200, "--data.n_val", 100)
    fit(torchtour, "early_stopping", "--run.name", "whole", *flags)
    epochs = len(table("whole"))
    fit(torchtour, "early_stopping", "--run.name", "parts", "--trainer.max_epochs", epochs - 2, *flags)
    answer = torchtour("fit", "-c", "early_stopping", "--ckpt_path", "checkpoints/parts/version_0/last.ckpt")
    assert (answer.status, answer.err) == (0, "")
    assert table("parts") == table("whole")


def test_wandb_keeps_the_curves_offline(torchtour):
    wandb = pytest.importorskip("wandb", reason="Weights & Biases is not installed: pip install wandb")
    answer = torchtour("fit", "-c", "wandb", "--trainer.max_epochs", 2, "--data.n_train", 200, "--data.n_val", 100)
    assert answer.status == 0
    assert all("wandb" in line for line in answer.err.splitlines())  # it has lines of its own
    wandb.finish()  # a process of its own writes the file
    (log,) = Path("checkpoints/wandb").glob("offline-run-*/*.wandb")
    assert b"val/accuracy" in log.read_bytes()
    assert {path.name for path in Path().iterdir()} == {"checkpoints"}
    assert len(table("default")) == 2


def test_without_wandb_one_line_says_how_to_get_it(torchtour, monkeypatch):
    monkeypatch.setattr("lightning.pytorch.loggers.wandb._WANDB_AVAILABLE", RequirementCache("wandb>=10000"))
    answer = torchtour("fit", "-c", "wandb", "--trainer.max_epochs", 1)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("torchtour: a package is missing: ")
    assert "pip install" in answer.err
    assert answer.err.count("\n") == 1
    assert not Path("checkpoints").exists()


def test_stills_draws_the_net_at_its_epochs(torchtour):
    fit(torchtour, "stills", "--trainer.max_epochs", 2)
    assert Path("checkpoints/default/version_0/stills.png").exists()


def test_two_processes_do_what_one_does(torchtour):
    # 1003 points in batches of 100: neither the batches nor the processes divide them.
    flags = ("--data.n_train", 1003, "--data.n_val", 501, "--data.n_test", 333, "--trainer.max_epochs", 3)
    fit(torchtour, "ddp", *flags)
    fit(torchtour, "default", *flags)
    for two, one in zip(table("ddp"), table("default"), strict=True):
        assert {key: float(value) for key, value in two.items()} == pytest.approx(
            {key: float(value) for key, value in one.items()}, abs=1e-6
        )
    states = [
        torch.load(f"checkpoints/{name}/version_0/last.ckpt", weights_only=True)["state_dict"]
        for name in ("ddp", "default")
    ]
    for key, value in states[0].items():
        torch.testing.assert_close(value, states[1][key], rtol=0, atol=1e-6)
    # The same net on three batches and a bit, dealt to one process and to two: the same to the last bit.
    test = ["test", "--ckpt_path", "checkpoints/ddp/version_0/last.ckpt", "--data.n_test", "50001", "--data.noise", "1"]
    one, two = (Command([*test, *more]).trainer.callback_metrics for more in ((), ("-c", str(CONFIGS / "ddp.yaml"))))
    assert one == two
    assert 0.5 < one["test/accuracy"] < 0.99


def test_table_learns_a_table(torchtour, tmp_path):
    flowers = load_iris()
    rows = [
        ",".join(map(str, [*row, flowers.target_names[k]])) for row, k in zip(flowers.data, flowers.target, strict=True)
    ]
    (tmp_path / "iris.csv").write_text("\n".join(["a,b,c,d,kind", *rows]))
    fit(torchtour, "table", "--data.path", "iris.csv", "--data.label", "kind")
    assert float(table("table")[-1]["val/accuracy"]) > 0.9
