"""What torchtour leans on in Lightning without its documentation promising it: a change there shows here first."""

from pathlib import Path

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint

from torchtour import Classifier, SyntheticData
from torchtour.command.fit import put_files_into
from torchtour.runs.checkpoint_file import CheckpointFile


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
    trainer.save_checkpoint(tmp_path / "held.ckpt", storage_options="defer")
    assert (list(plugin.pending), list(tmp_path.iterdir())) == ([tmp_path / "held.ckpt"], [])
    plugin.flush()
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
                trainer.save_checkpoint(tmp_path / "held.ckpt", storage_options="defer")
                trainer.save_checkpoint(tmp_path / "now.ckpt")

    plugin = CheckpointFile()
    fit(Holds(), plugin=plugin, enable_checkpointing=False)
    plugin.flush()
    held, now = (torch.load(Path(tmp_path) / f"{name}.ckpt", weights_only=True) for name in ("held", "now"))
    assert all(torch.equal(held["state_dict"][key], now["state_dict"][key]) for key in now["state_dict"])
