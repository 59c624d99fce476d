"""Sweeps: many nets trained side by side as one, each with settings and a seed of its own."""

from torchtour.sweep.classifiers import StackedClassifiers
from torchtour.sweep.data import StackedData

__all__ = ["StackedClassifiers", "StackedData"]
