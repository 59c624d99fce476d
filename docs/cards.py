"""The small pictures on the lessons' cards: SVG drawn from numbers that torch makes, in the colours of the page."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

WIDE, HIGH = 240, 130


class Lesson(NamedTuple):
    line: str  # what it is about
    minutes: int  # where the lesson itself says nothing
    draw: Callable[[], str]


def svg(inside: str) -> str:
    """A picture. It says nothing that the card's words don't: screen readers pass over it."""
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" aria-hidden="true" focusable="false">{inside}</svg>'


def path(points: Iterable[tuple[float, float]], kind: str) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{text}"/>'


def dot(x: float, y: float, kind: str, radius: float = 4) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def box(x: float, y: float, side: float, kind: str, strength: float = 1) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{side}" height="{side}" opacity="{strength:.2f}"/>'


def bar(x: float, y: float, wide: float, high: float, kind: str, strength: float = 0.9) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{wide}" height="{high}" rx="4" opacity="{strength:.2f}"/>'


def curve(values: list[float], kind: str, top: float, low: float = 0.0) -> str:
    """Values over the width of the picture, with `top` at its upper edge."""
    step = (WIDE - 40) / (len(values) - 1)
    return path(((20 + i * step, 115 - 100 * (min(v, top) - low) / (top - low)) for i, v in enumerate(values)), kind)


def losses(lr: float, epochs: int, momentum: float = 0.0) -> list[float]:
    """Of a small net on lesson 4's problem."""
    torch.manual_seed(0)
    features = torch.randn(100, 2)
    labels = (features.sum(dim=1) > 0).long()
    net = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    found = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def tensors() -> str:
    """A column plus a row is a table."""
    column, row = torch.arange(3.0)[:, None], torch.arange(4.0)[None, :]  # [3, 1], [1, 4]
    table = (column + row + 1) / 6  # [3, 4]
    side, text = 22, ""
    for i, j in ((i, j) for i in range(3) for j in range(4)):
        text += box(118 + 26 * j, 43 + 26 * i, side, "blue", table[i, j].item())
    text += "".join(box(78, 43 + 26 * i, side, "orange", 0.4 + 0.3 * i) for i in range(3))
    text += "".join(box(118 + 26 * j, 9, side, "green", 0.4 + 0.2 * j) for j in range(4))
    return text + '<text x="89" y="26" text-anchor="middle">+</text>'


def autograd() -> str:
    """Gradient descent on (x - 3)^2."""
    x, steps = torch.tensor(-0.2, requires_grad=True), []
    for _ in range(7):
        loss = (x - 3) ** 2
        loss.backward()
        steps.append((x.item(), loss.item()))
        with torch.no_grad():
            x -= 0.15 * x.grad
        x.grad = None

    def place(x: float, y: float) -> tuple[float, float]:
        return 120 + 30 * (x - 3), 115 - 9.5 * y

    text = path((place(3 + t / 10, (t / 10) ** 2) for t in range(-33, 34)), "line")
    text += path((place(*step) for step in steps), "thin orange")
    return text + "".join(dot(*place(*step), "orange", 5) for step in steps)


def networks() -> str:
    """Three hinges and their sum."""
    x = torch.linspace(-3, 3, 61)
    weights, biases, out = (
        torch.tensor([1.0, -1.0, 1.6]),
        torch.tensor([1.5, 0.2, -1.6]),
        torch.tensor([0.5, 0.8, -1.0]),
    )
    hinges = torch.relu(x[:, None] * weights + biases) * out  # [61, 3]

    def place(y: Tensor) -> list[tuple[float, float]]:
        return [(20 + 200 * (a.item() + 3) / 6, 78 - 19 * b.item()) for a, b in zip(x, y, strict=True)]

    text = "".join(path(place(hinges[:, i]), f"thin {kind}") for i, kind in enumerate(("blue", "green", "purple")))
    return text + path(place(hinges.sum(dim=1)), "line orange")


def training() -> str:
    """One net, two learning rates."""
    return curve(losses(0.01, 100), "line blue", 0.8) + curve(losses(0.3, 100), "line orange", 0.8)


def checkpoints() -> str:
    """A training that stops, and goes on as if nothing had happened."""
    found, stop = losses(0.3, 80, momentum=0.8), 26
    step = (WIDE - 40) / (len(found) - 1)
    places = [(20 + i * step, 115 - 100 * value / 0.8) for i, value in enumerate(found)]
    text = path(places[: stop + 1], "line blue") + path(places[stop:], "line green dashed")
    x, y = places[stop]
    return text + f'<path class="line" d="M{x:.1f} 12V118" opacity="0.35"/>' + dot(x, y, "orange", 6)


def advanced() -> str:
    """Two optimizers on their way down a long valley."""

    def way(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> list[tuple[float, float]]:
        at = torch.tensor([-2.6, 1.0], requires_grad=True)
        optimizer, found = make([at]), []
        for _ in range(45):
            found.append((132 + 42 * at[0].item(), 65 - 42 * at[1].item()))
            optimizer.zero_grad()
            (0.06 * at[0] ** 2 + at[1] ** 2).backward()
            optimizer.step()
        return found

    rings = "".join(
        f'<ellipse class="thin" cx="132" cy="65" rx="{34 * r:.0f}" ry="{12 * r:.0f}" opacity="0.35"/>'
        for r in (1, 2, 3, 4)
    )
    sgd, momentum = (way(lambda ps, m=m: torch.optim.SGD(ps, lr=0.9 if not m else 0.35, momentum=m)) for m in (0, 0.85))
    return rings + path(sgd, "thin blue") + path(momentum, "line orange") + dot(132, 65, "green", 5)


def data() -> str:
    """Points, shuffled and dealt into batches."""
    order = torch.randperm(60, generator=torch.Generator().manual_seed(1)).tolist()
    text = ""
    for place, point in enumerate(order):
        batch, inside = divmod(place, 15)
        kind = "blue" if point < 30 else "orange"
        text += dot(34 + 50 * batch + 11 * (inside % 3), 32 + 16 * (inside // 3), kind, 4)
    frames = (
        f'<rect class="thin" x="{24 + 50 * i}" y="18" width="42" height="94" rx="5" opacity="0.5"/>' for i in range(4)
    )
    return text + "".join(frames)


def generalisation() -> str:
    """A wide net learns its few noisy points by heart: training falls, validation turns."""
    torch.manual_seed(0)
    features, held = torch.randn(24, 2), torch.randn(400, 2)

    def noisy(points: Tensor) -> Tensor:
        return (points.sum(dim=1) + 0.7 * torch.randn(len(points)) > 0).long()

    labels, answers = noisy(features), noisy(held)
    net = nn.Sequential(nn.Linear(2, 100), nn.ReLU(), nn.Linear(100, 2))
    optimizer, train, val = torch.optim.Adam(net.parameters(), lr=0.01), [], []
    for _ in range(160):
        loss = cross_entropy(net(features), labels)
        with torch.no_grad():
            val.append(cross_entropy(net(held), answers).item())
        train.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return curve(train, "line blue", max(val)) + curve(val, "line orange", max(val))


def further() -> str:
    """Two schedules of the learning rate."""

    def rates(make: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]) -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        schedule, found = make(optimizer), []
        for _ in range(100):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        return found

    steps = rates(lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 25, 0.4))
    cosine = rates(lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100))
    return curve(steps, "line blue", 1.0) + curve(cosine, "line orange", 1.0)


def tables() -> str:
    """Rows of a file; the last column is what to predict."""
    strength = 0.15 + 0.5 * torch.rand(5, 5, generator=torch.Generator().manual_seed(4))
    text = ""
    for i, row in enumerate(strength):
        text += "".join(bar(24 + 33 * j, 14 + 21 * i, 29, 17, "blue", value) for j, value in enumerate(row.tolist()))
        text += bar(189, 14 + 21 * i, 29, 17, "orange" if row.sum() > 2 else "green")
    return text


def pictures() -> str:
    """A kernel on a picture, and the feature map it makes."""
    ring = torch.tensor([[0, 1, 1, 1, 0], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [0, 1, 1, 1, 0]]).float()
    kernel = torch.tensor([[-1.0, 0.0, 1.0]] * 3)
    found = torch.nn.functional.conv2d(ring[None, None], kernel[None, None])[0, 0].relu() / 2  # [3, 3]
    text = "".join(
        box(22 + 19 * j, 18 + 19 * i, 16, "blue", 0.15 + 0.7 * ring[i, j].item()) for i in range(5) for j in range(5)
    )
    text += '<rect class="line orange" x="20" y="16" width="58" height="58" rx="3" fill="none"/>'
    text += "".join(
        box(150 + 23 * j, 31 + 23 * i, 20, "orange", 0.15 + 0.7 * min(1, found[i, j].item()))
        for i in range(3)
        for j in range(3)
    )
    return text + '<path class="thin" d="M122 65h20"/>'


def text() -> str:
    """Which tokens attention may look at."""
    weights = torch.randn(6, 6, generator=torch.Generator().manual_seed(5)).mul(1.5)
    weights = weights.masked_fill(torch.ones(6, 6).triu(1).bool(), -math.inf).softmax(dim=1)  # [6, 6]
    squares = [(i, j) for i in range(6) for j in range(i + 1)]
    return "".join(box(64 + 19 * j, 10 + 19 * i, 16, "blue", 0.12 + 0.88 * weights[i, j].item()) for i, j in squares)


def probabilities() -> str:
    """A reliability diagram: the net says more than is true."""
    said = [k / 10 for k in range(11)]
    true = [0.5 + 0.6 * (value - 0.5) for value in said]

    def place(x: float, y: float) -> tuple[float, float]:
        return 60 + 120 * x, 120 - 110 * y

    honest = path([place(0, 0), place(1, 1)], "line dashed")
    points = [place(*pair) for pair in zip(said, true, strict=True)]
    return honest + path(points, "line orange") + "".join(dot(x, y, "orange", 4) for x, y in points)


def shipping() -> str:
    """A net in a box, with requests on the way in and answers on the way out."""
    frame = '<rect class="thin" x="85" y="25" width="70" height="80" rx="8"/>'
    places = [[(x, 65 + 22 * (i - (n - 1) / 2)) for i in range(n)] for x, n in ((102, 2), (120, 3), (138, 2))]
    wires = "".join(path([a, b], "thin") for left, right in pairwise(places) for a in left for b in right)
    units = "".join(dot(x, y, "green", 5) for column in places for x, y in column)
    inputs = "".join(bar(22 + 14 * (i % 2), 34 + 18 * i, 34, 10, "blue") for i in range(4))
    answers = "".join(bar(176, 34 + 18 * i, 26, 10, "orange") for i in range(4))
    return frame + wires + units + inputs + answers


def hood() -> str:
    """Rounding as a staircase, and the straight line that its gradient follows."""

    def place(x: float, y: float) -> tuple[float, float]:
        return 30 + 180 * x, 118 - 105 * y

    stairs = [place(x, k / 5) for k in range(6) for x in (max(0, (k - 0.5) / 5), min(1, (k + 0.5) / 5))]
    return path(stairs, "line blue") + path([place(0, 0), place(1, 1)], "line orange dashed")


def learn() -> str:
    """A lesson: a few lines of code, what they print, and the check."""
    text, rows = "", ((0, 92, "blue"), (0, 60, "blue"), (16, 84, "green"), (16, 52, "green"), (0, 110, "orange"))
    for i, (indent, length, kind) in enumerate(rows):
        text += bar(40 + indent, 18 + 20 * i, length, 10, kind)
    return text + '<polyline class="line green" points="176,66 188,80 212,48"/>'


def play() -> str:
    """A spiral of two arms."""
    turns = [t / 40 for t in range(8, 61)]
    arms = ""
    for kind, start in (("blue", 0.0), ("orange", math.pi)):
        places = (
            (120 + 34 * t * math.cos(math.pi * 2 * t + start), 65 - 34 * t * math.sin(math.pi * 2 * t + start))
            for t in turns
        )
        arms += "".join(dot(x, y, kind, 3.4) for x, y in places)
    return arms


def build() -> str:
    """Data, a net, a checked result."""
    columns = ((50, 2, "blue"), (120, 4, "green"), (190, 2, "orange"))
    places = [[(x, 65 + 27 * (i - (n - 1) / 2), kind) for i in range(n)] for x, n, kind in columns]
    text = ""
    for left, right in pairwise(places):
        text += "".join(path([(a[0], a[1]), (b[0], b[1])], "thin") for a in left for b in right)
    return text + "".join(dot(x, y, kind, 8) for column in places for x, y, kind in column)


LESSONS = {
    "tensors": Lesson("What PyTorch calculates with", 40, tensors),
    "autograd": Lesson("How it finds the way downhill", 40, autograd),
    "networks": Lesson("What stands between the numbers in and the numbers out", 40, networks),
    "training": Lesson("The loop, and why the first one learns almost nothing", 50, training),
    "checkpoints": Lesson("What to keep, and what not to open", 40, checkpoints),
    "advanced": Lesson("Losses, optimizers and learning rates, by hand and off the shelf", 50, advanced),
    "data": Lesson("Batches, and three sets of data that must not mix", 45, data),
    "generalisation": Lesson("When a net learns by heart, and what helps", 45, generalisation),
    "further": Lesson("Schedules, speed, and how to find what went wrong", 45, further),
    "tables": Lesson("From a file of rows to a model that you can trust", 40, tables),
    "pictures": Lesson("Convolution by hand, and a trained net for a new task", 75, pictures),
    "text": Lesson("From counting pairs to a small GPT that adds", 90, text),
    "probabilities": Lesson("Thresholds, calibration, and comparing two nets fairly", 70, probabilities),
    "shipping": Lesson("A net in a file, in eight bits, behind an address", 75, shipping),
    "hood": Lesson("What PyTorch does for you, built in a few lines", 80, hood),
}
WAYS = {"learn": learn, "play": play, "build": build}
