"""A net that torchtour trained, with torch alone: python predict.py 0.5 -1.2 prints the probability of each class.

Each row of features gives a line. net.pt2 is the program of the net that was trained.
"""

import sys
from pathlib import Path

import torch

net = torch.export.load(Path(__file__).with_name("net.pt2")).module()
n_features = net.get_buffer("n_features").item()
try:
    features = torch.tensor([float(word) for word in sys.argv[1:] or "?"]).reshape(-1, n_features)  # [n, n_features]
except (ValueError, RuntimeError):
    names = " ".join(f"x{k + 1}" for k in range(n_features))
    print(f"usage: python predict.py {names} [{names} ...]", file=sys.stderr)
    sys.exit(2)
with torch.no_grad():
    for probabilities in net(features).softmax(dim=1).tolist():
        print(*probabilities)
