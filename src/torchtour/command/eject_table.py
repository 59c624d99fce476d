"""The script that `torchtour eject` writes for a net that was trained on a table."""

from inspect import getsource

from torchtour.tabular import cells
from torchtour.tabular.reading import SHOWN, chunk_rows

# What a cell means: the project's own code, so that both read a file alike.
CELLS = f"""\
MISSING = {cells.MISSING!r}
NUMBER = {cells.NUMBER!r}
DRESS = {cells.DRESS!r}
CLEAR = {cells.CLEAR!r}
BELOW_ZERO = {cells.BELOW_ZERO!r}
SHOWN = {SHOWN}


{getsource(cells.decimal_marks)}

{getsource(cells.number)}

{getsource(chunk_rows)}"""
SCRIPT = '''\
"""A net that torchtour trained, with torch alone: python predict.py new.csv > predictions.csv

Prints the number, the class and the probability of each class of each row of a CSV file with the columns that the net
knows; .csv.gz too.
"""
import csv
import gzip
import math
import os
import re
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

import torch
from torch import nn

kept = torch.load(Path(__file__).with_name("weights.pt"), weights_only=True)
columns, classes = kept["columns"], kept["classes"]
net = nn.Sequential(nn.Linear({features}, {hidden}), nn.ReLU(), nn.Linear({hidden}, {classes}))
net.load_state_dict(kept["net"])
numbers = [place for place, column in enumerate(columns) if column["kind"] == "number"]
means = torch.tensor([columns[place]["mean"] for place in numbers])
scales = torch.tensor([columns[place]["scale"] for place in numbers])

{cells}

def raw(text, column, mark):
    """The value of a cell as the net takes it: a number, NaN where it is missing; the place of a category, else -1."""
    text = text.strip()
    if column["kind"] == "category":
        return float(column["levels"].index(text)) if text in column["levels"] and text not in MISSING else -1.0
    if text in MISSING:
        return math.nan
    value = number(text, mark)
    if abs(value) > {largest!r}:
        raise ValueError
    return value


def inputs(rows):
    """Raw columns [batch, n_columns] to the inputs of the net: numbers, levels, and what is missing."""
    values = (rows[:, numbers] - means) / scales
    parts = [values.nan_to_num(nan=0.0).clamp(-{farthest!r}, {farthest!r})]
    for place, column in enumerate(columns):
        if column["kind"] == "category":
            codes = [*range(len(column["levels"])), *([-1] if column["missing"] else [])]
            parts.append((rows[:, place : place + 1] == torch.tensor(codes)).float())
    parts += [rows[:, p : p + 1].isnan().float() for p in numbers if columns[p]["missing"]]
    return torch.cat(parts, dim=1)


def shortest(value):
    """The fewest digits that make this float32 again, as torchtour predict writes it."""
    for digits in range(6 if value > 1e-37 else 1, 10):
        text = f"{{value:.{{digits}}g}}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            break
    if 0 < value < 1e-6:
        return text.replace("e-0", "e-")
    text = f"{{Decimal(text):f}}"
    return text if "." in text else text + ".0"


def fail(message):
    print(f"predict.py: {{message}}", file=sys.stderr)
    sys.exit(2)


def main():
    if len(sys.argv) != 2:
        fail("usage: python predict.py new.csv")
    with open(sys.argv[1], "rb") as file:
        opened = gzip.open if file.read(2) == b"\\x1f\\x8b" else open
    with opened(sys.argv[1], "rt", encoding="utf-8-sig", newline="") as file:
        head = next((line for line in file if line.strip()), "")
        file.seek(0)
        separator = max(",;\\t", key=lambda one: len(next(csv.reader([head], delimiter=one), [])))
        table = csv.reader(file, delimiter=separator, strict=True)
        names = [name.strip() for name in next((line for line in table if any(map(str.strip, line))), [])]
        for name in (column["name"] for column in columns):
            if names.count(name) > 1:
                fail(f"{{sys.argv[1]}} has two columns named {{name!r}}: rename one")
            if name not in names:
                fail(f"the column {{name!r}} is missing; there are {{', '.join(names)[:300]}}")
        places = [names.index(column["name"]) for column in columns]
        out = csv.writer(sys.stdout, lineterminator="\\n")
        out.writerow(["row", "class", *(f"p_{{name}}" for name in classes)])
        first = list(islice(table, SHOWN))
        marks = decimal_marks(names, first, "," if separator == ";" else ".")
        if not any(map(str.strip, chain(*first))):
            fail(f"{{sys.argv[1]}} has a header and no rows")
        table, seen = chain(first, table), 0
        while lines := list(islice(table, chunk_rows(len(names)))):
            rows, numbered = [], []
            for line in lines:
                seen += 1
                if not any(cell.strip() for cell in line) and len(names) > 1:
                    continue
                if any("\\0" in cell for cell in line):
                    fail(f"{{sys.argv[1]}} is not text: row {{seen}} has a NUL")
                if len(line) > len(names):
                    fail(f"{{sys.argv[1]}}: row {{seen}} has {{len(line)}} fields and the header {{len(names)}}")
                cells = [line[place] if place < len(line) else "" for place in places]
                try:
                    rows.append([raw(cell, one, marks[one["name"]]) for cell, one in zip(cells, columns)])
                except ValueError:
                    fail(f"row {{seen}} has text where numbers were, or a number too large: {{cells}}")
                numbered.append(seen)
            if rows:
                with torch.no_grad():
                    found = net(inputs(torch.tensor(rows))).softmax(dim=1)
                for row, probabilities in zip(numbered, found):
                    out.writerow([row, classes[int(probabilities.argmax())], *map(shortest, probabilities.tolist())])


csv.field_size_limit(2**30)
try:
    main()
    sys.stdout.flush()
except (EOFError, UnicodeError, csv.Error, zlib.error, gzip.BadGzipFile) as error:
    fail(f"{{sys.argv[1]}} cannot be read: {{error}}")
except OSError as error:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more can be printed
    if isinstance(error, BrokenPipeError):  # the reader of a pipe has seen enough
        sys.exit(1)
    fail(f"{{error.filename or 'the output'}}: {{error.strerror}}")
'''
