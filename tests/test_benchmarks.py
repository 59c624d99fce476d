"""The benchmark is no timed test; but it must run, and compare those that do the same work."""

import warnings

import pytest
import torch
from benchmarks.bench import CONTESTANTS, Setting, generated, learned, row, streamed


@pytest.mark.parametrize("name", ["plain loop", "torchtour", "usual Lightning project", "Fabric"])
def test_each_contestant_trains(name):
    threads = torch.get_num_threads()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the usual project is warned of much
        seconds, net = CONTESTANTS[name](Setting(2000, 100, 2, validate=name != "Fabric"))
    assert (seconds > 0, torch.get_num_threads()) == (True, threads)
    assert learned(net) > 0.95


def test_a_stream_trains():
    for way in (generated, streamed):
        assert learned(way(Setting(4000, 100, 1))[1]) > 0.95


def test_a_row_has_the_median_and_the_spread():
    found = row("a step", "torchtour", 1.234, [3.0, 1.0, 2.0], "4")
    assert list(found.values()) == ["a step", "torchtour", "1.23", "2.00", "1.00", "3.00", "4"]
