"""What torchtour leans on in Lightning without its documentation promising it: a change there shows here first."""

from pathlib import Path

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint
from lightning.pytorch.profilers import PassThroughProfiler, SimpleProfiler

from torchtour import Classifier, SyntheticData
from torchtour.callbacks.overhead import NoProfiler, leave_out_overhead
from torchtour.command.subcommands import put_files_into
from torchtour.trust.sealed import CheckpointFile


class Sees(Checkpoint):
    """A checkpoint callback that notes what holds when an epoch ends."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    def on_train_epoch_end(self, trainer, pl_module):
        self.seen.append(
            {
                "lr": trainer.optimizers[0].param_groups[0]["lr"],
                "scores": set(trainer.callback_metrics),
                "ready": trainer.fit_loop.state_dict()["epoch_progress"]["current"]["ready"],
                "epoch": trainer.current_epoch,
            }
        )


class Order(Callback):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_train_epoch_end(self, trainer, pl_module):
        self.calls.append("callback")


def fit(*callbacks: Callback, plugin: CheckpointFile | None = None, **settings) -> Trainer:
    trainer = Trainer(
        max_epochs=2,
        callbacks=list(callbacks),
        plugins=[plugin or CheckpointFile()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **settings,
    )
    trainer.fit(Classifier(lr=0.5, step_size=1), SyntheticData(n_train=60, n_val=30, batch_size=25))
    return trainer


def test_when_a_checkpoint_callback_hears_of_an_epochs_end_everything_has_been_done():
    sees = Sees()
    fit(sees)
    scores = {"train/loss", "train/accuracy", "val/loss", "val/accuracy"}
    assert [seen["scores"] for seen in sees.seen] == [scores, scores]
    assert [seen["lr"] for seen in sees.seen] == pytest.approx([0.05, 0.005])  # StepLR has stepped
    assert [(seen["epoch"], seen["ready"]) for seen in sees.seen] == [(0, 1), (1, 2)]


def test_checkpoint_callbacks_come_after_the_others():
    order = Order()
    sees = Sees()
    sees.on_train_epoch_end = lambda *_: order.calls.append("checkpoint")
    fit(sees, order)
    assert order.calls == ["callback", "checkpoint"] * 2


def test_the_loader_takes_what_the_sampler_yields_as_one_index_and_the_sampler_hears_of_each_epoch():
    class Asked(torch.utils.data.TensorDataset):
        def __getitem__(self, index):
            asked.append(tuple(index.shape))
            return super().__getitem__(index)

    class Data(SyntheticData):
        def setup(self, stage):
            super().setup(stage)
            self.sets["train"] = Asked(*self.sets["train"].tensors)

    asked: list[tuple[int, ...]] = []
    epochs: list[int] = []

    class Epochs(Callback):
        def on_train_batch_start(self, trainer, *_):
            epochs.append(trainer.train_dataloader.sampler.epoch)

    trainer = Trainer(
        max_epochs=2, callbacks=[Epochs()], logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(Classifier(), Data(n_train=60, n_val=30, batch_size=25))
    assert asked == [(25,), (25,), (10,)] * 2
    assert epochs == [0, 0, 0, 1, 1, 1]


def test_the_storage_option_reaches_the_plugin(tmp_path):
    plugin = CheckpointFile()
    trainer = fit(plugin=plugin, enable_checkpointing=False)
    trainer.save_checkpoint(tmp_path / "held.ckpt", storage_options="hold")
    assert (list(plugin.held), list(tmp_path.iterdir())) == ([tmp_path / "held.ckpt"], [])
    plugin.write_held()
    assert [path.name for path in tmp_path.iterdir()] == ["held.ckpt"]


def test_lightnings_own_callbacks_write_into_the_folder_that_is_chosen_late(tmp_path):
    trainer = Trainer(
        max_epochs=1, default_root_dir=tmp_path / "early", logger=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[ModelCheckpoint(filename="mine")],
    )  # fmt: skip
    put_files_into(trainer, tmp_path / "late")
    trainer.fit(Classifier(), SyntheticData(n_train=60, n_val=30, batch_size=25))
    assert [path.name for path in tmp_path.rglob("*.ckpt")] == ["mine.ckpt"]
    assert not (tmp_path / "early").exists()


@pytest.mark.parametrize("how", [SystemExit(143), RuntimeError("full")])
def test_callbacks_hear_of_whatever_ends_a_fit(how):
    class Ends(Callback):
        heard: BaseException | None = None

        def on_train_batch_end(self, *_):
            raise how

        def on_exception(self, trainer, pl_module, exception):
            self.heard = exception

    ends = Ends()
    with pytest.raises(type(how)):
        fit(ends, enable_checkpointing=False)
    assert ends.heard is how


def test_a_held_checkpoint_is_the_moments_not_the_weights_that_follow(tmp_path):
    class Holds(Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            if trainer.current_epoch == 0:
                trainer.save_checkpoint(tmp_path / "held.ckpt", storage_options="hold")
                trainer.save_checkpoint(tmp_path / "now.ckpt")

    plugin = CheckpointFile()
    fit(Holds(), plugin=plugin, enable_checkpointing=False)
    plugin.write_held()
    held, now = (torch.load(Path(tmp_path) / f"{name}.ckpt", weights_only=True) for name in ("held", "now"))
    assert all(torch.equal(held["state_dict"][key], now["state_dict"][key]) for key in now["state_dict"])


class Notes(Callback):
    """Notes the hooks of a step, and the name that Lightning gives to each."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.calls.append(("start", pl_module._current_fx_name))

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.calls.append(("step", pl_module._current_fx_name))


class Idle(Callback):
    """Defines no hook of a step."""


def test_a_trainer_without_overhead_does_the_same(monkeypatch):
    found = []
    for fast in (False, True):
        notes, idle = Notes(), Idle()
        trainer = Trainer(
            max_epochs=2, callbacks=[notes, idle], logger=False, enable_progress_bar=False,
            enable_model_summary=False, enable_checkpointing=False, num_sanity_val_steps=0,
        )  # fmt: skip
        torch.manual_seed(0)
        model = type("Mine", (Classifier,), {})(lr=0.5)  # a class of its own: what is left out stays left out
        if fast:
            leave_out_overhead(trainer, model)
        trainer.fit(model, SyntheticData(n_train=60, n_val=30, batch_size=25))
        found.append((notes.calls, [weight.tolist() for weight in model.parameters()]))
        assert (idle.on_train_batch_end is None, idle.on_train_epoch_end is None) == (fast, False)
        assert isinstance(trainer.profiler, NoProfiler) == fast
    assert found[0] == found[1]
    assert len(found[0][0]) == 2 * 2 * 3


def test_lightning_does_what_is_left_out():
    """Where Lightning no longer does it, callbacks/overhead.py can go."""
    calls, names = [], []

    class Counts(PassThroughProfiler):
        def profile(self, action_name):
            calls.append(action_name)
            return super().profile(action_name)

    class Sees(Classifier):
        def __setattr__(self, name, value):
            names.append(name)
            super().__setattr__(name, value)

    trainer = Trainer(
        max_epochs=1, profiler=Counts(), callbacks=[Idle()], logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(Sees(), SyntheticData(n_train=1000, batch_size=100))
    assert calls.count("[Callback]Idle.on_train_batch_end") == 10
    assert names.count("_current_fx_name") > 10 * 40


def test_a_profiler_that_was_chosen_stays():
    trainer = Trainer(profiler=SimpleProfiler(), logger=False, enable_progress_bar=False)
    leave_out_overhead(trainer, Classifier())
    assert isinstance(trainer.profiler, SimpleProfiler)
