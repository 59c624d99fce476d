"""torchtour's default beside other libraries on real tables, the same split for all.

Every contestant learns from the rows that are not test rows, with its own defaults, and is asked about the test rows.

    PYTHONPATH=tests:.venv/table-peers python -m benchmarks.tables --help
"""

import argparse
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from lightning import Trainer
from scipy.stats import rankdata
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error, roc_auc_score

from benchmarks.table_peers import AMOUNT_PEERS, CLASS_PEERS, SLOW
from benchmarks.table_sets import AMOUNTS, CLASSES
from torchtour import TableClassifier, TableData, TableRegressor
from torchtour.runs.run import Run
from torchtour.tables.preprocessing import Preprocessing

QUIET = {
    "accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}  # fmt: skip


class Rows:
    """Training and test rows of a table, raw and as numbers that any net can take."""

    def __init__(self, path: Path, seed: int, amounts: bool) -> None:
        self.data = TableData(str(path), "label", seed=seed, task="amount" if amounts else "classes")
        self.data.setup()
        (self.x, self.y, *_), (self.x_test, self.y_test) = (self.data.sets[part].tensors for part in ("train", "test"))
        standardise = Preprocessing(self.data.table.columns)
        self.z, self.z_test = standardise(self.x).numpy(), standardise(self.x_test).numpy()
        self.x, self.y, self.x_test, self.y_test = (t.numpy() for t in (self.x, self.y, self.x_test, self.y_test))


def torchtour(rows: Rows, seed: int, **settings) -> np.ndarray:
    """Probabilities or amounts of the test rows, by the best epoch of a run with defaults."""
    torch.manual_seed(seed)
    data = rows.data
    if data.classes is None:
        model = TableRegressor(columns=data.columns, **settings)
    else:
        model = TableClassifier(columns=data.columns, classes=data.classes, n_classes=data.n_classes, **settings)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(root=folder, save_every_seconds=1000)
        Trainer(max_epochs=-1, **QUIET, callbacks=[run]).fit(model, datamodule=data)
        best = type(model).load_from_checkpoint(run.folder / "best.ckpt", map_location="cpu").eval()
    with torch.no_grad():
        found = torch.cat([best.predict_step((part,), 0) for part in torch.from_numpy(rows.x_test).split(1000)]).numpy()
    return found[:, 0] if data.classes is None else found


def class_scores(found: np.ndarray, y: np.ndarray) -> dict[str, float]:
    n_classes = found.shape[1]
    found = np.clip(found, 1e-7, 1)
    found /= found.sum(axis=1, keepdims=True)
    scores = {"accuracy": -100 * float((found.argmax(axis=1) == y).mean())}
    scores["log loss"] = float(log_loss(y, found, labels=range(n_classes)))
    if n_classes == 2 and len(set(y)) == 2:
        scores["AUC"] = -float(roc_auc_score(y, found[:, 1]))
    return scores


def amount_scores(found: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Root mean squared and mean absolute error, in standard deviations of the test rows."""
    spread = y.std()
    error = mean_squared_error(y, found) ** 0.5, mean_absolute_error(y, found)
    return {"RMSE": float(error[0] / spread), "MAE": float(error[1] / spread)}


def table(results: dict[str, list[dict[str, float]]]) -> None:
    """Print the mean rank and mean of each score, best first; a score is better if it is lower."""
    names = [*results]
    scores = [name for name in results[names[0]][0] if name != "seconds"]
    ranks = {}
    for score in scores:
        rows = [
            [results[name][k][score] for name in names]
            for k in range(len(results[names[0]]))
            if score in results[names[0]][k]
        ]
        ranks[score] = dict(zip(names, np.mean([rankdata(np.round(row, 6)) for row in rows], axis=0), strict=True))
    print("|  |" + "".join(f" {score}, mean rank | mean |" for score in scores) + " seconds |")
    print("|---|" + "---:|---:|" * len(scores) + "---:|")
    for name in sorted(names, key=lambda name: sum(ranks[score][name] for score in scores[:2])):
        cells = []
        for score in scores:
            values = [abs(result[score]) for result in results[name] if score in result]
            cells.append(f" {ranks[score][name]:.2f} | {mean(values):.4g} |")
        print(f"| {name} |{''.join(cells)} {mean(result['seconds'] for result in results[name]):.1f} |")


def chosen(sets: list, part: str) -> list:
    """All tables, those to develop on, or those of the last look, which is every third."""
    if part == "all":
        return sets
    return [one for place, one in enumerate(sets) if (place % 3 == 2) == (part == "last")]


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--amounts", action="store_true", help="amounts instead of classes")
    parser.add_argument("--tables", type=int, help="only so many tables")
    parser.add_argument("--part", choices=["all", "development", "last"], default="all")
    parser.add_argument("--most-rows", type=int, default=10**9, help="only tables of so many training rows or fewer")
    parser.add_argument("--seeds", type=int, default=1, help="splits of each table")
    parser.add_argument("--fast", action="store_true", help=f"without {' and '.join(SLOW)}")
    parser.add_argument("--minutes", type=float, default=1000, help="begin no table after so many minutes")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    sets = AMOUNTS if options.amounts else CLASSES
    peers: dict[str, Callable] = dict(AMOUNT_PEERS if options.amounts else CLASS_PEERS)
    if options.fast:
        peers = {name: peer for name, peer in peers.items() if name not in SLOW}
    contestants = {"torchtour": torchtour, **peers}
    score = amount_scores if options.amounts else class_scores
    results: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    n = 0
    with tempfile.TemporaryDirectory() as folder:
        for one in chosen(sets, options.part)[: options.tables]:
            path = one.write(Path(folder))
            for seed in range(options.seeds):
                if time.monotonic() > end:
                    break
                rows = Rows(path, seed, options.amounts)
                if len(rows.x) > options.most_rows:
                    continue
                n += 1
                line = {}
                for name, contestant in contestants.items():
                    start = time.process_time()
                    scores = score(contestant(rows, seed), rows.y_test)
                    results[name].append({**scores, "seconds": time.process_time() - start})
                    line[name] = " ".join(f"{abs(value):.4g}" for value in [*scores.values()][:2])
                print(f"# {one.name} {one.label} {rows.x.shape}:", line, flush=True)
    print(f"\n{n} fits each\n")
    table(results)


if __name__ == "__main__":
    main()
