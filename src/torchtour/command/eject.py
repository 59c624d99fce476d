"""`torchtour eject`: a trained net for a reader who has torch alone."""

import argparse
import json
import logging
import shlex
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch

from torchtour import Classifier
from torchtour.command import eject_table
from torchtour.command.finding import find
from torchtour.command.folders import new_folder
from torchtour.command.say import say
from torchtour.preprocessing import FARTHEST
from torchtour.settings import UserError
from torchtour.tabular.columns import LARGEST
from torchtour.trust.atomic import replace
from torchtour.trust.audit import Stored, audit
from torchtour.trust.sealed import pack

SCRIPT = '''\
"""A net that torchtour trained, with torch alone: python predict.py {example} prints the probability of each class."""
import sys
from pathlib import Path

import torch
from torch import nn

net = nn.Sequential(nn.Linear({features}, {hidden}), nn.ReLU(), nn.Linear({hidden}, {classes}))
net.load_state_dict(torch.load(Path(__file__).with_name("weights.pt"), weights_only=True))
try:
    features = torch.tensor([float(word) for word in sys.argv[1:] or "?"]).reshape(-1, {features})  # [n, {features}]
except (ValueError, RuntimeError):
    print("usage: python predict.py {names} [{names} ...]", file=sys.stderr)
    sys.exit(2)
with torch.no_grad():
    for probabilities in net(features).softmax(dim=1).tolist():
        print(*probabilities)
'''


FORMATS = "torch: weights.pt and predict.py; onnx: net.onnx; json: net.json, for the playground"


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UserError(f"eject: {message}")


def eject(args: list[str]) -> int:
    """Write the files and say what they are.

    Raises:
        UserError: The checkpoint is not valid, or the folder is taken or cannot be written.
    """
    parser = Parser(prog="torchtour eject", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ckpt_path", default="best", metavar="CKPT", help="best or last of the newest run, or a path")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument("--format", choices=["torch", "onnx", "json"], default="torch", help=FORMATS)
    parser.add_argument("--root", type=Path, default=Path("checkpoints"), help="where best and last are looked for")
    options = parser.parse_args(args)
    stored = audit(find(options.ckpt_path, options.root), Classifier)
    try:
        with new_folder(options.to) as folder:
            say({"torch": _torch, "onnx": _onnx, "json": _json}[options.format](stored, folder))
    except OSError as error:
        raise UserError(f"--to {options.to} cannot be written: {error.strerror}") from None
    return 0


def _torch_table(stored: Stored, folder: Path) -> str:
    settings = stored.settings
    script = eject_table.SCRIPT.format(
        features=settings["n_features"],
        hidden=settings["hidden_size"],
        classes=settings["n_classes"],
        cells=eject_table.CELLS,
        largest=LARGEST,
        farthest=FARTHEST,
    )
    net = {_plain(name): value for name, value in stored.weights.items() if name.startswith("net.")}
    kept = {"columns": settings["columns"], "classes": settings["classes"], "net": net}
    replace(folder / "weights.pt", pack(kept))
    replace(folder / "predict.py", script.encode())
    command = f"python {shlex.quote(str(folder / 'predict.py'))} new.csv"
    return f"{folder} holds weights.pt and predict.py, which need torch alone:\n  {command}"


def _torch(stored: Stored, folder: Path) -> str:
    if stored.settings.get("columns"):
        return _torch_table(stored, folder)
    sizes = {"n_features": 2, "n_classes": 2, **stored.settings}
    n = sizes["n_features"]
    names = "x1 x2" if n == 2 else f"x1 ... x{n}"
    example = " ".join(["0.5", "-1.2", *["0"] * n][:n])
    script = SCRIPT.format(
        features=n, hidden=sizes["hidden_size"], classes=sizes["n_classes"], names=names, example=example
    )
    replace(folder / "weights.pt", pack({_plain(name): value for name, value in stored.weights.items()}))
    replace(folder / "predict.py", script.encode())
    command = f"python {shlex.quote(str(folder / 'predict.py'))} {example}"
    return f"{folder} holds weights.pt and predict.py, which need torch alone:\n  {command}"


def _plain(name: str) -> str:
    """net.fc1.weight -> 0.weight: the places in nn.Sequential."""
    return name.replace("net.fc1", "0").replace("net.fc2", "2")


def _json(stored: Stored, folder: Path) -> str:
    """The net as the playground opens it: its sizes, and each weight by its name. It takes raw numbers.

    Raises:
        UserError: The net needs more of a table than numbers.
    """
    weights = {name.removeprefix("net."): value for name, value in stored.weights.items() if name.startswith("net.")}
    if columns := stored.settings.get("columns"):
        if any(column["kind"] != "number" or column["missing"] for column in columns):
            raise UserError("--format json is for tables of numbers without gaps: the playground has nothing else")
        mean, scale = (torch.tensor([column[key] for column in columns]).double() for key in ("mean", "scale"))
        raw = weights["fc1.weight"].double() / scale  # [hidden, inputs]: the first layer takes the scaling on
        weights |= {"fc1.weight": raw, "fc1.bias": weights["fc1.bias"].double() - raw @ mean}
    hidden, inputs = weights["fc1.weight"].shape
    net = {
        "format": "torchtour net 1",
        "sizes": [inputs, hidden, len(weights["fc2.bias"])],
        "activation": "relu",
        "weights": {name: value.tolist() for name, value in weights.items()},
    }
    replace(folder / "net.json", json.dumps(net).encode())
    return f"{folder} holds net.json: open it in the playground"


def _onnx(stored: Stored, folder: Path) -> str:
    model = Classifier(**stored.settings)
    model.load_state_dict(stored.weights)
    columns = model.hparams["columns"]
    net = torch.nn.Sequential(model.inputs, model.net).eval() if columns else model.net.eval()
    n = len(columns) if columns else model.hparams["n_features"]
    example = torch.zeros(2, n)
    logging.disable(logging.WARNING)  # what else one could install
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            program = torch.onnx.export(
                net, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},), input_names=["features"],
                output_names=["logits"], dynamo=True, verbose=False,
            )  # fmt: skip
    except (ImportError, torch.onnx.errors.OnnxExporterError) as error:
        raise UserError(f"--format onnx needs two packages more: pip install onnx onnxscript ({error})") from None
    finally:
        logging.disable(logging.NOTSET)
    assert program is not None
    program.save(folder / "net.onnx")
    said = f"{folder} holds net.onnx: features [n, {n}] to logits [n, {model.hparams['n_classes']}]"
    if columns:
        kept = {"columns": columns, "classes": model.hparams["classes"]}
        replace(folder / "columns.json", json.dumps(kept, indent=1).encode())
        said = (
            f"{folder} holds net.onnx and columns.json: raw columns [n, {n}], numbers (NaN: missing) "
            f"and places of levels (-1: missing), to logits [n, {model.hparams['n_classes']}]"
        )
    if find_spec("onnxruntime") is None:
        return f"{said}. Not checked: onnxruntime is not installed"
    onnxruntime = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    features = torch.randn(7, n, generator=torch.Generator().manual_seed(0))
    for place, column in enumerate(columns or []):
        features[:, place] = float("nan") if column["kind"] == "number" else -1
        if column["kind"] == "number":
            features[1:, place] = column["mean"] + column["scale"] * torch.randn(6)
        else:
            features[1:, place] = torch.arange(6) % len(column["levels"])
    (logits,) = session.run(None, {"features": features.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(logits), net(features), rtol=1e-5, atol=1e-5)
    return f"{said}; onnxruntime gives what torch gives"
