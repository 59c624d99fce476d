"""Lesson 5."""

import contextlib
import pickle
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, NotRight, article, predict, same, verdict


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def fresh(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def save(answer: Callable[..., Any]) -> str | None:
    net = fresh(1)
    with empty_folder() as folder:
        path = folder / "net.pt"
        answer(net, str(path))
        if not path.exists():
            return "elsewhere" if any(folder.iterdir()) else "no_file"
        if not zipfile.is_zipfile(path):  # as torch.save writes them
            raise NotRight("`save` writes a file that `torch.load` cannot read.")
        try:
            content = torch.load(path, weights_only=True)
        except pickle.UnpicklingError:
            return "whole_net"
    if isinstance(content, list | tuple):
        return "no_names"
    if not isinstance(content, dict):
        raise NotRight(f"`save` writes {article(content)}, and the state_dict is asked for.")
    if not all(isinstance(value, Tensor) for value in content.values()):
        return "wrapped"
    if set(content) != set(net.state_dict()):
        return "other_names"
    if not all(same(content[name], weight) for name, weight in net.state_dict().items()):
        raise NotRight("The names are right, but the weights in the file are not those of the net.")
    return None


def load(answer: Callable[..., Any]) -> str | None:
    stored, net, trusted = fresh(1), fresh(2), []
    original = torch.load

    def watched(*args: Any, **kwargs: Any) -> Any:
        trusted.append(kwargs.get("weights_only") is False)
        return original(*args, **kwargs)

    with empty_folder() as folder, mock.patch("torch.load", watched):
        path = folder / "net.pt"
        torch.save(stored.state_dict(), path)
        got = answer(net, str(path))
        if any(trusted):
            return "trusting"
        if isinstance(got, dict):
            return "weights_only"
        if type(got).__name__ == "_IncompatibleKeys":
            return "report"
        if not isinstance(got, nn.Module):
            raise NotRight(f"`load` returns {article(got)}, and the net is asked for.")
        if not same(got(torch.ones(4, 2)), stored(torch.ones(4, 2))):
            return "not_put_in"
        if got.training:
            return "training_mode"
        torch.save({**stored.state_dict(), "3.weight": torch.ones(1)}, path)
        with contextlib.suppress(Exception):
            answer(fresh(2), str(path))
            return "not_strict"
    return None


def best_weights(answer: Callable[..., Any]) -> str | None:
    epoch = 0
    net = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        net.weight.zero_()

    def train_one_epoch(net: nn.Module) -> None:
        nonlocal epoch
        epoch += 1
        with torch.no_grad():
            net.weight.add_(1)  # type: ignore[operator]

    losses = [5.0, 3.0, 1.0, 4.0, 3.0]
    got = answer(net, train_one_epoch, lambda net: losses[int(net.weight.item()) - 1], 5)
    if isinstance(got, nn.Module):
        return "net"
    if not isinstance(got, dict) or not isinstance(got.get("weight"), Tensor):
        raise NotRight(f"`best_weights` returns {article(got)}; a state_dict is asked for.")
    if epoch != 5:
        return "stopped"
    weight = got["weight"].detach()
    if same(weight, torch.tensor([[3.0]])):
        return None
    if weight.data_ptr() == net.weight.data_ptr():
        return "shared"
    return verdict("best_weights", weight.item(), 3.0, before=2.0, highest=1.0, last=5.0, untrained=0.0)


def epochs_of(net: nn.Module, optimizer: torch.optim.Optimizer, epochs: int) -> None:
    for _ in range(epochs):
        loss = (net(torch.eye(2)) - torch.tensor([[1.0], [-1.0]])).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def started(seed: int) -> tuple[nn.Sequential, torch.optim.Optimizer]:
    net = fresh(seed)
    return net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def resumed(save_run: Callable[..., Any], resume_run: Callable[..., Any]) -> str | None:
    whole, optimizer = started(1)
    epochs_of(whole, optimizer, 6)
    first, optimizer = started(1)
    epochs_of(first, optimizer, 4)
    with empty_folder() as folder:
        path = str(folder / "run.pt")
        save_run(path, first, optimizer, 4)
        if not Path(path).exists():
            raise NotRight("`save_run` writes no file at the path that it is given.")
        try:
            torch.load(path, weights_only=True)
        except pickle.UnpicklingError:
            return "objects"
        second, optimizer = started(2)
        done = resume_run(path, second, optimizer)
    if not all(map(same, second.parameters(), first.parameters())):
        return "net_not_loaded"
    if not isinstance(done, int):
        raise NotRight(f"`resume_run` returns {article(done)}, not the epochs done.")
    if done in (0, 3, 5):
        return "miscounted"
    if done != 4:
        raise NotRight(f"`save_run` was called with 4 epochs done, and `resume_run` returns {done}.")
    if not optimizer.state_dict()["state"]:
        return "no_momentum"
    epochs_of(second, optimizer, 2)
    if not all(map(same, second.parameters(), whole.parameters())):
        raise NotRight("After resuming, two more epochs give other weights than a training without a stop.")
    return None


CHECKS = {
    1: predict(
        1,
        "names",
        ["0.weight", "0.bias", "2.weight", "2.bias"],
        "A Sequential names its layers by their places, from 0. Which of the three layers have weights?",
        counted_on=(
            ["0.weight", "0.bias", "1.weight", "1.bias"],
            "ReLU has a place too, though it has no weights.",
            "Count the places of all three layers.",
        ),
        from_one=(
            ["1.weight", "1.bias", "3.weight", "3.bias"],
            "Python counts places from 0.",
            "The first layer is net[0].",
        ),
        no_bias=(["0.weight", "2.weight"], "Each linear layer has biases as well.", "Two tensors for each."),
        simple_net=(
            ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
            "Those are the names in SimpleNet, whose layers are attributes. A Sequential has no such names.",
            "What is `net[0]`?",
        ),
        with_relu=(
            ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"],
            "ReLU learns nothing, so it is not in the state_dict.",
            "Only tensors that are learned, or kept, have an entry.",
        ),
    ),
    2: Check(
        "save",
        save,
        "`torch.save` takes what to save and where. Which method of a net gives its weights by name?",
        {
            "no_file": ("There is no file at `path` afterwards.", "`torch.save` writes one. Does anything remove it?"),
            "elsewhere": (
                "A file was written, but under another name.",
                "Use `path` as it is, with nothing added.",
            ),
            "whole_net": (
                "You save the whole net, a Python object. To load it, its reader would have to run code from the file.",
                "Save the numbers only: `state_dict()`.",
            ),
            "no_names": (
                "You save the weights without their names.",
                "The state_dict is a dictionary from name to weight.",
            ),
            "wrapped": (
                "The file holds a dictionary with the state_dict somewhere in it. Save the state_dict itself.",
                "Every value in the file should be a tensor.",
            ),
            "other_names": (
                "The names in the file are not all those of the net's state_dict.",
                "Save the state_dict as it is.",
            ),
        },
    ),
    3: Check(
        "load",
        load,
        "Three steps: read the file safely, put the weights into the net, and tell the net that training is over.",
        {
            "trusting": (
                "With `weights_only=False` a file from a stranger can run its code on your machine.",
                "Allow tensors only.",
            ),
            "weights_only": ("That is what was in the file. The net is asked for.", "Return `net`."),
            "report": (
                "`load_state_dict` returns a report on the names, not the net.",
                "Return `net` in a line of its own.",
            ),
            "not_put_in": (
                "The net's weights are still the old ones.",
                "Reading the file is not enough. Which method of the net takes a state_dict?",
            ),
            "training_mode": (
                "The net is still in training mode. With dropout or batch norm its answers would be wrong.",
                "One method switches to answering.",
            ),
            "not_strict": (
                "A file for another net goes through without a word.",
                "Leave `strict` as it is.",
            ),
            "path_itself": (
                "`load_state_dict` takes a dictionary, not a path.",
                "`torch.load` makes the one of the other.",
            ),
        },
        {"Expected state_dict to be dict-like": "path_itself"},
    ),
    4: Check(
        "best_weights",
        best_weights,
        "What happens to the tensors in `best` when training goes on?",
        {
            "shared": (
                "These are still the weights of the last epoch: a state_dict shares its memory with the net.",
                "A copy of the dictionary alone holds the same tensors. Copy the tensors.",
            ),
            "net": ("That is a net. Its state_dict is asked for.", "The weights by name."),
            "stopped": (
                "Training ends as soon as the loss rises once. All epochs should run.",
                "The best epoch may come later.",
            ),
            "before": (
                "You copy the weights before the training of the best epoch, not after.",
                "First train, then measure, then copy.",
            ),
            "highest": ("Those are the weights of the highest loss.", "`<`, and start from infinity."),
            "last": ("Those are copies of the last weights.", "Copy at the moment when the loss is the lowest so far."),
            "untrained": ("Those are copies of the untrained weights.", "Copy whenever a new lowest loss is found."),
        },
    ),
    5: Check(
        "save_run resume_run",
        resumed,
        "Three things: the weights, the state of the optimizer, the count. A dictionary holds all of them.",
        {
            "objects": (
                "The file holds Python objects, which a safe load refuses.",
                "Optimizers have a state_dict as well.",
            ),
            "net_not_loaded": (
                "After resume_run the net does not have the saved weights.",
                "`load_state_dict` changes the net that it is called on. Which one is that?",
            ),
            "miscounted": (
                "The number of epochs done is not the one that was saved.",
                "Hand it back as it was handed in.",
            ),
            "no_momentum": (
                "The net is right, but the optimizer has forgotten its momentum. The next step would be another one.",
                "It has a state_dict and a load_state_dict of its own.",
            ),
        },
    ),
}
