"""The benchmark is no timed test; but it must run, and compare those that do the same work."""

import io
import sys
import warnings
from functools import partial

import pytest
import torch
from benchmarks import measuring
from benchmarks.contestants import CONTESTANTS, DRAWING, Contestant
from benchmarks.measuring import row, take_turns, timed
from benchmarks.plain import by_hand, plain
from benchmarks.setting import Setting
from benchmarks.sharing import plain_shared, torchtour_shared


@pytest.mark.parametrize(
    ("name", "validate"),
    [*((name, validate) for name in CONTESTANTS for validate in (False, True)), *((name, False) for name in DRAWING)],
)
def test_each_contestant_trains(name, validate, monkeypatch):
    # The real compiler takes 20 s; what it is given to compile is the same.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    threads, out = torch.get_num_threads(), sys.stdout
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the usual project is warned of much
        assert timed(name, Setting(2000, 100, 2, validate=validate)) > 0
    assert (torch.get_num_threads(), sys.stdout) == (threads, out)


@pytest.mark.slow
def test_two_processes_train():
    assert torchtour_shared(2, 131_072) > 0
    assert plain_shared(2, 131_072, "SCHED_BATCH") > 0


def test_who_does_not_train_is_found(monkeypatch):
    monkeypatch.setitem(CONTESTANTS, "plain loop", Contestant(lambda setting: (0.001, lambda x: x), "nothing"))
    with pytest.raises(AssertionError, match="learned nothing"):
        timed("plain loop", Setting(2000, 100, 2))


def test_the_bars_are_drawn(monkeypatch):
    """A bar that finds no terminal is free; that would flatter torchtour."""
    drawn = io.StringIO()
    monkeypatch.setattr(measuring.Screen, "write", lambda _, text: drawn.write(text))
    timed("torchtour", Setting(2000, 100, 2))
    assert "steps/s" in drawn.getvalue()


def test_the_slow_take_fewer_turns_and_points(monkeypatch):
    taken = []
    monkeypatch.setattr("benchmarks.measuring.timed", lambda name, setting: taken.append((name, setting.n)) or 1.0)
    take_turns(Setting(1000, 10, 2, few=50), ["plain loop", "Fabric"], 3, slow=1)
    assert taken == [("plain loop", 1000), ("Fabric", 50), ("plain loop", 1000), ("plain loop", 1000)]


def test_a_row_has_the_median_and_the_spread():
    found = row("a step", "torchtour", 1.234, [3.0, 1.0, 2.0], "4", "a bar")
    assert list(found.values()) == ["a step", "torchtour", "1.23", "2.00", "1.00", "3.00", "4", "a bar"]


def test_gradients_by_hand_are_those_of_autograd():
    setting = Setting(1000, 30, 2)
    (_, mine), (_, theirs) = by_hand(setting), plain(setting)
    for weight, other in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-4, atol=1e-5)


def test_every_contestant_says_what_it_does():
    assert all(it.does for it in (*CONTESTANTS.values(), *DRAWING.values()))
