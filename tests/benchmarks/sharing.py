"""Two processes that share the work, by torchtour, by a plain loop with DDP, and by Lightning's Trainer alone."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from lightning import Trainer
from lightning.pytorch.strategies import DDPStrategy
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from benchmarks.lightning_projects import Bare, Clock, whole_batches
from benchmarks.plain import loop, shuffled
from benchmarks.setting import ROOT, Batch, Setting, net_and_optimizer, points

EPOCHS = 9


def torchtour_shared(processes: int, batch: int, threads: int = 1) -> float:
    """Seconds of all epochs but the first, which warms up; a batch is that of all processes together."""
    flags = ["--data.n_train", "1000000", "--data.batch_size", str(batch), "--trainer.max_epochs", str(EPOCHS)]
    flags += ["--trainer.callbacks+=benchmarks.lightning_projects.Clock"]
    flags += ["--report.every_n_epochs", "0", "--plots.enabled", "false"]
    flags += ["-c", str(ROOT / "configs/ddp.yaml")] if processes == 2 else []
    with tempfile.TemporaryDirectory() as folder:
        call = [Path(sys.executable).with_name("torchtour"), "fit", *flags]
        out = output(call, folder, OMP_NUM_THREADS=str(threads))
    return float(re.search(r"after the first epoch: (\S+)", out)[1])


def plain_shared(processes: int, batch: int, policy: str, exchanges: int = 0) -> float:
    """The same by the plain loop, its net wrapped in DDP: what PyTorch itself gains from a second process here.

    `exchanges`: more of them in each step, as Lightning has one in which it asks whether any process has got SIGTERM.
    """
    return float(spawn("train_share", processes, batch, policy, exchanges))


def train_share(rank: int, meet: str, processes: int, batch: str, policy: str, exchanges: str) -> None:
    if sys.platform == "linux":  # before there are threads that bring messages
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))
    meet_others(rank, meet, processes)
    setting = Setting(1_000_000, int(batch), EPOCHS)
    net, optimizer = net_and_optimizer(setting)
    model = DistributedDataParallel(net) if processes > 1 else net
    data, more = points(setting.n), int(exchanges) if processes > 1 else 0

    def batches() -> Iterator[Batch]:
        for each in shuffled(data, setting.batch, slice(rank, None, processes)):
            for _ in range(more):
                distributed.broadcast(torch.zeros(1), 0)
            yield each

    _, *others = loop(model, optimizer, batches, EPOCHS)
    if rank == 0:
        print(sum(others), flush=True)
    del model  # it would wait, with Python locked, for a thread that waits for Python
    distributed.destroy_process_group()


def lightning_shared(processes: int, batch: int) -> float:
    """The same by Trainer in its barest form: what Lightning itself gains from a second process here."""
    code = "import sys; from benchmarks.sharing import train_lightning; train_lightning(*map(int, sys.argv[1:]))"
    with tempfile.TemporaryDirectory() as folder:
        out = output([sys.executable, "-W", "ignore", "-c", code, processes, batch], folder)
    return float(re.search(r"after the first epoch: (\S+)", out)[1])


def train_lightning(processes: int, batch: int) -> None:
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    torch.set_num_threads(1)
    setting = Setting(1_000_000, batch, EPOCHS)
    trainer = Trainer(
        accelerator="cpu", barebones=True, max_epochs=EPOCHS, callbacks=[Clock()], devices=processes,
        strategy=DDPStrategy(process_group_backend="gloo", start_method="fork") if processes > 1 else "auto",
    )  # fmt: skip
    trainer.fit(Bare(setting), whole_batches(setting))


def spawn(work: str, processes: int, *more: object) -> str:
    """What a function of this module prints, called in so many processes."""
    code = "from torch.multiprocessing.spawn import start_processes as s; from benchmarks import sharing; import sys;"
    code += "_, work, meet, n, *more = sys.argv;"
    code += "s(getattr(sharing, work), (meet, int(n), *more), int(n), start_method='fork')"
    with tempfile.TemporaryDirectory() as folder:
        return output([sys.executable, "-c", code, work, f"file://{folder}/meet", processes, *more], folder)


def meet_others(rank: int, meet: str, processes: int) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=processes)


def output(call: list[object], folder: str, **variables: str) -> str:
    """What a process printed that can import these modules."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    call = [str(part) for part in call]
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(call)}: {done.stderr[-2000:]}")
    return done.stdout


def add_up(rank: int, meet: str, processes: int) -> None:
    """ms of adding up so many floats over the processes, median of many."""
    meet_others(rank, meet, processes)
    for floats in (52, 50_002, 5_000_002):  # the parameters of 10, 10,000 and 1,000,000 hidden units
        gradients, seconds = torch.zeros(floats), []
        for _ in range(200 if floats < 1_000_000 else 20):
            begin = time.perf_counter()
            distributed.all_reduce(gradients)
            seconds.append(time.perf_counter() - begin)
        if rank == 0:
            print(floats, 1000 * statistics.median(seconds), flush=True)
    distributed.destroy_process_group()
