"""Your own table: reading, typing, splitting, preprocessing, and the command, against scikit-learn and by hand."""

import csv
import gzip
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations, product, repeat
from pathlib import Path

import numpy as np
import polars
import pytest
import torch
from lightning import Trainer
from scipy.stats import binomtest
from sklearn.inspection import permutation_importance
from sklearn.metrics import precision_recall_fscore_support
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from torchtour import TableClassifier, TableData
from torchtour.evaluation import importance
from torchtour.evaluation.confidence import format_accuracy, majority_class_baseline, wilson_interval
from torchtour.settings import UserError
from torchtour.tables.callbacks import by_class
from torchtour.tables.columns import Columns, moments
from torchtour.tables.loading import describe
from torchtour.tables.preprocessing import Preprocessing, category, n_features, number
from torchtour.tables.reading import open_table
from torchtour.tables.splitting import TEST, TRAIN, VAL, join, split


def people(n=300, seed=0):
    """A table with a column of each kind; who is older than 40 buys, but not in Rome."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 12, n).round(2)
    city = random.choice(["Rome", "Bonn", "Ulm, South"], n)
    frame = polars.DataFrame(
        {
            "id": np.arange(n) + 1000,
            "age": age,
            "income": random.lognormal(10, 1, n).round(2),
            "city": city,
            "member": random.choice(["true", "false"], n),
            "joined": [f"2024-01-{1 + k % 28:02d}" for k in range(n)],
            "note": [f"text {k}" for k in range(n)],
            "planet": ["Earth"] * n,
            "buys": np.where((age > 40) & (city != "Rome"), "yes", "no"),
        }
    )
    gaps = polars.Series(random.random(n) < 0.1), polars.Series(random.random(n) < 0.05)
    return frame.with_columns(
        polars.when(gaps[0]).then(None).otherwise(polars.col("age")).alias("age"),
        polars.when(gaps[1]).then(None).otherwise(polars.col("city")).alias("city"),
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    people().write_csv(path)
    return path


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def trained(data, epochs=2, **settings):
    torch.manual_seed(0)
    model = TableClassifier(
        n_features=data.n_features, n_classes=data.n_classes, columns=data.columns, classes=data.classes, **settings
    )
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    Trainer(max_epochs=epochs, accelerator="cpu", **quiet).fit(model, datamodule=data)
    return model


# What becomes of the columns


def test_each_kind_of_column(file):
    data = TableData(str(file), "buys")
    assert [(column["name"], column["kind"]) for column in data.columns] == [
        ("age", "number"), ("income", "number"), ("city", "category"), ("member", "category"),
    ]  # fmt: skip
    assert data.table.left_out == {
        "id": "every row differs", "joined": "dates", "note": "every row differs", "planet": "constant",
    }  # fmt: skip
    assert data.columns[2]["levels"] == ["Bonn", "Rome", "Ulm, South"]
    assert data.classes == ["no", "yes"]
    assert data.n_features == 2 + 1 + 3 + 1 + 2  # numbers, a missing age, cities, a missing city, members
    assert len(describe(data.table, "buys")) == 3


def test_what_is_spelled_in_several_ways_is_said(tmp_path):
    sexes = ["Male", "male ", " MALE", "female", "not  known", "Not known"]
    rows = [f"{k / 7},{sexes[k % 6]},{'ab'[k % 2]},{('Yes', 'yes', 'no', 'maybe')[k % 4]}" for k in range(60)]
    data = TableData(written(tmp_path / "t.csv", "\n".join(["x,sex,arm,late", *rows])), "late")
    said = "late (Yes, yes); sex (MALE, Male, Not known, male, not  known)"
    assert describe(data.table, "late")[1] == f"Values that differ in capitals or spaces alone: {said}."


def test_what_may_stand_for_missing_is_said(tmp_path):
    rows = [f"{-999 if k % 4 else k},{(-1, 1)[k % 2]},{k % 9 or 'unknown'},{k % 100},{'ab'[k % 2]}" for k in range(200)]
    data = TableData(written(tmp_path / "t.csv", "\n".join(["dose,sign,grade,percent,y", *rows])), "y")
    assert [column["kind"] for column in data.columns] == ["number", "number", "category", "number"]
    n = int((data.table.sets["train"].tensors[0][:, 0] == -999).sum())
    said = f"dose has -999 in {n} training rows; grade has unknown among numbers. Then leave these cells empty."
    assert describe(data.table, "y")[1] == f'Should that mean "missing"? {said}'


def test_a_class_without_a_test_row_is_said(tmp_path):
    rows = [f"{k / 7},{k == 5:d}" for k in range(50)]
    data = TableData(written(tmp_path / "t.csv", "\n".join(["x,fraud", *rows])), "fraud")
    assert describe(data.table, "fraud")[-1] == "No test row has the class 1: the test says nothing about it."


def test_a_class_without_a_training_row_is_said(tmp_path):
    """It has one row, in a group that counts as the class of its first row."""
    rows = [f"{k / 7},{k // 2},{'ab'[k // 2 % 2] if k != 21 else 'c'}" for k in range(60)]
    path, said = written(tmp_path / "t.csv", "\n".join(["x,patient,y", *rows])), []
    for seed in range(12):
        table = TableData(path, "y", group="patient", seed=seed).table
        line = "No training row has the class c: the net cannot learn it."
        said.append(line in describe(table, "y"))
        assert said[-1] == (2 not in table.sets["train"].tensors[1])
    assert len({*said}) == 2


def test_amounts_are_no_identifiers(tmp_path):
    rows = [f'"${1234 + 37 * k:,}.00",{k:,}.5,{k % 2}' for k in range(60)]
    table = TableData(written(tmp_path / "t.csv", "\n".join(["price,x,y", *rows])), "y").table
    assert [column["name"] for column in table.columns] == ["price", "x"]
    assert table.duplicates == 0


def test_whole_numbers_that_all_differ_can_be_kept(tmp_path):
    path = written(tmp_path / "t.csv", "\n".join(["h,sex", *(f"{150 + k},{'fm'[k % 2]}" for k in range(12))]))
    with pytest.raises(UserError, match=r"h \(every row differs\); data.keep names columns to use"):
        TableData(path, "sex").table  # noqa: B018
    assert TableData(path, "sex", keep=["h"]).n_features == 1


def test_what_is_left_out_can_be_said(file):
    data = TableData(str(file), "buys", drop=["age"], keep=["id"])
    assert {"id", "income"} <= {column["name"] for column in data.columns}
    assert data.table.left_out["age"] == "data.drop"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "2", "4"], "number"),
        (["1.5", "NA", "?", "2"], "number"),
        (["(1.50)", "$2", "($3.25)", "4"], "number"),  # below zero, as accountants write it
        (["1,5", "2,5", "3", "4"], "number"),  # a decimal comma: the separator is a semicolon
        (["true", "false", "true", "false"], "category"),
        ([" a", "b ", "a", "b"], "category"),
        (["1.1.2020", "2.1.2020", "3.1.2020", "3.1.2020"], "dates"),
        (["2020-01-01 10:00", "2020-01-02", "2020-01-02", "2020-01-02"], "dates"),
        (["1", "2", "3", "4"], "every row differs"),
        (["1.5", "2.5", "3.5", "4.5"], "number"),
        (["", "", "", ""], "empty"),
        (["x", "x", "x", "x"], "constant"),
    ],
)
def test_kinds_by_example(tmp_path, cells, kind):
    rows = [f"{cell};{k % 7}.5;{k % 2}" for k, cell in enumerate(cells * (1 if kind == "every row differs" else 5))]
    rows += [f"{k + 9};{k % 7}.5;{k % 2}" for k in range(20)] * (kind == "every row differs")
    path = written(tmp_path / "t.csv", "\n".join(["c;x;y", *rows]))
    found = TableData(path, "y", val_fraction=0.1, test_fraction=0.1)
    kinds = {column["name"]: column["kind"] for column in found.columns} | found.table.left_out
    assert kinds["c"] == kind


def test_the_same_table_from_each_kind_of_file(tmp_path):
    frame = people(120)
    frame.write_csv(tmp_path / "comma.csv")
    frame.write_csv(tmp_path / "semicolon.csv", separator=";")
    frame.write_csv(tmp_path / "tab.csv", separator="\t")
    frame.write_csv(tmp_path / "bom.csv", include_bom=True)
    frame.write_parquet(tmp_path / "table.parquet")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress((tmp_path / "comma.csv").read_bytes()))
    (tmp_path / "windows.csv").write_bytes((tmp_path / "comma.csv").read_bytes().replace(b"\n", b"\r\n"))
    late = "\n".join((tmp_path / "comma.csv").read_text().splitlines())  # no line end at the end
    (tmp_path / "late.csv").write_text(late)
    tables = [TableData(str(path), "buys").table for path in sorted(tmp_path.iterdir())]
    for table in tables:
        assert table.columns == tables[0].columns
        for part in ("train", "val", "test"):
            for found, expected in zip(table.sets[part].tensors, tables[0].sets[part].tensors, strict=True):
                assert torch.equal(found.nan_to_num(-99), expected.nan_to_num(-99))


def test_text_far_down_in_a_column_of_numbers_is_found(tmp_path):
    rows = [f"{k % 100}.5,{k % 3}" for k in range(12_000)] + ["n/a,1", "7.5,2"]
    path = written(tmp_path / "t.csv", "\n".join(["x,y", *rows]))
    assert [column["kind"] for column in TableData(path, "y").columns] == ["number"]
    path = written(tmp_path / "t.csv", "\n".join(["x,y", *rows, *["low,1"] * 60]))
    data = TableData(path, "y")
    with pytest.raises(UserError, match=r"no column to learn from: x \(row \d+ has 'low' among numbers\)"):
        _ = data.columns


# Malformed files: one line each

HOSTILE = json.loads((Path(__file__).parent / "tables.json").read_text())


@pytest.mark.parametrize("case", HOSTILE, ids=[case["name"] for case in HOSTILE])
def test_a_malformed_file_is_one_line(tmp_path, case):
    path = written(tmp_path / "t.csv", bytes.fromhex(case["hex"]) if "hex" in case else case["text"])
    with pytest.raises(UserError) as caught:
        _ = TableData(path, case.get("label", "y")).columns
    assert case["says"] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("", "nowhere.csv", str(tmp_path), str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(UserError, match=r"data\.path must be a CSV or Parquet file"):
            open_table(name)


def test_a_gz_bomb_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as packed:
        packed.write(b"x,y\n")
        for _ in range(110):
            packed.write(b"0" * 1_000_000)
    with pytest.raises(UserError, match="unpacks to more than 100 times its size"):
        open_table(str(path))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_thousand_columns(tmp_path):  # ten thousand are among the faults
    random = np.random.default_rng(0)
    frame = polars.DataFrame({f"c{k}": random.random(30) for k in range(1_000)} | {"y": [0, 1] * 15})
    frame.write_csv(tmp_path / "wide.csv")
    assert TableData(str(tmp_path / "wide.csv"), "y").n_features == 1_000


# The split


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
    table = TableData(str(tmp_path / "t.csv"), "buys", drop=["note", "patient"]).table
    rows = {
        part: {tuple(row) for row in points.tensors[0].nan_to_num(-9).tolist()} for part, points in table.sets.items()
    }
    assert table.duplicates == 50
    assert not rows["train"] & rows["test"]
    assert not rows["train"] & rows["val"]
    assert not rows["val"] & rows["test"]

    data = TableData(str(tmp_path / "t.csv"), "buys", group="patient")
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


# Nothing is learned from held-out rows


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


@pytest.mark.parametrize("part", ["test", "val"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_value_of_a_held_out_row_reaches_the_weights(tmp_path, part, seed):
    frame = people(200)
    frame.write_csv(tmp_path / "a.csv")
    before = TableData(str(tmp_path / "a.csv"), "buys")
    rows = places(frame, before.table.sets[part])
    assert len(rows) == 40
    changed(frame, rows, np.random.default_rng(seed)).write_csv(tmp_path / "b.csv")
    after = TableData(str(tmp_path / "b.csv"), "buys")
    assert after.columns == before.columns
    found, expected = trained(after).state_dict(), trained(before).state_dict()
    for name, value in expected.items():
        if not name.startswith("val_scores"):
            assert torch.equal(found[name], value), name


def test_a_training_row_does_reach_them(tmp_path):
    frame = people(200)
    frame.write_csv(tmp_path / "a.csv")
    before = TableData(str(tmp_path / "a.csv"), "buys")
    changed(frame, places(frame, before.table.sets["train"])[:1], np.random.default_rng(0)).write_csv(
        tmp_path / "b.csv"
    )
    assert TableData(str(tmp_path / "b.csv"), "buys").columns != before.columns


# The preprocessing


def test_preprocessing_is_scikit_learns(file):
    data = TableData(str(file), "buys")
    train, test = (data.table.sets[part].tensors[0] for part in ("train", "test"))
    module = Preprocessing(data.columns)
    scaler = StandardScaler().fit(train[:, :2].double())
    expected = np.nan_to_num(scaler.transform(test[:, :2].double()))
    np.testing.assert_allclose(module(test)[:, :2], expected, atol=1e-5)
    encoder = OneHotEncoder(categories=[[0, 1, 2, 99], [0, 1]], sparse_output=False)  # 99: missing; it must come last
    codes = [rows[:, 2:].where(rows[:, 2:] >= 0, torch.tensor(99.0)).numpy() for rows in (train, test)]
    hot = encoder.fit(codes[0]).transform(codes[1])
    assert torch.equal(module(test)[:, 2:8], torch.from_numpy(hot).float())
    assert torch.equal(module(test)[:, 8], test[:, 0].isnan().float())
    assert module(test).shape == (60, n_features(data.columns))
    assert module(train)[:, :2].mean(dim=0).abs().max() < 1e-5


def test_what_was_never_seen_counts_as_missing():
    module = Preprocessing([number("x", 2.0, 4.0, True), category("c", ["a", "b"], True), category("d", ["e"], False)])
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
        [number("x", 0.0, 0.0, False)],
        [number("x", float("nan"), 1.0, False)],
        [category("c", [], False)],
        [category("c", ["a", "a"], False)],
        [number("x", 0.0, 1.0, True)],  # two inputs, not one
    ],
)
def test_a_net_refuses_columns_that_do_not_fit(columns):
    with pytest.raises(UserError, match=r"model\."):
        TableClassifier(columns=columns, n_features=1)


# The scores


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

    data = TableData(str(file), "buys")
    model = trained(data, epochs=20).eval()
    raw, labels = data.table.sets["train"].tensors
    found = importance.permutation_importance(model, raw, labels, n_repeats=200)
    expected = permutation_importance(Wrapped(), raw.numpy(), labels.numpy(), n_repeats=200, random_state=0)
    np.testing.assert_allclose(found.mean(dim=1), expected.importances_mean, atol=0.01)
    assert found.mean(dim=1).argmax() == 0  # the age


# The command


@pytest.fixture
def run(torchtour, file):
    answer = torchtour(
        "fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 3
    )
    assert (answer.status, answer.err) == (0, "")
    assert "Left out: id, note (every row differs); joined (dates); planet (constant)." in answer.out
    return Path("checkpoints/default/version_0")


def test_from_a_file_to_a_portable_net(torchtour, run, file, tmp_path):
    assert {"importance.png", "curves.png", "model_card.md"} <= {path.name for path in run.iterdir()}
    answer = torchtour("test")
    assert answer.out.startswith("Accuracy ")
    assert "; always 'no': " in answer.out
    assert "on 60 held-out rows of `people.csv`" in answer.out
    card = (run / "model_card.md").read_text()
    assert TableData(str(file), "buys").table.sha256 in card
    assert "Accuracy on 60 test rows" in card
    assert len((run / "test.csv").read_text().splitlines()) == 3

    new = people(50, seed=9).drop("buys").with_columns(polars.lit("=cmd()").alias("note"), class_=polars.lit(1))
    new = new.rename({"class_": "class"})
    new.write_csv(tmp_path / "new.csv")
    answer = torchtour("predict", "--data.path", tmp_path / "new.csv")
    assert (answer.status, answer.err) == (0, "")
    assert "50 texts got a ' in front" in answer.out
    found = polars.read_csv(run / "predictions.csv")
    assert found.columns == [*new.columns, "predicted_class", "predicted_p_no", "predicted_p_yes"]
    assert set(found["note"]) == {"'=cmd()"}

    model = TableClassifier.load_from_checkpoint(run / "best.ckpt").eval()
    raw, _ = Columns(polars.read_csv(tmp_path / "new.csv")).raw(model.hparams["columns"])
    with torch.no_grad():
        expected = model(torch.from_numpy(raw.to_numpy(order="c"))).softmax(dim=1).numpy()
    np.testing.assert_allclose(found[:, -2:].to_numpy(), expected, atol=1e-6)

    assert torchtour("export", "--to", "home").status == 0
    alone = "import sys, runpy; sys.modules.update(torchtour=None, polars=None, numpy=None, lightning=None);"
    code = f"{alone} sys.argv = ['predict.py', sys.argv[1]]; runpy.run_path('home/predict.py', run_name='__main__')"
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path / "new.csv"], capture_output=True, text=True, check=True
    )
    rows = list(csv.reader(out.stdout.splitlines()))
    assert rows[0] == ["row", "class", "p_no", "p_yes"]
    assert [int(row[0]) for row in rows[1:]] == list(range(1, 51))
    assert [row[1] for row in rows[1:]] == found["predicted_class"].to_list()
    np.testing.assert_allclose(np.array([row[2:] for row in rows[1:]], float), expected, atol=1e-6)


PIPES = {"capture_output": True, "text": True}
SHEET = {  # as a spreadsheet writes it in much of Europe: what is read, from what is written
    "price": lambda n: f"{1000 + 37 * n % 900},{n % 10}0 €".replace("1", "1.", 1),
    "share": lambda n: f"{(7 * n) % 100},5 %",
    "town": lambda n: ("Köln", "Genève", "n/a")[n % 3],
    "weight": lambda n: "-" if n % 9 == 4 else f"(0,{n % 7}25)" if n % 5 == 2 else f"0,{n % 7}25",
    "sold": lambda n: "ja" if 37 * n % 900 > 450 else "nein",
}


def test_a_spreadsheets_numbers_are_read_alike_with_and_without_torchtour(torchtour, tmp_path):
    lines = [";".join(SHEET), *(";".join(cell(n) for cell in SHEET.values()) for n in range(90)), "", ";;;;"]
    (tmp_path / "sheet.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    (tmp_path / "packed").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "long.csv").write_text("\n".join([*lines[:3], lines[3] + ";7", *lines[4:]]))
    flags = ("--data", "TableData", "--data.path", "sheet.csv", "--data.label", "sold", "--trainer.max_epochs", 2)
    answer = torchtour("fit", *flags, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    assert "from 3 columns of numbers and 1 of categories" in answer.out
    columns = {
        column["name"]: column
        for column in torch.load("checkpoints/default/version_0/best.ckpt")["hyper_parameters"]["columns"]
    }
    assert [columns[name]["kind"] for name in SHEET if name != "sold"] == ["number", "number", "category", "number"]
    assert 1000 < columns["price"]["mean"] < 1900
    assert 0 < columns["share"]["mean"] < 1  # a percentage is a fraction
    assert 0 < columns["weight"]["mean"] < 0.27  # a number in parentheses is below zero
    assert torchtour("predict", "--data.path", "sheet.csv").status == 0
    with open("checkpoints/default/version_0/predictions.csv") as file:
        found = [row["p_ja"] for row in csv.DictReader(file)]
    assert torchtour("export", "--to", "home").status == 0
    alone = [sys.executable, "-I", "home/predict.py"]
    for name in ("sheet.csv", "packed"):
        out = subprocess.run([*alone, name], capture_output=True, text=True, check=True)
        assert [row["p_ja"] for row in csv.DictReader(out.stdout.splitlines())] == found  # to the last digit
    assert len(found) == 90
    said = "long.csv: row 3 has 6 fields and the header 5\n"
    answer, done = torchtour("predict", "--data.path", "long.csv"), subprocess.run([*alone, "long.csv"], **PIPES)
    assert (answer.status, answer.err, done.returncode, done.stderr) == (
        2,
        "torchtour: " + said,
        2,
        "predict.py: " + said,
    )


def test_wrong_files_to_predict(torchtour, run, tmp_path):
    before = people(20).drop("buys")
    cases = {
        "the column 'age' is missing": before.drop("age"),
        "the column 'age' holds numbers, but row 3 has 'old'": before.with_columns(
            polars.when(polars.col("id") == 1002).then(polars.lit("old")).otherwise(polars.col("age")).alias("age")
        ),
    }
    for message, frame in cases.items():
        frame.write_csv(tmp_path / "new.csv")
        answer = torchtour("predict", "--data.path", tmp_path / "new.csv")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert message in answer.err
        assert not (run / "predictions.csv").exists()
    assert not list(run.glob(".*.tmp"))


def test_the_ejected_script_refuses_what_predict_refuses(torchtour, run, monkeypatch, capsys):
    assert torchtour("export", "--to", "home").status == 0
    head, *rows = sound = people(20).drop("buys").write_csv().splitlines()
    cases = {
        "header": [head, "", ""],
        "twice": [head.replace("income", "age"), *rows],
        "absent": [head.replace("age", "years"), *rows],
        "text": [head, *rows[:7], rows[7].replace(rows[7].split(",")[2], "much"), *rows[8:]],
        "long": [*sound[:5], sound[5] + ",7", *sound[6:]],
        "quote": [*sound[:5], sound[5].replace("text", '"text'), *sound[6:]],
    }
    files = {name: "\n".join(lines).encode() for name, lines in cases.items()}
    files |= {"cut": gzip.compress("\n".join(sound).encode())[:-9], "latin": files["long"] + b"\xe9", "none": b""}
    files |= {"nul": "\n".join(sound).replace("text", "te\0t", 1).encode()}
    files |= {"short": "\n".join([head, *(row.rpartition(",")[0] for row in rows)]).encode()}
    for name, content in files.items():
        Path(name).write_bytes(content)
        answer = torchtour("predict", "--data.path", name)
        monkeypatch.setattr(sys, "argv", ["predict.py", name])
        try:
            runpy.run_path("home/predict.py", run_name="__main__")
            status = 0
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        assert (answer.status, status) == ((0, 0) if name == "short" else (2, 2)), (name, answer, said)
        assert answer.err.count("\n") == said.err.count("\n") == (name != "short"), (answer, said)
        if name in ("header", "twice", "long"):
            assert said.err.replace("predict.py", "torchtour") == answer.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_the_ejected_script_says_what_it_cannot_print_and_is_quiet_for_head(torchtour, run):
    assert torchtour("export", "--to", "home").status == 0
    people(3000).drop("buys").write_csv("many.csv")
    people(3).drop("buys").write_csv("few.csv")
    alone = [sys.executable, "-I", "home/predict.py"]
    for name in ("many.csv", "few.csv"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*alone, name], stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (2, "predict.py: the output: No space left on device\n")
    done = subprocess.run([*alone, "absent.csv"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "predict.py: absent.csv: No such file or directory\n")
    reading, writing = os.pipe()
    os.close(reading)  # as head does, a little later
    done = subprocess.run([*alone, "many.csv"], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_resumed_run_is_exact_and_needs_the_same_file(torchtour, run, file):
    whole = torchtour(
        "fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 6
    )
    assert whole.status == 0
    assert torchtour("fit", "--ckpt_path", run / "last.ckpt", "--trainer.max_epochs", 6).status == 0
    once, twice = (torch.load(folder / "last.ckpt") for folder in (run.with_name("version_1"), run))
    for name, value in once["state_dict"].items():
        assert torch.equal(value, twice["state_dict"][name])
    file.write_text(file.read_text() + "\n")
    for call in (("fit", "--ckpt_path", run / "last.ckpt", "--trainer.max_epochs", 9), ("test",)):
        answer = torchtour(*call)
        assert (answer.status, answer.out) == (2, "")
        assert "is not the file that the run began with" in answer.err


def command(*arguments, **environment):
    """The command in a process of its own."""
    env = {**os.environ, **environment, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        [sys.executable, "-m", "torchtour", *map(str, arguments)], env=env, stdout=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit(torchtour, file):
    difference = pytest.importorskip("faults.comparing", reason="the campaign is torchtour's own").difference
    learn = ("fit", "--data", "TableData", "--data.path", file, "--data.label", "buys", "--trainer.max_epochs", 300)
    flags = ("--plots.enabled", "false", "--run.save_every_seconds", 0)
    assert torchtour(*learn, *flags).status == 0
    random = np.random.default_rng(seed := np.random.SeedSequence().entropy % 1000)
    runs = [Path(f"checkpoints/default/version_{n}") for n in (0, 1)]
    child, end = command(*learn, *flags), time.monotonic() + 100
    while not (runs[1] / "last.ckpt").exists() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.5))
    child.kill()
    assert child.wait() == -signal.SIGKILL
    killed = torch.load(runs[1] / "last.ckpt")["epoch"]
    assert killed < 299
    assert torchtour("fit", "--ckpt_path", runs[1] / "last.ckpt", *flags).status == 0
    assert difference(*runs) == "", (seed, killed)


def most_memory(child):
    """The most bytes that a process has had of its own, not of files, as it is asked again and again."""
    most, end = 0, time.monotonic() + 300
    while child.poll() is None and time.monotonic() < end:
        status = Path(f"/proc/{child.pid}/status").read_text()
        most = max(most, 1024 * int(re.search(r"RssAnon:\s*(\d+)|$", status)[1] or 0))
        time.sleep(0.01)
    assert child.wait(10) == 0
    return most


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_larger_file_is_predicted_in_the_same_memory(torchtour, tmp_path):
    frame = polars.DataFrame({"x": [k % 97 / 8 for k in range(2000)], "note": ["a word, " * 40] * 2000})
    frame.with_columns(y=polars.int_range(2000) % 2).write_csv("fit.csv")
    learn = ("--data", "TableData", "--data.path", "fit.csv", "--data.label", "y", "--trainer.max_epochs", 1)
    assert torchtour("fit", *learn, "--plots.enabled", "false").status == 0
    most = []
    for times in (400, 1600):  # 250 MB, at which polars has read ahead as far as it will, and 1 GB
        with open("new.csv", "w") as file:
            file.write("x,note\n")
            file.writelines(repeat(frame.write_csv(include_header=False), times))
        child = command("predict", "--ckpt_path", "best", "--data.path", "new.csv", POLARS_MAX_THREADS="1")
        most.append(most_memory(child))
        with open("checkpoints/default/version_0/predictions.csv") as file:
            assert sum(1 for _ in file) == 2000 * times + 1
        for large in (Path("new.csv"), Path(file.name)):  # pytest keeps what is left
            large.unlink()
    assert most[1] < 1.2 * most[0], most


def test_a_config_names_the_checkpoint(torchtour, run):
    Path("again.yaml").write_text(f"ckpt_path: {run / 'last.ckpt'}\ntrainer:\n  max_epochs: 4\n")
    assert torchtour("fit", "-c", "again.yaml").status == 0
    assert torch.load(run / "last.ckpt")["epoch"] == 3


def test_names_and_values_that_a_config_would_read_as_something_else(torchtour):
    names = ["2019", "true", "null", "a: b", "[1]", "{x}", "# no", "1e3", "two\nlines", '😀 "hi"', "", "~"]
    cells = [["1.0", "null", "a: b", "[1]", "true", "{}"][k % 6] for k in range(60)]
    rows = [[str(k * j % 17 + 0.5) for j in range(2, 13)] + [cell] for k, cell in enumerate(cells)]
    for file, label in (("fit.csv", True), ("new.csv", False)):
        with open(file, "w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(names + ["yes"] * label)
            writer.writerows(row + [f"{k % 2}"] * label for k, row in enumerate(rows))
    flags = ("--data", "TableData", "--data.path", "fit.csv", "--data.label", "yes", "--trainer.max_epochs", 1)
    answer = torchtour("fit", *flags, "--plots.enabled", "false")
    assert (answer.status, answer.err) == (0, "")
    assert "from 10 columns of numbers and 1 of categories" in answer.out
    for call in (("fit", "--ckpt_path", "last", "--trainer.max_epochs", 2), ("test",), ("predict",)):
        answer = torchtour(*call, *(("--data.path", "new.csv") if call == ("predict",) else ()))
        assert (answer.status, answer.err) == (0, "")
    assert torchtour("export", "--to", "home").status == 0
    alone = subprocess.run([sys.executable, "-I", "home/predict.py", "new.csv"], **PIPES)
    with open("checkpoints/default/version_0/predictions.csv", newline="") as file:
        found = [row["p_0"] for row in csv.DictReader(file)]
    assert (alone.stderr, len(found)) == ("", 60)
    assert [row["p_0"] for row in csv.DictReader(alone.stdout.splitlines())] == found


def test_a_label_that_is_none_of_the_columns(torchtour, file):
    answer = torchtour("fit", "--data", "TableData", "--data.path", file, "--data.label", "bought")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "data.label must name a column of" in answer.err
    assert not Path("checkpoints").exists()


def test_polars_is_imported_only_when_a_table_is_read():
    code = "import sys, torchtour.command.fit; print('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_polars_the_command_says_what_brings_it(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UserError, match=r'pip install "torchtour\[table\]"'):
        open_table(str(file))
