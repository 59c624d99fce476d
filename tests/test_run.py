import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from conftest import SMALL
from lightning import Callback, Trainer

from torchtour import Classifier, SyntheticData
from torchtour.runs import files
from torchtour.runs.checkpoint import read_checkpoint
from torchtour.runs.checkpoint_file import CheckpointFile
from torchtour.runs.report import Progress
from torchtour.runs.run import Run
from torchtour.settings import UserError

COLUMNS = ("epoch", "step", "lr", "train/loss", "train/accuracy", "val/loss", "val/accuracy")


def fit(
    folder: Path,
    epochs: int,
    resume: Path | None = None,
    lr: float = 0.3,
    save_every_seconds: float = 0,
    streaming: bool = False,
    also: list[Callback] | None = None,
    sanity: int = 0,
    **settings,
) -> Run:
    run = Run(root=str(folder), save_every_seconds=save_every_seconds)
    run.open(resumed=resume and read_checkpoint(resume, Classifier))
    trainer = Trainer(
        max_epochs=epochs,
        callbacks=[run, Progress(), *(also or [])],
        plugins=[CheckpointFile()],
        logger=False,
        enable_model_summary=False,
        num_sanity_val_steps=sanity,
        **settings,
    )
    torch.manual_seed(0)
    data = SyntheticData(n_train=60, n_val=30, batch_size=25, streaming=streaming)
    trainer.fit(Classifier(lr=lr, step_size=2), data, ckpt_path=resume)
    return run


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "metrics.csv") as file:
        return list(csv.DictReader(file))


def test_a_finished_run_has_its_four_files(tmp_path):
    run = fit(tmp_path, 2)
    assert run.folder == tmp_path / "default/version_0"
    assert {path.name for path in run.folder.iterdir()} == {"config.yaml", "metrics.csv", "best.ckpt", "last.ckpt"}


def test_metrics_has_a_row_an_epoch_and_no_empty_cell(tmp_path):
    table = rows(fit(tmp_path, 5).folder)
    assert tuple(table[0]) == COLUMNS
    assert [(row["epoch"], row["step"]) for row in table] == [(str(e), str(3 * e)) for e in range(1, 6)]
    assert [float(row["lr"]) for row in table] == pytest.approx([0.3, 0.3, 0.03, 0.03, 0.003])
    assert all(0 <= float(row[name]) <= 2 for row in table for name in COLUMNS[3:])


@pytest.mark.parametrize("sanity", [0, 1])
def test_an_epoch_without_validation_has_no_scores_of_another(tmp_path, sanity):
    table = rows(fit(tmp_path, 4, check_val_every_n_epoch=2, sanity=sanity).folder)
    assert [row["val/loss"] == "" for row in table] == [True, False, True, False]
    assert all(row["train/loss"] for row in table)


def test_best_is_the_epoch_with_the_lowest_validation_loss(tmp_path):
    folder = fit(tmp_path, 8, lr=4.0).folder  # steps so long that the loss goes up and down
    losses = [float(row["val/loss"]) for row in rows(folder)]
    assert 0 < losses.index(min(losses)) < 7
    best = torch.load(folder / "best.ckpt", weights_only=True)
    last = torch.load(folder / "last.ckpt", weights_only=True)
    assert best["epoch"] == losses.index(min(losses))
    assert last["epoch"] == 7


def weights(path: Path) -> torch.Tensor:
    state = torch.load(path, weights_only=True)
    moments = state["optimizer_states"][0]["state"]
    tensors = [*state["state_dict"].values(), *(moments[k]["momentum_buffer"] for k in sorted(moments))]
    return torch.cat([tensor.flatten() for tensor in tensors])


def same(a: Path, b: Path) -> None:
    assert (a / "metrics.csv").read_bytes() == (b / "metrics.csv").read_bytes()
    for name in ("best.ckpt", "last.ckpt"):
        assert torch.equal(weights(a / name), weights(b / name))
        keys = ("epoch", "global_step", "lr_schedulers")
        first, second = (torch.load(folder / name, weights_only=True) for folder in (a, b))
        assert [first[key] for key in keys] == [second[key] for key in keys]


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("stop", [1, 2, 5])
def test_a_resumed_run_equals_one_that_was_not_disturbed(tmp_path, stop, moved):
    whole = fit(tmp_path / "whole", 6).folder
    part = fit(tmp_path / "part", stop).folder
    if moved:
        part = part.rename(tmp_path / "moved")
    resumed = fit(tmp_path / "part", 6, part / "last.ckpt").folder
    assert resumed == part
    same(whole, resumed)


def test_a_stream_goes_on_where_it_stopped(tmp_path):
    whole = fit(tmp_path / "whole", 4, streaming=True).folder
    part = fit(tmp_path / "part", 2, streaming=True).folder
    same(whole, fit(tmp_path / "part", 4, part / "last.ckpt", streaming=True).folder)


def test_between_two_writes_the_best_epoch_lies_in_memory(tmp_path):
    seldom = fit(tmp_path / "seldom", 8, lr=4.0, save_every_seconds=1e9).folder
    often = fit(tmp_path / "often", 8, lr=4.0, save_every_seconds=0).folder
    same(seldom, often)


def test_a_run_that_fails_leaves_its_best_epoch(tmp_path):
    class Fails(Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 5:
                raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fit(tmp_path, 8, save_every_seconds=1e9, also=[Fails()])
    folder = tmp_path / "default/version_0"
    best, last = (torch.load(folder / name, weights_only=True) for name in ("best.ckpt", "last.ckpt"))
    losses = [float(row["val/loss"]) for row in rows(folder)]
    assert best["epoch"] == losses.index(min(losses)) > 0
    assert last["epoch"] == 0
    whole = fit(tmp_path / "whole", 8).folder
    same(whole, fit(tmp_path, 8, folder / "last.ckpt").folder)


def test_rows_after_the_checkpoint_are_lived_again(tmp_path):
    whole = fit(tmp_path / "whole", 4).folder
    part = fit(tmp_path / "part", 2).folder
    with open(part / "metrics.csv", "a") as file:
        file.write("3,9,0.1,7,7,7,7\n4,1")  # killed after the row of epoch 3, within that of epoch 4
    same(whole, fit(tmp_path / "part", 4, part / "last.ckpt").folder)


@pytest.mark.skipif(sys.platform != "linux", reason="an open file's name is read from /proc")
def test_the_rows_of_a_run_that_has_ended_reach_the_disk_before_its_last_checkpoint(tmp_path, monkeypatch):
    """Nobody resumes it, so that nothing else would bring back what a power cut took of metrics.csv."""
    synced = []

    def sync(file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").resolve()
        synced.append((path.name.split(".")[1], path.read_bytes().count(b"\n")))

    monkeypatch.setattr(files, "sync", sync)
    fit(tmp_path, 4, save_every_seconds=1e9)
    assert synced[-2] == ("metrics", 5)
    assert synced[-1][0] == "last"


def test_another_checkpoint_than_last_goes_on_in_a_new_folder(tmp_path):
    whole = fit(tmp_path, 3).folder
    best = fit(tmp_path, 2).folder / "best.ckpt"
    before = {path: path.read_bytes() for path in best.parent.iterdir()}
    resumed = fit(tmp_path, 3, best).folder
    assert resumed == tmp_path / "default/version_2"
    assert {path: path.read_bytes() for path in best.parent.iterdir()} == before
    same(whole, resumed)


def test_runs_that_start_together_take_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: Run(root=str(tmp_path)).open(), range(24)))
    assert sorted(folder.name for folder in folders) == sorted(f"version_{n}" for n in range(24))


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp", "-c", "a b"])
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(UserError, match=r"run\.name must be"):
        Run(name)


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        Run(root=str(tmp_path / "file")).open()


def test_tensorboard_writes_into_the_runs_folder(torchtour):
    assert torchtour("fit", *SMALL, "--run.tensorboard", "true").status == 0
    folder = Path("checkpoints/default/version_0")
    assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    assert [path.name for path in Path().iterdir()] == ["checkpoints"]
    assert [path.name for path in Path("checkpoints/default").iterdir()] == ["version_0"]
