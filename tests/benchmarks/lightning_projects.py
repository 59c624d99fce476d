"""torchtour and the usual Lightning project, as their users run them, and Lightning's Trainer alone."""

import tempfile
import time
from collections.abc import Iterator

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import distributed
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchmetrics.functional import accuracy

from benchmarks.plain import shuffled
from benchmarks.setting import Batch, Setting, Trained, net_and_optimizer, points
from torchtour import Classifier, SimpleNet, SyntheticData
from torchtour.runs.checkpoint_file import CheckpointFile
from torchtour.runs.profiler import NullProfiler
from torchtour.runs.report import EpochReport, Progress
from torchtour.runs.run import Run


class Clock(Callback):
    """The time of the loop, without what comes before the first step and after the last; also for `torchtour fit`."""

    def on_train_start(self, *_: object) -> None:
        self.begin = time.perf_counter()

    def on_train_epoch_start(self, trainer: lightning.Trainer, *_: object) -> None:
        if trainer.current_epoch == 1:
            self.warm = time.perf_counter()

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        end = time.perf_counter()
        self.seconds = end - self.begin
        if trainer.max_epochs > 1:
            module.print(f"seconds after the first epoch: {end - self.warm}")


def torchtour(setting: Setting, streaming: bool = False) -> Trained:
    """As the command sets it up: metrics.csv, both checkpoints, report, bar."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=False, num_sanity_val_steps=0,
            log_every_n_steps=1, enable_model_summary=False, plugins=[CheckpointFile()], profiler=NullProfiler(),
            limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[clock, Run(root=folder), EpochReport(setting.report), Progress()],
        )  # fmt: skip
        torch.manual_seed(0)
        data = SyntheticData(n_train=setting.n, n_val=setting.n_val, batch_size=setting.batch, streaming=streaming)
        model = Classifier(hidden_size=setting.hidden, step_size=10**6)
        trainer.fit(model, data)
    return clock.seconds, model.net


def streamed(setting: Setting) -> Trained:
    return torchtour(setting, streaming=True)


class Usual(lightning.LightningModule):
    """A LightningModule as tutorials write it: loss and accuracy logged at each step."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.net = SimpleNet(2, hidden, 2)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        return self.step("train", batch)

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.step("val", batch)

    def step(self, split: str, batch: list[torch.Tensor]) -> torch.Tensor:
        logits = self.net(batch[0])
        loss = cross_entropy(logits, batch[1])
        self.log(f"{split}_loss", loss, prog_bar=True, on_step=split == "train", on_epoch=True)
        value = accuracy(logits, batch[1], task="multiclass", num_classes=2)
        self.log(f"{split}_acc", value, prog_bar=True, on_step=split == "train", on_epoch=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def usual(setting: Setting) -> Trained:
    """TensorDataset, default collate, a rich bar, CSVLogger and ModelCheckpoint."""
    monitor = "val_loss" if setting.validate else None
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=setting.epochs, logger=CSVLogger(folder), num_sanity_val_steps=0,
            enable_model_summary=False, limit_val_batches=1.0 if setting.validate else 0,
            callbacks=[clock, ModelCheckpoint(folder, monitor=monitor), RichProgressBar()],
        )  # fmt: skip
        torch.manual_seed(0)
        model = Usual(setting.hidden)
        trainer.fit(model, *loaders(setting))
    return clock.seconds, model.net


class Bare(lightning.LightningModule):
    """The plain loop's steps with their sums, and nothing else."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.net, self.optimizer = net_and_optimizer(setting)
        self.loss_sum, self.correct = 0.0, 0

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        x, y = batch
        logits = self.net(x)  # [batch, 2]
        loss = cross_entropy(logits, y)
        self.loss_sum += loss.item() * len(y)
        self.correct += (logits.argmax(1) == y).sum().item()
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.training_step(batch, batch_idx)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer


class Shuffled(IterableDataset[Batch]):
    """The plain loop's batches; of each one, a process's share."""

    def __init__(self, data: Batch, size: int) -> None:
        self.data, self.size = data, size

    def __len__(self) -> int:
        return -(-len(self.data[1]) // self.size)

    def __iter__(self) -> Iterator[Batch]:
        rank, processes = (
            (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)
        )
        return shuffled(self.data, self.size, slice(rank, None, processes))


def whole_batches(setting: Setting) -> DataLoader[Batch]:
    return DataLoader(Shuffled(points(setting.n), setting.batch), batch_size=None)


def bare(setting: Setting) -> Trained:
    """Trainer in its barest form, with the plain loop's batches: what Lightning's own loop costs."""
    clock = Clock()
    trainer = lightning.Trainer(
        accelerator="cpu", barebones=True, max_epochs=setting.epochs, callbacks=[clock],
        limit_val_batches=1.0 if setting.validate else 0,
    )  # fmt: skip
    model = Bare(setting)
    trainer.fit(model, whole_batches(setting), DataLoader([points(setting.n_val)], batch_size=None))
    return clock.seconds, model.net


Loader = DataLoader[tuple[torch.Tensor, ...]]


def loaders(setting: Setting) -> tuple[Loader, Loader]:
    """To train and to validate on, with what DataLoader does by default: batches collated sample by sample."""
    train, val = (TensorDataset(*points(n)) for n in (setting.n, setting.n_val))
    return DataLoader(train, setting.batch, shuffle=True), DataLoader(val, setting.batch)
