"""A malformed file is refused in one line."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import polars
import pytest
from table_files import written

from torchtour import TableData
from torchtour.settings import UserError
from torchtour.tables.reading import open_table

HOSTILE = json.loads((Path(__file__).parent / "malformed.json").read_text())


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
