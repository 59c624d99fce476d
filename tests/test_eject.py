import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT

from torchtour import Classifier, TableNet

REFERENCE = ROOT / "checkpoints/reference/0.1.0.ckpt"
# An interpreter in which neither torchtour nor Lightning can be imported.
ALONE = """
import runpy, sys
class Refuse:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("torchtour", "lightning", "torchmetrics", "jsonargparse"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_the_script_gives_the_nets_probabilities_to_the_last_bit_with_torch_alone(torchtour):
    answer = torchtour("export", "--ckpt_path", REFERENCE, "--to", "home")
    assert (answer.status, answer.err) == (0, "")
    assert {path.name for path in Path("home").iterdir()} == {"net.pt2", "predict.py"}
    words = ["0.5", "-1.25", "3", "0.125"]
    out = subprocess.check_output([sys.executable, "-I", "-c", ALONE, "home/predict.py", *words], text=True)
    features = torch.tensor([[0.5, -1.25], [3, 0.125]])
    with torch.no_grad():
        expected = Classifier.load_from_checkpoint(REFERENCE)(features).softmax(dim=1)
    assert [[float(word) for word in line.split()] for line in out.splitlines()] == expected.tolist()

    for wrong in (["1"], [], ["1", "two"]):
        done = subprocess.run([sys.executable, "-I", "home/predict.py", *wrong], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "usage: python predict.py x1 x2 [x1 x2 ...]\n"


def test_the_json_file_holds_every_weight_to_the_last_bit(torchtour):
    answer = torchtour("export", "--ckpt_path", REFERENCE, "--to", "home", "--format", "json")
    assert (answer.status, answer.err) == (0, "")
    assert [path.name for path in Path("home").iterdir()] == ["net.json"]
    stored = json.loads(Path("home/net.json").read_text())
    net = Classifier.load_from_checkpoint(REFERENCE).net
    assert stored["sizes"] == [2, net.fc1.out_features, 2]
    assert stored["weights"].keys() == net.state_dict().keys()
    for name, weight in net.state_dict().items():
        assert torch.equal(torch.tensor(stored["weights"][name]), weight)


def test_the_json_file_of_a_table_takes_raw_numbers(torchtour):
    pytest.importorskip("polars", reason="tables are not installed")
    points = torch.randn(60, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 20.0]) + 5
    rows = [f"{a},{b},{'yes' if a > 5 else 'no'}" for a, b in points.tolist()]
    Path("points.csv").write_text("\n".join(["a,b,label", *rows, ""]))
    table = ("--data", "TableData", "--data.path", "points.csv", "--data.label", "label", "--plots.enabled", "false")
    one_net = ("--model", "TableNet", "--data.val_fraction", 0.2)
    assert torchtour("fit", *table, *one_net, "--trainer.max_epochs", 2).status == 0
    answer = torchtour("export", "--ckpt_path", "best", "--to", "home", "--format", "json")
    assert (answer.status, answer.err) == (0, "")
    stored = json.loads(Path("home/net.json").read_text())["weights"]
    w1, b1, w2, b2 = (torch.tensor(stored[f"fc{k}.{name}"]) for k in (1, 2) for name in ("weight", "bias"))
    logits = (points @ w1.T + b1).relu() @ w2.T + b2
    with torch.no_grad():
        expected = TableNet.load_from_checkpoint("checkpoints/default/version_0/best.ckpt")(points)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """An interpreter with the packages that the command asks for, and onnxruntime: neither torchtour nor torch."""
    folder = tmp_path_factory.mktemp("elsewhere")
    code = "import runpy, sys; sys.modules['onnxscript'] = None; runpy.run_module('torchtour', run_name='__main__')"
    asks = ejected([sys.executable, "-c", code], folder / "net")
    assert (asks.returncode, asks.stdout, asks.stderr.count("\n")) == (2, "", 1), asks
    packages = re.search(r"pip install ([a-z ]+) \(", asks.stderr)[1].split()
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (python,) = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages, "onnxruntime"]
    if subprocess.run(pip, capture_output=True).returncode:
        pytest.skip("no package index within reach")
    return [python, "-I"]


def ejected(command, to, *flags):
    paths = os.pathsep.join(path for path in sys.path if path)
    call = [*command, "export", "--to", to, "--format", "onnx", *(flags or ("--ckpt_path", REFERENCE))]
    return subprocess.run(call, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})


# What a reader writes who has the folder and onnxruntime: raw rows in, the probability of each class out.
BY_ONNXRUNTIME = """
import csv, json, sys
import numpy as np, onnxruntime
from onnx.reference import ReferenceEvaluator

file, folder = sys.argv[1:]
columns = json.load(open(folder + "/columns.json"))["columns"]
def raw(cell, column):
    if column["kind"] == "number":
        return float(cell or "nan")
    return column["levels"].index(cell) if cell in column["levels"] else -1
rows = [[raw(row[column["name"]], column) for column in columns] for row in csv.DictReader(open(file))]
features = np.array(rows, np.float32)
for session in (onnxruntime.InferenceSession(folder + "/net.onnx"), ReferenceEvaluator(folder + "/net.onnx")):
    (logits,) = session.run(None, {"features": features})
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    print(json.dumps((odds / odds.sum(axis=1, keepdims=True)).tolist()))
assert not {"torch", "torchtour"} & set(sys.modules)
"""


@pytest.mark.slow
def test_the_onnx_file_gives_what_torch_gives(elsewhere, tmp_path):
    answer = ejected([elsewhere[0], "-m", "torchtour"], tmp_path / "home")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.endswith("; onnxruntime gives what torch gives\n")
    features = torch.randn(5, 2, generator=torch.Generator().manual_seed(0)).tolist()
    code = "import onnxruntime, sys; net = onnxruntime.InferenceSession(sys.argv[1]); import numpy as np; "
    code += "print(net.run(None, {'features': np.array(eval(sys.argv[2]), np.float32)})[0].tolist())"
    for rows in (features[:1], features):
        call = [*elsewhere, "-c", code, tmp_path / "home/net.onnx", str(rows)]
        logits = json.loads(subprocess.check_output(call, text=True))
        with torch.no_grad():
            expected = Classifier.load_from_checkpoint(REFERENCE)(torch.tensor(rows))
        torch.testing.assert_close(torch.tensor(logits), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_the_onnx_file_of_a_table_takes_raw_columns(torchtour, elsewhere):
    rows = [(k % 7 / 4 if k % 5 else "", f"{k * k % 31}e3", ("Rome", "Bonn", "")[k * 7 % 11 % 3]) for k in range(120)]
    lines = [f"{a},{b},{city},{'yes' if (a or 0) > 0.7 else 'no'}" for a, b, city in rows]
    Path("learn.csv").write_text("\n".join(["a,b,city,label", *lines, ""]))
    new = ["a,b,city", "1.25,2e3,Rome", ",3e4,Bonn", "0.5,,Rome", ",,Paris", "1.5,7,Paris", "-4e20,1e9,bonn"]
    Path("new.csv").write_text("\n".join([*new, ""]))
    table = ("--data", "TableData", "--data.path", "learn.csv", "--data.label", "label", "--plots.enabled", "false")
    assert torchtour("fit", *table, "--trainer.max_epochs", 3).status == 0
    assert torchtour("predict", "--data.path", "new.csv").status == 0
    answer = ejected([elsewhere[0], "-m", "torchtour"], "home", "--ckpt_path", "best")
    assert (answer.returncode, answer.stderr) == (0, "")
    kinds = [column["kind"] for column in json.loads(Path("home/columns.json").read_text())["columns"]]
    assert kinds == ["number", "number", "category"]
    with open("checkpoints/default/version_0/predictions.csv") as file:
        expected = [[float(row["p_no"]), float(row["p_yes"])] for row in csv.DictReader(file)]
    assert len(expected) == len(new) - 1
    out = subprocess.check_output([*elsewhere, "-c", BY_ONNXRUNTIME, "new.csv", "home"], text=True)
    for found in out.splitlines():
        torch.testing.assert_close(torch.tensor(json.loads(found)), torch.tensor(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "--to"),
        (("--ckpt_path", "best", "--to", "home"), "best checkpoint"),
        (("--ckpt_path", REFERENCE, "--to", "taken"), "not empty"),
        (("--ckpt_path", REFERENCE, "--to", "taken/file"), "cannot be written"),
        (("--ckpt_path", REFERENCE, "--to", "home", "--format", "pickle"), "pickle"),
        (("--ckpt_path", "taken/file", "--to", "home"), "taken/file"),
    ],
)
def test_what_can_not_be_is_refused_in_a_line(torchtour, flags, message):
    Path("taken").mkdir()
    Path("taken/file").touch()
    answer = torchtour("export", *flags)
    assert (answer.status, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert message in answer.err
    assert not Path("home").exists()
