import os
import zipfile
from pathlib import Path

import pytest
import torch

from torchtour.runs import checkpoint_file, files
from torchtour.runs.checkpoint_file import read_raw
from torchtour.runs.checkpoint_paths import find_checkpoint
from torchtour.settings import UserError

CONTENT = {"state_dict": {"w": torch.arange(5.0)}, "hyper_parameters": {"lr": 0.1}, "epoch": 3}


@pytest.fixture
def path(tmp_path):
    files.replace(tmp_path / "a.ckpt", checkpoint_file.to_bytes(CONTENT))
    return tmp_path / "a.ckpt"


def test_what_was_written_is_read(path):
    read = read_raw(path).content
    assert torch.equal(read["state_dict"]["w"], torch.arange(5.0))
    assert {key: read[key] for key in ("hyper_parameters", "epoch")} == {"hyper_parameters": {"lr": 0.1}, "epoch": 3}
    assert list(path.parent.iterdir()) == [path]


def test_torch_and_zip_read_the_file_too(path):
    assert torch.load(path, weights_only=True)["epoch"] == 3
    assert zipfile.ZipFile(path).testzip() is None


def test_every_flipped_bit_is_seen(path):
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[position] ^= 1 << position % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=r"is damaged|cannot be loaded"):
            read_raw(path)


def test_every_cut_is_seen(path):
    content = path.read_bytes()
    for length in range(0, len(content), 13):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"cut short"):
            read_raw(path)


def test_a_plain_checkpoint_is_read_too(tmp_path):
    torch.save(CONTENT, tmp_path / "plain.ckpt")
    assert read_raw(tmp_path / "plain.ckpt").content["epoch"] == 3
    assert not checkpoint_file.has_valid_checksum((tmp_path / "plain.ckpt").read_bytes())


def test_no_code_in_a_file_runs(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    files.replace(tmp_path / "bomb.ckpt", checkpoint_file.to_bytes({"state_dict": Bomb()}))
    with pytest.raises(UserError, match=r"bomb.ckpt cannot be loaded"):
        read_raw(tmp_path / "bomb.ckpt")
    assert not (tmp_path / "exploded").exists()


def test_a_write_that_fails_leaves_the_file_before(path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.replace(path, checkpoint_file.to_bytes({"epoch": 4}))
    assert read_raw(path).content["epoch"] == 3
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    left, strange = tmp_path / ".a.ckpt.0123456789ab.tmp", tmp_path / ".another's.tmp"
    left.touch()
    strange.touch()
    with files.replacing(tmp_path / "b.ckpt") as file:
        files.remove_unfinished(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {Path(file.name).name, strange.name}
        file.write(b"whole")
    assert (tmp_path / "b.ckpt").read_bytes() == b"whole"


def test_best_and_last_are_those_of_the_newest_run(tmp_path):
    for age, name in enumerate(["b/version_10", "b/version_9", "a/version_0"]):
        (tmp_path / name).mkdir(parents=True)
        for file in ("config.yaml", "best.ckpt", "last.ckpt"):
            (tmp_path / name / file).touch()
            os.utime(tmp_path / name / file, ns=(0, -age))
    assert find_checkpoint("best", tmp_path) == tmp_path / "b/version_10/best.ckpt"
    assert find_checkpoint("last", tmp_path) == tmp_path / "b/version_10/last.ckpt"
    assert find_checkpoint(str(tmp_path / "a/version_0/last.ckpt"), tmp_path).parent.name == "version_0"


def test_where_there_is_no_checkpoint_those_that_exist_are_named(tmp_path):
    with pytest.raises(UserError, match="there is none below"):
        find_checkpoint("best", tmp_path)
    (tmp_path / "a/version_0").mkdir(parents=True)
    (tmp_path / "a/version_0/config.yaml").touch()
    (tmp_path / "a/version_0/last.ckpt").touch()
    with pytest.raises(UserError, match=r"no best checkpoint .*; there are: .*a/version_0/last.ckpt"):
        find_checkpoint("best", tmp_path)
    for absent in ("", "nowhere.ckpt", str(tmp_path)):
        with pytest.raises(UserError, match=r"is not a file; there are: .*a/version_0/last.ckpt"):
            find_checkpoint(absent, tmp_path)
