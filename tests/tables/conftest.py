"""A file of each kind of column."""

import pytest
from table_files import people


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    people().write_csv(path)
    return path
