"""Pictures of what `make bench` has measured, drawn while the site is built, and the size of the fault campaign."""

import csv
from collections.abc import Iterable
from pathlib import Path

import pictures
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

MEASURED = Path(__file__).parent / "measured"
DRAWN = Path(__file__).parent / "_build/pages/costs"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#9AA3AD"
SETTINGS = (
    ("batch 1,000 of 100,000", "batch 32 of 20,000"),
    ("batch 65,536 of 1,000,000", "100 epochs of one step"),
)
GROWTH = ("points", "batch size", "hidden units")
LINES = {"torchtour": (BLUE, "o-"), "usual Lightning project": (ORANGE, "^--")}

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with open(MEASURED / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def plain_numbers(axis) -> None:
    """1, 2, 5, 10, ... on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def bars(axes: Axes, found: Iterable[Row], what: str) -> None:
    """The ratio of each contestant, the quickest first; a thin line from the lowest to the highest."""
    there = [row for row in found if row["what"] == what and row["who"] != "plain loop"]
    there.sort(key=lambda row: float(row["ratio"]))
    ratios = [float(row["ratio"]) for row in there]
    spread = [
        [ratio - float(row["lowest"]) for ratio, row in zip(ratios, there, strict=True)],
        [float(row["highest"]) - ratio for ratio, row in zip(ratios, there, strict=True)],
    ]
    colours = [BLUE if row["who"] == "torchtour" else GREY for row in there]
    axes.barh(range(len(there)), ratios, xerr=spread, color=colours, ecolor="#555555")
    for place, (ratio, row) in enumerate(zip(ratios, there, strict=True)):
        weight = "bold" if row["who"] == "torchtour" else "normal"
        axes.text(float(row["highest"]) * 1.06, place, f"{ratio:.3g}", va="center", weight=weight)
    axes.axvline(1, color="black")
    axes.set(title=what, xscale="log", xlim=(0.3, 75), xlabel="times as long as a plain loop's step")
    axes.set_yticks(range(len(there)), [row["who"] for row in there])
    axes.invert_yaxis()
    plain_numbers(axes.xaxis)
    axes.spines[["top", "right"]].set_visible(False)


def gains(axes: Axes, found: Iterable[Row], what: str) -> None:
    """How many times as fast as the first way each is."""
    there = [row for row in found if row["what"] == what]
    colours = [BLUE if row["who"] == "torchtour sweep" else GREY for row in there]
    axes.barh(range(len(there)), [float(row["ratio"]) for row in there], color=colours)
    for place, row in enumerate(there):
        axes.text(float(row["ratio"]) * 1.06, place, f"{float(row['ratio']):.3g}", va="center")
    axes.set(title=what, xscale="log", xlim=(0.1, 3000), xlabel=f"times as fast as {there[0]['who']}")
    axes.set_yticks(range(len(there)), [row["who"] for row in there])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def lines(axes: Axes, found: Iterable[Row], what: str) -> None:
    """How the ratio changes with one number of the setting."""
    for who, (colour, style) in LINES.items():
        there = [row for row in found if row["who"] == who and row["what"].startswith(f"{what}: ")]
        sizes = [int(row["what"].split(": ")[1].replace(",", "")) for row in there]
        axes.plot(sizes, [float(row["ratio"]) for row in there], style, color=colour, label=who)
    axes.axhline(1, color="black", label="plain loop")
    axes.set(title=what, xscale="log", yscale="log", xlabel=what, ylabel="ratio to the plain loop")
    plain_numbers(axes.yaxis)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def draw(app) -> None:
    """Before the pages are read."""
    costs, growth = rows("costs"), rows("growth")
    for number, whats in enumerate(SETTINGS, 1):
        figure = Figure(figsize=(11, 2.9), layout="constrained")
        for axes, what in zip(figure.subplots(1, 2), whats, strict=True):
            bars(axes, costs, what)
        pictures.save(figure, DRAWN / f"steps{number}")
    swept = list(dict.fromkeys(row["what"] for row in costs if row["who"] == "torchtour sweep"))
    for number, whats in enumerate((swept[:2], swept[2:]), 1):
        figure = Figure(figsize=(11, 2.2), layout="constrained")
        for axes, what in zip(figure.subplots(1, 2), whats, strict=True):
            gains(axes, costs, what)
        pictures.save(figure, DRAWN / f"sweeps{number}")
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, what in zip(figure.subplots(1, 3), GROWTH, strict=True):
        lines(axes, growth, what)
    pictures.save(figure, DRAWN / "growth")


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True}
