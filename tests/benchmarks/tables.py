"""Tables of scikit-learn, written to CSV: test accuracy of torchtour and of scikit-learn on the same split.

Both learn from the training rows and are asked about the test rows; torchtour's best epoch is chosen on the validation
rows, which scikit-learn has no use for.
"""

import csv
import logging
import statistics
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
import yaml
from lightning import Trainer
from sklearn import datasets
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.setting import ROOT
from torchtour import Classifier, TableData
from torchtour.runs.run import Run

TABLES = ("iris", "wine", "breast_cancer", "digits")
SEEDS = range(5)
CLOSE = 2.0  # points


def write(name: str, folder: Path) -> Path:
    """A set of scikit-learn as a CSV file; the label is the column `class`, by name."""
    data = getattr(datasets, f"load_{name}")()
    path = folder / f"{name}.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "class"])
        writer.writerows([*row, data.target_names[label]] for row, label in zip(data.data, data.target, strict=True))
    return path


def torchtour(data: TableData, config: dict[str, Any], seed: int, folder: Path) -> float:
    """Test accuracy, in percent, of the best epoch of a run with these settings."""
    torch.manual_seed(seed)
    shape = {"n_features": data.n_features, "n_classes": data.n_classes}
    model = Classifier(**config["model"], **shape, columns=data.columns, classes=data.classes)
    run = Run(root=str(folder))
    quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    Trainer(**config["trainer"], **quiet, callbacks=[run]).fit(model, datamodule=data)
    best = Classifier.load_from_checkpoint(run.folder / "best.ckpt", map_location="cpu").eval()
    features, labels = data.sets["test"].tensors
    with torch.no_grad():
        return 100 * (best(features).argmax(dim=1) == labels).double().mean().item()


def sklearn(data: TableData, seed: int) -> float:
    """Test accuracy, in percent, of StandardScaler and MLPClassifier."""
    train, test = ([part.numpy() for part in data.sets[name].tensors] for name in ("train", "test"))
    net = make_pipeline(StandardScaler(), MLPClassifier(max_iter=1000, random_state=seed))
    return 100 * net.fit(*train).score(*test)


def main() -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    config = yaml.safe_load((ROOT / "configs/table.yaml").read_text())
    print("| table | rows | torchtour, % | scikit-learn, % | difference, points |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in TABLES:
            path, ours, theirs = write(name, Path(folder)), [], []
            for seed in SEEDS:
                data = TableData(str(path), "class", seed=seed)
                data.setup()
                ours.append(torchtour(data, config, seed, Path(folder)))
                theirs.append(sklearn(data, seed))
            mine, other = statistics.mean(ours), statistics.mean(theirs)
            far = "" if mine >= other - CLOSE else f": more than {CLOSE:g} below"
            print(f"| {name} | {data.table.rows:,} | {mine:.1f} | {other:.1f} | {mine - other:+.1f}{far} |", flush=True)


if __name__ == "__main__":
    main()
