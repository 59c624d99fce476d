"""The plain loop, once; and what PyTorch alone can make of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from benchmarks.setting import Batch, Setting, Trained, net_and_optimizer, points
from torchtour import SimpleNet
from torchtour.problems import line


def loop(
    net: Callable[[torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    batches: Callable[[], Iterable[Batch]],
    epochs: int,
    backward: Callable[[torch.Tensor], object] = torch.Tensor.backward,
    validation: Callable[[], Iterable[Batch]] | None = None,
) -> list[float]:
    """Train as lesson 4 does, and sum up loss and accuracy; `batches` begins an epoch. Returns the seconds of each."""
    seconds = []
    for _ in range(epochs):
        begin = time.perf_counter()
        loss_sum, correct = 0.0, 0
        for x, y in batches():
            logits = net(x)  # [batch, 2]
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            backward(loss)
            optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
        if validation:
            evaluate(net, validation())
        seconds.append(time.perf_counter() - begin)
    return seconds


@torch.no_grad()
def evaluate(net: Callable[[torch.Tensor], torch.Tensor], batches: Iterable[Batch]) -> tuple[float, int]:
    loss_sum, correct = 0.0, 0
    for x, y in batches:
        logits = net(x)  # [batch, 2]
        loss_sum += cross_entropy(logits, y).item() * len(y)
        correct += (logits.argmax(1) == y).sum().item()
    return loss_sum, correct


def shuffled(data: Batch, size: int, share: slice = slice(None)) -> Iterator[Batch]:
    """An epoch's batches, cut by slicing a new order; `share` leaves other processes theirs."""
    features, labels = data
    order = torch.randperm(len(labels))
    for start in range(0, len(labels), size):
        index = order[start : start + size][share]
        yield features[index], labels[index]


def plain(setting: Setting, fused: bool = False) -> Trained:
    """The loop of lesson 4 with batches cut by slicing; the points of validation are one batch."""
    data, val = points(setting.n), points(setting.n_val)
    net, optimizer = net_and_optimizer(setting, fused)
    batches = partial(shuffled, data, setting.batch)
    validation = (lambda: [val]) if setting.validate else None
    return sum(loop(net, optimizer, batches, setting.epochs, validation=validation)), net


def compiled(setting: Setting) -> Trained:
    """The plain loop with its net and loss compiled, forward and backward; compiling is not part of the time."""
    data, val = points(setting.n), points(setting.n_val)
    net, optimizer = net_and_optimizer(setting, fused=True)
    faster = torch.compile(net, dynamic=False)
    for size in {min(setting.batch, setting.n), setting.n % setting.batch} - {0}:
        cross_entropy(faster(data[0][:size]), data[1][:size]).backward()
    optimizer.zero_grad()
    evaluate(faster, [val])
    batches = partial(shuffled, data, setting.batch)
    validation = (lambda: [val]) if setting.validate else None
    return sum(loop(faster, optimizer, batches, setting.epochs, validation=validation)), net


def by_hand(setting: Setting) -> Trained:
    """Gradients and SGD with momentum written out, without autograd: the limit of PyTorch's eager mode."""
    data, val = points(setting.n), points(setting.n_val)
    net, _ = net_and_optimizer(setting)
    moments = [torch.zeros_like(weight) for weight in net.parameters()]
    begin = time.perf_counter()
    with torch.no_grad():
        for _ in range(setting.epochs):
            loss_sum, correct = 0.0, 0
            for x, y in shuffled(data, setting.batch):
                loss, right = step_by_hand(net, moments, x, y)
                loss_sum += loss * len(y)
                correct += right
            if setting.validate:
                evaluate(net, [val])
    return time.perf_counter() - begin, net


def step_by_hand(net: SimpleNet, moments: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> tuple[float, int]:
    """A step of SGD with lr 0.1 and momentum 0.9, as net_and_optimizer sets it up; returns mean loss and hits."""
    weights = w1, b1, w2, b2 = list(net.parameters())
    hidden = torch.addmm(b1, x, w1.T).relu_()  # [batch, hidden]
    logits = torch.addmm(b2, hidden, w2.T)  # [batch, 2]
    log_probabilities = logits.log_softmax(1)  # [batch, 2]
    rows = torch.arange(len(y))
    loss = -log_probabilities[rows, y].mean()
    slope = log_probabilities.exp()  # [batch, 2]: the loss by the logits, times batch
    slope[rows, y] -= 1
    slope /= len(y)
    below = (slope @ w2) * (hidden > 0)  # [batch, hidden]
    gradients = [below.T @ x, below.sum(0), slope.T @ hidden, slope.sum(0)]
    torch._foreach_mul_(moments, 0.9)
    torch._foreach_add_(moments, gradients)
    torch._foreach_add_(weights, moments, alpha=-0.1)
    return loss.item(), int((logits.argmax(1) == y).sum().item())


def generated(setting: Setting) -> Trained:
    """The plain loop with batches drawn as they are needed."""
    net, optimizer = net_and_optimizer(setting)
    generator = torch.Generator().manual_seed(0)
    steps = setting.steps // setting.epochs
    batches = lambda: (line(setting.batch, generator) for _ in range(steps))  # noqa: E731
    return sum(loop(net, optimizer, batches, setting.epochs)), net
