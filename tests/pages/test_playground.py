"""The playground in a real browser: its arithmetic against torch's, its controls, and its instruments.

The arithmetic needs chromium alone; the pages need the built site.
"""

import csv
import io
import shlex
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from threading import Thread
from typing import Any

import pytest
import torch
from conftest import ROOT
from test_pages import chromium  # noqa: F401
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from torchtour.data import SyntheticData
from torchtour.network import SimpleNet

PROBLEMS = ("line", "circle", "xor", "gauss", "spiral")
AFTER = (1, 10, 100, 1000)  # steps
TOLERANCE = 1e-9
ACTIVATIONS = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "none": nn.Identity()}
OPTIMIZERS = {
    "sgd": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9},
    "adam": {"optimizer": "adam", "lr": 0.02, "momentum": 0.0},
}
SCHEDULES = {"constant": {"step_size": 4, "gamma": 1.0}, "StepLR": {"step_size": 30, "gamma": 0.3}}
USUAL = {"problem": "circle", "noise": 0.1, "train": 100, "units": 10, "activation": "relu", "decay": 0.001}
USUAL |= {"batch": 10, "seed": 1} | OPTIMIZERS["sgd"] | SCHEDULES["StepLR"]

each_problem = pytest.mark.parametrize("problem", PROBLEMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules as they are in the sources, and the data made from torch now."""
    import sys

    sys.path.insert(0, str(ROOT / "docs"))
    import playground

    path = tmp_path_factory.mktemp("playground")
    copytree(ROOT / "docs/_static/playground", path, dirs_exist_ok=True)
    playground.write(path / "data")
    (path / "empty.html").write_text("<!doctype html><title>empty</title>")
    return path


@pytest.fixture(scope="module")
def modules(folder: Path, chromium) -> Iterator[Any]:  # noqa: F811
    """A tab beside the modules: modules("return (await import('./network.js')).ACTIVATIONS", argument)."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    tab = chromium.new_page()
    address = f"http://127.0.0.1:{server.server_port}/"
    tab.goto(address + "empty.html")
    script = "async ([body, given]) => {{ const load = (name) => import('{}' + name); {} }}"

    def run(body: str, given: object = None) -> Any:
        return tab.evaluate(script.format(address, body), ["", given])

    yield run
    tab.close()
    server.shutdown()
    server.server_close()


# The arithmetic.


def data(settings: dict[str, Any]) -> SyntheticData:
    """The command's own points and batches for the playground's settings."""
    points = SyntheticData(
        problem=settings["problem"], noise=settings["noise"], n_train=settings["train"],
        n_val=500 - settings["train"], batch_size=settings["batch"], seed=settings["seed"],
    )  # fmt: skip
    points.setup("fit")
    return points


def train(settings: dict[str, Any]) -> Iterator[tuple[float, float, Tensor]]:
    """torch in float64: the batch's loss, the loss over all training points and the weights after each of AFTER."""
    points = data(settings)
    torch.manual_seed(settings["seed"])
    net = SimpleNet(2, settings["units"], 2)
    net.relu = ACTIVATIONS[settings["activation"]]
    net.double()
    shared = {"lr": settings["lr"], "weight_decay": settings["decay"]}
    if settings["optimizer"] == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(net.parameters(), **shared)
    else:
        optimizer = torch.optim.SGD(net.parameters(), momentum=settings["momentum"], **shared)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, settings["step_size"], settings["gamma"])
    loader, steps = points.train_dataloader(), 0
    features, labels = points.sets["train"].tensors
    for epoch in range(max(AFTER)):
        loader.sampler.set_epoch(epoch)
        for batch, answers in loader:
            loss = cross_entropy(net(batch.double()), answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
            if steps in AFTER:
                with torch.no_grad():
                    weights = torch.cat([weight.reshape(-1) for weight in net.parameters()])
                    yield loss.item(), cross_entropy(net(features.double()), labels).item(), weights
            if steps == max(AFTER):
                return
        schedule.step()


TRAIN = """
const { load: points, firstWeights } = await load("points.js");
const { Training } = await load("training.js");
const [cases, after] = given, results = [];
for (const settings of cases) {
  const training = new Training(settings, await points(settings), await firstWeights(settings)), result = [];
  while (training.steps < Math.max(...after)) {
    const loss = training.step();
    if (!after.includes(training.steps)) continue;
    const { network } = training;
    result.push([loss, network.evaluate(training.points.train).loss, [...network.weights]]);
  }
  results.push(result);
}
return results;
"""


@each_problem
def test_loss_and_every_weight_are_those_of_torch_in_float64(problem: str, modules) -> None:
    cases = [
        {**USUAL, "problem": problem, "activation": activation, **OPTIMIZERS[optimizer], **SCHEDULES[schedule]}
        for activation in ACTIVATIONS
        for optimizer in OPTIMIZERS
        for schedule in SCHEDULES
    ]
    for settings, found in zip(cases, modules(TRAIN, [cases, AFTER]), strict=True):
        for steps, here, there in zip(AFTER, found, train(settings), strict=True):
            for got, wanted in zip(here, there, strict=True):
                got, wanted = (torch.as_tensor(one, dtype=torch.float64) for one in (got, wanted))
                difference = (got - wanted).abs().max().item()
                assert difference <= TOLERANCE, (settings, steps, difference)


def test_batch_orders_are_those_of_the_command_for_any_seed_and_epoch(modules) -> None:
    cases = [(n, seed, epoch) for n in (1, 2, 20, 257, 400) for seed in (0, 4, 2**32 - 1) for epoch in (0, 1, 1000)]
    body = "const { permutation } = await load('random.js'); return given.map((one) => [...permutation(...one)]);"
    for (n, seed, epoch), order in zip(cases, modules(body, cases), strict=True):
        points = SyntheticData(n_train=n, n_val=1, batch_size=max(1, n - 1), seed=seed)
        points.setup("fit")
        sampler = points.train_dataloader().sampler
        sampler.set_epoch(epoch)
        assert order == torch.cat(list(sampler)).tolist(), (n, seed, epoch)


@each_problem
def test_points_and_labels_are_those_of_the_command(problem: str, modules) -> None:
    body = "const sets = await (await load('points.js')).load(given);"
    body += "return ['train', 'val'].map((name) => [[...sets[name].features], [...sets[name].labels]]);"
    for noise, n, seed in ((0.0, 20, 0), (0.1, 100, 1), (0.35, 400, 4)):
        settings = {**USUAL, "problem": problem, "noise": noise, "train": n, "seed": seed}
        for split, (features, labels) in zip(("train", "val"), modules(body, settings), strict=True):
            expected = data(settings).sets[split].tensors
            assert features == expected[0].double().reshape(-1).tolist()
            assert labels == expected[1].tolist()


def test_the_step_that_is_about_to_happen_is_the_one_that_happens(modules) -> None:
    body = """
    const { load: points, firstWeights } = await load("points.js");
    const { Training } = await load("training.js");
    const training = new Training(given, await points(given), await firstWeights(given));
    for (let k = 0; k < 15; k++) training.step();
    const { batch, loss, change } = training.next(), before = training.network.weights.slice();
    const size = batch.length, taken = training.step();
    const off = change.map((by, k) => Math.abs(before[k] + by - training.network.weights[k]));
    return [loss === taken, size, Math.max(...off)];
    """
    for optimizer in OPTIMIZERS.values():
        same_loss, size, off = modules(body, {**USUAL, **optimizer})
        assert same_loss
        assert size == USUAL["batch"]
        assert off < 1e-15
