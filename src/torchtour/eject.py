"""`torchtour eject`: a trained net for a reader who has torch alone."""

import argparse
import json
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from torchtour import checkpoint
from torchtour.classifier import Classifier, check_checkpoint
from torchtour.limits import UserError

SCRIPT = '''\
"""A net that torchtour trained, with torch alone: python predict.py 0.5 -1.2 prints the probability of each class."""
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

net = nn.Sequential(nn.Linear(2, {hidden}), nn.ReLU(), nn.Linear({hidden}, 2))
net.load_state_dict(torch.load(Path(__file__).with_name("weights.pt"), weights_only=True))
try:
    features = torch.tensor([float(word) for word in sys.argv[1:] or "?"]).reshape(-1, 2)  # [n, 2]
except (ValueError, RuntimeError):
    print("usage: python predict.py x1 x2 [x1 x2 ...]", file=sys.stderr)
    sys.exit(2)
with torch.no_grad():
    for probabilities in net(features).softmax(dim=1).tolist():
        print(*probabilities)
'''


FORMATS = "torch: weights.pt and predict.py; onnx: net.onnx; json: net.json for the playground"


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UserError(f"eject: {message}")


def eject(args: list[str]) -> str:
    """Write the files and say what they are.

    Raises:
        UserError: The checkpoint is none, or the folder is taken or can't be written.
    """
    parser = Parser(prog="torchtour eject", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ckpt_path", required=True, metavar="CKPT", help="best or last of the newest run, or a path")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument("--format", choices=["torch", "onnx", "json"], default="torch", help=FORMATS)
    parser.add_argument("--root", type=Path, default=Path("checkpoints"), help="where best and last are looked for")
    options = parser.parse_args(args)
    path = checkpoint.find(options.ckpt_path, options.root)
    stored = check_checkpoint(path)
    folder: Path = options.to
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError(f"--to {folder} is not empty")
        if options.format == "onnx":
            return _onnx(path, folder)
        if options.format == "json":
            checkpoint.replace(folder / "net.json", _json(stored["state_dict"]))
            return f"{folder} holds net.json: open it in the playground of the site"
        weights = {_plain(name): value for name, value in stored["state_dict"].items()}
        checkpoint.replace(folder / "weights.pt", checkpoint.pack(weights))
        script = SCRIPT.format(hidden=stored["hyper_parameters"]["hidden_size"])
        checkpoint.replace(folder / "predict.py", script.encode())
    except OSError as error:
        raise UserError(f"--to {folder} can't be written: {error.strerror}") from None
    return f"{folder} holds weights.pt and predict.py, which need torch alone:\n  python {folder}/predict.py 0.5 -1.2"


def _plain(name: str) -> str:
    """net.fc1.weight -> 0.weight: the places in nn.Sequential."""
    return name.replace("net.fc1", "0").replace("net.fc2", "2")


def _json(state: dict[str, torch.Tensor]) -> bytes:
    """The net as the playground opens it: its sizes, and each weight by its name."""
    weights = {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}
    hidden, inputs = weights["fc1.weight"].shape
    net: dict[str, Any] = {
        "format": "torchtour net 1",
        "sizes": [inputs, hidden, len(weights["fc2.bias"])],
        "activation": "relu",
        "weights": {name: value.tolist() for name, value in weights.items()},
    }
    return json.dumps(net).encode()


def _onnx(path: Path, folder: Path) -> str:
    net = Classifier.load_from_checkpoint(path, weights_only=True).net.eval()
    example = torch.zeros(2, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            program = torch.onnx.export(
                net, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},), input_names=["features"],
                output_names=["logits"], dynamo=True, verbose=False,
            )  # fmt: skip
    except (ImportError, torch.onnx.errors.OnnxExporterError) as error:
        raise UserError(f"--format onnx needs two packages more: pip install onnx onnxscript ({error})") from None
    assert program is not None
    program.save(folder / "net.onnx")
    if find_spec("onnxruntime") is None:
        return f"{folder} holds net.onnx: features [n, 2] to logits [n, 2]. Not checked: onnxruntime is not installed"
    onnxruntime = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    features = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    (logits,) = session.run(None, {"features": features.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(logits), net(features), rtol=1e-5, atol=1e-5)
    return f"{folder} holds net.onnx: features [n, 2] to logits [n, 2]; onnxruntime gives what torch gives"
