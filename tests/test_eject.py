import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT

from torchtour import Classifier

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
    answer = torchtour("eject", "--ckpt_path", REFERENCE, "--to", "home")
    assert (answer.status, answer.err) == (0, "")
    assert {path.name for path in Path("home").iterdir()} == {"weights.pt", "predict.py"}
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
    answer = torchtour("eject", "--ckpt_path", REFERENCE, "--to", "home", "--format", "json")
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
    table = ("--data", "TableData", "--data.path", "points.csv", "--data.label", "label", "--pictures.enabled", "false")
    assert torchtour("fit", *table, "--trainer.max_epochs", 2).status == 0
    answer = torchtour("eject", "--ckpt_path", "best", "--to", "home", "--format", "json")
    assert (answer.status, answer.err) == (0, "")
    stored = json.loads(Path("home/net.json").read_text())["weights"]
    w1, b1, w2, b2 = (torch.tensor(stored[f"fc{k}.{name}"]) for k in (1, 2) for name in ("weight", "bias"))
    logits = (points @ w1.T + b1).relu() @ w2.T + b2
    with torch.no_grad():
        expected = Classifier.load_from_checkpoint("checkpoints/default/version_0/best.ckpt")(points)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


def test_the_onnx_file_gives_what_torch_gives(torchtour):
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    answer = torchtour("eject", "--ckpt_path", REFERENCE, "--to", "home", "--format", "onnx")
    assert (answer.status, answer.err) == (0, "")
    session = onnxruntime.InferenceSession("home/net.onnx", providers=["CPUExecutionProvider"])
    for n in (1, 5):
        features = torch.randn(n, 2, generator=torch.Generator().manual_seed(n))
        (logits,) = session.run(None, {"features": features.numpy()})
        with torch.no_grad():
            expected = Classifier.load_from_checkpoint(REFERENCE)(features)
        torch.testing.assert_close(torch.from_numpy(logits), expected, rtol=1e-5, atol=1e-5)


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
    answer = torchtour("eject", *flags)
    assert (answer.status, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert message in answer.err
    assert not Path("home").exists()
