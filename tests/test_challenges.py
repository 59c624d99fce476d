"""The challenge at the end of each lesson can be met: a solution for each, with what the lesson has and shows."""

import contextlib
import io
import re
import runpy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from matplotlib import pyplot
from test_lessons import LESSONS as PATHS
from torch import nn
from torch.nn.functional import cross_entropy

from torchtour.lessons import LESSONS

Names = dict[str, Any]  # what a lesson has defined


def nearest_known_point(lesson: Names) -> bool:
    """Lesson 1: the ring of the nearest known point."""
    distances = (lesson["new"][:, None] - lesson["known"]).square().sum(dim=2)  # [200, 200]
    answers = lesson["known_ring"][distances.argmin(dim=1)]
    return bool((answers == lesson["new_ring"]).float().mean() >= 0.95)


def descent_with_friction(lesson: Names) -> bool:
    """Lesson 2: keep nine tenths of the gradient instead of zeroing it."""
    x, y = torch.tensor(-1.2, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    for _ in range(200):
        lesson["rosenbrock"](x, y).backward()
        with torch.no_grad():
            for number in (x, y):
                number -= 0.001 * number.grad
                number.grad *= 0.9
    return bool(lesson["rosenbrock"](x, y).item() < 0.05)


def four_segments(lesson: Names) -> bool:
    """Lesson 3: the line that meets the parabola at -1, -1/2, 0, 1/2 and 1, lowered a little."""
    net = lesson["by_you"]
    with torch.no_grad():
        net.fc1.bias[:] = torch.tensor([1.0, 0.5, 0.0, -0.5])
        net.fc2.weight[:] = torch.tensor([[-1.5, 1.0, 1.0, 1.0]])
        net.fc2.bias[:] = torch.tensor([1.0 - 1 / 32])
    return bool(lesson["largest_error"](net) < 0.04)


def larger_rate(lesson: Names) -> bool:
    """Lesson 4: the best of three rates on the validation points."""
    nets = [lesson["train"](lesson["start"], lr, 300, lesson["rim"], lesson["inside"])[0] for lr in (0.3, 1.0, 3.0)]
    best = max(nets, key=lambda net: lesson["accuracy_on"](net, lesson["rim_val"], lesson["inside_val"]))
    return bool(lesson["accuracy_on"](best, lesson["rim_test"], lesson["inside_test"]) >= 0.955)


def mean_of_ten_epochs(lesson: Names) -> bool:
    """Lesson 5: the mean of the last ten state_dicts."""
    last = lesson["saved"][-10:]
    net = lesson["SimpleNet"](2, 32, 2)
    net.load_state_dict({name: torch.stack([weights[name] for weights in last]).mean(dim=0) for name in last[0]})
    return bool(lesson["accuracy_on"](net, lesson["new"], lesson["new_labels"]) >= 0.85)


def larger_rate_of_adam(lesson: Names) -> bool:
    """Lesson 6: Adam with ten times the rate."""
    return bool(lesson["spiral_accuracy"](lambda weights: torch.optim.Adam(weights, lr=0.1)) >= 0.98)


def shifted_copies(lesson: Names) -> bool:
    """Lesson 7: a wider net with dropout, shown each picture in nine positions."""
    pictures, labels = lesson["pictures"], lesson["labels"]
    moves = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    shown = torch.cat([torch.roll(pictures[:1000], move, (1, 2)) for move in moves]).flatten(1)
    answers = labels[:1000].repeat(9)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for _ in range(20):
        for rows in torch.randperm(len(shown)).split(32):
            loss = cross_entropy(net(shown[rows]), answers[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return bool(lesson["accuracy"](net, pictures[1397:].flatten(1), labels[1397:]) >= 0.92)


def low_probability_of_the_label(lesson: Names) -> bool:
    """Lesson 8: the labels that a net with dropout gives the lowest probability, after few epochs."""
    net = lesson["new_net"](dropout=0.5)
    lesson["train"](net, n=800, epochs=15)
    net.eval()
    with torch.no_grad():
        probability = net(lesson["pictures"][:800]).softmax(dim=1)[range(800), lesson["labels"][:800]]
    return bool(lesson["spoiled"][probability.argsort()[:150]].float().mean() >= 0.9)


def smaller_batches(lesson: Names) -> bool:
    """Lesson 9: ten times as many steps in ten epochs, with a cosine by step."""
    reached = []
    for seed in range(3):
        torch.manual_seed(seed)
        net = lesson["SimpleNet"](2, 64, 2)
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=500)
        for _ in range(10):
            for rows in torch.randperm(1000).split(20):
                loss = cross_entropy(net(lesson["points"][rows]), lesson["labels"][rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        reached.append(lesson["accuracy"](net))
    return sum(reached) / 3 >= 0.95


def decay_and_all_rows(lesson: Names) -> bool:
    """Lesson 10: weight decay, and the validation rows to train on as well."""
    rows = torch.cat([lesson["train_rows"], lesson["val_rows"]])
    inputs, labels, test_rows = lesson["inputs"], lesson["labels"], lesson["test_rows"]
    torch.manual_seed(0)
    net = lesson["SimpleNet"](30, 16, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=0.03)
    for _ in range(100):
        loss = cross_entropy(net(inputs[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return cross_entropy(net(inputs[test_rows]), labels[test_rows]).item() < 0.09


SOLUTIONS: dict[str, Callable[[Names], bool]] = {
    "tensors": nearest_known_point,
    "autograd": descent_with_friction,
    "networks": four_segments,
    "training": larger_rate,
    "checkpoints": mean_of_ten_epochs,
    "advanced": larger_rate_of_adam,
    "data": shifted_copies,
    "generalisation": low_probability_of_the_label,
    "further": smaller_batches,
    "tables": decay_and_all_rows,
}


def test_each_of_the_ten_lessons_ends_with_a_challenge() -> None:
    for name in LESSONS[:10]:
        titles = re.findall(r"(?m)^# (.+)\n# -{3,}$", PATHS[name].read_text("utf-8"))
        assert titles[-2].startswith("Challenge: "), name
        assert titles[-1] == "Recap", name
    assert set(SOLUTIONS) == set(LESSONS[:10])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_challenge_can_be_met(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    with contextlib.redirect_stdout(io.StringIO()):
        lesson = runpy.run_path(str(PATHS[name]), run_name="__main__")
    pyplot.close("all")
    assert SOLUTIONS[name](lesson)
