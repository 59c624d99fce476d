"""What a Lightning user does with our module and data, from Python: nothing of it may give a wrong result."""

import csv
import warnings
from pathlib import Path

import pytest
import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import (
    EarlyStopping,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
    StochasticWeightAveraging,
)
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.tuner import Tuner
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from torchtour import Classifier, SimpleNet, SyntheticData
from torchtour.runs.checkpoint import read_checkpoint
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.runs.run import Run
from torchtour.settings import UserError

QUIET = {"enable_progress_bar": False, "enable_model_summary": False}


def data(**settings) -> SyntheticData:
    return SyntheticData(**{"n_train": 60, "n_val": 30, "n_test": 30, "batch_size": 25, **settings})


def trainer(folder: Path, **settings) -> Trainer:
    return Trainer(**{"max_epochs": 2, "logger": False, "default_root_dir": folder, **QUIET, **settings})


class Points(Callback):
    """Writes down each training point that a process sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        with open(self.folder / f"points_{trainer.global_rank}", "a") as file:
            file.writelines(f"{x1!r},{x2!r}\n" for x1, x2 in batch[0].tolist())


@pytest.mark.parametrize("processes", [1, 2])
def test_every_training_point_is_seen_once_an_epoch(tmp_path, processes):
    # Trainer's default shares a plain loader out over the processes: ours is shared already, and seen as such.
    warnings.filterwarnings("ignore", ".*fork.*")
    strategy = "ddp_fork" if processes == 2 else "auto"
    points = data(n_train=61)
    fit = trainer(
        tmp_path, max_epochs=1, accelerator="cpu", devices=processes, strategy=strategy, callbacks=[Points(tmp_path)],
        enable_checkpointing=False,
    )  # fmt: skip
    fit.fit(Classifier(), points)
    points.setup("fit")
    expected = sorted(f"{x1!r},{x2!r}" for x1, x2 in points.sets["train"].tensors[0].tolist())
    files = list(tmp_path.glob("points_*"))
    assert len(files) == processes
    assert sorted(line for file in files for line in file.read_text().splitlines()) == expected


def test_the_net_is_there_at_once(tmp_path):
    torch.manual_seed(0)
    model = Classifier(hidden_size=7)
    torch.manual_seed(0)
    net = SimpleNet(2, 7, 2)
    assert all(torch.equal(a, b) for a, b in zip(model.net.parameters(), net.parameters(), strict=True))
    assert set(model.state_dict()) == {f"net.{name}" for name in net.state_dict()}
    torch.optim.SGD(model.parameters(), 0.1)
    other = Classifier(hidden_size=7)
    other.load_state_dict(model.state_dict())
    features = torch.randn(5, 2)
    assert torch.equal(model(features), other(features))


class Reads(Callback):
    """What a callback finds at the end of an epoch, and what the data and the net say then."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float]] = []

    def _compare(self, trainer, pl_module, split):
        features, labels = trainer.datamodule.sets[split].tensors
        with torch.no_grad():
            true = cross_entropy(pl_module(features), labels).item()
        self.found.append((trainer.callback_metrics[f"{split}/loss"].item(), true))
        assert trainer.progress_bar_metrics[f"{split}/loss"] == pytest.approx(self.found[-1][0])

    def on_validation_epoch_end(self, trainer, pl_module):
        self._compare(trainer, pl_module, "val")

    def on_train_epoch_end(self, trainer, pl_module):
        if trainer.optimizers[0].param_groups[0]["lr"] == 0:  # else the net has moved on since its batches
            self._compare(trainer, pl_module, "train")


@pytest.mark.parametrize("batch_size", [25, None])  # an epoch of three steps, and of one: two ways to log
@pytest.mark.parametrize("lr", [0.0, 0.3])
def test_callbacks_find_the_scores_of_the_current_epoch(tmp_path, batch_size, lr):
    reads, logger = Reads(), CSVLogger(tmp_path, name="", version="")
    fit = trainer(
        tmp_path, max_epochs=3, logger=logger, callbacks=[reads], num_sanity_val_steps=0, log_every_n_steps=1,
        enable_checkpointing=False,
    )  # fmt: skip
    fit.fit(Classifier(lr=lr), data(batch_size=batch_size))
    assert len(reads.found) == (3 if lr else 6)
    for found, true in reads.found:
        assert found == pytest.approx(true, rel=1e-5)
    assert {"train/loss", "train/accuracy", "val/loss", "val/accuracy"} <= set(fit.logged_metrics)
    with open(tmp_path / "metrics.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["val/loss"]]
    assert [float(row["val/loss"]) for row in rows] == pytest.approx([f for f, _ in reads.found][:: 1 if lr else 2])


def test_what_trainer_offers_works(tmp_path):
    """One after the other, each held to what it promises."""
    monitor, stopping = LearningRateMonitor(), EarlyStopping("val/loss", patience=1, mode="max")
    kept = ModelCheckpoint(monitor="val/accuracy", mode="max", filename="mine")
    fit = trainer(
        tmp_path, max_epochs=20, callbacks=[monitor, stopping, kept], logger=CSVLogger(tmp_path), log_every_n_steps=1
    )
    fit.fit(Classifier(), data())
    assert fit.current_epoch < 20
    assert Classifier.load_from_checkpoint(kept.best_model_path).hparams == Classifier().hparams

    steps = trainer(tmp_path, max_steps=4, enable_checkpointing=False)
    steps.fit(Classifier(), data())
    assert steps.global_step == 4

    few = trainer(tmp_path, limit_train_batches=2, limit_val_batches=1, enable_checkpointing=False)
    few.fit(Classifier(), data())
    assert few.global_step == 4

    sums = trainer(tmp_path, accumulate_grad_batches=3, enable_checkpointing=False)
    sums.fit(Classifier(), data())
    assert sums.global_step == 2

    within = trainer(tmp_path, val_check_interval=1, enable_checkpointing=False, max_epochs=1)
    within.fit(Classifier(), data())
    assert within.fit_loop.epoch_loop.val_loop.batch_progress.total.completed == 3

    for settings in (
        {"fast_dev_run": True},
        {"barebones": True, **dict.fromkeys(QUIET), "logger": None},
        {"max_time": "00:00:10:00"},
    ):
        warnings.filterwarnings("ignore", ".*barebones.*")
        trainer(tmp_path, **settings, **({} if "barebones" in settings else {"enable_checkpointing": False})).fit(
            Classifier(), data()
        )


def test_overfit_batches_trains_on_the_same_batches_again(tmp_path):
    class Sees(Callback):
        def __init__(self) -> None:
            self.seen: list[torch.Tensor] = []

        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            self.seen.append(batch[0])

    sees = Sees()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = trainer(tmp_path, overfit_batches=2, callbacks=[sees], enable_checkpointing=False)
        fit.fit(Classifier(), data())
    assert [len(batch) for batch in sees.seen] == [25] * 4
    assert torch.equal(sees.seen[0], sees.seen[2])
    assert torch.equal(sees.seen[1], sees.seen[3])
    assert not torch.equal(sees.seen[0], sees.seen[1])


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "64-true"])
def test_checkpoints_of_each_precision_can_be_reloaded(tmp_path, precision):
    model = Classifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = trainer(tmp_path, precision=precision, callbacks=[Run(root=str(tmp_path), save_every_seconds=0)])
        fit.fit(model, data())
    again = Classifier.load_from_checkpoint(find_checkpoint("last", tmp_path))
    for name, weight in model.state_dict().items():
        assert torch.equal(weight.float(), again.state_dict()[name].float()), name


def test_the_tuner_finds_a_rate(tmp_path):
    model = Classifier(lr=0.003)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Tuner(trainer(tmp_path, enable_checkpointing=False, max_epochs=50)).lr_find(
            model, data(n_train=2000), num_training=60, attr_name="lr"
        )
    assert model.hparams["lr"] == found.suggestion()


def test_averaged_weights_are_evaluated(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = trainer(
            tmp_path, max_epochs=6, callbacks=[StochasticWeightAveraging(swa_lrs=0.05)], enable_checkpointing=False
        )
        model = Classifier()
        fit.fit(model, data())
        (scores,) = fit.test(model, data(), verbose=False)
    assert scores["test/accuracy"] > 0.5


def test_a_compiled_net_is_not_compiled_again_each_epoch(tmp_path):
    model, compiled = Classifier(), []

    def backend(graph, _):
        compiled.append(graph)
        return graph.forward

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.net = torch.compile(model.net, backend=backend, dynamic=True)
        trainer(tmp_path, max_epochs=6, enable_checkpointing=False, num_sanity_val_steps=0).fit(
            model, data(n_train=100)
        )
    assert 1 <= len(compiled) <= 4  # with gradients and without, and no more however many epochs


def test_a_bar_and_a_board_of_lightnings_work(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = Trainer(
            max_epochs=1, callbacks=[RichProgressBar()], logger=TensorBoardLogger(tmp_path), log_every_n_steps=1,
            enable_model_summary=True, default_root_dir=tmp_path, enable_checkpointing=False, profiler="simple",
        )  # fmt: skip
        fit.fit(Classifier(), data())
    assert "run_training_epoch" in fit.profiler.summary()


def test_a_set_up_without_a_stage_has_all_sets():
    for arguments in ((), (None,)):
        points = data()
        points.setup(*arguments)
        assert set(points.sets) == {"train", "val", "test", "predict"}


def test_bare_tensors_can_be_predicted(tmp_path):
    model, features = Classifier(), torch.randn(7, 2)
    (probabilities,) = trainer(tmp_path).predict(model, DataLoader(features, batch_size=7))
    torch.testing.assert_close(probabilities, model(features).softmax(dim=1))


def test_a_run_from_python_without_a_seed_writes_what_the_command_takes(torchtour):
    run = Run()
    trainer(Path(), callbacks=[run]).fit(Classifier(), data())
    answer = torchtour("test")
    assert (answer.status, answer.err) == (0, "")
    assert "checkpoints/default/version_0/best.ckpt" in answer.out


def test_a_run_object_that_is_used_again_keeps_its_runs_apart(tmp_path):
    run = Run(root=str(tmp_path))
    for lr in (0.1, 0.3):
        trainer(tmp_path, callbacks=[run]).fit(Classifier(lr=lr), data())
    tables = [(tmp_path / f"default/version_{n}/metrics.csv").read_text() for n in (0, 1)]
    assert [len(table.splitlines()) for table in tables] == [3, 3]
    assert tables[0] != tables[1]


class Wider(Classifier):
    """A subclass as a copier writes it."""

    def __init__(self, factor: int = 2, **settings) -> None:
        super().__init__(**settings)
        self.net = SimpleNet(2, factor * self.hparams["hidden_size"], 2)


def saved(model: LightningModule, path: Path) -> Path:
    fit = trainer(path.parent, callbacks=[], enable_checkpointing=False)
    fit.fit(model, data())
    fit.save_checkpoint(path)
    return path


def test_a_subclass_is_audited_as_itself(tmp_path):
    path = saved(Wider(factor=3, hidden_size=5), tmp_path / "wider.ckpt")
    again = Wider.load_from_checkpoint(path)
    assert again.net.fc1.out_features == 15
    with pytest.raises(UserError, match="settings that Classifier does not know: factor"):
        Classifier.load_from_checkpoint(path)


def test_settings_that_are_new_take_their_default_and_unknown_ones_are_named(tmp_path):
    path = saved(Classifier(), tmp_path / "a.ckpt")
    stored = torch.load(path, weights_only=True)
    del stored["hyper_parameters"]["gamma"]
    torch.save(stored, path)
    assert Classifier.load_from_checkpoint(path).hparams["gamma"] == 0.1
    stored["hyper_parameters"] |= {"dropout": 0.5, "layers": 3}
    torch.save(stored, path)
    with pytest.raises(UserError, match="settings that Classifier does not know: dropout, layers"):
        Classifier.load_from_checkpoint(path)


def test_what_was_checked_is_what_is_loaded(tmp_path, monkeypatch):
    """The file is swapped after each read: whatever is loaded is what the audit has seen."""
    good, other = saved(Classifier(), tmp_path / "good.ckpt"), saved(Classifier(), tmp_path / "other.ckpt")
    expected = torch.load(good, weights_only=True)["state_dict"]
    content, real = good.read_bytes(), Path.read_bytes

    def read_and_swap(path: Path) -> bytes:
        found = real(path)
        if path == good:
            other.replace(good)
        return found

    monkeypatch.setattr(Path, "read_bytes", read_and_swap)
    model = Classifier.load_from_checkpoint(good)
    assert real(good) != content
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())


def test_a_wrong_monitor_is_one_line(torchtour):
    flags = ("--trainer.callbacks", "EarlyStopping", "--trainer.callbacks.monitor", "val/los")
    answer = torchtour("fit", "--trainer.max_epochs", 2, "--data.n_train", 60, *flags)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert "val/los" in answer.err
    assert "val/loss" in answer.err


def test_audited_values_cannot_be_changed(tmp_path):
    stored = read_checkpoint(saved(Classifier(), tmp_path / "a.ckpt"), Classifier)
    with pytest.raises(AttributeError):
        stored.path = Path("elsewhere")
