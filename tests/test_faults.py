"""A small, fixed sample of the fault campaign; `make faults` runs it all."""

import signal
from functools import partial

import pytest
from conftest import ROOT
from faults.bad_input import bad_input
from faults.bombs import bombs
from faults.damage import cut_short, flipped, overwritten
from faults.divergence import diverges
from faults.drawn_settings import odd_settings
from faults.kills import killed_at_lines, killed_at_random
from faults.lines import line_with
from faults.room import full_from_the_start
from faults.rows import torn_metrics
from faults.runs import fit_flags
from faults.signals import stopped, stopped_at_lines
from faults.tries import Skipped

REFERENCE = ROOT / "checkpoints/reference/0.1.0.ckpt"
FORCED = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
LINES = (
    "fit -c absent.yaml -> absent.yaml",
    "fit -c http://127.0.0.1:9/config.yaml -> http://127.0.0.1:9/config.yaml",
    "fit -c empty_int.yaml -> empty_int.yaml",
    "fit --trainer.num_nodes null -> num_nodes",
    "fit --model.hidd 5 -> hidden_size",
    "fit --data.noise nan -> nan",
    "fit --trainer.accelerator gpu -> accelerator",
    "fit --run.root file -> file",
    "fit --ckpt_path last --trainer.max_epochs 3 --model.lr 0.5 -> model.lr 0.5",
    "test --ckpt_path bit.ckpt -> bit.ckpt",
    "predict --ckpt_path= -> ckpt",
)
CASES = {
    "killed at random": partial(
        killed_at_random, fault="at random", seed=0, kills=2, flags=fit_flags(20), environment={"TMPDIR": "/dev/shm"}
    ),
    "killed between writing and renaming": partial(
        killed_at_lines, start=0, step=1, lines=(line_with("beside.replace(path)"),)
    ),
    "last row torn": partial(torn_metrics, start=0, step=100),
    "cut short": partial(cut_short, path=REFERENCE, step=97),
    "one bit flipped": partial(flipped, path=REFERENCE, start=0, step=307),
    "overwritten": partial(overwritten, path=REFERENCE, count=120),
    "bombs": partial(bombs, consumers=("load",), environments=(FORCED,)),
    "odd settings": partial(odd_settings, seed=1, step=120),
    "full disk": partial(full_from_the_start, sizes=(20,), inodes=()),
    "bad input": partial(bad_input, fault="bad input", lines=LINES),
    "SIGINT at random": partial(stopped, signum=signal.SIGINT, seed=0, times=1, epochs=20),
    "SIGTERM between best.ckpt and last.ckpt": partial(
        stopped_at_lines, signum=signal.SIGTERM, start=0, step=1, lines=(line_with('self.folder / "last.ckpt"'),)
    ),
    "divergence": partial(diverges, names=("weight decay that overshoots",)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_sample_of_the_faults(tmp_path, name):
    try:
        tries = list(CASES[name](tmp_path))
    except Skipped as reason:
        pytest.skip(str(reason))
    assert tries
    assert not [problem for _, problem in tries if problem]
