"""Amounts: which labels are one, TableRegressor's losses and scores, and the coverage of its intervals."""

import math

import numpy as np
import polars
import pytest
import torch
from scipy.stats import binom
from sklearn import metrics
from table_files import model_of, trained, written

from torchtour import TableData, TableRegressor
from torchtour.settings import UserError
from torchtour.tables.conformal import Conformal
from torchtour.tables.loading import describe, task_of
from torchtour.tables.scores import amount_scores, format_scores
from torchtour.tables.splitting import FOLDS


def curve(n, seed=0):
    """An amount near 500 that two of three columns decide, with noise that grows."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (n, 3))
    y = 500 + 100 * np.sin(2 * x[:, 0]) + 40 * x[:, 1] + rng.normal(0, 5 + 5 * np.abs(x[:, 1]))
    return polars.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y})


@pytest.fixture
def path(tmp_path):
    curve(300).write_csv(tmp_path / "curve.csv")
    return str(tmp_path / "curve.csv")


# Which question


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["low", "high"], "classes"),
        (["true", "false"], "classes"),
        (["0", "1"], "classes"),
        ([str(k) for k in range(20)], "classes"),
        ([str(k) for k in range(21)], "amount"),
        (["1.5", "2.5"], "amount"),
        (["1.0", "2.0"], "classes"),
        (["€ 1.50", "€ 2.25"], "amount"),
        (["10", "20", "NA"], "classes"),
        (["a"] + [str(k) for k in range(30)], "classes"),  # a text among them
    ],
)
def test_the_question_by_example(tmp_path, values, task):
    rows = [f"{k / 7},{values[k % len(values)]}" for k in range(200)]
    path = written(tmp_path / "t.csv", "\n".join(["x,y", *rows]))
    assert task_of(path, "y") == task
    assert (TableData(path, "y").classes is None) == (task == "amount")


def test_the_question_can_be_set(tmp_path):
    rows = [f"{k / 7},{k % 30}" for k in range(300)]
    path = written(tmp_path / "t.csv", "\n".join(["x,y", *rows]))
    assert TableData(path, "y").classes is None
    assert TableData(path, "y", task="classes").n_classes == 30
    rows = [f"{k / 7},{k % 3}" for k in range(300)]
    path = written(tmp_path / "t.csv", "\n".join(["x,y", *rows]))
    assert TableData(path, "y", task="amount").classes is None


def test_the_first_line_says_amount(path):
    data = TableData(path, "y")
    amounts = curve(300)["y"].to_numpy().astype(np.float32)
    low, high = amounts.min(), amounts.max()
    line = f"Learning 'y', an amount from {low:,.6g} to {high:,.6g}, from 3 columns of numbers and 0 of categories."
    assert describe(data.table, "y")[0] == line
    assert describe(data.table, "y")[1] == "Rows: 240 to train and validate, in 8 folds; 60 to test."


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["1.5", "2.5"], "classes", "must be text or whole numbers for data.task classes, and row 1 has 1.5"),
        (["1.5", "x"], "amount", "must be numbers for data.task amount, but row 2 has 'x'"),
        (["3.5"], "amount", "at least 2 different values"),
        (["1.5", "2e38"], "amount", "row 2 is too large"),
    ],
)
def test_a_label_that_does_not_fit_is_one_line(tmp_path, values, task, message):
    rows = [f"{k / 7},{values[k % len(values)]}" for k in range(60)]
    with pytest.raises(UserError, match=message):
        TableData(written(tmp_path / "t.csv", "\n".join(["x,y", *rows])), "y", task=task).table  # noqa: B018


def test_rows_without_an_amount_are_left_out(tmp_path):
    rows = [f"{k / 7},{'' if k % 4 == 0 else k / 3}" for k in range(80)]
    table = TableData(written(tmp_path / "t.csv", "\n".join(["x,y", *rows])), "y").table
    assert (table.rows, table.unlabelled) == (80, 20)
    assert len(table.sets["train"]) + len(table.sets["test"]) == 60


# The model


def test_the_target_is_standardised_on_training_rows(path):
    data = TableData(path, "y")
    model = trained(data, epochs=1)
    amounts = data.table.sets["train"].tensors[1].double().numpy()
    assert model.net.target_mean.item() == pytest.approx(amounts.mean(), rel=1e-6)
    assert model.net.target_std.item() == pytest.approx(amounts.std(), rel=1e-6)
    without = TableRegressor(columns=data.columns)
    assert without.hparams["target_std"] is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"loss": "mse"}, lambda e: e**2),
        ({"loss": "absolute"}, abs),
        ({"loss": "huber"}, lambda e: e**2 / 2 if abs(e) < 1 else abs(e) - 0.5),
        ({"loss": "pinball", "quantile": 0.9}, lambda e: 2 * (0.9 * e if e > 0 else -0.1 * e)),
    ],
)
def test_each_loss_by_hand(settings, expected):
    model = TableRegressor(target_mean=10.0, target_std=2.0, **settings)
    outputs = torch.zeros(24, 5, 1)
    labels = torch.tensor([10.0, 11.0, 16.0, 8.0, 3.0])
    found = model.losses(outputs, labels)
    assert found.shape == (24, 5)
    np.testing.assert_allclose(found[7], [expected((y - 10) / 2) for y in labels.tolist()], rtol=1e-6)


def test_a_quantile_without_pinball_is_refused():
    with pytest.raises(UserError, match=r"model\.quantile goes with model\.loss pinball"):
        TableRegressor(quantile=0.9)


def test_it_learns_the_curve(path):
    data = TableData(path, "y")
    model = trained(data, epochs=60).eval()
    raw, amounts = data.sets["test"].tensors
    with torch.no_grad():
        assert metrics.r2_score(amounts, model(raw)) > 0.9


# Scores


def test_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    true = rng.normal(10, 3, 200)
    predicted = true + rng.normal(0, 1, 200)
    scores = amount_scores(predicted, true, constant=9.0)
    expected = {
        "MAE": metrics.mean_absolute_error, "RMSE": metrics.root_mean_squared_error, "R2": metrics.r2_score,
        "Median absolute error": metrics.median_absolute_error,
    }  # fmt: skip
    for name, score in expected.items():
        assert scores[name].value == pytest.approx(score(true, predicted))
        assert scores[name].baseline == pytest.approx(score(true, np.full(200, 9.0)))
        assert scores[name].low < scores[name].value < scores[name].high
    error = 1.96 * np.abs(predicted - true).std() / math.sqrt(200)  # the normal interval of a mean
    assert scores["MAE"].high - scores["MAE"].low == pytest.approx(2 * error, rel=0.15)


def test_the_line_of_a_test_of_amounts():
    true = np.linspace(0, 10_000, 101)
    line = format_scores(amount_scores(true + 331, true, constant=5_000.0))
    assert line == "MAE 331 (95 % interval 331 to 331; always the mean: 2,525), R2 0.99"


# Intervals


def by_definition(predictions, errors, folds, coverage):
    """CV+ for one row, as Barber et al. write it, of the folds' predictions and all absolute errors."""
    n = len(errors)
    low = sorted(-(predictions[fold] - error) for fold, error in zip(folds, errors, strict=True))
    high = sorted(predictions[fold] + error for fold, error in zip(folds, errors, strict=True))
    rank = math.ceil(coverage * (n + 1) - 1e-9)
    return (-low[rank - 1], high[rank - 1]) if rank <= n else (-math.inf, math.inf)


@pytest.mark.parametrize("n", [8, 40, 128 * FOLDS])
@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_are_cv_plus_by_definition(n, coverage):
    rng = np.random.default_rng(n)
    errors, folds = np.abs(rng.normal(size=n)).astype(np.float32), np.arange(n) % FOLDS
    predictions = rng.normal(size=(FOLDS, 6)).astype(np.float32)
    conformal = Conformal(FOLDS)
    conformal.keep(torch.from_numpy(errors), torch.from_numpy(folds))
    low, high = conformal(torch.from_numpy(predictions), coverage)
    for row in range(6):
        expected = by_definition(predictions[:, row], errors, folds, coverage)
        assert (low[row].item(), high[row].item()) == pytest.approx(expected, rel=1e-6)


def test_many_errors_make_intervals_a_little_wider_never_narrower():
    rng = np.random.default_rng(0)
    errors, folds = rng.exponential(size=5001).astype(np.float32), rng.integers(0, FOLDS, 5001)
    predictions = rng.normal(size=(FOLDS, 4)).astype(np.float32)
    conformal = Conformal(FOLDS)
    conformal.keep(torch.from_numpy(errors), torch.from_numpy(folds))
    low, high = conformal(torch.from_numpy(predictions), 0.9)
    for row in range(4):
        below, above = by_definition(predictions[:, row], errors, folds, 0.9)
        assert low[row] <= below + 1e-6
        assert above <= high[row] + 1e-6
        assert high[row] - low[row] < 1.03 * (above - below)


def test_intervals_cover_fresh_rows_within_binomial_error(path, tmp_path):
    data = TableData(path, "y")
    model = trained(data, epochs=25, coverage=0.8).eval()
    fresh = curve(4000, seed=1)
    raw = torch.from_numpy(fresh.select("a", "b", "c").to_numpy().astype(np.float32))
    with torch.no_grad():
        _, low, high = model.predict_step((raw,), 0).double().numpy().T
    covered = int(((low <= fresh["y"].to_numpy()) & (fresh["y"].to_numpy() <= high)).sum())
    # Of the fresh rows, and of the 240 whose errors made the interval: both are samples.
    spread = math.sqrt(0.8 * 0.2 * (1 / 4000 + 1 / 240))
    assert abs(covered / 4000 - 0.8) < 3 * spread
    assert covered > binom.ppf(1e-6, 4000, 0.6)  # CV+ promises 1 - 2 * (1 - coverage)


def test_too_few_errors_give_infinite_intervals():
    conformal = Conformal(FOLDS)
    low, high = conformal(torch.zeros(FOLDS, 2), 0.9)
    assert low.tolist() == [-math.inf] * 2
    assert high.tolist() == [math.inf] * 2
    conformal.keep(torch.ones(8), torch.arange(8))
    assert conformal(torch.zeros(FOLDS, 1), 0.9)[1].item() == math.inf
    assert conformal(torch.zeros(FOLDS, 1), 0.8)[1].item() == 1


def test_the_errors_are_those_of_the_epoch_that_is_kept(path):
    data = TableData(path, "y")
    model = trained(data, epochs=2).eval()
    raw, amounts, folds = data.table.sets["train"].tensors
    with torch.no_grad():
        errors = (model.net.out_of_fold(raw, folds) - amounts).abs()
    assert model.conformal.errors[3].max() == pytest.approx(errors[folds == 3].max().item(), rel=1e-4)
    assert model.conformal.count == 240


def test_model_of_an_amount_is_a_regressor(path):
    assert isinstance(model_of(TableData(path, "y")), TableRegressor)
