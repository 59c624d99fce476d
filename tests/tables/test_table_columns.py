"""What becomes of the columns of a table."""

import gzip

import pytest
import torch
from table_files import people, people_file, written  # noqa: F401

from torchtour import TableData
from torchtour.settings import UserError
from torchtour.tables.loading import describe


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
    assert [column.name for column in table.columns] == ["price", "x"]
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
    found = TableData(path, "y", test_fraction=0.1)
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
        for part in ("train", "test"):
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


def test_a_frame_is_read_like_its_file(tmp_path):
    frame = people(120)
    frame.write_csv(tmp_path / "t.csv")
    file, given = TableData(str(tmp_path / "t.csv"), "buys").table, TableData.from_frame(frame, "buys").table
    assert (given.columns, given.classes, given.left_out) == (file.columns, file.classes, file.left_out)
    for found, expected in zip(given.sets["train"].tensors, file.sets["train"].tensors, strict=True):
        assert torch.equal(found.nan_to_num(-99), expected.nan_to_num(-99))
    assert given.sha256 != TableData.from_frame(frame[::-1], "buys").table.sha256
    with pytest.raises(UserError, match="a frame must be polars' or pandas', got list"):
        TableData.from_frame([1], "buys").table  # noqa: B018
    with pytest.raises(UserError, match=r"data\.label must name a column of the frame"):
        TableData.from_frame(frame, "bought").table  # noqa: B018


def test_a_frame_of_pandas_is_read_like_one_of_polars():
    pandas = pytest.importorskip("pandas")
    frame = people(120)
    other = pandas.DataFrame({name: frame[name].to_list() for name in frame.columns}, index=range(5, 125))
    expected, found = TableData.from_frame(frame, "buys").table, TableData.from_frame(other, "buys").table
    assert (found.columns, found.classes) == (expected.columns, expected.classes)
    for one, two in zip(found.sets["test"].tensors, expected.sets["test"].tensors, strict=True):
        assert torch.equal(one.nan_to_num(-99), two.nan_to_num(-99))
