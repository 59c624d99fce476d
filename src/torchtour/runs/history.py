"""metrics.csv: a row an epoch, with a column for each score that Trainer knows."""

import csv
import io
from collections.abc import Mapping

FIRST = ("epoch", "step", "lr")


class History:
    """The rows of metrics.csv; a score that is new adds a column, and leaves its cell empty in the rows before."""

    def __init__(self, text: str = "") -> None:
        """From the text of a metrics.csv; a row with too few cells or too many is left out."""
        rows = list(csv.reader(io.StringIO(text)))
        self.columns = rows[0] if rows else list(FIRST)
        self.rows = [dict(zip(self.columns, row, strict=True)) for row in rows[1:] if len(row) == len(self.columns)]
        self._text = ""  # kept: a checkpoint holds it, and there may be one for each of thousands of epochs

    def add(self, row: Mapping[str, str]) -> str:
        """Add a row. What is to be appended to the file, or "" where it has to be written anew."""
        self.rows.append(dict(row))
        new = [name for name in row if name not in self.columns]
        self.columns = sorted(self.columns + new, key=_place)
        line = "" if new else self._line(row)
        self._text = self._text + line if self._text and line else ""
        return line

    def truncate(self, epochs: int) -> None:
        """Drop the rows after so many epochs: a resumed run repeats the epochs that a crash lost."""
        self.rows, self._text = self.rows[:epochs], ""

    def has_epochs(self, epochs: int) -> bool:
        """Is there a row for each of the first so many epochs?"""
        return [row.get("epoch") for row in self.rows[:epochs]] == [str(epoch + 1) for epoch in range(epochs)]

    def text(self) -> str:
        self._text = self._text or ",".join(self.columns) + "\n" + "".join(map(self._line, self.rows))
        return self._text

    def _line(self, row: Mapping[str, str]) -> str:
        return ",".join(row.get(name, "") for name in self.columns) + "\n"


def _place(name: str) -> int:
    """epoch, step, lr, then the training scores, then those of validation, then all others."""
    if name in FIRST:
        return FIRST.index(name)
    return next((k for k, split in enumerate(("train/", "val/"), len(FIRST)) if name.startswith(split)), 9)
