"""Processes: how many a machine bears, how they share its cores, and how they end."""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.utilities import rank_zero_only

from torchtour.command.main import stop
from torchtour.command.say import say
from torchtour.settings import UserError


def check_processes(trainer: Trainer, devices: object, precision: object) -> None:
    """Refuse more processes than the CPU has cores, a precision that it lacks, and a rank that nobody shares.

    Raises:
        UserError: names the setting or the variable.
    """
    if trainer.world_size == 1 and getattr(rank_zero_only, "rank", 0) != 0:
        names = [name for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID") if os.environ.get(name, "0") != "0"]
        raise UserError(f"{' and '.join(names)} in the environment: this process is not the first, but it is alone")
    if isinstance(trainer.accelerator, CPUAccelerator):
        cores = os.cpu_count() or 1
        if trainer.num_devices > cores:
            raise UserError(f"trainer.devices must be at most {cores}, this machine's cores, got {devices}")
        if precision == "16-mixed":
            raise UserError("trainer.precision 16-mixed needs a GPU; on the CPU there is bf16-mixed")
        if trainer.world_size > 1:
            wait_patiently()
    if trainer.num_nodes > 1:
        where = f"{os.environ.get('MASTER_ADDR', '127.0.0.1')}:{os.environ.get('MASTER_PORT', 'a free port')}"
        say(f"Waiting for the processes of all {trainer.num_nodes} nodes at {where}, for 5 minutes at most.")


def say_accelerator(trainer: Trainer, wanted: object) -> None:
    """Say so if Trainer itself has chosen an accelerator other than the CPU."""
    if wanted == "auto" and not isinstance(trainer.accelerator, CPUAccelerator):
        where = trainer.accelerator.name()
        say(f"Note: this runs on {where}; digits may differ from the CPU's. To use the CPU: --trainer.accelerator cpu")


def wait_patiently() -> None:
    """Let a thread that brings another process's message wait for its turn on a busy core: each turn is then longer.

    With it, a plain loop with DDP gains 1.7 times from a second process; without, 1.2.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # where a container forbids it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class EndAtOnce(Callback):
    """Lets SIGTERM end each of several forked processes at once.

    Lightning's own handler first tells the others. One of them may be gone: then it waits until the timeout, or its
    error comes in the midst of another, and both are printed.
    """

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if multiprocessing.parent_process():
            signal.signal(signal.SIGTERM, stop)

    on_train_start = on_validation_start = on_test_start = on_predict_start = on_sanity_check_start


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """What is said here is said to the end, though Ctrl-C is pressed once more."""
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def end_children() -> None:
    """End the processes of a strategy that are still there: by SIGTERM, and those that do not react by SIGKILL."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(1)
        child.kill()
