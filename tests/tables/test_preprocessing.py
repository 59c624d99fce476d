"""Raw columns to inputs, against scikit-learn and by hand."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from table_files import people_file  # noqa: F401

from torchtour import TableData, TableNet
from torchtour.settings import UserError
from torchtour.tables.columns import moments
from torchtour.tables.preprocessing import Preprocessing
from torchtour.tables.schema import CategoryColumn, NumberColumn, n_features


def test_preprocessing_is_scikit_learns(file):
    data = TableData(str(file), "buys", val_fraction=0.2)
    train, test = (data.table.sets[part].tensors[0] for part in ("train", "test"))
    module = Preprocessing(data.table.columns)
    scaler = StandardScaler().fit(train[:, :2].double())
    expected = np.nan_to_num(scaler.transform(test[:, :2].double()))
    np.testing.assert_allclose(module(test)[:, :2], expected, atol=1e-5)
    encoder = OneHotEncoder(categories=[[0, 1, 2, 99], [0, 1]], sparse_output=False)  # 99: missing; it must come last
    codes = [rows[:, 2:].where(rows[:, 2:] >= 0, torch.tensor(99.0)).numpy() for rows in (train, test)]
    hot = encoder.fit(codes[0]).transform(codes[1])
    assert torch.equal(module(test)[:, 2:8], torch.from_numpy(hot).float())
    assert torch.equal(module(test)[:, 8], test[:, 0].isnan().float())
    assert module(test).shape == (60, n_features(data.table.columns))
    assert module(train)[:, :2].mean(dim=0).abs().max() < 1e-5


def test_what_was_never_seen_counts_as_missing():
    module = Preprocessing(
        [NumberColumn("x", 2.0, 4.0, True), CategoryColumn("c", ("a", "b"), True), CategoryColumn("d", ("e",), False)]
    )
    raw = torch.tensor([[6.0, 0.0, 0.0], [float("nan"), -1.0, -1.0], [1e37, 1.0, 0.0]])
    assert module(raw).tolist() == [[1, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 1], [1e6, 0, 1, 0, 1, 0]]


def test_moments_of_numbers_far_from_zero():
    values = (1e6 + np.random.default_rng(0).normal(0, 3, (10_000, 2))).astype(np.float32)
    values[::3, 1] = np.nan
    count, mean, scale = moments(values)
    exact = values.astype(np.float64)
    assert count.tolist() == [10_000, 10_000 - 3334]
    np.testing.assert_allclose(mean, np.nanmean(exact, axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale, np.nanstd(exact, axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    "columns",
    [
        ["x"],
        [{"name": "x"}],
        [NumberColumn("x", 0.0, 0.0, False).to_dict()],
        [NumberColumn("x", float("nan"), 1.0, False).to_dict()],
        [CategoryColumn("c", (), False).to_dict()],
        [CategoryColumn("c", ("a", "a"), False).to_dict()],
        [NumberColumn("x", 0.0, 1.0, True).to_dict()],  # two inputs, not one
    ],
)
def test_a_net_refuses_columns_that_do_not_fit(columns):
    with pytest.raises(UserError, match=r"model\."):
        TableNet(columns=columns, n_features=1)
