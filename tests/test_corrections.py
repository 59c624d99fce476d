"""The corrections of docs/corrections.md: a test each, or the section of a lesson that asserts it."""

import ast
import contextlib
import inspect
import io
import logging
import math
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from lightning import Trainer
from lightning.fabric.utilities import cloud_io
from matplotlib import pyplot
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from test_lessons import TRANSCRIPTS, check_transcript
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import StepLR

from torchtour import Classifier
from torchtour.data import SyntheticData
from torchtour.network import SimpleNet
from torchtour.runs import checkpoint_file, files
from torchtour.runs.checkpoint_file import read_raw

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for path in (ROOT / "src/torchtour").rglob("*.py") if path.parent.name != "answers")
LESSONS = sorted((ROOT / "src/torchtour/lessons").glob("[!_]*.py"))
SLOW = dict.fromkeys(  # five seconds and more
    ("data", "generalisation", "further", "tables", "pictures", "text", "probabilities", "shipping", "hood"),
    pytest.mark.slow,
)
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def undefined_names(source: str) -> str:
    """Ruff's undefined-name and undefined-local messages."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821,F823", "--output-format=concise"]
    done = subprocess.run([*command, "-"], input=source, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@each_lesson
def test_1_no_lesson_uses_a_name_that_is_not_defined(lesson: Path) -> None:
    assert undefined_names(lesson.read_text("utf-8")) == ""
    assert "zeros_tensor" in undefined_names("zero_tensor = 0\nprint(zeros_tensor)\n")


def function_source(path: Path, name: str) -> str:
    """The code of a function at the top level of a file, or nothing."""
    body = ast.parse(path.read_text("utf-8")).body
    return "".join(ast.unparse(node) for node in body if isinstance(node, ast.FunctionDef) and node.name == name)


@each_lesson
def test_2_a_headline_prints_the_line_it_is_called_from(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    function = function_source(lesson, "headline") or "from torchtour.lessons import headline\n"
    program = f"{function}\n\n\nheadline('a')\nif True:\n    headline('b'); headline('c')\n"
    exec(compile(program, "program", "exec"), {})
    lines = program.split("\n")
    printed = re.findall(r"\n\[Line (\d+)\] (\w+):\n", capsys.readouterr().out)
    assert [text for _, text in printed] == ["a", "b", "c"]
    assert all(f"headline('{text}')" in lines[int(number) - 1] for number, text in printed)
    exec(program, {"get_ipython": None})  # as in a notebook, whose cells have no numbers of lines
    assert capsys.readouterr().out == "\na:\n\nb:\n\nc:\n"

    typed = [node for node in ast.walk(ast.parse(lesson.read_text("utf-8"))) if isinstance(node, ast.Constant)]
    assert sum("[Line " in str(node.value) for node in typed) == ("def headline" in function)  # that in the function


@contextlib.contextmanager
def generators_at(seed: int) -> Iterator[None]:
    """Torch's and numpy's global generators, as if something else had used them."""
    with torch.random.fork_rng(devices=[]):
        state = np.random.get_state()
        torch.manual_seed(seed)
        np.random.seed(seed)
        yield
        np.random.set_state(state)


def run(lesson: Path) -> str:
    out, logger = io.StringIO(), logging.getLogger("lightning.pytorch")
    level = logger.level
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(lesson), run_name="__main__")
    finally:
        logger.setLevel(level)
        pyplot.close("all")
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize(
    "lesson", [pytest.param(path, id=path.stem, marks=SLOW.get(path.stem, ())) for path in LESSONS]
)
def test_3_a_lesson_prints_the_same_wherever_the_generators_stood(
    lesson: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # The transcript comes from a fresh process, which starts the generators always at the same place.
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with generators_at(1):
        (tmp_path / "printed").write_text(run(lesson), "utf-8")
    assert list((tmp_path / "empty").iterdir()) == []
    assert capfd.readouterr() == ("", "")
    check_transcript(tmp_path / "printed", TRANSCRIPTS / f"{lesson.stem}.txt")


def line_points(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    features = torch.randn(n, 2)  # [n, 2]
    return features, (features[:, 0] + features[:, 1] > 0).long()


def train(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor, lr: float, epochs: int) -> float:
    """Train in one batch; the accuracy on these points afterwards."""
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(epochs):
        optimizer.zero_grad()
        cross_entropy(net(features), labels).backward()
        optimizer.step()
    return accuracy(net, features, labels)


def accuracy(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return (net(features).argmax(dim=1) == labels).double().mean().item()


def test_4_the_learning_rate_explains_54_percent_not_the_size() -> None:
    def reached(hidden_size: int, lr: float, epochs: int = 100, seed: int = 42) -> float:
        torch.manual_seed(42)
        features, labels = line_points(100)
        if seed != 42:
            torch.manual_seed(seed)
        return train(SimpleNet(2, hidden_size, 2), features, labels, lr, epochs)

    assert reached(10, lr=0.01) == 0.54
    assert reached(10, lr=0.1) == 1
    assert reached(10, lr=0.01, epochs=1000) == 1
    assert sorted(reached(3, lr=0.1, seed=seed) for seed in range(5))[2] > 0.95  # smaller, and good
    assert reached(100, lr=0.01) > 0.95  # what is right in the claim: a wider net learns faster


def test_5_three_calls_of_step_are_not_thirty() -> None:
    def rate_after(calls: int) -> float:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
        scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
        for _ in range(calls):
            optimizer.step()  # nothing to learn from: it is the calls that count
            scheduler.step()
        return float(optimizer.param_groups[0]["lr"])

    assert rate_after(3) == 0.01
    assert [round(math.log10(rate_after(calls)), 6) for calls in (9, 10, 20, 30)] == [-2, -3, -4, -5]


def test_6_accuracy_on_the_training_points_says_little() -> None:
    torch.manual_seed(0)
    features, coins = torch.randn(10, 2), torch.randint(2, (10,))
    net = SimpleNet(2, 50, 2)
    assert train(net, features, coins, lr=1.0, epochs=300) == 1
    assert abs(accuracy(net, torch.randn(100_000, 2), torch.randint(2, (100_000,))) - 0.5) < 0.01

    # And what the project reports comes from points that no training saw.
    torch.manual_seed(42)
    data = SyntheticData(n_train=100, n_test=1000, batch_size=None)
    model = Classifier(lr=0.01, momentum=0.0, gamma=1.0)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(max_epochs=5, accelerator="cpu", enable_checkpointing=False, **quiet)
    trainer.fit(model, datamodule=data)
    reported = trainer.test(model, datamodule=data, verbose=False)[0]["test/accuracy"]
    seen, held_out = data.sets["train"].tensors, data.sets["test"].tensors
    assert len(held_out[0]) == 1000
    assert not set(map(tuple, seen[0].tolist())) & set(map(tuple, held_out[0].tolist()))
    assert reported == pytest.approx(accuracy(model.net, *held_out), abs=1e-6)
    assert reported != pytest.approx(accuracy(model.net, *seen), abs=1e-3)


class Trap:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)  # all it does


def loads(path: Path) -> list[tuple[str, str]]:
    """The calls in a source file that load with torch or Lightning, and what they pass as weights_only."""
    found = []
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and re.fullmatch(r"torch\.load|.*load_from_checkpoint", ast.unparse(call.func)):
            pairs = [(word.arg, word.value) for word in call.keywords]
            for unpacked in [value for name, value in pairs if name is None and isinstance(value, ast.Dict)]:
                pairs += [
                    (ast.unparse(key).strip("'"), value)
                    for key, value in zip(unpacked.keys, unpacked.values, strict=True)
                    if key
                ]
            passed = {name: ast.unparse(value) for name, value in pairs}
            found.append((path.name, passed.get("weights_only", "nothing")))
    return found


def test_7_a_booby_trapped_file_is_refused_and_its_code_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, trace = tmp_path / "trap.ckpt", tmp_path / "it_ran"
    torch.save({"state_dict": {"net.fc1.weight": Trap(trace)}}, path)
    with pytest.raises(UnpicklingError):
        torch.load(path)  # this torch's default
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # turns the default off
    with pytest.raises(UnpicklingError):
        torch.load(path, weights_only=True)
    files.replace(tmp_path / "sealed.ckpt", checkpoint_file.to_bytes({"state_dict": {"net.fc1.weight": Trap(trace)}}))
    with pytest.raises(ValueError, match="cannot be loaded"):
        read_raw(tmp_path / "sealed.ckpt")
    with pytest.raises(ValueError, match="cannot be loaded"):
        Classifier.load_from_checkpoint(tmp_path / "sealed.ckpt", weights_only=True)
    assert not trace.exists()
    with pytest.warns(UserWarning, match="forcing weights_only=False"):
        torch.load(path)
    assert trace.is_dir()  # a real trap: so weights_only is why nothing ran

    calls = [call for source in SOURCES for call in loads(source)]
    assert ("module.py", "True") in calls
    assert [call for call in calls if call[1] != "True"] == [("checkpoints.py", "False")]  # lesson 5, to show it


def requirement(name: str) -> Requirement:
    (found,) = [
        need for need in map(Requirement, metadata.requires("torchtour") or []) if need.name == name and not need.marker
    ]
    return found


def test_8_the_metadata_demand_python_3_11_and_torch_2_10() -> None:
    python = SpecifierSet(metadata.metadata("torchtour")["Requires-Python"])
    assert [version in python for version in ("3.9.99", "3.11.0", "3.14.0")] == [False, True, True]
    torches = requirement("torch").specifier
    assert [version in torches for version in ("2.0.0", "2.9.1", "2.10.0", "2.13.0")] == [False, False, True, True]
    assert torch.__version__ in torches


def uses_numpy(path: Path) -> bool:
    """Whether the file imports numpy and does something with it."""
    tree = ast.parse(path.read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    names = {alias.asname or alias.name for node in imported for alias in node.names if alias.name == "numpy"}
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def test_9_who_requires_numpy_uses_it(tmp_path: Path) -> None:
    assert requirement("numpy").specifier
    assert [path for path in SOURCES if "lessons" not in path.parts and uses_numpy(path)]
    inline = [path for path in LESSONS if re.search(r'(?m)^# dependencies = .*"numpy', path.read_text("utf-8"))]
    assert {path.stem for path in inline} >= {"tensors", "autograd"}
    for path in SOURCES:
        text = path.read_text("utf-8")
        assert ("import numpy" in text) == uses_numpy(path), path
        assert path not in inline or uses_numpy(path), path
        assert "random.seed(" not in text, path
    (tmp_path / "unused.py").write_text("import numpy as np\n")
    assert not uses_numpy(tmp_path / "unused.py")


def calls_in(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    """The calls below a node, each with the last part of its name."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(ast.unparse(call.func).split(".")[-1], call) for call in calls]


def unguarded_accelerators(source: str) -> list[int]:
    """Lines that ask for the accelerator, and neither pass check_available nor ask is_available before."""
    asked = "accelerator.is_available()" in source
    return [
        call.lineno
        for name, call in calls_in(ast.parse(source))
        if name == "current_accelerator" and not asked and "check_available=True" not in ast.unparse(call)
    ]


def test_17_no_accelerator_is_used_without_asking_if_it_is_there() -> None:
    assert unguarded_accelerators("torch.accelerator.current_accelerator() or torch.device('cpu')") == [1]
    for path in [*SOURCES, ROOT / "docs/loop.py"]:
        assert unguarded_accelerators(path.read_text("utf-8")) == [], path
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    assert torch.ones(2).to(device).device.type == device.type


def training_functions(tree: ast.Module) -> list[tuple[str, set[str]]]:
    """Functions with a loop that calls backward and step, and all that each calls."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = []
    for function in functions:
        loops = [node for node in ast.walk(function) if isinstance(node, ast.For)]
        if any({"backward", "step"} <= {name for name, _ in calls_in(loop)} for loop in loops):
            found.append((function.name, {name for name, _ in calls_in(function)}))
    return found


def measuring_functions(tree: ast.Module) -> list[tuple[str, set[str]]]:
    """Functions that compare answers of a net with labels, and all that each calls."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and "accura" in node.name]
    called = [(function.name, {name for name, _ in calls_in(function)}) for function in functions]
    return [(name, calls) for name, calls in called if "argmax" in calls and "step" not in calls]


@each_lesson
def test_20_loops_to_copy_set_the_mode_and_zero_the_gradients(lesson: Path) -> None:
    tree = ast.parse(lesson.read_text("utf-8"))
    order_is_the_topic = {"trained_with"} if lesson.stem == "training" else set()
    for name, calls in training_functions(tree):
        assert "train" in calls, name
        assert "zero_grad" in calls or name in order_is_the_topic, name
    for name, calls in measuring_functions(tree):
        assert "eval" in calls, name


def test_20_the_plain_loop_sets_the_mode_in_each_epoch() -> None:
    tree = ast.parse((ROOT / "docs/loop.py").read_text("utf-8"))
    (epochs,) = [node for node in tree.body if isinstance(node, ast.For)]
    calls = sorted((call.lineno, name) for name, call in calls_in(epochs))
    modes = [name for _, name in calls if name in ("train", "backward", "eval", "no_grad")]
    assert modes == ["train", "backward", "eval", "no_grad"]
    forgetful = "def fit(net):\n for x in y:\n  net(x).backward()\n  o.step()\n"
    assert training_functions(ast.parse(forgetful)) == [("fit", {"backward", "net", "step"})]


def test_27_lightning_reads_urls_with_weights_only_false(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: dict[str, object] = {}
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, **options: passed.update(options))
    cloud_io._load("http://127.0.0.1:1/net.ckpt")
    assert passed["weights_only"] is False
    cloud_io._load("http://127.0.0.1:1/net.ckpt", weights_only=True)
    assert passed["weights_only"] is True


@each_lesson
def test_31_no_lesson_trains_in_float64(lesson: Path) -> None:
    """Checks and derivatives by nudging may use it, a net of a training function may not."""
    functions = [node for node in ast.walk(ast.parse(lesson.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    makers = [function for function in functions if "train" in function.name or "net" in function.name]
    assert not [function.name for function in makers if "double" in {name for name, _ in calls_in(function)}]
    assert "Sequential(*layers).double()" not in lesson.read_text("utf-8")


def test_49_the_table_of_scale_follows_its_formula() -> None:
    text = (ROOT / "docs/scale.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| .* \| ([\d.e]+) / s \| ([\d.e]+) B/s \| (\d+) \| ([\d,]+) \|$", text)
    assert len(rows) == 3
    for speed, bandwidth, n, batch in rows:
        expected = 8 * (int(n) - 1) * float(speed) / (6 * float(bandwidth))
        assert int(batch.replace(",", "")) == pytest.approx(expected, rel=0.02)


def test_50_importance_hides_columns_that_say_the_same() -> None:
    """A rule that takes the mean of a column and its copy, against the rule of one column."""
    generator = np.random.default_rng(0)
    strong = generator.normal(size=10_000)
    labels = strong > 0

    def loss_of_accuracy(columns: np.ndarray) -> float:  # [row, column], the first is permuted
        permuted = columns.copy()
        permuted[:, 0] = generator.permutation(permuted[:, 0])
        return float(1 - ((permuted.mean(axis=1) > 0) == labels).mean())  # the rule is right without

    alone, beside_two_copies = loss_of_accuracy(strong[:, None]), loss_of_accuracy(np.stack([strong] * 3, axis=1))
    assert alone == pytest.approx(0.5, abs=0.02)
    assert beside_two_copies < 0.2


def sections_with_checks(lesson: Path) -> set[str]:
    """The titles of a lesson's sections that have a cell of checks."""
    pieces = re.split(r"(?m)^# (.+)\n# -{3,}$", lesson.read_text("utf-8"))
    return {title for title, text in zip(pieces[1::2], pieces[2::2], strict=True) if "\n# %% checks\n" in text}


def test_each_correction_is_shown_by_a_test_or_a_section_with_checks() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \|.*\| (.+?) \|$", (ROOT / "docs/corrections.md").read_text("utf-8"))
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 50
    here = {name for name, _ in inspect.getmembers(sys.modules[__name__], inspect.isfunction)}
    named = set()
    for number, proof in rows:
        if test := re.fullmatch(r"`(\w+)`", proof):
            assert test[1] in here, proof
            assert test[1].startswith(f"test_{number}_"), proof
            named.add(int(number))
            continue
        (place,) = re.findall(r"^\[lesson \d+\]\(lessons/(\w+)\): \*(.+)\*$", proof)
        (lesson,) = [path for path in LESSONS if path.stem == place[0]]
        assert place[1] in sections_with_checks(lesson), proof
    assert named == {int(name.split("_")[1]) for name in here if re.match(r"test_\d+_", name)}
