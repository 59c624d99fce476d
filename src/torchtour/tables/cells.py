"""What the text of a cell means: nothing, a date, or a number in one of the ways in which people write it.

The patterns mean the same to Python and to polars. `torchtour export` copies this file: its Python half needs nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MISSING = (
    "", "NA", "N/A", "n/a", "n.a.", "<NA>", "NaN", "nan", "NAN", "-nan", "NULL", "null", "None", "?", ".", "-", "--",
    "–", "—", "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
)  # fmt: skip

ROWS_FOR_MARKS = 100  # that show whether the decimal mark is a point or a comma
TIME = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}.*)?"
MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = "|".join(
    [
        "[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}",
        "[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{2}|[0-9]{4})",
        f"[0-9]{{1,2}}[-. ]+{MONTH}[-., ]+[0-9]{{2,4}}",
        f"{MONTH} [0-9]{{1,2}},? [0-9]{{4}}",
    ]
)
DATE = f"^(({DAY})([T ]+{TIME}.*)?|{TIME})$"

# By the decimal mark: a number with currency, thousands and percent; what to take out of it before it is read;
# and a number that leaves no doubt about its mark, as 1.234 does.
SPACE = " \u00a0\u202f"
PARTS = {".": f"[,'’{SPACE}]", ",": f"[.'’{SPACE}]"}  # what may part thousands
NUMBER = {
    mark: f"^[$€£¥₹]?[{SPACE}]?[-+]?[{SPACE}]?[$€£¥₹]?([0-9]{{1,3}}({part}[0-9]{{3}})+|[0-9]*)([{mark}][0-9]*)?"
    f"([eE][-+]?[0-9]+)?[{SPACE}]?[$€£¥₹%]?$"
    for mark, part in PARTS.items()
}
ANY_NUMBER = "|".join(NUMBER.values())
DRESS = {mark: f"[$€£¥₹%{part[1:-1]}]" for mark, part in PARTS.items()}
CLEAR = {
    mark: f"^[^0-9.,]*([0-9]{{1,3}}({part}[0-9]{{3}})+[{mark}][0-9]+|[0-9]{{1,3}}({part}[0-9]{{3}}){{2,}}"
    f"|(0|[0-9]{{4,}})?[{mark}][0-9]+|[0-9]+[{mark}]([0-9]{{1,2}}|[0-9]{{4,}}))[^0-9.,]*$"
    for mark, part in PARTS.items()
}
BELOW_ZERO = r"^\(([^-+()]+)\)$"  # as accountants write it: (12) for -12
UNIT = "^[-+]?[0-9]([0-9.,'’ ]*[0-9])? ?[A-Za-zµ°/²³]{1,9}$"  # 12 kg


def chunk_rows(n_columns: int) -> int:
    """How many rows are predicted at once: the last bit of a probability may depend on it."""
    return max(1, min(4_096, 10_000_000 // max(1, n_columns)))


def decimal_marks(names: Sequence[str], rows: Iterable[Sequence[str]], usual: str) -> dict[str, str]:
    """The decimal mark of each column, "." or ",": that of its cells which leave no doubt, else of the whole table's.

    Args:
        names: The columns.
        rows: Cells; those of a few rows will do.
        usual: The mark where no cell is clear.
    """
    clear: dict[str, Counter[str]] = {name: Counter() for name in names}
    for row in rows:
        for name, cell in zip(names, row):  # noqa: B905  rows may be short
            clear[name].update(mark for mark in ".," if mark in cell and re.match(CLEAR[mark], cell.strip()))
    whole = sum(clear.values(), Counter())
    usual = max(usual, "." if usual == "," else ",", key=lambda mark: whole[mark])
    other = "." if usual == "," else ","
    return {name: max(usual, other, key=lambda mark: found[mark]) for name, found in clear.items()}


def number(text: str, mark: str) -> float:
    """The number that a text stands for.

    Raises:
        ValueError: It is not a number.
    """
    text = re.sub(BELOW_ZERO, r"-\1", text)
    if not re.match(NUMBER[mark], text):
        raise ValueError(f"not a number: {text}")
    value = float(re.sub(DRESS[mark], "", text).replace(",", "."))
    return value / 100 if "%" in text else value


def numbers(text: "pl.Series", mark: str) -> "pl.Series":
    """As `number`, of many texts at once; null where a text is missing or not a number."""
    import polars

    if mark == ".":
        plain = text.cast(polars.Float64, strict=False).fill_nan(None)
        if plain.null_count() == text.null_count():  # the usual case, and the quickest
            return plain
    cell = polars.col("cell").str.replace(BELOW_ZERO, "-${1}")
    bare = cell.str.replace_all(DRESS[mark], "").str.replace(",", ".", literal=True)
    value = polars.when(cell.str.contains(NUMBER[mark])).then(bare).cast(polars.Float64, strict=False)
    percent = polars.when(cell.str.ends_with("%")).then(100.0).otherwise(1.0)
    return text.alias("cell").to_frame().select(value / percent).to_series()
