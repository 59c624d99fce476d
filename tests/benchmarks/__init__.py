"""What each convenience costs: torchtour, the usual Lightning project and others against a plain loop.

PYTHONPATH=tests python -m benchmarks [--only PART] prints a table and writes it, and pictures, to docs/.
All train the same net on the same number of points in the same batches, on one thread: the net is so small that more
threads would wait for each other. They take turns in one process; figures are medians, with the lowest and highest.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("TERM", "xterm")  # rich draws on no other kind
