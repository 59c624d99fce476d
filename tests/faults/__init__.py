"""The fault campaign: what happens to a run that is killed, cut off, lied to, or left without room.

PYTHONPATH=tests python -m faults [--only WORD] [--write PAGE] prints a table: fault, tried, held.
`make test` runs a small sample of it.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: more threads would wait for each other, and cannot be forked
