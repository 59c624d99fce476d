"""The figures in docs/measured, of which the site draws its pictures, and the table in docs/costs.md."""

import csv

from benchmarks.measuring import Row
from benchmarks.setting import MEASURED, ROOT

HEADS = ("what", "who", "ms, if nothing else is said", "ratio", "lowest", "highest", "target", "what it does")


def write(name: str, found: list[Row]) -> None:
    with open(MEASURED / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def table(found: list[Row]) -> str:
    lines, before = ["| " + " | ".join(HEADS) + " |", "|---|---|---:|---:|---:|---:|---:|---|"], ""
    for each in found:
        what, *others = each.values()
        lines.append("| " + " | ".join([what if what != before else "", *others]) + " |")
        before = what
    return "\n".join(lines)


def into_page(text: str) -> None:
    """Put the table between the marks of docs/costs.md."""
    page = ROOT / "docs/costs.md"
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    head, rest = page.read_text().split(begin)
    page.write_text(f"{head}{begin}\n{text}\n\n{end}{rest.split(end)[1]}")
