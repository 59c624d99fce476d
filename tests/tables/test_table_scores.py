"""Scores and their intervals, against scipy and scikit-learn."""

import csv

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.inspection import permutation_importance
from sklearn.metrics import precision_recall_fscore_support
from table_files import people_file, trained  # noqa: F401

from torchtour import TableData
from torchtour.evaluation import importance
from torchtour.evaluation.confidence import format_accuracy, majority_class_baseline, wilson_interval
from torchtour.tables.callbacks import by_class


@pytest.mark.parametrize(("correct", "n"), [(35, 36), (0, 5), (5, 5), (500, 1000)])
def test_the_interval_is_scipys(correct, n):
    expected = binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_line_of_a_test():
    matrix = torch.tensor([[12, 0, 0], [0, 12, 0], [0, 1, 11]])
    assert majority_class_baseline(matrix) == (0, 1 / 3)
    line = "Accuracy 97.2 % (95 % interval 85.8 to 99.5; always 'setosa': 33.3 %)"
    assert format_accuracy(matrix, lambda place: "'setosa'") == line


def test_precision_and_recall_are_scikit_learns():
    true = np.random.default_rng(0).integers(0, 4, 200)
    found = np.where(np.random.default_rng(1).random(200) < 0.7, true, 0)
    matrix = torch.zeros(4, 4, dtype=torch.long).index_put_(
        (torch.from_numpy(true), torch.from_numpy(found)), torch.tensor(1), accumulate=True
    )
    rows = list(csv.DictReader(by_class(matrix, ["a", "b", "=c", "d"]).splitlines()))
    precision, recall, _, support = precision_recall_fscore_support(true, found)
    assert [row["class"] for row in rows] == ["a", "b", "'=c", "d"]
    np.testing.assert_allclose([float(row["precision"]) for row in rows], precision, rtol=1e-6)
    np.testing.assert_allclose([float(row["recall"]) for row in rows], recall, rtol=1e-6)
    assert [int(row["rows"]) for row in rows] == support.tolist()


def test_importance_is_scikit_learns(file):
    class Wrapped:
        def fit(self, x, y):
            raise NotImplementedError

        def score(self, x, y):
            with torch.no_grad():
                return float((model(torch.from_numpy(x)).argmax(dim=1).numpy() == y).mean())

    data = TableData(str(file), "buys", val_fraction=0.2)
    model = trained(data, epochs=20).eval()
    raw, labels = data.table.sets["train"].tensors
    found = importance.permutation_importance(model, raw, labels, n_repeats=200)
    expected = permutation_importance(Wrapped(), raw.numpy(), labels.numpy(), n_repeats=200, random_state=0)
    np.testing.assert_allclose(found.mean(dim=1), expected.importances_mean, atol=0.01)
    assert found.mean(dim=1).argmax() == 0  # the age
