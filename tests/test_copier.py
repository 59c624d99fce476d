"""What a copier changes, acted out on a copy of the tree: each is a change of one file, and all else follows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow
Edits = dict[str, list[tuple[str, str]]]
# A change: the edits in each file, (before, after), and what must hold then, in Python and through the command.
CHANGES: dict[str, tuple[Edits, str]] = {
    "a hyperparameter": (
        {
            "classifier.py": [
                (
                    "        gamma: float = 0.1,\n",
                    "        gamma: float = 0.1,\n        label_smoothing: float = 0.0,\n",
                ),
                (
                    "cross_entropy(logits, labels)",
                    'cross_entropy(logits, labels, label_smoothing=self.hparams["label_smoothing"])',
                ),
                ('    "gamma": (1e-9, 1),\n', '    "gamma": (1e-9, 1),\n    "label_smoothing": (0, 1),\n'),
                (
                    "        n_features: Features",
                    "        label_smoothing: Share of a label that goes to all.\n        n_features: Features",
                ),
            ]
        },
        """
old = Classifier.load_from_checkpoint(ROOT / "checkpoints/reference/0.1.0.ckpt")
assert old.hparams["label_smoothing"] == 0.0
assert "--model.label_smoothing 0.0" in call("fit", "--help")
said = call("fit", *FLAGS, "--model.label_smoothing", "1.5", status=2)
assert said.startswith("torchtour: model.label_smoothing must be from 0")
call("fit", *FLAGS, "--model.label_smoothing", "0.2")
assert "label_smoothing: 0.2" in Path("checkpoints/default/version_0/config.yaml").read_text()
call("test")
call("export", "--to", "home")
""",
    ),
    "a metric": (
        {
            "classifier.py": [
                (
                    '            "loss": MeanLoss(),\n',
                    '            "loss": MeanLoss(),\n            "f1": MulticlassF1Score(n_classes),\n',
                ),
                ("import MulticlassAccuracy\n", "import MulticlassAccuracy, MulticlassF1Score\n"),
            ]
        },
        """
shutil.copytree(ROOT / "before/checkpoints", "checkpoints")  # a run of two epochs from before the change
old = Path("checkpoints/default/version_0/metrics.csv").read_text().splitlines()
said = call("fit", "--ckpt_path", "last", "--trainer.max_epochs", "4")
assert re.search(r"F1: 0\\.\\d{4}, .*Val f1: ", said)
rows = list(csv.DictReader(open("checkpoints/default/version_0/metrics.csv")))
assert {"train/f1", "val/f1"} <= set(rows[0])
assert [row["train/f1"] == "" for row in rows] == [True, True, False, False]
assert [{name: row[name] for name in old[0].split(",")} for row in rows[:2]] == list(csv.DictReader(old))
assert re.search(r", f1 0\\.\\d+", call("test"))
from matplotlib.image import imread
assert imread("checkpoints/default/version_0/curves.png").shape[1] == 1333  # a panel more than three
""",
    ),
    "three classes in ten dimensions": (
        {
            "problems.py": [
                (
                    "def draw(name",
                    '''@problem(n_features=10, n_classes=3)
def tubes(n: int, generator: Generator | None = None) -> Points:
    """Ten dimensions, of which one decides: below -1/2, between, above 1/2."""
    features = torch.randn(n, 10, generator=generator)  # [n, 10]
    return features, 1 + (features[:, 0] > 0.5).long() - (features[:, 0] < -0.5).long()


def draw(name''',
                )
            ]
        },
        """
assert "line, circle, xor, gauss, spiral, tubes" in call("fit", "--data.problem", "moon", status=2)
said = call("fit", *FLAGS, "--data.problem", "tubes", "--data.n_train", "2000", "--trainer.max_epochs", "8")
assert not Path("checkpoints/default/version_0/boundary.png").exists()
accuracy = float(re.search(r"Accuracy ([\\d.]+) %", call("test")).group(1))
assert accuracy > 80
assert Path("checkpoints/default/version_0/confusion.png").exists()
call("predict")
header = Path("checkpoints/default/version_0/predictions.csv").read_text().splitlines()[0]
assert header == ",".join([f"x{k}" for k in range(1, 11)] + ["class", "p0", "p1", "p2"])
call("export", "--to", "home")
out = subprocess.check_output([sys.executable, "home/predict.py", *["0.1"] * 10], text=True)
assert len(out.split()) == 3 and abs(sum(map(float, out.split())) - 1) < 1e-5
reference = str(ROOT / "checkpoints/reference/0.1.0.ckpt")
assert "made for 2" in call("test", "--data.problem", "tubes", "--ckpt_path", reference, status=2)
""",
    ),
    "a problem that reads a file": (
        {
            "problems.py": [
                (
                    "def draw(name",
                    '''@problem()
def leaky(n: int, generator: Generator | None = None) -> Points:
    """The same rows for each set, as if from a file."""
    features = torch.arange(2.0 * n).reshape(n, 2)
    return features, features[:, 0].long() % 2


def draw(name''',
                )
            ]
        },
        """
assert "30 of 30 val points are also train points" in call("fit", *FLAGS, "--data.problem", "leaky", status=2)
assert not Path("checkpoints").exists()
""",
    ),
    "dropout": (
        {
            "network.py": [
                ("        self.fc2 =", "        self.dropout = nn.Dropout(0.1)\n        self.fc2 ="),
                ("self.fc2(hidden)", "self.fc2(self.dropout(hidden))"),
            ]
        },
        """
everywhere(draws=True)
assert call("test") == call("test")  # no unit is dropped in evaluation
""",
    ),
    "a second layer": (
        {
            "network.py": [
                ("        self.fc2 =", "        self.middle = nn.Linear(hidden_size, hidden_size)\n        self.fc2 ="),
                ("self.fc2(hidden)", "self.fc2(self.relu(self.middle(hidden)))"),
            ]
        },
        """
everywhere()
assert "Linear, ReLU, Linear alone" in call("export", "--to", "json", "--format", "json", status=2)
assert not Path("json").exists()
""",
    ),
    "another activation": ({"network.py": [("nn.ReLU()", "nn.Tanh()")]}, "everywhere()"),
    "class weights": (
        {
            "classifier.py": [
                (
                    "        return cross_entropy(logits, labels)\n",
                    "        weights = torch.tensor([0.2, 0.8], device=logits.device)\n"
                    "        return cross_entropy(logits, labels, weight=weights)\n",
                ),
                ("from torch import Tensor\n", "import torch\nfrom torch import Tensor\n"),
            ]
        },
        "everywhere()",
    ),
    "parameter groups and a schedule that asks the trainer": (
        {
            "classifier.py": [
                (
                    "        optimizer = self._optimizer()\n        return [optimizer], [self._schedule(optimizer)]\n",
                    """        weights = [weight for weight in self.net.parameters() if weight.dim() > 1]
        biases = [bias for bias in self.net.parameters() if bias.dim() == 1]
        groups = [{"params": weights, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}]
        optimizer = AdamW(groups, lr=self.hparams["lr"])
        return [optimizer], [CosineAnnealingLR(optimizer, T_max=self.trainer.max_epochs)]
""",
                ),
            ]
        },
        "everywhere(resume=False)  # the schedule ends with the epochs: two epochs are not the half of four",
    ),
}
START = """
import csv, re, shutil, subprocess, sys
from pathlib import Path
sys.path.append({tests!r})
from acting import FLAGS, call, everywhere
from torchtour import Classifier
ROOT = Path({root!r})
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    """A run of two epochs, by the tree as it is."""
    folder = tmp_path_factory.mktemp("before")
    play(folder, ROOT / "src", 'call("fit", *FLAGS)', folder)
    return folder


def play(folder: Path, source: Path, script: str, root: Path) -> None:
    code = START.format(root=str(root), tests=str(ROOT / "tests")) + script
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def changed(tmp_path: Path, edits: Edits) -> Path:
    """A copy of the sources with these edits made."""
    source = tmp_path / "copy/src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    for name, pairs in edits.items():
        path = source / "torchtour" / name
        text = path.read_text()
        for old, new in pairs:
            old, new = old.replace("\\n", "\n"), new
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, new)
        path.write_text(text)
    return source


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_made_in_one_place_and_everything_follows(tmp_path, before, change):
    edits, script = CHANGES[change]
    assert len(edits) == 1
    source = changed(tmp_path, edits)
    shutil.copytree(ROOT / "checkpoints/reference", tmp_path / "root/checkpoints/reference")
    shutil.copytree(before, tmp_path / "root/before")
    (tmp_path / "work").mkdir()
    play(tmp_path / "work", source, script, tmp_path / "root")


def test_the_copys_own_tests_pass_with_all_changes_made(tmp_path):
    together: Edits = {}
    for change, (edits, _) in CHANGES.items():
        for name, pairs in edits.items():
            if change in ("a hyperparameter", "a metric"):
                together.setdefault(name, []).extend(pairs)
    source = changed(tmp_path, together)
    shutil.copytree(ROOT / "tests", tmp_path / "copy/tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "checkpoints", "configs"):
        there = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        there(ROOT / name, tmp_path / "copy" / name)
    own = ["test_classifier.py", "test_plots.py"]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in own)],
        cwd=tmp_path / "copy", env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
