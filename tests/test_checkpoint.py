import os
import zipfile
from pathlib import Path

import pytest
import torch

from torchtour.command.finding import find
from torchtour.settings import UserError
from torchtour.trust import atomic, sealed

CONTENT = {"state_dict": {"w": torch.arange(5.0)}, "hyper_parameters": {"lr": 0.1}, "epoch": 3}


@pytest.fixture
def path(tmp_path):
    atomic.replace(tmp_path / "a.ckpt", sealed.pack(CONTENT))
    return tmp_path / "a.ckpt"


def test_what_was_written_is_read(path):
    read = sealed.read(path)
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
            sealed.read(path)


def test_every_cut_is_seen(path):
    content = path.read_bytes()
    for length in range(0, len(content), 13):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"cut short"):
            sealed.read(path)


def test_a_plain_checkpoint_is_read_too(tmp_path):
    torch.save(CONTENT, tmp_path / "plain.ckpt")
    assert sealed.read(tmp_path / "plain.ckpt")["epoch"] == 3
    assert not sealed.is_sealed((tmp_path / "plain.ckpt").read_bytes())


def test_no_code_in_a_file_runs(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    atomic.replace(tmp_path / "bomb.ckpt", sealed.pack({"state_dict": Bomb()}))
    with pytest.raises(UserError, match=r"bomb.ckpt cannot be loaded"):
        sealed.read(tmp_path / "bomb.ckpt")
    assert not (tmp_path / "exploded").exists()


def test_a_write_that_fails_leaves_the_file_before(path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.replace(path, sealed.pack({"epoch": 4}))
    assert sealed.read(path)["epoch"] == 3
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    left, strange = tmp_path / ".a.ckpt.0123456789ab.tmp", tmp_path / ".another's.tmp"
    left.touch()
    strange.touch()
    with atomic.replacing(tmp_path / "b.ckpt") as file:
        atomic.remove_unfinished(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {Path(file.name).name, strange.name}
        file.write(b"whole")
    assert (tmp_path / "b.ckpt").read_bytes() == b"whole"


def test_best_and_last_are_those_of_the_newest_run(tmp_path):
    for age, name in enumerate(["b/version_10", "b/version_9", "a/version_0"]):
        (tmp_path / name).mkdir(parents=True)
        for file in ("config.yaml", "best.ckpt", "last.ckpt"):
            (tmp_path / name / file).touch()
            os.utime(tmp_path / name / file, ns=(0, -age))
    assert find("best", tmp_path) == tmp_path / "b/version_10/best.ckpt"
    assert find("last", tmp_path) == tmp_path / "b/version_10/last.ckpt"
    assert find(str(tmp_path / "a/version_0/last.ckpt"), tmp_path).parent.name == "version_0"


def test_where_there_is_no_checkpoint_those_that_exist_are_named(tmp_path):
    with pytest.raises(UserError, match="there is none below"):
        find("best", tmp_path)
    (tmp_path / "a/version_0").mkdir(parents=True)
    (tmp_path / "a/version_0/config.yaml").touch()
    (tmp_path / "a/version_0/last.ckpt").touch()
    with pytest.raises(UserError, match=r"no best checkpoint .*; there are: .*a/version_0/last.ckpt"):
        find("best", tmp_path)
    for absent in ("", "nowhere.ckpt", str(tmp_path)):
        with pytest.raises(UserError, match=r"is not a file; there are: .*a/version_0/last.ckpt"):
            find(absent, tmp_path)
