"""The script that `torchtour eject` writes for a net that was trained on a table."""

SCRIPT = '''\
"""A net that torchtour trained, with torch alone: python predict.py new.csv > predictions.csv

Prints the class and the probability of each class for each row of a CSV file with the columns that the net knows.
"""
import csv
import math
import sys
from itertools import islice
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
MISSING = {missing!r}


def raw(text, column, comma):
    """The value of a cell as the net takes it: a number, NaN where it is missing; the place of a category, else -1."""
    text = text.strip()
    if column["kind"] == "category":
        return float(column["levels"].index(text)) if text in column["levels"] and text not in MISSING else -1.0
    if text in MISSING:
        return math.nan
    value = float(text.replace(",", ".") if comma else text)
    if "_" in text or abs(value) > {largest!r}:
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


def fail(message):
    print(f"predict.py: {{message}}", file=sys.stderr)
    sys.exit(2)


def main():
    if len(sys.argv) != 2:
        fail("usage: python predict.py new.csv")
    with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        separator = max(",;\\t", key=lambda one: len(next(csv.reader([head], delimiter=one), [])))
        table = csv.reader(file, delimiter=separator)
        names = [name.strip() for name in next(table, [])]
        for column in columns:
            if column["name"] not in names:
                fail(f"the column {{column['name']!r}} is missing")
        places = [names.index(column["name"]) for column in columns]
        out = csv.writer(sys.stdout, lineterminator="\\n")
        out.writerow(["class", *(f"p_{{name}}" for name in classes)])
        number = 0
        while lines := list(islice(table, 10_000)):
            rows = []
            for line in lines:
                number += 1
                if not any(cell.strip() for cell in line) and len(names) > 1:
                    continue
                cells = [line[place] if place < len(line) else "" for place in places]
                try:
                    rows.append([raw(cell, column, separator != ",") for cell, column in zip(cells, columns)])
                except ValueError:
                    fail(f"row {{number}} has text where numbers were, or a number too large: {{cells}}")
            if rows:
                with torch.no_grad():
                    found = net(inputs(torch.tensor(rows))).softmax(dim=1)
                for probabilities in found:
                    out.writerow([classes[int(probabilities.argmax())], *probabilities.tolist()])


try:
    main()
except (OSError, UnicodeError, csv.Error) as error:
    fail(f"{{sys.argv[1]}} cannot be read: {{error}}")
'''
