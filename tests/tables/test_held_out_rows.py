"""Nothing is learned from held-out rows."""

import numpy as np
import polars
import pytest
import torch
from table_files import people, trained

from torchtour import TableData


def changed(frame, rows, random):
    """The frame with every feature of these rows changed: numbers, categories, gaps."""
    columns = []
    mask = polars.Series(np.isin(np.arange(len(frame)), rows))
    for name in ("age", "income"):
        other = polars.Series(random.normal(1000, 500, len(frame)))
        columns.append(polars.when(mask).then(other).otherwise(polars.col(name)).alias(name))
    other = polars.Series(random.choice(["Paris", "Rome", None], len(frame)).tolist(), dtype=polars.String)
    columns.append(polars.when(mask).then(other).otherwise(polars.col("city")).alias("city"))
    columns.append(polars.when(mask).then(polars.lit("maybe")).otherwise(polars.col("member")).alias("member"))
    columns.append(polars.when(mask).then(polars.lit("Mars")).otherwise(polars.col("planet")).alias("planet"))
    return frame.with_columns(columns)


def places(frame, part):
    """The rows of a part, found by their income, which no two share."""
    incomes = frame["income"].cast(polars.Float32).to_numpy()
    return np.flatnonzero(np.isin(incomes, part.tensors[0][:, 1].numpy()))


@pytest.mark.parametrize(("part", "val_fraction"), [("test", 0.2), ("val", 0.2), ("test", None)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_value_of_a_held_out_row_reaches_the_weights(tmp_path, part, val_fraction, seed):
    frame = people(200)
    frame.write_csv(tmp_path / "a.csv")
    before = TableData(str(tmp_path / "a.csv"), "buys", val_fraction=val_fraction)
    rows = places(frame, before.table.sets[part])
    assert len(rows) == 40
    changed(frame, rows, np.random.default_rng(seed)).write_csv(tmp_path / "b.csv")
    after = TableData(str(tmp_path / "b.csv"), "buys", val_fraction=val_fraction)
    assert after.columns == before.columns
    found, expected = trained(after).state_dict(), trained(before).state_dict()
    for name, value in expected.items():
        if not name.startswith("val_scores"):
            assert torch.equal(found[name], value), name


@pytest.mark.parametrize("val_fraction", [None, 0.2])
def test_a_training_row_does_reach_them(tmp_path, val_fraction):
    frame = people(200)
    frame.write_csv(tmp_path / "a.csv")
    before = TableData(str(tmp_path / "a.csv"), "buys", val_fraction=val_fraction)
    changed(frame, places(frame, before.table.sets["train"])[:1], np.random.default_rng(0)).write_csv(
        tmp_path / "b.csv"
    )
    assert TableData(str(tmp_path / "b.csv"), "buys", val_fraction=val_fraction).columns != before.columns
