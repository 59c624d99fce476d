"""Lesson 5."""

import contextlib
import pickle
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.exercises.compare import article
from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import AnswerError, Trial


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Trap:
    """A stranger's object: unpickling it runs code, here one that leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def save(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.sizes(2, 2, 5)
    nets = [t.draw.net(n_features, n_classes), nn.Linear(n_classes, n_features), t.draw.net(n_classes, n_features)]
    with empty_folder() as folder:
        for place, net in enumerate(nets):
            path = folder / f"{t.draw.random.choice('abc')}{place}.pt"
            t.call(answer, net, path if place == 2 else str(path), names="net path", compare=False)
            see_file(t, path, len(list(folder.iterdir())) > place, net)
            t.require(net.training, "`save` leaves the net in eval mode. It should only write a file.")


def see_file(t: Trial, path: Path, any_file: bool, net: nn.Module) -> None:
    seen = t.last_call.replace(str(path.parent), "folder")
    t.require(path.exists(), "", "elsewhere" if any_file else "no_file", seen)
    t.require(zipfile.is_zipfile(path), "`save` writes a file that `torch.load` cannot read.", seen=seen)
    try:
        content = torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        t.fail("whole_net", "", seen)
        return
    t.require(not isinstance(content, list | tuple), "", "no_names", seen)
    t.require(isinstance(content, dict), f"`save` writes {article(content)}, expected the state_dict.", seen=seen)
    t.require(all(isinstance(value, Tensor) for value in content.values()), "", "wrapped", seen)
    t.require(set(content) == set(net.state_dict()), "", "other_names", f"{seen}\ngot the names {sorted(content)}")
    t.see("What is in the file", {name: content[name].detach() for name in sorted(content)}, seen)


def save_by_torch(net: nn.Module, path: str) -> None:
    torch.save(net.state_dict(), path)


def dropout_net(t: Trial, n_features: int, n_classes: int) -> nn.Sequential:
    norm = nn.BatchNorm1d(4)  # whose running values are buffers
    block = nn.Sequential(norm, nn.ReLU(), nn.Dropout(0.5))
    net = nn.Sequential(nn.Linear(n_features, 4), block, nn.Linear(4, n_classes))
    t.draw.fill(net)
    norm.load_state_dict({"running_mean": t.draw.normal(4)}, strict=False)
    return net


def load(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.sizes(2, 2, 5)
    with empty_folder() as folder:
        for place in range(2):
            stored, net = dropout_net(t, n_features, n_classes), dropout_net(t, n_features, n_classes)
            path = folder / f"{place}.pt"
            state = stored.state_dict()
            torch.save(dict(reversed(state.items())) if place else state, path)  # names count, not their order
            got = t.call(answer, net, str(path), names="net path", changes=["net"], compare=False)
            seen = t.last_call.replace(str(folder), "folder")
            t.require(not isinstance(got, dict), "", "weights_only", seen)
            t.require(type(got).__name__ != "_IncompatibleKeys", "", "report", seen)
            t.require(isinstance(got, nn.Module), f"`load` returns {article(got)}, expected the net.", seen=seen)
            loaded = equal_states(net.state_dict(), stored.state_dict())
            t.require(loaded, "", "not_put_in", seen)
            same = got is net or equal_states(got.state_dict(), stored.state_dict())
            t.require(same, "The weights are in `net`, but another net is returned.", seen=seen)
            t.require(not any(module.training for module in got.modules()), "", "training_mode", seen)
            trainable = all(parameter.requires_grad for parameter in got.parameters())
            t.require(
                trainable, "The net can't be trained any more: its parameters have lost requires_grad.", seen=seen
            )
        see_refused(t, answer, dropout_net(t, n_features, n_classes), folder)


def see_refused(t: Trial, answer: Callable[..., Any], net: nn.Module, folder: Path) -> None:
    """Files for other nets are errors, and code in a file does not run."""
    state = net.state_dict()
    first, *others = state
    files = {
        "a file with one name more": {**state, "3.weight": torch.ones(1)},
        "a file without the last name": {name: state[name] for name in [first, *others[:-1]]},
        "a file with another name": {"renamed" if name == first else name: state[name] for name in state},
    }
    for place, (text, content) in enumerate(files.items()):
        path = folder / f"other{place}.pt"
        torch.save(content, path)
        with contextlib.suppress(AnswerError):
            with t.watched():
                answer(net, str(path))
            t.fail("not_strict", "", f"load(net, path) with {text}\nexpected an error")
    mark, path = folder / "mark", folder / "trap.pt"
    torch.save({**state, "note": Trap(mark)}, path)
    with contextlib.suppress(AnswerError), t.watched():
        answer(net, str(path))
    t.require(
        not mark.exists(), "", "trusting", "load(net, path) with a file that holds code\nexpected that it does not run"
    )


def load_by_names(net: nn.Module, path: str) -> nn.Module:
    stored = torch.load(path, weights_only=True)
    if set(stored) != set(net.state_dict()):
        raise KeyError
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            tensor.copy_(stored[name])
    return net.train(False)


def best_weights(t: Trial, answer: Callable[..., Any]) -> None:
    for epochs, low, scale in (
        (t.draw.size(6, 8), 0.0, 1.0),
        (t.draw.size(6, 9), 2000.0, 500.0),
        (6, -60.0, 9.0),
        (1, 0.0, 1.0),
    ):
        losses = t.draw.random.sample([round(low + scale * (1 + place) / 10, 3) for place in range(12)], epochs)
        if epochs > 5:  # the best epoch comes after a loss has risen, and before others that fall
            order = sorted(losses)
            losses = [order[-1], order[1], order[2], order[0], *order[-2:2:-1]]
        with t.part():  # all trainings together tell which mistake it is
            see_best(t, answer, losses)


def see_best(t: Trial, answer: Callable[..., Any], losses: list[float]) -> None:
    n_classes = t.draw.size(2, 4)
    net = nn.Sequential(t.draw.net(2, n_classes), nn.BatchNorm1d(n_classes))  # which has buffers
    epochs, done = len(losses), list[int]()
    start = {name: weight.clone() for name, weight in net.state_dict().items()}
    drift = {name: t.draw.normal(*weight.shape) if weight.dim() else 1 for name, weight in start.items()}

    def train_one_epoch(net: nn.Module) -> None:
        done.append(1)
        with torch.no_grad():
            for name, weight in net.state_dict().items():
                weight.add_(drift[name])

    def loss_of(net: nn.Module) -> float:
        untrained = losses[0] + (1 if epochs > 1 else -1)  # lower than after the only epoch
        return losses[len(done) - 1] if done else untrained

    names = "net train_one_epoch loss_of epochs"
    got = t.call(answer, net, train_one_epoch, loss_of, epochs, names=names, changes=["net"], compare=False)
    seen = f"best_weights(net, train_one_epoch, loss_of, {epochs}) with the losses {losses}"
    t.require(not isinstance(got, nn.Module), "", "net", seen)
    t.require(isinstance(got, dict), f"`best_weights` returns {article(got)}, expected a state_dict.", seen=seen)
    t.require(len(done) >= epochs, "", "stopped", seen)
    t.require(len(done) == epochs, f"The net is trained for {len(done)} epochs, expected {epochs}.", seen=seen)
    best = {name: weight + (losses.index(min(losses)) + 1) * drift[name] for name, weight in start.items()}
    last = {name: weight + epochs * drift[name] for name, weight in start.items()}
    shared = {weight.data_ptr() for weight in got.values() if isinstance(weight, Tensor)}
    shared &= {weight.data_ptr() for weight in net.state_dict().values()}
    t.require(not shared or equal_states(got, best), "", "shared", seen)
    left = equal_states(net.state_dict(), best) or equal_states(net.state_dict(), last)
    t.require(left, "After `best_weights` the net has weights that its training did not give it.", seen=seen)
    weights = {name: one.detach() if isinstance(one, Tensor) else one for name, one in got.items()}
    t.see("What `best_weights` returns", weights, seen, 1e-4)


def equal_states(one: dict[str, Any], other: dict[str, Tensor]) -> bool:
    if set(one) != set(other) or not all(isinstance(value, Tensor) for value in one.values()):
        return False
    for name, tensor in other.items():
        if one[name].shape != tensor.shape or one[name].dtype != tensor.dtype:
            return False
        if not torch.allclose(one[name], tensor, atol=1e-4):
            return False
    return True


def best_by_repeating(
    net: nn.Module, train_one_epoch: Callable[..., None], loss_of: Callable[..., float], epochs: int
) -> dict[str, Tensor]:
    states, losses = [], []
    for _ in range(epochs):
        train_one_epoch(net)
        losses.append(loss_of(net))
        states.append({name: weight.clone() for name, weight in net.state_dict().items()})
    return states[losses.index(min(losses))]


Optimizers = dict[str, Callable[[nn.Module], torch.optim.Optimizer]]
OPTIMIZERS: Optimizers = {
    "SGD with momentum": lambda net: torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9),
    "Adam": lambda net: torch.optim.Adam(net.parameters(), lr=0.05),
}


def train(net: nn.Module, optimizer: torch.optim.Optimizer, data: tuple[Tensor, Tensor], epochs: int) -> None:
    for _ in range(epochs):
        optimizer.zero_grad()
        (net(data[0]) - data[1]).square().mean().backward()
        optimizer.step()


def resumed(t: Trial, save_run: Callable[..., Any], resume_run: Callable[..., Any]) -> None:
    data = t.draw.normal(8, 2), t.draw.normal(8, 1)
    with empty_folder() as folder:
        runs = []
        for place, (kind, make) in enumerate(OPTIMIZERS.items()):
            net = nn.Sequential(t.draw.net(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
            t.draw.fill(net)
            optimizer, epochs, path = make(net), t.draw.random.randint(3, 9), folder / f"run{place}.pt"
            train(net, optimizer, data, epochs)
            optimizer.param_groups[0]["lr"] *= 0.5  # as a scheduler does
            seen = f"save_run(path, net, optimizer, {epochs}) with {kind}"
            with t.watched(seen):
                save_run(str(path), net, optimizer, epochs)
            t.require(path.exists(), "`save_run` writes no file at the path that it is given.", seen=seen)
            see_safe(t, path, seen)
            saved = {name: weight.clone() for name, weight in net.state_dict().items()}
            train(net, optimizer, data, 2)  # it goes on, and the file stays as it is
            runs.append((kind, make, net, saved, epochs, path))
        for kind, make, whole, saved, epochs, path in runs:
            net = remade(whole)
            t.draw.fill(net)
            optimizer = make(net)
            seen = f"resume_run(path, net, optimizer) after save_run with {kind} and {epochs} epochs"
            with t.watched(seen):
                done = resume_run(str(path), net, optimizer)
            for name, weight in net.state_dict().items():
                t.require(torch.equal(weight, saved[name]), "", "net_not_loaded", seen)
            right = isinstance(done, int) and not isinstance(done, bool)
            t.require(right, f"`resume_run` returns {article(done)}, expected the number of epochs.", seen=seen)
            t.require(done == epochs, "", "miscounted", f"{seen}\ngot {done}\nexpected {epochs}")
            t.require(bool(optimizer.state_dict()["state"]), "", "no_momentum", seen)
            text = "The optimizer's learning rate is not the one it had when the run was saved."
            rates = {group["lr"] for group in optimizer.param_groups}
            t.require(rates == {group["lr"] / 2 for group in make(net).param_groups}, text, seen=seen)
            t.require(
                net.training, "The net is in eval mode after `resume_run`, and the training is to go on.", seen=seen
            )
            train(net, optimizer, data, 2)
            text = "After resuming, two more epochs give other weights than a training without a stop."
            for name, weight in net.state_dict().items():
                t.require(torch.allclose(weight, whole.state_dict()[name], 1e-4, 1e-6), text, seen=seen)
        see_no_code_runs(t, resume_run, folder)


def remade(net: nn.Sequential) -> nn.Sequential:
    """A net of the same sizes, in training mode."""
    hidden = len(net.state_dict()["0.0.bias"])
    block = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, 3))
    return nn.Sequential(block, nn.BatchNorm1d(3), nn.Linear(3, 1))


def see_safe(t: Trial, path: Path, seen: str) -> None:
    """The file holds numbers, names and plain containers."""
    try:
        torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        t.fail("objects", "", seen)
    except Exception:
        t.fail("other", "`save_run` writes a file that `torch.load` cannot read.", seen)


def see_no_code_runs(t: Trial, resume_run: Callable[..., Any], folder: Path) -> None:
    net = nn.Linear(2, 1)
    mark, path = folder / "mark", folder / "trap.pt"
    torch.save({"net": Trap(mark), "epochs": 1}, path)
    with contextlib.suppress(AnswerError), t.watched():
        resume_run(str(path), net, OPTIMIZERS["Adam"](net))
    seen = "resume_run(path, net, optimizer) with a file that holds code\nexpected that it does not run"
    t.require(not mark.exists(), "", "trusting", seen)


CHECKS = {
    1: prediction_check(
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
        reference=save_by_torch,
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
            "weights_only": ("That is a dictionary of weights. The net is asked for.", "Return `net`."),
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
        reference=load_by_names,
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
                "The net is not trained for all epochs.",
                "Does the training end as soon as the loss rises? The best epoch may come later.",
            ),
            "before": (
                "You copy the weights before the training of the best epoch, not after.",
                "First train, then measure, then copy.",
            ),
            "highest": ("Those are the weights of the highest loss.", "`<`, and start from infinity."),
            "last": ("Those are copies of the last weights.", "Copy at the moment when the loss is the lowest so far."),
            "untrained": ("Those are copies of the untrained weights.", "Copy whenever a new lowest loss is found."),
        },
        reference=best_by_repeating,
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
            "trusting": (
                "`resume_run` runs the code in a file that comes from a stranger.",
                "`torch.load` has an argument that allows tensors and plain containers only.",
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
