"""`torchtour export`: a trained net for a reader who has only torch, or ONNX Runtime, or the playground."""

import json
import logging
import shlex
import shutil
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.command.arguments import MODELS, Classes, model_of
from torchtour.command.shipped import PACKAGE, new_folder
from torchtour.command.terminal import Options, print_rank_zero
from torchtour.runs.checkpoint import Checkpoint, read_checkpoint
from torchtour.runs.checkpoint_file import RawCheckpoint, read_raw
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.runs.files import replace
from torchtour.settings import UserError
from torchtour.tables import cells
from torchtour.tables.columns import MAX_ABS_VALUE
from torchtour.tables.net import TableNet
from torchtour.tables.regressor import AmountWithInterval, TableRegressor
from torchtour.tables.schema import NumberColumn, columns_from_dicts

PROGRAMS = PACKAGE / "template/export"
FORMATS = "torch: net.pt2 and predict.py; onnx: net.onnx; json: net.json, for the playground"
N_EXAMPLES = 64  # rows on which the exported net must agree with the trained one


def export(args: list[str]) -> int:
    """Write the files and print what they are.

    Raises:
        UserError: The checkpoint is not valid, or the folder is not empty or cannot be written.
    """
    parser = Options(prog="torchtour export", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ckpt_path", default="best", metavar="CKPT", help="best or last of the newest run, or a path")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument("--format", choices=list(WRITERS), default="torch", help=FORMATS)
    parser.add_argument("--root", type=Path, default=Path("checkpoints"), help="where best and last are looked for")
    options = parser.parse_args(args)
    checkpoint = _read(read_raw(find_checkpoint(options.ckpt_path, options.root)))
    try:
        with new_folder(options.to) as folder:
            print_rank_zero(WRITERS[options.format](checkpoint, folder))
    except OSError as error:
        raise UserError(f"--to {options.to} cannot be written: {error.strerror}") from None
    return 0


class Exportable(nn.Module):
    """A checkpoint's net with its preprocessing, from features [n, n_features] to logits [n, n_classes].

    Of an amount: to the amount and the ends of its interval [n, 3].
    """

    n_features: Tensor

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.columns = columns_from_dicts(checkpoint.settings.get("columns") or [])
        model: Any = checkpoint.build()
        self.layers = _layers(model).eval()
        n_features = len(self.columns) if self.columns else checkpoint.settings.get("n_features", 2)
        self.register_buffer("n_features", torch.tensor(n_features))

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layers(features)
        return logits

    def examples(self) -> Tensor:
        """Rows to compare on [N_EXAMPLES, n_features]: normal numbers, and a table's with gaps and every category."""
        generator = torch.Generator().manual_seed(0)
        rows = torch.randn(N_EXAMPLES, int(self.n_features), generator=generator)
        for index, column in enumerate(self.columns):
            if isinstance(column, NumberColumn):
                rows[:, index] = column.mean + column.std * rows[:, index]
                if column.had_missing:
                    rows[::7, index] = torch.nan
            else:
                rows[:, index] = torch.arange(N_EXAMPLES) % (len(column.levels) + 1) - 1.0
        return rows

    def check(self, exported: Callable[[Tensor], Tensor], tolerance: float = 1e-5) -> None:
        """Compare what was exported with the trained net on the examples.

        Raises:
            UserError: They differ.
        """
        rows = self.examples()
        with torch.no_grad():
            expected = self(rows)
            difference = float((exported(rows) - expected).abs().max())
        if not difference <= tolerance * (1 + float(expected.abs().max())):
            raise UserError(f"the exported net differs from the trained one, by up to {difference:g} in a logit")


def _read(raw: RawCheckpoint) -> Checkpoint:
    class_path = model_of(raw) if isinstance(raw.content, dict) and "hyper_parameters" in raw.content else ""
    name = class_path.rpartition(".")[2]
    return read_checkpoint(raw, Classes.of(model=name if name in MODELS else None).model)


def _layers(model: Any) -> nn.Module:
    if isinstance(model, TableNet):
        return nn.Sequential(model.inputs, model.net)
    if isinstance(model, TableRegressor):
        return AmountWithInterval(model.net, model.conformal, model.hparams["coverage"])
    layers: nn.Module = model.net
    return layers


def _write_torch(checkpoint: Checkpoint, folder: Path) -> str:
    net = Exportable(checkpoint)
    batch = torch.export.Dim("batch")
    program = torch.export.export(net, (net.examples(),), dynamic_shapes=({0: batch},))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its file format
        torch.export.save(program, folder / "net.pt2")
        loaded = torch.export.load(folder / "net.pt2").module()
    net.check(loaded, tolerance=0)
    if not net.columns:
        shutil.copy(PROGRAMS / "predict.py", folder)
        example = " ".join(["0.5", "-1.2", *["0"] * int(net.n_features)][: int(net.n_features)])
        command = f"python {shlex.quote(str(folder / 'predict.py'))} {example}"
        return f"{folder} holds net.pt2 and predict.py, which need only torch:\n  {command}"
    shutil.copy(PROGRAMS / "predict_table.py", folder / "predict.py")
    shutil.copy(cells.__file__, folder / "cells.py")
    _write_columns(checkpoint, folder)
    command = f"python {shlex.quote(str(folder / 'predict.py'))} new.csv"
    return f"{folder} holds net.pt2, columns.json, cells.py and predict.py, which need only torch:\n  {command}"


def _write_onnx(checkpoint: Checkpoint, folder: Path) -> str:
    net = Exportable(checkpoint)
    logging.disable(logging.WARNING)  # what else one could install
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            program = torch.onnx.export(
                net, (net.examples(),), dynamic_shapes=({0: torch.export.Dim("batch")},), input_names=["features"],
                output_names=["logits"], dynamo=True, verbose=False,
            )  # fmt: skip
    except (ImportError, torch.onnx.errors.OnnxExporterError) as error:
        raise UserError(f"--format onnx needs two more packages: pip install onnx onnxscript ({error})") from None
    finally:
        logging.disable(logging.NOTSET)
    if program is None:
        raise AssertionError("torch.onnx.export gives a program with dynamo=True")
    program.save(folder / "net.onnx")
    outputs = f"logits [n, {checkpoint.settings.get('n_classes', 2)}]"
    if issubclass(checkpoint.module, TableRegressor):
        outputs = "amounts with their intervals [n, 3]"
    sizes = f"[n, {int(net.n_features)}] to {outputs}"
    message = f"{folder} holds net.onnx: features {sizes}"
    if net.columns:
        _write_columns(checkpoint, folder)
        message = (
            f"{folder} holds net.onnx and columns.json: raw columns, numbers (NaN: missing) "
            f"and indices of levels (-1: missing), {sizes}"
        )
    if find_spec("onnxruntime") is None:
        return f"{message}. Not checked: onnxruntime is not installed"
    onnxruntime = import_module("onnxruntime")
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    net.check(lambda rows: torch.from_numpy(session.run(None, {"features": rows.numpy()})[0]))
    return f"{message}; onnxruntime gives what torch gives"


def _write_json(checkpoint: Checkpoint, folder: Path) -> str:
    """The net as the playground opens it: its sizes, and each weight by its name. It takes raw numbers.

    Raises:
        UserError: It is not Linear, ReLU, Linear, or needs more of a table than numbers.
    """
    net = Exportable(checkpoint)
    weights = {
        name.removeprefix("net."): value for name, value in checkpoint.weights.items() if name.startswith("net.")
    }
    if weights.keys() != {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}:
        raise UserError("--format json is for Linear, ReLU, Linear alone: the playground has no other net")
    weights = {name: value.double() for name, value in weights.items()}
    if net.columns:
        numbers = [column for column in net.columns if isinstance(column, NumberColumn) and not column.had_missing]
        if len(numbers) < len(net.columns):
            raise UserError("--format json is for tables of numbers without gaps: the playground has nothing else")
        mean, std = torch.tensor([[column.mean, column.std] for column in numbers]).double().T
        raw = weights["fc1.weight"] / std  # [hidden, inputs]: the first layer takes over the scaling
        weights |= {"fc1.weight": raw, "fc1.bias": weights["fc1.bias"] - raw @ mean}

    def playground(rows: Tensor) -> Tensor:
        hidden = (rows.double() @ weights["fc1.weight"].T + weights["fc1.bias"]).relu()  # [n, hidden]
        return hidden @ weights["fc2.weight"].T + weights["fc2.bias"]

    net.check(playground)
    hidden, inputs = weights["fc1.weight"].shape
    content = {
        "format": "torchtour net 1",
        "sizes": [inputs, hidden, len(weights["fc2.bias"])],
        "activation": "relu",
        "weights": {name: value.tolist() for name, value in weights.items()},
    }
    replace(folder / "net.json", json.dumps(content).encode())
    return f"{folder} holds net.json: open it in the playground"


def _write_columns(checkpoint: Checkpoint, folder: Path) -> None:
    content = {
        "columns": checkpoint.settings["columns"],
        "classes": checkpoint.settings.get("classes"),
        "max_abs_value": MAX_ABS_VALUE,
    }
    replace(folder / "columns.json", json.dumps(content, indent=1).encode())


WRITERS = {"torch": _write_torch, "onnx": _write_onnx, "json": _write_json}
