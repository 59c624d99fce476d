"""The playground in a real browser: its arithmetic against torch's, its controls, and its instruments.

The arithmetic is tested in the sources, the pages in the built site.
"""

import csv
import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from shutil import copytree
from threading import Thread
from typing import Any

import pytest
import torch
from conftest import ROOT
from PIL import Image
from test_pages import OVERFLOW, PAGES, THEME, site, soup, violations  # noqa: F401
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


pytest_plugins = ("browser",)  # its fixtures, once for all files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules as they are in the sources, and the data made from torch now."""
    sys.path.insert(0, str(ROOT / "docs"))
    import playground

    path = tmp_path_factory.mktemp("playground")
    copytree(ROOT / "docs/_static/playground", path, dirs_exist_ok=True)
    playground.write(path / "data")
    (path / "empty.html").write_text("<!doctype html><title>empty</title>")
    return path


@pytest.fixture(scope="module")
def modules(folder: Path, chromium) -> Iterator[Any]:
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
        loader = points.train_dataloader()
        loader.sampler.set_epoch(epoch)
        served = torch.cat([features for features, _ in loader])
        assert torch.equal(served, points.sets["train"].tensors[0][order]), (n, seed, epoch)


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


# The pictures.


def test_shading_boundary_and_hinges_lie_where_torch_has_them(modules) -> None:
    torch.manual_seed(3)
    net = SimpleNet(2, 6, 2).double()
    weights = torch.cat([weight.detach().reshape(-1) for weight in net.parameters()])
    body = """
    const { Network } = await load("network.js");
    const { contour, field, hinges } = await load("drawing.js");
    const network = new Network(2, 6, 2, "relu", given), side = 41, values = field(network, 2, side);
    return [[...values], contour(values, side), hinges(network, 2)];
    """
    values, segments, lines = modules(body, weights.tolist())
    ticks = torch.linspace(-2, 2, 41, dtype=torch.float64)

    def difference(x1: Tensor, x2: Tensor) -> Tensor:
        with torch.no_grad():
            logits = net(torch.stack([x1, x2], dim=-1).double())
        return logits[..., 1] - logits[..., 0]

    x2, x1 = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    expected = difference(x1, x2)
    torch.testing.assert_close(torch.tensor(values, dtype=torch.float64).view(41, 41), expected, rtol=0, atol=1e-12)
    assert len(segments) > 10
    ends = torch.tensor(segments, dtype=torch.float64).view(-1, 2)  # in cells, from the upper left
    on_it = difference(ends[:, 0] / 10 - 2, 2 - ends[:, 1] / 10).abs().max()
    assert on_it < 0.02 * expected.abs().max()
    with torch.no_grad():
        for unit, line in enumerate(lines):
            weight, bias = net.fc1.weight[unit], net.fc1.bias[unit]
            edges = torch.tensor([[a, b] for a in (-2.0, 2.0) for b in (-2.0, 2.0)], dtype=torch.float64)
            sides = (edges @ weight + bias) > 0
            assert (line is None) == (sides.all() or not sides.any())
            if line:
                crossing = torch.tensor(line, dtype=torch.float64).view(2, 2)
                assert (crossing @ weight + bias).abs().max() < 1e-12


# The page.


@pytest.fixture
def playground(visit):
    """Open the playground with a part of its address, once it is ready; what it has solved before is forgotten."""

    def open_page(state: str = "", width: int = 1280):
        tab = visit("playground.html", width)
        tab.evaluate("localStorage.removeItem('torchtour-challenges')")
        tab.goto("about:blank")
        tab.troubles.clear()
        tab = visit(f"playground.html#{state}", width)
        tab.wait_for_selector("[data-play=main][data-ready]")
        return tab

    return open_page


def figures(tab) -> str:
    return tab.locator(".play-readout").inner_text()


def rows(tab) -> list[list[str]]:
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download points.csv").click()
    return list(csv.reader(io.StringIO(Path(download.value.path()).read_text())))


def command(tab) -> list[str]:
    return shlex.split(tab.locator(".play-line").inner_text())


def test_a_link_is_an_exercise_and_the_address_follows_the_controls(playground) -> None:
    tab = playground("problem=spiral&units=20&optimizer=adam&lr=0.02&batch=20")
    shown = {name: tab.get_by_label(name, exact=True).input_value() for name in ("Problem", "Optimizer", "Batch size")}
    assert shown == {"Problem": "spiral", "Optimizer": "adam", "Batch size": "20"}
    assert tab.get_by_label("Hidden units").get_attribute("aria-valuetext") == "20"
    assert "--model.hidden_size 20" in " ".join(command(tab))
    assert "--data.batch_size 20" in " ".join(command(tab))
    tab.get_by_label("Problem").select_option("xor")
    tab.wait_for_function("location.hash === '#problem=xor&units=20&optimizer=adam&lr=0.02&batch=20'")


def test_what_an_address_can_not_have_is_named_and_left_out(playground) -> None:
    tab = playground("problem=moons&units=51&seed=1&lr=nan&colour=red")
    trouble = tab.get_by_role("alert").inner_text()
    assert all(part in trouble for part in ("problem=moons", "units=51", "lr=nan", "colour=red"))
    assert "seed=1" not in trouble
    assert {"circle", "10"} <= set(command(tab))


def test_links_to_the_playground_hold_what_it_knows(playground) -> None:
    states = {
        link["href"].split("#")[1]
        for page in PAGES
        for link in soup(page).select("a[href*='#'][href*='=']")
        if page == "playground.html" or "playground.html#" in link["href"]
    }
    assert states
    for state in states:
        assert playground(state).get_by_role("alert").filter(visible=True).count() == 0, state


def test_it_can_be_used_by_keyboard_alone(playground) -> None:
    tab = playground()
    before = figures(tab)
    tab.locator("[data-play=main] button").first.focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # one step
    assert tab.locator(".play-said").inner_text().startswith("Before training")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")  # one epoch
    assert figures(tab).startswith("Epoch 1, step 25.")
    assert tab.locator(".play-said").inner_text() == figures(tab) != before
    tab.get_by_label("Hidden units").focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("location.hash === '#units=11'")
    tab.get_by_role("button", name="Play").focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Pause").wait_for()
    tab.keyboard.press("Enter")
    assert tab.get_by_role("button", name="Play").count() == 1


def test_the_picture_is_told_in_words(playground) -> None:
    tab = playground("problem=line&units=7")
    for _ in range(3):
        tab.get_by_role("button", name="One epoch").click()
    words = tab.locator("canvas.play-canvas").get_attribute("aria-label")
    assert "250 training and 250 validation points" in words
    assert "of 7 hinge lines" in words
    share = float(words.split("class 1 in ")[1].split(" %")[0])
    assert 40 < share < 60  # class 1 is half of the plane
    assert "Curves of the loss over 3 epochs" in tab.locator("canvas.play-curve").first.get_attribute("aria-label")


def test_own_points_are_drawn_typed_kept_in_the_address_and_trained_on(playground) -> None:
    tab = playground("problem=own&train=400")
    assert "No training points" in figures(tab)
    assert tab.get_by_role("button", name="Play").is_disabled()
    box = tab.locator("canvas.play-canvas").bounding_box()
    for place in (0.2, 0.3, 0.4):
        tab.mouse.click(box["x"] + place * box["width"], box["y"] + 0.25 * box["height"])
    tab.get_by_label("Class", exact=True).select_option("1")
    for x1 in ("1.5", "1.25", "0.75"):
        tab.get_by_label("x1").fill(x1)
        tab.get_by_label("x2").fill("-1")
        tab.get_by_role("button", name="Add point").click()
    tab.wait_for_function("location.hash.split(';').length === 6")
    tab.get_by_role("button", name="One epoch").click()
    assert figures(tab).startswith("Epoch 1, step 1.")
    table = rows(tab)
    assert table[0] == ["x1", "x2", "label", "set"]
    assert [row[2] for row in table[1:]].count("1") == 3
    assert ["1.5", "-1", "1"] in [row[:3] for row in table]
    assert "TableData" in command(tab)
    address_with_points = tab.url.split("#")[1]
    assert playground(address_with_points).url.endswith(address_with_points)
    assert rows(tab) == table
    tab.get_by_role("button", name="Clear").click()
    tab.wait_for_function("!location.hash.includes('points')")


def test_own_points_train_by_the_command_and_the_file(playground, torchtour) -> None:
    points = [(x1, x2, int(x1 > 0)) for x1 in range(-250, 251, 45) for x2 in range(-200, 201, 80)]
    tab = playground(f"problem=own&train=400&points={';'.join(','.join(map(str, point)) for point in points)}")
    tab.evaluate(PRESS, 5)
    Path("points.csv").write_text("\n".join(",".join(row) for row in rows(tab)) + "\n")
    answer = torchtour(*command(tab)[1:], "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    with open("checkpoints/playground/version_0/metrics.csv") as file:
        *_, last = csv.DictReader(file)
    assert float(last["val/accuracy"]) > 0.9


def test_points_csv_holds_the_points_of_the_command(playground) -> None:
    tab = playground("problem=gauss&noise=0.25&train=50&seed=3")
    table = rows(tab)[1:]
    sets = data({**USUAL, "problem": "gauss", "noise": 0.25, "train": 50, "seed": 3}).sets
    for split in ("train", "val"):
        features, labels = sets[split].tensors
        mine = [row for row in table if row[3] == split]
        assert torch.equal(torch.tensor([[float(x) for x in row[:2]] for row in mine]), features)
        assert [int(row[2]) for row in mine] == labels.tolist()


PRESS = """async (epochs) => {
  const buttons = [...document.querySelectorAll("[data-play=main] button")];
  const button = buttons.find((one) => one.textContent === "One epoch");
  for (let k = 0; k < epochs; k++) button.click();
}"""


@pytest.mark.parametrize(
    ("state", "epochs"),
    [
        ("problem=circle", 12),
        ("problem=spiral&units=20&optimizer=adam&lr=0.02&train=400&step_size=5&gamma=0.5&seed=2", 15),
        ("problem=xor&noise=0.1&units=4&batch=500&lr=0.5&decay=0.001&seed=4", 20),
        ("problem=gauss&noise=0.3&train=20&batch=5&momentum=0.5&lr=0.02", 10),
    ],
)
def test_the_command_on_the_screen_gives_the_figures_on_the_screen(
    state: str, epochs: int, playground, torchtour
) -> None:
    tab = playground(state)
    tab.evaluate(PRESS, epochs)
    program, *arguments = command(tab)
    assert (program, arguments[0]) == ("torchtour", "fit")
    answer = torchtour(*arguments, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    with open("checkpoints/playground/version_0/metrics.csv") as file:
        *_, last = csv.DictReader(file)
    assert int(last["epoch"]) + 1 == epochs or int(last["epoch"]) == epochs
    for split, kind in (("train", "Training"), ("val", "Validation")):
        loss, accuracy = figures(tab).split(f"{kind}: loss ")[1].split(" %")[0].split(", accuracy ")
        assert float(accuracy) == round(100 * float(last[f"{split}/accuracy"]), 1)
        assert float(loss) == pytest.approx(float(last[f"{split}/loss"]), abs=2e-4)


def test_a_net_of_the_command_is_opened_and_gives_its_accuracy(playground, torchtour, tmp_path: Path) -> None:
    settings = ("--data.n_train", "50", "--data.n_val", "450", "--data.seed", "2", "--data.problem", "xor")
    settings += ("--model.hidden_size", "7", "--trainer.max_epochs", "3", "--plots.enabled", "false")
    assert torchtour("fit", *settings).status == 0
    assert torchtour("export", "--ckpt_path", "last", "--to", "home", "--format", "json").status == 0
    with open("checkpoints/default/version_0/metrics.csv") as file:
        *_, last = csv.DictReader(file)
    tab = playground("problem=xor&train=50&seed=2")
    tab.locator("input[type=file]").set_input_files("home/net.json")
    tab.wait_for_function("document.querySelector('.play-said').textContent.startsWith('Opened a net of 7')")
    loss, accuracy = figures(tab).split("Validation: loss ")[1].split(" %")[0].split(", accuracy ")
    assert float(accuracy) == round(100 * float(last["val/accuracy"]), 1)
    assert float(loss) == pytest.approx(float(last["val/loss"]), abs=1e-4)
    for wrong, words in (
        ("{", "not JSON"),
        ("{}", "no net"),
        (Path("home/net.json").read_text().replace("7", "9"), ""),
    ):
        (tmp_path / "wrong.json").write_text(wrong)
        tab.locator("input[type=file]").set_input_files(tmp_path / "wrong.json")
        tab.get_by_role("alert").filter(visible=True).wait_for()
        assert words in tab.get_by_role("alert").inner_text()
        tab.get_by_role("button", name="Set up: xor with two units").click()


def test_an_activation_that_the_command_lacks_is_admitted(playground) -> None:
    assert "another net" in playground("activation=tanh").locator("[data-play=command]").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_playground_is_accessible_while_it_plays_and_fits(width: int, playground) -> None:
    tab = playground("problem=own&points=100,100,0;-100,-50,1;50,-50,1;20,10,0;-20,40,0;5,5,1", width)
    tab.get_by_role("button", name="Play").click()
    assert tab.evaluate(OVERFLOW) == []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(f"{THEME} === '{scheme}'")
        tab.wait_for_timeout(500)  # the theme's own colours change slowly
        assert violations(tab) == []


def test_the_picture_follows_the_theme(playground) -> None:
    tab = playground("problem=line")

    def brightness() -> int:
        with Image.open(io.BytesIO(tab.locator("canvas.play-canvas").screenshot())) as image:
            return sum(image.convert("RGB").getpixel((40, 100)))

    light = brightness()
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_function(f"{THEME} === 'dark'")
    tab.wait_for_timeout(200)
    assert brightness() < light / 2


def test_a_hundred_epochs_a_second_with_drawing(playground) -> None:
    """500 points of the reader's own, 400 of them to train on, and 10 units: drawn and counted for two seconds."""
    points = ";".join(f"{(37 * k) % 600 - 300},{(91 * k) % 600 - 300},{k % 2}" for k in range(500))
    tab = playground(f"problem=own&train=400&points={points}")
    tab.get_by_label("Speed").select_option("fastest")
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_timeout(2000)
    tab.get_by_role("button", name="Pause").click()
    epochs = int(figures(tab).split("Epoch ")[1].split(",")[0])
    assert epochs >= 200


SOLVED = "JSON.parse(localStorage.getItem('torchtour-challenges') ?? '{}')"


@pytest.mark.parametrize(
    ("challenge", "tries"),
    [
        ("spiral", [("problem=spiral&units=12&train=400&optimizer=adam&lr=0.02&seed=1&step_size=50&gamma=0.5", 60)]),
        ("xor", [("problem=xor&units=2&optimizer=adam&lr=0.02", 150)]),
        ("rate", [("problem=line&momentum=0&lr=5", 10), ("problem=line&momentum=0&lr=10", 10)]),
        (
            "overfit",
            [
                ("problem=line&noise=0.5&train=20&units=50&optimizer=adam&lr=0.02&batch=5", 400),
                ("problem=line&noise=0.5&train=20&units=50&optimizer=adam&lr=0.02&batch=5&decay=0.1", 400),
            ],
        ),
    ],
)
def test_a_challenge_is_solved_when_it_is_and_not_before(challenge: str, tries, playground) -> None:
    tab = playground()
    solved = f"{SOLVED}.{challenge}?.solved ?? false"
    tab.get_by_label("Speed").select_option("fastest")
    for state, epochs in tries:
        assert not tab.evaluate(solved)
        tab.evaluate(f"location.hash = '{state}'")
        tab.wait_for_timeout(300)
        tab.get_by_role("button", name="Play").click()
        enough = f"Number(document.querySelector('.play-readout').textContent.match(/Epoch ([0-9]+)/)?.[1]) >= {epochs}"
        tab.wait_for_function(f"({enough}) || ({solved})")
        tab.get_by_role("button", name="Pause").click()
    assert tab.evaluate(solved)
    assert tab.locator("[data-play=challenges] li[data-solved]").count() == 1
    tab.get_by_role("button", name="Forget what I solved").click()
    assert tab.locator("[data-play=challenges] li[data-solved]").count() == 0


@pytest.mark.parametrize(
    "state", ["problem=spiral&units=4", "problem=xor&units=2&activation=none", "problem=line&momentum=0&lr=1"]
)
def test_a_challenge_that_is_not_solved_stays_open(state: str, playground) -> None:
    tab = playground(state)
    tab.evaluate(PRESS, 30)
    assert tab.locator("[data-play=challenges] li[data-solved]").count() == 0
    assert any(tab.locator(".play-note").all_inner_texts())


# The instruments in the lessons.


def test_broadcasting_says_what_torch_does_and_says(modules) -> None:
    sizes = (1, 2, 3)
    shapes = [list(shape) for length in range(4) for shape in product(sizes, repeat=length)]
    pairs = [[a, b] for a in shapes for b in shapes]
    body = "const { broadcast } = await load('broadcasting.js'); return given.map((pair) => broadcast(...pair));"
    refused = 0
    for (a, b), answer in zip(pairs, modules(body, pairs), strict=True):
        if "shape" in answer:
            assert answer == {"shape": list((torch.ones(a) + torch.ones(b)).shape)}
        else:
            with pytest.raises(RuntimeError, match=f"^{re.escape(answer['error'])}$"):
                torch.ones(a) + torch.ones(b)
            refused += 1
    assert refused > 100


def test_broadcasting_repeats_the_numbers_that_torch_repeats(modules) -> None:
    body = "const { source } = await load('broadcasting.js'); return given.map((one) => source(...one));"
    a, b = torch.arange(3).view(3, 1), torch.arange(4)
    places = list(product(range(3), range(4)))
    assert modules(body, [[place, [3, 1]] for place in places]) == a.expand(3, 4).flatten().tolist()
    assert modules(body, [[place, [4]] for place in places]) == b.expand(3, 4).flatten().tolist()


def test_views_have_the_strides_and_the_numbers_of_torch(modules) -> None:
    body = """
    const { LAYOUTS } = await load("views.js");
    return LAYOUTS.map(([name, view]) =>
      [name, view.shape, view.strides, view.offset, view.isContiguous, view.places(), view.flattens]);
    """
    layouts = modules(body)
    assert len(layouts) >= 6
    assert {layout[4] for layout in layouts} == {True, False}
    for name, shape, strides, offset, contiguous, places, flattens in layouts:
        tensor = eval(name, {"numbers": torch.arange(12)})
        assert (shape, strides, offset) == (list(tensor.shape), list(tensor.stride()), tensor.storage_offset()), name
        assert (contiguous, places) == (tensor.is_contiguous(), tensor.flatten().tolist()), name
        with nullcontext() if flattens else pytest.raises(RuntimeError, match="view size is not compatible"):
            tensor.view(-1)


@pytest.mark.parametrize("zeroed", [True, False])
@pytest.mark.parametrize("rate", [0.001, 0.1, 0.5, 0.95, 1.0, 1.05, 2.1])
def test_descent_is_that_of_autograd_and_so_is_its_verdict(rate: float, zeroed: bool, modules) -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    expected = [x.item()]
    for _ in range(50):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= rate * x.grad
        if zeroed:
            x.grad.zero_()
        expected.append(x.item())
    body = "const { descend, verdict } = await load('descent.js'); return [descend(...given), verdict(...given)];"
    path, verdict = modules(body, [rate, zeroed])
    assert path == pytest.approx(expected, rel=1e-9, abs=1e-9)
    end, start = abs(expected[-1] - 3), 2
    kind = verdict.split(":")[0].split(" ")[0]
    if kind == "diverges":
        assert end > 10 * start
    elif kind == "swings":
        late = modules(body, [rate, zeroed, 4000])[0][2000:]
        assert 0.99 * start < max(abs(x - 3) for x in late) < 20 * start
    elif kind == "crawls":
        assert 0.1 * start < end < start
    else:
        assert kind in ("converges", "oscillates")
        assert end < 0.02 * start
        assert (kind == "oscillates") == (zeroed and expected[1] > 3)


def test_each_node_of_the_graph_has_the_gradient_and_the_name_of_torch(modules) -> None:
    body = """
    const { EXAMPLES, backward, topological } = await load("graph.js");
    return Object.entries(EXAMPLES).map(([name, make]) => {
      const result = make();
      for (const step of backward(result)) step();
      return [name, topological(result).map(({ name, data, kind, grad }) => [name, data, kind, grad])];
    });
    """
    for example, nodes in modules(body):
        result, formula = example.split(" = ")
        known = {name: torch.tensor(float(data), requires_grad=True) for name, data, kind, _ in nodes if kind == "leaf"}
        # The graph by hand, so that each result is one tensor: a longer name holds a shorter one.
        for name, *_ in sorted((node for node in nodes if node[2] != "leaf"), key=lambda node: node[0] == result):
            text = formula if name == result else name
            for part in sorted(known, key=len, reverse=True):
                text = text.replace(part, f"known[{part!r}]") if len(part) > 1 else text
            known[name] = eval(text, {"known": known, **known})
            known[name].retain_grad()
        known[result].backward()
        for name, data, kind, grad in nodes:
            assert (known[name].item(), known[name].grad.item()) == (data, grad), (example, name)
            assert kind == ("leaf" if known[name].is_leaf else known[name].grad_fn.name()), (example, name)


def test_the_curve_with_fewer_units_is_that_of_torch(modules) -> None:
    torch.manual_seed(4)
    net = SimpleNet(1, 20, 1).double()
    body = """
    const { first, output, hingePlaces } = await load("hinges.js");
    const { curveWeights } = await load("points.js");
    const network = first(given[0], await curveWeights(), given[1]);
    return [given[2].map((x) => output(network, x)), hingePlaces(network)];
    """
    places = torch.linspace(-3, 3, 50, dtype=torch.float64)
    for units, activation in ((1, "relu"), (3, "relu"), (20, "relu"), (20, "none")):
        with torch.no_grad():
            hidden = ACTIVATIONS[activation](net.fc1(places[:, None]))[:, :units]
            expected = (hidden @ net.fc2.weight[:, :units].T + net.fc2.bias).flatten()
            hinges = (-net.fc1.bias / net.fc1.weight[:, 0])[:units]
        values, found = modules(body, [units, activation, places.tolist()])
        assert values == pytest.approx(expected.tolist(), abs=1e-12)
        assert found == pytest.approx(hinges.tolist(), rel=1e-12)


INSTRUMENTS = {"tensors": ["views", "broadcasting"], "autograd": ["descent", "graph"], "networks": ["hinges"]}
each_lesson = pytest.mark.parametrize("name", INSTRUMENTS)


@each_lesson
def test_a_lesson_has_its_instruments_and_they_answer_to_the_keyboard(name: str, visit) -> None:
    tab = visit(f"lessons/{name}.html", width=390)
    for instrument in INSTRUMENTS[name]:
        host = tab.locator(f"[data-instrument={instrument}][data-ready]")
        host.wait_for()
        before = host.get_by_role("status").inner_text()
        control = host.locator("input, select, button").first
        control.focus()
        tab.keyboard.press("ArrowRight" if instrument in ("descent", "hinges") else "ArrowDown")
        if instrument == "broadcasting":
            tab.keyboard.type(", 2")
        if instrument == "graph":
            host.get_by_role("button", name="Backward, one node").press("Enter")
        tab.wait_for_timeout(100)
        assert host.get_by_role("status").inner_text() != before, instrument
    assert tab.evaluate(OVERFLOW) == []


@each_lesson
def test_without_a_script_the_lesson_is_as_it_was(name: str, chromium, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}lessons/{name}.html")
    for instrument in INSTRUMENTS[name]:
        host = tab.locator(f"[data-instrument={instrument}]")
        assert host.count() == 1
        assert not host.is_visible()
    if name != "tensors":
        assert tab.locator("article img").count() >= 1
    context.close()


def test_the_panel_plays_in_any_page_and_rests_for_a_reader_who_wants_less_motion(visit) -> None:
    mount = """async ([still, address]) => {
      const { mount } = await import(new URL("_static/playground/panel.js", document.baseURI).href);
      const host = document.createElement("div");
      document.querySelector("article").prepend(host);
      await mount(host, { address, play: true, speed: "fastest", epochs: 20, link: "playground.html" });
    }"""
    tab = visit("lessons.html")
    for reduced in ("reduce", "no-preference"):
        tab.emulate_media(reduced_motion=reduced)
        tab.evaluate(mount, [reduced, "#problem=spiral&units=20"])
        panel = tab.locator(".play-panel").first
        if reduced == "reduce":
            tab.wait_for_timeout(500)
            assert panel.locator(".play-readout").inner_text().startswith("Before training")
        else:
            panel.get_by_text("Epoch 20").wait_for()
        assert panel.get_by_role("link").get_attribute("href") == "playground.html#problem=spiral&units=20"
    assert violations(tab) == []
