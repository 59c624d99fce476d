"""Pictures: points and scores in, a matplotlib Figure out. No pyplot: nothing global, and no screen is needed."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import cycle, product
from statistics import median
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator
from torch import Tensor
from torch.nn import Module

from torchtour.evaluation.mode import evaluation_mode

# Okabe and Ito's blue and vermilion, which all eyes tell apart; shapes and dashes say the same in print.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
COLOURS, MARKERS = OKABE_ITO[:2], ("o", "^")
SHADES = LinearSegmentedColormap.from_list("classes", ["#5CA9D6", "white", "#E89A5B"])  # the same, paler
FIELD_SIDE = 100  # cells along each side of a field
MAX_AMOUNTS_DRAWN = 2_000
MAX_POINTS_DRAWN = 300  # points of a set that are drawn: more would hide each other

Extent = tuple[float, float]
Points = tuple[Tensor, Tensor]  # features [n, 2], labels [n]


def extent(features: Tensor) -> Extent:
    """From where to where both axes must go to show features [n, 2], with a margin."""
    low, high = features.min().item(), features.max().item()
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def probability_field(net: Module, limits: Extent, device: torch.device | None = None) -> Tensor:
    """Probability of class 1 in the cells of a square [side, side], a row for each x2, by a net that gives logits."""
    middles = _edges(limits).unfold(0, 2, 1).mean(dim=1)
    x2, x1 = torch.meshgrid(middles, middles, indexing="ij")
    points = torch.stack([x1, x2], dim=-1).reshape(-1, 2)
    few = 1 + 2**26 // sum(weight.numel() for weight in net.parameters())  # at a time: the net may be wide
    dtype = next(net.parameters()).dtype
    found = torch.empty(FIELD_SIDE * FIELD_SIDE)
    with evaluation_mode(net), torch.no_grad():
        for start in range(0, len(points), few):
            logits = net(points[start : start + few].to(device, dtype))  # [few, 2]
            found[start : start + few] = logits.float().softmax(dim=1)[:, 1]
    return found.reshape(FIELD_SIDE, FIELD_SIDE)


def plot_boundary(probabilities: Tensor, limits: Extent, train: Points, val: Points, title: str) -> Figure:
    """Where a net draws the line between the classes, with the points it has learned from and those that judged it."""
    figure = Figure(figsize=(6.4, 5.2), dpi=100)
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.1, top=0.92)
    axes = figure.subplots()
    mesh = _shade(axes, probabilities, limits)
    _scatter(axes, train, "training")
    _scatter(axes, val, "validation", hollow=True)
    axes.set(title=title, xlabel="x1", ylabel="x2")
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    figure.colorbar(mesh, label="probability of class 1 (black line: one half)")
    return figure


def plot_boundary_strip(fields: Mapping[int, Tensor], limits: Extent, points: Points, title: str) -> Figure:
    """A row of boundaries: how the net bends from epoch to epoch."""
    figure = Figure(figsize=(2.4 * len(fields) + 0.6, 3.2), dpi=100, layout="constrained")
    figure.suptitle(title)
    row = figure.subplots(1, len(fields), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (epoch, probabilities) in zip(row, sorted(fields.items()), strict=True):
        _shade(axes, probabilities, limits)
        _scatter(axes, points, "training", size=11)
        axes.set(title=f"epoch {epoch}" if epoch else "before training", xlabel="x1")
    row[0].set_ylabel("x2")
    return figure


def plot_curves(history: Mapping[str, Sequence[float]], title: str) -> Figure:
    """The scores and the learning rate by epoch, from the columns of metrics.csv; NaN where nothing was measured."""
    scores = list(dict.fromkeys(name.partition("/")[2] for name in history if name.startswith(("train/", "val/"))))
    panels = len(scores) + 1
    figure = Figure(figsize=(10 * panels / 3, 3.4), dpi=100)
    figure.suptitle(title)
    # Set by hand: a layout engine draws it thrice.
    figure.subplots_adjust(left=0.21 / panels, right=1 - 0.06 / panels, bottom=0.16, top=0.82, wspace=0.36)
    row = figure.subplots(1, panels, squeeze=False)[0]
    for axes, name in zip(row, [*scores, "learning rate"], strict=True):
        if name == "learning rate":
            _rates(axes, history)
        else:
            _scores(axes, history, name)
        axes.set(title=name, xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.grid(alpha=0.3)
    return figure


def _scores(axes: Axes, history: Mapping[str, Sequence[float]], name: str) -> None:
    mark = "." if len(history["epoch"]) <= 50 else ""
    for split, kind, colour, dash in (("train", "training", 0, "-"), ("val", "validation", 1, "--")):
        values = history.get(f"{split}/{name}", [])
        measured = [(x, y) for x, y in zip(history["epoch"], values, strict=False) if y == y]
        if measured:
            axes.plot(*zip(*measured, strict=True), dash, marker=mark, color=COLOURS[colour], label=kind)
    axes.legend()


def _rates(axes: Axes, history: Mapping[str, Sequence[float]]) -> None:
    axes.plot(history["epoch"], history["lr"], drawstyle="steps-mid", color="black")
    if min(history["lr"]) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")


def plot_confusion(matrix: Tensor, title: str, classes: Sequence[str] | None = None) -> Figure:
    """How many points of each true class (a row) were taken for which (a column), and their share of the row."""
    # torchmetrics' own plot hands matplotlib a tensor, which numpy 2 deprecates.
    n = len(matrix)
    side = 3.6 + 0.4 * min(n, 25)
    figure = Figure(figsize=(side, side - 0.4), dpi=100, layout="constrained")
    axes = figure.subplots()
    shares = matrix / matrix.sum(dim=1, keepdim=True).clamp(min=1)  # [n, n]
    axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    for true, predicted in product(range(n), repeat=2) if n <= 12 else ():
        count, share = matrix[true, predicted].item(), shares[true, predicted].item()
        text = f"{count:,}\n{share:.2%}" if n <= 5 else f"{count:,}"
        ink = "white" if share > 0.5 else "black"
        axes.text(predicted, true, text, ha="center", va="center", fontsize=14 if n <= 3 else 9, color=ink)
    axes.set(title=title, xlabel="predicted class", ylabel="true class")
    names = list(classes or map(str, range(n)))
    if n <= 25:
        axes.set_xticks(range(n), names, rotation=90 if max(map(len, names)) > 3 else 0)
        axes.set_yticks(range(n), names)
    return figure


def plot_importance(losses: Tensor, names: Sequence[str], title: str, most: int = 20, of: str = "accuracy") -> Figure:
    """The mean loss of a score of each column when its values are permuted, of [n_columns, repeats], largest first."""
    order = losses.mean(dim=1).argsort(descending=True, stable=True)[:most].flip(0)
    figure = Figure(figsize=(6.4, 1.6 + 0.28 * len(order)), dpi=100, layout="constrained")
    axes = figure.subplots()
    spread = losses.std(dim=1, correction=0)
    axes.barh(range(len(order)), losses.mean(dim=1)[order].numpy(), xerr=spread[order].numpy(), color=COLOURS[0])
    axes.set_yticks(range(len(order)), [names[place].replace("$", r"\$") for place in order])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(title=title, xlabel=f"{of} lost when the column's values are shuffled")
    return figure


def plot_predicted(predicted: Tensor, true: Tensor, title: str) -> Figure:
    """Predicted against true amounts [n], and the residuals against the predictions; at most MAX_AMOUNTS_DRAWN rows."""
    predicted, true = predicted[:MAX_AMOUNTS_DRAWN], true[:MAX_AMOUNTS_DRAWN]
    figure = Figure(figsize=(9.6, 4.4), dpi=100, layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    ends = [min(predicted.min().item(), true.min().item()), max(predicted.max().item(), true.max().item())]
    left.plot(ends, ends, color="black", linewidth=0.8)
    left.scatter(true.numpy(), predicted.numpy(), s=10, color=COLOURS[0], alpha=0.6)
    left.set(xlabel="true", ylabel="predicted")
    right.axhline(0, color="black", linewidth=0.8)
    right.scatter(predicted.numpy(), (true - predicted).numpy(), s=10, color=COLOURS[1], marker="^", alpha=0.6)
    right.set(xlabel="predicted", ylabel="true minus predicted")
    return figure


def png(figure: Figure) -> bytes:
    """The picture as a file's content, the same bytes for the same picture."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _edges(limits: Extent) -> Tensor:
    return torch.linspace(*limits, FIELD_SIDE + 1)  # of the cells of a field


def _shade(axes: Axes, probabilities: Tensor, limits: Extent) -> QuadMesh:
    """Shading by the probability of class 1, and a line where it is one half."""
    edges, values = _edges(limits).numpy(), probabilities.numpy()
    middles = (edges[:-1] + edges[1:]) / 2
    mesh = axes.pcolormesh(edges, edges, values, cmap=SHADES, vmin=0, vmax=1)
    if values.min() < 0.5 < values.max():
        axes.contour(middles, middles, values, levels=[0.5], colors="black", linewidths=1.5)
    axes.set_aspect("equal")
    return mesh


def _scatter(axes: Axes, points: Points, kind: str, hollow: bool = False, size: float = 16) -> None:
    features, labels = points
    for label, (colour, marker) in enumerate(zip(COLOURS, MARKERS, strict=True)):
        x1, x2 = features[labels == label].T.numpy()
        face, edge = ("white", colour) if hollow else (colour, "white")
        axes.scatter(
            x1, x2, s=size, c=face, marker=marker, edgecolors=edge, linewidths=size / 30, label=f"{kind}, class {label}"
        )


def plot_sweep(rows: Sequence[Mapping[str, Any]], varied: Sequence[str]) -> Figure:
    """Validation loss and accuracy of many nets, a dict each, against the settings that vary.

    Lines: against the rate, or the first setting that varies; one for each combination of the others, the median of the
    seeds with their lowest and highest shaded. Of two settings a map shows the loss. Nets that diverged, with NaN, are
    left out.
    """
    along = "lr" if "lr" in varied or not varied else varied[0]
    others = [name for name in varied if name != along]
    figure = Figure(figsize=(14 if len(varied) == 2 else 10, 4.4), dpi=100, layout="constrained")
    figure.suptitle(f"What {len(rows):,} nets reached, on the validation points")
    loss, accuracy, *more = figure.subplots(1, 3 if len(varied) == 2 else 2)
    _lines(loss, rows, along, others, "loss")
    _lines(accuracy, rows, along, others, "accuracy")
    if more:
        _map(more[0], rows, along, others[0])
    return figure


def plot_range_test(rates: Sequence[float], losses: Sequence[float], best: float | None) -> Figure:
    """The loss while the rate is raised from step to step, and the rate at which it falls fastest."""
    figure = Figure(figsize=(6.4, 4), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.semilogx(rates, losses, color=COLOURS[0])
    if best is not None:
        axes.axvline(best, color=COLOURS[1], linestyle="--", label=f"falls fastest: {best:.2g}")
        axes.legend()
    axes.set(
        title="Range test: one net, its rate raised from step to step",
        xlabel="learning rate",
        ylabel="training loss, smoothed",
    )
    axes.grid(alpha=0.3)
    return figure


def _lines(axes: Axes, rows: Sequence[Mapping[str, Any]], along: str, others: Sequence[str], score: str) -> None:
    lines: dict[tuple[Any, ...], dict[Any, list[float]]] = {}
    for row in rows:
        line = lines.setdefault(tuple(row[name] for name in others), {})
        line.setdefault(row[along], []).append(row[f"val/{score}"])
    dashes, palette = cycle(("-", "--", ":", "-.")), cycle(OKABE_ITO)
    for (key, line), colour in zip(sorted(lines.items(), key=_line_order), palette, strict=False):
        places = sorted(line, key=_order)
        spread = [_spread(line[place]) for place in places]
        at = [x for x, found in zip(places, spread, strict=True) if found]
        low, middle, high = zip(*filter(None, spread), strict=True) if at else ((), (), ())
        label = ", ".join(f"{name} {value}" for name, value in zip(others, key, strict=True)) or None
        axes.plot(at, middle, next(dashes), marker=".", color=colour, label=label)
        axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    _scale(axes, along, [row[along] for row in rows if row["val/loss"] == row["val/loss"]])
    _leave_out_explosions(axes, [row[f"val/{score}"] for row in rows])
    axes.set(title=score, xlabel=along, ylabel=f"{score}: median, lowest and highest seed")
    axes.grid(alpha=0.3)
    if others and len(lines) <= 12:
        axes.legend(fontsize=8)


def _spread(losses: Sequence[float]) -> tuple[float, float, float] | None:
    """Lowest, median and highest of those that are numbers."""
    finite = [loss for loss in losses if loss == loss]
    return (min(finite), median(finite), max(finite)) if finite else None


def _map(axes: Axes, rows: Sequence[Mapping[str, Any]], along: str, across: str) -> None:
    columns, lines = (sorted({row[name] for row in rows}, key=_order) for name in (along, across))
    means = torch.full((len(lines), len(columns)), torch.nan, dtype=torch.float64)
    for y, x in product(range(len(lines)), range(len(columns))):
        here = [row["val/loss"] for row in rows if (row[across], row[along]) == (lines[y], columns[x])]
        means[y, x] = torch.tensor(here, dtype=torch.float64).nanmean()
    image = axes.imshow(means.numpy(), origin="lower", aspect="auto", cmap="viridis_r")
    axes.set(xlabel=along, ylabel=across, title="loss, mean over seeds")
    step = -(-len(columns) // 8)
    axes.set_xticks(range(0, len(columns), step), [_short(value) for value in columns[::step]])
    axes.set_yticks(range(len(lines)), [_short(value) for value in lines])
    axes.figure.colorbar(image, ax=axes, label="validation loss")


def _scale(axes: Axes, name: str, values: Sequence[Any]) -> None:
    """A logarithmic axis for a rate, or whatever spans more than a factor of thirty."""
    numbers = bool(values) and all(isinstance(value, (int, float)) and value > 0 for value in values)
    if numbers and (name == "lr" or max(values) > 30 * min(values)):
        axes.set_xscale("log")


def _leave_out_explosions(axes: Axes, values: Sequence[float]) -> None:
    """End the axis where losses that are thousands of times the others would flatten them."""
    finite = sorted(value for value in values if value == value)
    if finite and finite[-1] > 4 * (high := finite[len(finite) * 9 // 10]) > 0:
        axes.set_ylim(0, 1.5 * high)


def _line_order(line: tuple[tuple[Any, ...], Any]) -> list[tuple[bool, Any]]:
    return [_order(value) for value in line[0]]


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
