"""Tables: hostile files to learn from and to predict, files drawn by changing a sound one, and killed runs."""

import csv
import gzip
import io
import os
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from faults.command import Command, call
from faults.comparing import snapshot, unsound
from faults.damage import overwrite
from faults.kills import killed_at_random
from faults.runs import EACH_EPOCH, newest
from faults.tries import Tries, named

Rows = list[list[str]]
HEADER = ["id", "age", "income", "city", "member", "note", "buys"]


def table_flags(path: object, epochs: int, *more: object) -> tuple[object, ...]:
    of = ("--data", "TableData", "--data.path", path, "--data.label", "buys")
    return ("fit", *of, *EACH_EPOCH, "--trainer.max_epochs", epochs, *more)


def people(n: int = 120) -> Rows:
    """A sound table, header first: numbers, categories, free text, gaps; who is older than 40 buys."""
    rng, rows = Random(0), [list(HEADER)]
    for number in range(n):
        age = rng.uniform(10, 80)
        row = [f"{age:.1f}", str(rng.randint(0, 90_000)), rng.choice(("Rome", "Bonn", "Ulm, South"))]
        row = ["" if rng.random() < 0.05 else cell for cell in row]
        rows.append([str(number), *row, rng.choice("yn"), f"text {number}", "yes" if age > 40 else "no"])
    return rows


def text_of(rows: Rows, separator: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows(rows)
    return file.getvalue()


def write_table(path: Path) -> None:
    path.write_text(text_of(people()), encoding="utf-8")


def _with(column: str, value: Callable[[int], str]) -> str:
    rows = people()
    place = HEADER.index(column)
    for number, row in enumerate(rows[1:]):
        row[place] = value(number)
    return text_of(rows)


def _named(*header: str) -> str:
    return text_of([list(header), *people()[1:]])


def _wide(columns: int) -> str:
    rows = [[*(f"x{n}" for n in range(columns)), "buys"]]
    rows += [[*(str((7 * n + k) % 11) for n in range(columns)), "yn"[k % 2]] for k in range(40)]
    return text_of(rows)


SOUND = text_of(people())
FIRST, REST = SOUND.split("\n", 1)
HOSTILE: dict[str, str | bytes] = {
    "empty": "",
    "blank lines": "\n\n\n",
    "a header alone": FIRST,
    "a header and a line end": FIRST + "\n",
    "one row": "\n".join(SOUND.split("\n")[:2]),
    "two rows": "\n".join(SOUND.split("\n")[:3]),
    "one class": _with("buys", lambda n: "yes"),
    "a class of one row": _with("buys", lambda n: "maybe" if n == 60 else "yn"[n % 2]),
    "no label in any row": _with("buys", lambda n: ""),
    "a label with fractions": _with("buys", lambda n: f"{n / 7:.3f}"),
    "a label with NaN": _with("buys", lambda n: ("NaN", "0", "1")[n % 3]),
    "a label of 1e400": _with("buys", lambda n: ("1e400", "0", "1")[n % 3]),
    "labels beyond 64 bits": _with("buys", lambda n: str(2**70 + n % 2)),
    "a class for each row": _with("buys", str),
    "labels that steer a terminal": _with("buys", lambda n: ("\x1b[2J", "\x07")[n % 2]),
    "short rows": "\n".join(line[: -4 * (n % 3)] if n else line for n, line in enumerate(SOUND.split("\n"))),
    "long rows": "\n".join(line + ",x" * (n % 3) for n, line in enumerate(SOUND.split("\n"))),
    "NUL bytes": SOUND.replace("text 9", "text \0"),
    "numbers of 1e400": _with("age", lambda n: ("1e400", "-1e400", "1", "2")[n % 4]),
    "a number of 1e37": _with("age", lambda n: "1e37" if n % 2 else "-1e37"),
    "numbers of 5,000 digits": _with("age", lambda n: "9" * 5000),
    "NaN, inf and NA as text": _with("age", lambda n: ("NaN", "inf", "-inf", "NA", "nan", "Infinity", "7")[n % 7]),
    "NaN alone": _with("age", lambda n: "NaN"),
    "text among numbers": _with("age", lambda n: "old" if n == 100 else str(n % 50)),
    "a column name twice": _named("id", "age", "age", "city", "member", "note", "buys"),
    "the label twice": _named("buys", "age", "income", "city", "member", "note", "buys"),
    "empty column names": _named("", "age", "", "city", "", "note", "buys"),
    "odd column names": _named("class", "p_yes", "=cmd", "\x1b[2J", "a\nb", "*", "buys"),
    "names that are YAML": _named("2019", "null", "a: b", "[1]", "~", "# no", "buys"),
    "a title above the names": "Survey 2024\n\n" + SOUND,
    "spellings": _with("city", lambda n: ("Rome", "rome", " ROME", "Ro me", "-999")[n % 5]),
    "-999 for missing": _with("age", lambda n: ("-999", str(20 + n % 50))[n % 2]),
    "a name of 100,000 letters": _named("x" * 100_000, "age", "income", "city", "member", "note", "buys"),
    "10,000 columns": _wide(10_000),
    "a byte order mark": b"\xef\xbb\xbf" + SOUND.encode(),
    "UTF-16": SOUND.encode("utf-16"),
    "Latin-1": SOUND.replace("Bonn", "K\xf6ln").encode("latin-1"),
    "formulas": _with("city", lambda n: ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1")[n % 5]),
    "formulas as labels": _with("buys", lambda n: ("=1+1", "@x")[n % 2]),
    "an open quote": SOUND.replace("text 50", '"text 50'),
    "a quote within a cell": SOUND.replace("text 50", 'te"xt 50'),
    "line ends of an old Mac": SOUND.replace("\n", "\r"),
    "mixed line ends": "\n".join(line + "\r" * (n % 2) for n, line in enumerate(SOUND.split("\n"))),
    "semicolons": text_of(people(), ";"),
    "tabs": text_of(people(), "\t"),
    "a cell of 10 MB": SOUND.replace("text 50", "x" * 10**7),
    "one line of 20 MB": "x" * (20 * 10**6),
    "dates alone": _with("age", lambda n: str(date(2024, 1, 1) + timedelta(n))),
    "a zip bomb": gzip.compress(bytes(2 * 10**8)),
    "a .gz in a .gz": gzip.compress(gzip.compress(SOUND.encode())),
    "a .gz that is cut": gzip.compress(SOUND.encode())[:-20],
    "a .gz": gzip.compress(SOUND.encode()),
    "a zip": b"PK\x03\x04" + bytes(100),
    "Parquet's first letters": b"PAR1" + SOUND.encode(),
    "Parquet of nothing": b"PAR1" + bytes(200) + b"PAR1",
}


class Net:
    """A net that was trained on the sound table, to predict other files with."""

    def __init__(self, folder: Path) -> None:
        write_table(folder / "sound.csv")
        answer = call(*table_flags("sound.csv", 2), folder=folder)
        assert (answer.status, answer.err) == (0, ""), answer
        self.run = newest(folder)


def taken(part: Path, file: str, net: Net, rows: int | None) -> dict[str, str]:
    """What is wrong with how a file is learned from, and predicted: one line and status 2, or a good model."""
    before = snapshot(part)
    fitted = Command(*table_flags(file, 2), folder=part).answer(30)
    problem = fitted.problem(0, 2) or _escapes(fitted.out)
    if fitted.status == 2 and not problem and snapshot(part) != before:
        problem = "refused, and wrote something"
    if fitted.status == 0 and not problem:
        problem = unsound(part) or _other_rows(fitted.out, rows) or call("test", folder=part).problem(0)
    shutil.rmtree(part / "checkpoints", ignore_errors=True)
    shutil.copytree(net.run, part / "net")
    predict = ("predict", "--ckpt_path", "net/best.ckpt", "--data.path", file)
    answer = Command(*predict, folder=part).answer(30)
    return {"fit": problem, "predict": answer.problem(0, 2) or _predicted(part / "net", answer)}


def _other_rows(said: str, rows: int | None) -> str:
    found = re.search(
        r"Rows: ([\d,]+) to train, ([\d,]+) to validate, ([\d,]+) to test(?:.*?([\d,]+) without a label)?", said
    )
    if not found:
        return f"did not say the rows: {said[:200]!r}"
    total = sum(int((count or "0").replace(",", "")) for count in found.groups())
    return "" if rows in (None, total) else f"{total} rows of {rows}"


def _escapes(said: str) -> str:
    return "" if all(c.isprintable() or c == "\n" for c in said) else f"steers the terminal: {said!a:.200}"


def _predicted(run: Path, answer: Any) -> str:
    """predictions.csv has as many whole rows as was said, and no formula; or nothing is left."""
    file = run / "predictions.csv"
    if answer.status != 0:
        return "refused, and left a file" if file.exists() or list(run.glob(".*")) else ""
    csv.field_size_limit(2**30)
    with open(file, encoding="utf-8", newline="") as open_file:
        header, *rows = csv.reader(open_file)
    said = int(re.search(r": ([\d,]+) rows", answer.out)[1].replace(",", ""))  # type: ignore[index]
    formulas = [cell for row in [header, *rows] for cell in row if cell[:1] in ("=", "@", "\t", "\r")]
    if formulas:
        return f"a formula: {formulas[0]!a:.100}"
    odd = [row for row in rows if len(row) != len(header)]
    return f"{len(rows)} rows, {said} said, {len(odd)} of another length" if odd or len(rows) != said else ""


def hostile_tables(folder: Path, names: tuple[str, ...]) -> Tries:
    net = Net(folder)
    for name in names:
        part, content = folder / "part", HOSTILE[name]
        part.mkdir()
        (part / "table").write_bytes(content if isinstance(content, bytes) else content.encode())
        yield from _tries("hostile table", part, net, name)


def _tries(fault: str, part: Path, net: Net, where: str, rows: int | None = None) -> Tries:
    for command, problem in taken(part, "table", net, rows).items():
        yield f"{fault}, to {'learn from' if command == 'fit' else 'predict'}", named(problem, f" ({where})")
    shutil.rmtree(part)


def no_tables(folder: Path) -> Tries:
    """What is no file of rows at all: a folder, a pipe, a device, nothing, a closed file."""
    net = Net(folder)
    for name in ("folder", "pipe", "absent", "loop", "/dev/zero", "/dev/null", "", "a\x1bb", "x" * 5000):
        part = folder / "part"
        (part / "folder").mkdir(parents=True)
        os.mkfifo(part / "pipe")
        (part / "loop").symlink_to("loop")
        for command, problem in taken(part, name, net, None).items():
            yield "no table, where one is named", named(problem, f" ({command}, {name[:20]!a})")
        shutil.rmtree(part)


ODD_CELLS = (
    "", " ", "NaN", "nan", "NA", "null", "inf", "-inf", "1e400", "-1e-400", "1e38", "0x10", "1_000", "1,5", "1.5",
    "9" * 400, "-0", "+7", "007", "true", "yes", "no", "YES", " yes ", "=1+1", "@x", "-", "?", '"', '""', "a\nb",
    "a\r\nb", "\x1b[2J", "\ufeff", "caf\u00e9", "\u0661", "2024-02-30", "x" * 70_000, "\U0001f40d",
)  # fmt: skip


def drawn_tables(folder: Path, seed: int, count: int) -> Tries:
    """The sound table with cells, columns or rows changed, written as CSV or as Parquet; or with its bytes changed."""
    rng, net = Random(seed), Net(folder)
    for n in range(count):
        part, rows = folder / "part", people()
        part.mkdir()
        how = rng.choice(("cells", "cells", "column", "bytes", "Parquet", "Parquet's bytes"))
        if how == "cells":
            for _ in range(rng.choice((1, 3, 300))):
                rng.choice(rows)[rng.randrange(len(HEADER))] = rng.choice(ODD_CELLS)
        if how == "column":
            place, some = rng.randrange(len(HEADER)), rng.sample(ODD_CELLS, rng.randint(1, 5))
            for row in rows[1:]:
                row[place] = rng.choice(some)
        path = part / "table"
        if how.startswith("Parquet"):
            # In a process of its own: the threads of polars would not live on in what is forked from this one.
            writer = get_context("fork").Process(target=parquet, args=(path, rows, Random(rng.random())))
            writer.start()
            writer.join()
        else:
            path.write_bytes(text_of(rows, rng.choice((",", ",", ";", "\t"))).encode())
        if how.endswith("bytes"):
            path.write_bytes(overwrite(path.read_bytes(), rng))
        readable = len(rows) - 1 if how in ("cells", "column") else None
        yield from _tries(
            f"table changed in its {how.replace('Parquet', 'types')}", part, net, f"seed {seed}, {n}", readable
        )


def killed_table(folder: Path, seed: int) -> Tries:
    write_table(folder / "table.csv")
    yield from killed_at_random(folder, "of fit on a table", seed, 10, table_flags(folder / "table.csv", 60), {})


def parquet(path: Path, rows: Rows, rng: Random) -> None:
    """The table as Parquet, one of its columns of a drawn type, its values odd ones of that type."""
    import polars

    frame = polars.DataFrame(rows[1:], schema=rows[0], orient="row")
    kinds: Mapping[Any, tuple[Any, ...]] = {
        polars.Int64: (0, -(2**63), 2**63 - 1, None),
        polars.UInt8: (0, 255),
        polars.Float64: (0.0, float("nan"), float("inf"), 1e308, -1e308, 5e-324, None),
        polars.Boolean: (True, False, None),
        polars.Date: (date(1, 1, 1), date(9999, 12, 31), None),
        polars.Duration: (timedelta(0), timedelta(days=9)),
        polars.Decimal(38, 10): (1, -1, None),
        polars.Binary: (b"", b"\xff\0", None),
        polars.List(polars.Int64): ([], [1, None], None),
        polars.Struct({"a": polars.Int64}): ({"a": 1}, {"a": None}),
        polars.Categorical: ("a", "b", None),
        polars.Null: (None,),
        polars.String: (*ODD_CELLS, None),
    }
    kind = rng.choice(list(kinds))
    values = polars.Series(rng.choice(HEADER), rng.choices(kinds[kind], k=frame.height), dtype=kind)
    frame.with_columns(values).write_parquet(path)
