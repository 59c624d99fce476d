"""The training of configs/default.yaml as a plain loop: without Lightning, and with the same digits."""

import math

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from torchtour.network import SimpleNet


def draw(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    return features, (features[:, 0] + features[:, 1] > 0).long()  # [n]


seeds = np.random.default_rng(0).choice(2**32, size=4, replace=False).tolist()
features, labels = draw(4000, seeds[0])
val_features, val_labels = draw(2000, seeds[1])
test_features, test_labels = draw(10000, seeds[2])

torch.manual_seed(0)
net = SimpleNet(2, 10, 2)

optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.1)

best = math.inf
for epoch in range(10):
    net.train()
    order = torch.from_numpy(np.random.default_rng((0, epoch)).permutation(4000))
    loss_sum, right = 0.0, 0
    for batch in order.split(100):
        logits = net(features[batch])  # [batch, 2]
        loss = cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(batch)
        right += (logits.argmax(dim=1) == labels[batch]).sum().item()
    net.eval()
    with torch.no_grad():
        val_logits = net(val_features)  # [2000, 2]
        val_loss = cross_entropy(val_logits, val_labels).item()
        val_accuracy = (val_logits.argmax(dim=1) == val_labels).float().mean()
    if val_loss < best:
        best = val_loss
        torch.save(net.state_dict(), "best.pt")
    accuracy = torch.tensor(right / 4000)  # float32, as torchmetrics keeps it
    print(f"Epoch [{epoch + 1}/10], Loss: {loss_sum / 4000:.4f}, Accuracy: {accuracy:.4f}", end=", ")
    print(f"Val loss: {val_loss:.4f}, Val accuracy: {val_accuracy:.4f}")
    schedule.step()

net.load_state_dict(torch.load("best.pt", weights_only=True))
net.eval()
with torch.no_grad():
    logits = net(test_features)
    loss = cross_entropy(logits, test_labels)
    accuracy = (logits.argmax(dim=1) == test_labels).float().mean()
print(f"Accuracy {100 * accuracy:.1f} % on 10000 held-out points of `line`, loss {loss:.4f}.")
