"""All cases of the campaign."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from faults.bad_input import BAD, bad_input
from faults.bombs import bombs
from faults.callbacks import each_callback, one_run_for_several_fits
from faults.damage import cut_short, damaged_best, flipped, overwritten
from faults.divergence import WILD, diverges
from faults.drawn_runs import drawn_names, drawn_runs, widths
from faults.drawn_settings import odd_settings
from faults.failing_calls import failing_calls
from faults.forging import CONSUMERS
from faults.installed import Real
from faults.kills import killed_at_lines, killed_at_random
from faults.power import SYSTEMS, power_cut
from faults.processes import hit_all, hit_one, two_processes
from faults.product import ROOT
from faults.room import filled_meanwhile, full_from_the_start, read_only
from faults.rows import lost_rows, torn_metrics, wrong_rows
from faults.runs import ADAM, fit_flags
from faults.settings import ends_early, half_measures, precisions
from faults.signals import stopped, stopped_at_lines, stopped_for_real
from faults.surroundings import A_JOB, accents, environments, equal_times, folders, hints, pipes, streams
from faults.tables import HOSTILE, drawn_tables, hostile_tables, killed_table, no_tables
from faults.together import begun_together, read_while_written, resumed_twice, swapped
from faults.tries import Tries


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[Path], Tries]


# Settings whose state a resumed run must find again.
SETTINGS: list[tuple[object, ...]] = [
    (),
    ADAM,
    ("-c", ROOT / "configs/tutorial.yaml"),
    ("--data.seed", "null", "--seed_everything", 7),
    ("--trainer.gradient_clip_val", 0.1, "--trainer.accumulate_grad_batches", 2),
    ("--trainer.check_val_every_n_epoch", 3),
    ("--trainer.limit_train_batches", 0.7, "--model.step_size", 7, "--model.gamma", 0.9),
    ("--data.problem", "spiral", "--data.noise", 0.1, "--model.weight_decay", 0.001),
]


def campaign() -> list[Case]:
    """All cases but those of two processes; each ends within a minute or two."""
    sigterm, sigint = signal.SIGTERM, signal.SIGINT
    wide = fit_flags(40, "--model.hidden_size", 100_000, "--report.every_n_epochs", 0)
    moments = tuple(0.2 + 1.4 * n for n in range(4))
    everyone = tuple(name for name in CONSUMERS if name != "fit anew")
    forced = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    cases: list[tuple[str, Callable[[Path], Tries]]] = [
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100, *more))) for n, more in enumerate(SETTINGS)),
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100))) for n in range(20, 22)),
        *(("kills", partial(_kills, seed=n, flags=fit_flags(100), other=True)) for n in range(5)),
        *(("kills", partial(_kills, seed=n, flags=wide)) for n in range(5)),
        *(("kills", partial(killed_at_lines, start=n, step=6)) for n in range(6)),
        *(("kills", partial(torn_metrics, start=n, step=4)) for n in range(4)),
        ("kills", lost_rows),
        ("damage", partial(cut_short, path=None, step=1)),
        *(("damage", partial(flipped, path=None, start=n, step=6)) for n in range(6)),
        ("damage", partial(overwritten, path=None, count=6000)),
        ("damage", partial(damaged_best, seed=0, count=16)),
        *(("hostile", partial(bombs, consumers=(name,), environments=({}, forced))) for name in everyone),
        *(("room", partial(full_from_the_start, sizes=tuple(range(4 + 4 * n, 84, 16)), inodes=())) for n in range(4)),
        ("room", partial(full_from_the_start, sizes=(), inodes=(1, 2, 3, 4, 5, 6, 7, 8))),
        *(("room", partial(filled_meanwhile, seed=n, pages=tuple(range(n, 9, 3)))) for n in range(3)),
        *(
            ("input", partial(bad_input, fault=fault, lines=lines[n::4]))
            for fault, lines in BAD.items()
            for n in range(4)
        ),
        *(("callbacks", partial(each_callback, start=n, step=4)) for n in range(4)),
        ("callbacks", partial(one_run_for_several_fits, epochs=(3, 1, 2))),
        ("input", precisions),
        ("input", half_measures),
        ("input", ends_early),
        ("input", read_only),
        *(("signals", partial(stopped, signum=s, seed=n, times=6)) for s in (sigterm, sigint) for n in range(2)),
        *(("signals", partial(stopped, signum=s, seed=9, times=6, twice=True)) for s in (sigterm, sigint)),
        ("signals", partial(stopped, signum=signal.SIGUSR1, seed=0, times=8, environment=A_JOB)),
        *(("signals", partial(stopped_at_lines, signum=s, start=n, step=8)) for s in (sigterm, sigint) for n in (0, 4)),
        *(("signals", partial(stopped_for_real, signum=s, moments=moments)) for s in (sigterm, sigint)),
        ("divergence", partial(diverges, names=tuple(WILD))),
        *(("drawn", partial(odd_settings, seed=n, step=10)) for n in range(10)),
        *(("drawn", partial(environments, seed=n, count=10)) for n in range(3)),
        *(("drawn", partial(drawn_runs, seed=n, count=10)) for n in range(4)),
        ("drawn", partial(drawn_names, seed=0, count=20)),
        ("drawn", partial(widths, sizes=(1000, 30_000, 300_000))),
        ("drawn", partial(wrong_rows, seed=0, count=40)),
        ("surroundings", partial(equal_times, seed=0, count=6)),
        ("surroundings", partial(hints, seed=0, count=12)),
        ("surroundings", accents),
        ("surroundings", streams),
        ("surroundings", pipes),
        ("surroundings", folders),
        ("together", partial(resumed_twice, seed=0, times=8)),
        ("together", partial(begun_together, processes=6)),
        ("together", partial(swapped, seed=0, times=20)),
        ("together", partial(read_while_written, reads=40)),
        *(("calls", partial(failing_calls, start=n, step=4, count=14)) for n in range(4)),
        *(("power", partial(power_cut, system=system, seed=0, times=4)) for system in SYSTEMS),
        *(("table", partial(hostile_tables, names=tuple(HOSTILE)[n::4])) for n in range(4)),
        *(("table", partial(drawn_tables, seed=n, count=10)) for n in range(4)),
        *(("table", partial(killed_table, seed=n)) for n in range(2)),
        ("table", no_tables),
    ]  # fmt: skip
    return [Case(name, run) for name, run in cases]


def struck() -> list[Case]:
    """Runs of two processes, most of whose time is waiting; the number is that of the process, 9 the first of all."""
    strikes: list[tuple[str, Callable[[Real, list[int]], None], tuple[int, ...]]] = [
        ("one stalled", hit_one(signal.SIGSTOP), (0, 1)),
        ("one killed", hit_one(signal.SIGKILL), (0, 1)),
        ("one sent SIGTERM", hit_one(signal.SIGTERM), (0, 1)),
        ("the first sent SIGTERM", hit_one(signal.SIGTERM), (9,)),
        ("the first killed", hit_one(signal.SIGKILL), (9,)),
        ("Ctrl-C to all", hit_all(signal.SIGINT), (0,)),
    ]
    return [
        Case("processes", partial(two_processes, fault=fault, strike=strike, rank=rank))
        for fault, strike, ranks in strikes
        for rank in ranks
    ]


def _kills(folder: Path, seed: int, flags: tuple[object, ...], other: bool = False) -> Tries:
    fault = "in the midst of writing checkpoints of 4 MB" if 100_000 in flags else "at a random moment of fit"
    environment = {"TMPDIR": "/dev/shm"} if other else {}
    fault += ", TMPDIR on another file system" if other else ""
    yield from killed_at_random(folder, fault, seed, 11, flags, environment)
