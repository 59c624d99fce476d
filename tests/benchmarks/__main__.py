"""Measure all parts, or one, and write the table and pictures."""

import argparse
import gc
import logging
import resource
import time
import warnings
from collections.abc import Callable, Iterable

import torch

import benchmarks
from benchmarks.contestants import CONTESTANTS
from benchmarks.loading import tables
from benchmarks.measuring import Row, timed
from benchmarks.parts import growth, process, processes, steps, streaming
from benchmarks.report import into_page, table, write
from benchmarks.setting import MEASURED, Setting
from benchmarks.sweeps import sweeps


def quiet() -> None:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "growth": growth,
    "steps": steps,
    "process": process,
    "streaming": streaming,
    "processes": processes,
    "sweeps": sweeps,
    "tables": tables,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=benchmarks.__doc__)
    parser.add_argument("--only", choices=PARTS, help="print this part alone, and write nothing")
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(1)
    began = time.monotonic()
    for name in CONTESTANTS:
        timed(name, Setting(2000, 100, 2, validate=True))  # warms up
    gc.freeze()  # what is imported is no garbage: nobody's steps shall wait until it is looked through
    found: dict[str, list[Row]] = {}
    for part in [options.only] if options.only else PARTS:
        found[part] = []
        for each in PARTS[part]():
            cells = f"{each['who']:26} {each['ms']:>10} {each['ratio']:>7}  {each['lowest']:>6} to {each['highest']:6}"
            print(f"{each['what']:44} {cells} {each['target']}", flush=True)
            found[part].append(each)
    if not options.only:
        MEASURED.mkdir(exist_ok=True)
        write("growth", found.pop("growth"))
        rest = [each for part in found.values() for each in part]
        write("costs", rest)
        into_page(table(rest))
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
