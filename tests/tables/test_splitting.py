"""Rows are split, or dealt into folds, before anything is learned from them."""

from collections import Counter
from itertools import combinations, product

import numpy as np
import polars
import pytest
from table_files import people, written

from torchtour import TableData
from torchtour.settings import UserError
from torchtour.tables.splitting import TEST, TRAIN, VAL, join, split


def test_the_split_is_stratified_and_exact():
    labels = np.array([0] * 70 + [1] * 20 + [2] * 10)
    parts = split(labels, np.arange(100), 0.2, 0.2, seed=3)
    for part, share in ((TRAIN, 0.6), (VAL, 0.2), (TEST, 0.2)):
        counts = np.bincount(labels[parts == part], minlength=3)
        assert counts.sum() == 100 * share
        assert np.all(np.abs(counts - share * np.array([70, 20, 10])) <= 1)
    assert not np.array_equal(parts, split(labels, np.arange(100), 0.2, 0.2, seed=4))


def test_units_are_joined_through_each_other():
    def grouping(values):
        return np.array([values.index(value) for value in values])

    rows, patients = grouping("abacdb"), grouping("uvwxyx")
    # rows 0 and 2 are equal, 1 and 5 too; 3 and 5 are of one patient: so 1, 3 and 5 belong together.
    assert join(rows, patients).tolist() == [0, 1, 0, 1, 4, 1]


def test_equal_rows_and_groups_stay_together(tmp_path):
    frame = people(200)
    twice = polars.concat([frame, frame[:50].with_columns(polars.col("id") + 5000)]).with_columns(
        polars.Series("patient", np.random.default_rng(0).integers(0, 40, 250))
    )
    twice.write_csv(tmp_path / "t.csv")
    table = TableData(str(tmp_path / "t.csv"), "buys", drop=["note", "patient"], val_fraction=0.2).table
    rows = {
        part: {tuple(row) for row in points.tensors[0].nan_to_num(-9).tolist()} for part, points in table.sets.items()
    }
    assert table.duplicates == 50
    assert not rows["train"] & rows["test"]
    assert not rows["train"] & rows["val"]
    assert not rows["val"] & rows["test"]

    data = TableData(str(tmp_path / "t.csv"), "buys", group="patient", val_fraction=0.2)
    patient_of = {row[:3]: row[3] for row in twice.select("age", "income", "city", "patient").rows()}
    patients = {
        part: {patient_of[key] for key in patient_of for row in points.tensors[0][:, 1] if abs(row - key[1]) < 1e-3}
        for part, points in data.table.sets.items()
    }
    assert not patients["train"] & patients["test"]
    assert not patients["val"] & patients["test"]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_rows_and_their_order(tmp_path, seed):
    random = np.random.default_rng(seed)
    n, classes = random.integers(60, 150), random.integers(2, 5)
    rows = [
        (a + 0.5, a % 3 / 4, "uv"[a % 2], a % classes * 2, b) for a, b in random.integers(3 * n, size=(n, 2)).tolist()
    ]
    rows += [(-0.5, 0.0, "u", 1, -1)]  # a class of one row
    known = {patient: {row[:2] for row in rows if row[4] == patient} for *_, patient in rows}
    fractions = {"val_fraction": random.uniform(0.05, 0.3), "test_fraction": random.uniform(0.05, 0.3)}
    orders = rows, sorted(rows), [rows[k] for k in random.permutation(n + 1)]
    for group, order in product((None, "patient"), orders):
        lines = ["a,b,c,y,patient", *(",".join(map(str, row)) for row in order)]
        path = written(tmp_path / "t.csv", "\n".join(lines))
        data = TableData(path, "y", drop=["patient"] * (group is None), group=group, seed=seed, **fractions)
        assert [column["kind"] for column in data.columns] == ["number", "number", "category"]
        parts = [
            [(*row, data.classes[label]) for row, label in zip(part[0].tolist(), part[1].tolist(), strict=True)]
            for part in (data.table.sets[name].tensors for name in ("train", "val", "test"))
        ]
        there = Counter((a, b, float("uv".index(c)), y) for a, b, c, y, _ in rows)
        assert sum(map(Counter, parts), Counter()) == there  # each row once
        for first, second in combinations(parts, 2):
            assert first
            assert second
            assert not {row[:3] for row in first} & {row[:3] for row in second}
        if group:  # whatever is known of a patient is in one part
            of = {row[:2]: place for place, part in enumerate(parts) for row in part}
            assert all(len({of[row] for row in one}) == 1 for one in known.values())
        assert {row[3] for row in parts[0]} == {row[3] for row in there}  # every class is trained on


@pytest.mark.parametrize("seed", range(20))
def test_each_class_gets_its_share(seed):
    random = np.random.default_rng(seed)
    labels = random.choice(random.integers(2, 7), size=random.integers(50, 400))
    val, test = random.uniform(0.02, 0.4, 2)
    parts = split(labels, np.arange(len(labels)), val, test, seed)
    left = np.bincount(labels) - 1  # one of each class stays in training
    for part, fraction in ((TEST, test), (VAL, val)):
        found = np.bincount(labels[parts == part], minlength=len(left))
        assert found.sum() == round(fraction * len(labels))
        assert np.all(np.abs(found - found.sum() * left / left.sum()) < 1)
        left = left - found


def test_too_few_rows(tmp_path):
    path = written(tmp_path / "t.csv", "x,y\n1.5,a\n2.5,b\n3.5,a\n")
    with pytest.raises(UserError, match="too few for training, validation and test"):
        _ = TableData(path, "y").columns
