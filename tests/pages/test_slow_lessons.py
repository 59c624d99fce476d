"""Correction 3 for the lessons that take long: each prints the same wherever the generators stood."""

import pytest
from test_corrections import LESSONS, SLOW
from test_corrections import test_3_a_lesson_prints_the_same_wherever_the_generators_stood as prints_the_same


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize("lesson", [path for path in LESSONS if path.stem in SLOW], ids=lambda path: path.stem)
def test_a_slow_lesson_prints_the_same(lesson, monkeypatch, tmp_path):
    prints_the_same(lesson, monkeypatch, tmp_path)
