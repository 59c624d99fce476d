"""A net that torchtour trained, with torch alone: python predict.py new.csv > predictions.csv

Prints a line for each row of a CSV file with the columns that the net knows; .csv.gz too. It has the row's number, its
class and the probability of each class, or its amount and the interval. net.pt2 is the program of the net that was
trained, with its preprocessing; cells.py reads a cell as torchtour does; columns.json says what each column is.
"""

import csv
import gzip
import json
import math
import os
import struct
import sys
import zlib
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # also where Python is told to leave the script's folder out
from cells import MISSING, ROWS_FOR_MARKS, chunk_rows, decimal_marks, number  # noqa: E402

stored = json.loads((HERE / "columns.json").read_text(encoding="utf-8"))
columns, classes, max_abs_value = stored["columns"], stored["classes"], stored["max_abs_value"]
net = torch.export.load(HERE / "net.pt2").module()


def raw_value(text, column, mark):
    """A cell as the net takes it: a number, NaN where it is missing; the index of a category, else -1."""
    text = text.strip()
    if column["kind"] == "category":
        return float(column["levels"].index(text)) if text in column["levels"] and text not in MISSING else -1.0
    if text in MISSING:
        return math.nan
    value = number(text, mark)
    if abs(value) > max_abs_value:
        raise ValueError
    return value


def shortest(value):
    """The fewest digits that read back as the same float32, as torchtour predict writes it."""
    if math.isinf(value):
        return str(value)
    for digits in range(6 if value > 1e-37 else 1, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            break
    if 0 < value < 1e-6:
        return text.replace("e-0", "e-")
    text = f"{Decimal(text):f}"
    return text if "." in text else text + ".0"


def fail(message):
    print(f"predict.py: {message}", file=sys.stderr)
    sys.exit(2)


def main():
    if len(sys.argv) != 2:
        fail("usage: python predict.py new.csv")
    path = sys.argv[1]
    with open(path, "rb") as file:
        opened = gzip.open if file.read(2) == b"\x1f\x8b" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        head = next((line for line in file if line.strip()), "")
        file.seek(0)
        separator = max(",;\t", key=lambda one: len(next(csv.reader([head], delimiter=one), [])))
        table = csv.reader(file, delimiter=separator, strict=True)
        names = [name.strip() for name in next((line for line in table if any(map(str.strip, line))), [])]
        check_names(path, names)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(["row", *answer_names()])
        first = list(islice(table, ROWS_FOR_MARKS))
        if not any(map(str.strip, chain(*first))):
            fail(f"{path} has a header and no rows")
        marks = decimal_marks(names, first, "," if separator == ";" else ".")
        lines, start = chain(first, table), 1
        while chunk := list(islice(lines, chunk_rows(len(names)))):
            write_predictions(out, path, names, marks, chunk, start)
            start += len(chunk)


def answer_names():
    if classes is None:
        return ["predicted", "low", "high"]
    return ["class", *(f"p_{name}" for name in classes)]


def check_names(path, names):
    for name in (column["name"] for column in columns):
        if names.count(name) > 1:
            fail(f"{path} has two columns named {name!r}: rename one")
        if name not in names:
            fail(f"the column {name!r} is missing; there are {', '.join(names)[:300]}")


def write_predictions(out, path, names, marks, chunk, start):
    """Predict the lines of a chunk, of which the first is row `start` of the file."""
    indices = [names.index(column["name"]) for column in columns]
    rows, numbers = [], []
    for row_number, line in enumerate(chunk, start):
        if not any(cell.strip() for cell in line) and len(names) > 1:
            continue
        if any("\0" in cell for cell in line):
            fail(f"{path} is not text: row {row_number} has a NUL")
        if len(line) > len(names):
            fail(f"{path}: row {row_number} has {len(line)} fields and the header {len(names)}")
        cells = [line[index] if index < len(line) else "" for index in indices]
        try:
            pairs = zip(cells, columns, strict=True)
            rows.append([raw_value(cell, column, marks[column["name"]]) for cell, column in pairs])
        except ValueError:
            fail(f"row {row_number} has text where numbers were, or a number too large: {cells}")
        numbers.append(row_number)
    if not rows:
        return
    with torch.no_grad():
        answers = net(torch.tensor(rows))  # [rows, n_classes], or [rows, 3] of amounts
    if classes is not None:
        answers = answers.softmax(dim=1)
    for row_number, row in zip(numbers, answers, strict=True):
        named = [] if classes is None else [classes[int(row.argmax())]]
        out.writerow([row_number, *named, *map(shortest, row.tolist())])


if __name__ == "__main__":
    csv.field_size_limit(2**30)
    try:
        main()
        sys.stdout.flush()
    except (EOFError, UnicodeError, csv.Error, zlib.error, gzip.BadGzipFile) as error:
        fail(f"{sys.argv[1]} cannot be read: {error}")
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more can be printed
        if isinstance(error, BrokenPipeError):  # the reader of the pipe has closed it
            sys.exit(1)
        fail(f"{error.filename or 'the output'}: {error.strerror}")
