"""Run the campaign in a pool of processes, and print its table."""

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random

import faults
from faults.campaign import Case, campaign, struck
from faults.tries import Skipped, Try

BEGIN, END = "<!-- faults -->\n", "<!-- end -->"
CASES: list[Case] = []  # filled before the pool forks: a case is passed to it by its number


def tried(case: Case) -> list[Try]:
    """Run a case in a folder of its own; a case that breaks is one that did not hold, one that is skipped none."""
    found: list[Try] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torchtour-faults-", ignore_cleanup_errors=True) as folder:
        try:
            found.extend(case.run(Path(folder)))
        except Skipped as reason:
            print(f"SKIPPED {case.name}: {reason}", flush=True)
        except Exception:
            found.append((f"{case.name}: the case itself broke", traceback.format_exc()))
    print(f"{time.monotonic() - started:5.0f} s {len(found):6} tries {case.name}: {case.run}"[:150], file=sys.stderr)
    return found


def tried_at(number: int) -> list[Try]:
    return tried(CASES[number])


@dataclass
class Row:
    tried: int = 0
    problems: list[str] = field(default_factory=list)


def table(rows: Mapping[str, Row]) -> str:
    lines = ["| fault | tried | held |", "|---|---:|---:|"]
    for fault, row in rows.items():
        lines.append(f"| {fault} | {row.tried:,} | {row.tried - len(row.problems):,} |")
    return "\n".join(lines)


def everything(only: str) -> Iterator[list[Try]]:
    cases = [case for case in campaign() if only in case.name]
    Random(1).shuffle(cases)  # so that what waits for the disk runs beside what works
    for place, case in enumerate(case for case in struck() if only in case.name):
        cases.insert(3 * place, case)  # they wait most of the time: one beside two that work
    CASES[:] = cases
    # Forked here, once, before a thread is started; each goes on to fork the commands.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 4) + 1, mp_context=get_context("fork")) as pool:
        for done in as_completed([pool.submit(tried_at, number) for number in range(len(CASES))]):
            yield done.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=faults.__doc__)
    parser.add_argument("--only", default="", help="the cases whose kind contains this word")
    parser.add_argument("--write", type=Path, help="a page, to put the table between its marks")
    options = parser.parse_args()
    # A shell's background job ignores it, and so would the processes that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rows: dict[str, Row] = {}
    for tries in everything(options.only):
        for fault, problem in tries:
            row = rows.setdefault(fault, Row())
            row.tried += 1
            if problem:
                row.problems.append(problem)
                print(f"NOT HELD {fault}: {problem}", flush=True)
    text = table(dict(sorted(rows.items())))
    print(text)
    tried_in_all, broken = sum(row.tried for row in rows.values()), sum(len(row.problems) for row in rows.values())
    print(f"{tried_in_all:,} tried, {broken:,} not held")
    if options.write:
        head, rest = options.write.read_text().split(BEGIN)
        options.write.write_text(f"{head}{BEGIN}\n{text}\n\n{END}{rest.split(END)[1]}")
    return int(any(row.problems for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
