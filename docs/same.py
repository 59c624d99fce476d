"""Compare the plain loop's best weights with those of the project: a difference in one bit ends this in an error."""

import torch

from torchtour import Classifier

loop = torch.load("best.pt", weights_only=True)
project = Classifier.load_from_checkpoint("checkpoints/default/version_0/best.ckpt").net.state_dict()
assert loop.keys() == project.keys()
for name, weight in project.items():
    assert torch.equal(weight, loop[name]), name
    print(f"{name:10} {list(weight.shape)}: equal to the last bit")
