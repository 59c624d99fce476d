"""The table and the pictures in docs/."""

import csv

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.contestants import CONTESTANTS
from benchmarks.measuring import Row
from benchmarks.setting import MEASURED, ROOT

LINES = {  # colours that all eyes tell apart, and shapes
    "plain loop": ("#000000", "o"),
    "torchtour": ("#0072B2", "s"),
    "usual Lightning project": ("#D55E00", "^"),
}


def growth_picture(found: list[Row]) -> None:
    figure = Figure(figsize=(11, 6.4), dpi=110, layout="constrained")
    figure.suptitle("How the cost of a training step grows")
    panels = figure.subplots(2, 3, sharex="col", sharey="row")
    labels = {
        "points": "points (in batches of 1,000, or all)",
        "batch size": "batch size",
        "hidden units": "hidden units (batch 1,000)",
    }
    for (upper, lower), (way, label) in zip(panels.T, labels.items(), strict=True):
        for name, (colour, mark) in LINES.items():
            mine = [each for each in found if each["who"] == name and each["what"].startswith(f"{way}: ")]
            xs = [int(each["what"].split(": ")[1].replace(",", "")) for each in mine]
            upper.loglog(xs, [float(each["ms"]) for each in mine], marker=mark, color=colour, label=name)
            lower.loglog(xs, [float(each["ratio"]) for each in mine], marker=mark, color=colour)
        upper.set_title(f"against {way}")
        lower.set_xlabel(label)
        upper.grid(alpha=0.3)
        lower.grid(alpha=0.3)
    panels[0, 0].set_ylabel("ms a step")
    panels[1, 0].set_ylabel("ratio to the plain loop")
    whole_ratios(panels[1, 0].yaxis)
    panels[0, 0].legend(fontsize=8)
    figure.savefig(MEASURED / "growth.png", metadata={"Software": None})


def whole_ratios(axis: Axis) -> None:
    """1, 2, 5, 10, ... on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def picture(found: list[Row]) -> None:
    """A panel a setting: each contestant's ratio with its spread, validated or not, and torchtour's target."""
    whats = [what for what in dict.fromkeys(each["what"] for each in found) if not what.endswith(", validated")]
    names = [name for name in CONTESTANTS if name != "plain loop"]
    figure = Figure(figsize=(11, 7), dpi=110, layout="constrained")
    figure.suptitle("What each convenience costs: a training step, in steps of a plain loop")
    panels = figure.subplots(2, 2, sharey=True)
    for axes, what in zip(panels.flat, whats, strict=True):
        for more, colour, mark, shift in (("", "#0072B2", "o", -0.15), (", validated", "#D55E00", "s", 0.15)):
            at = {each["who"]: each for each in found if each["what"] == what + more}
            middle, low, high = ([float(at[name][key]) for name in names] for key in ("ratio", "lowest", "highest"))
            spread = np.array([np.subtract(middle, low), np.subtract(high, middle)])
            places = np.arange(len(names)) + shift
            label = "validated each epoch" if more else "not validated"
            axes.errorbar(middle, places, xerr=spread, fmt=mark, color=colour, capsize=3, label=label)
        target = next(float(each["target"]) for each in found if each["what"] == what and each["target"])
        axes.axvline(target, color="#009E73", linestyle="--", label="target of torchtour")
        axes.axvline(1, color="black", label="plain loop")
        axes.set(xscale="log", xlabel="ratio to the plain loop", title=what)
        axes.set_yticks(range(len(names)), names)
        whole_ratios(axes.xaxis)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(MEASURED / "costs.png", metadata={"Software": None})


def write(name: str, found: list[Row]) -> None:
    with open(MEASURED / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def table(found: list[Row]) -> str:
    heads = [
        "what",
        "who",
        "ms, if nothing else is said",
        "ratio",
        "lowest",
        "highest",
        "target",
        "what it does beside training",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|---:|---:|---|"]
    before = ""
    for each in found:
        lines.append(
            "| " + " | ".join([each["what"] if each["what"] != before else "", *list(each.values())[1:]]) + " |"
        )
        before = each["what"]
    return "\n".join(lines)


def into_page(text: str) -> None:
    """Put the table between the marks of docs/costs.md."""
    page = ROOT / "docs/costs.md"
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    head, rest = page.read_text().split(begin)
    pictures = (
        "![Time of a step of each way to train, in plain loops](measured/costs.png)\n\n"
        "![A training step against points, batch size and width](measured/growth.png)"
    )
    page.write_text(head + begin + "\n" + text + "\n\n" + pictures + "\n\n" + end + rest.split(end)[1])
