# %% [markdown]
"""
Quick reference
===============

The ten operations that you will look up most often, and the five ideas behind all the
rest. Each is a few lines that run, followed by a cell that checks what was printed. The
lessons explain them.
"""

# %%

import tempfile
from pathlib import Path

import torch
from torch import nn

from torchtour.lessons import headline

# %% [markdown]
# Operation 1: from a list
# ------------------------
#
# The values decide the dtype: whole numbers become ``int64``, floats ``float32``.

# %%

headline("From a list")
table = torch.tensor([[1, 2], [3, 4]])
print(table, table.dtype)

# %% checks

assert table.tolist() == [[1, 2], [3, 4]]
assert table.dtype == torch.int64

# %% [markdown]
# Operation 2: zeros and ones
# ---------------------------
#
# Give the shape. ``zeros_like`` and ``ones_like`` take shape, dtype and device from
# another tensor.

# %%

headline("Zeros and ones")
zeros = torch.zeros(2, 3)
ones = torch.ones_like(zeros)
print(zeros)
print(ones)

# %% checks

assert zeros.tolist() == [[0, 0, 0], [0, 0, 0]]
assert ones.tolist() == [[1, 1, 1], [1, 1, 1]]

# %% [markdown]
# Operation 3: random numbers
# ---------------------------
#
# ``randn`` draws from the normal distribution, ``rand`` evenly from 0 to 1. The same
# seed gives the same numbers.

# %%

headline("randn")
_ = torch.manual_seed(0)
noise = torch.randn(2, 3)
print(noise)

# %% checks

assert torch.equal(noise, torch.randn(2, 3, generator=torch.Generator().manual_seed(0)))

# %% [markdown]
# Operation 4: matrix product
# ---------------------------
#
# ``@`` needs equal inner sizes: (2, 3) @ (3, 2) gives (2, 2). ``*`` multiplies number
# by number.

# %%

headline("Matrix product")
product = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) @ torch.tensor(
    [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
)
print(product)

# %% checks

assert product.tolist() == [[1 + 3, 2 + 3], [4 + 6, 5 + 6]]

# %% [markdown]
# Operation 5: another shape
# --------------------------
#
# ``reshape`` keeps the order of the numbers, and -1 stands for the size that fits. To
# swap rows and columns, use ``.T``.

# %%

headline("reshape")
grid = torch.arange(6).reshape(2, -1)
print(grid)

# %% checks

assert grid.tolist() == [[0, 1, 2], [3, 4, 5]]

# %% [markdown]
# Operation 6: gradients
# ----------------------
#
# ``backward`` adds the derivative to ``grad`` of each leaf with ``requires_grad`` that
# took part. Zero it before the next one.

# %%

headline("backward")
x = torch.tensor(2.0, requires_grad=True)
(x**3).backward()
print("the derivative of x^3 at 2 is", x.grad.item())

# %% checks

assert x.grad == 3 * 2**2

# %% [markdown]
# Operation 7: no gradients
# -------------------------
#
# Inside ``no_grad`` nothing is recorded: for predictions, and for changing weights by
# hand.

# %%

headline("no_grad")
with torch.no_grad():
    unrecorded = x**3
print("requires_grad:", unrecorded.requires_grad)

# %% checks

assert not unrecorded.requires_grad
assert (x**3).requires_grad

# %% [markdown]
# Operation 8: to a device
# ------------------------
#
# The accelerator if the machine has one, else the CPU. A network and its data must be
# on the same device. ``check_available`` matters: without it you get what torch was
# built for, even on a machine that has none.

# %%

headline("To a device")
accelerator = torch.accelerator.current_accelerator(check_available=True)
device = accelerator or torch.device("cpu")
there = torch.ones(2, 2).to(device)
back = there.cpu()
print(back)

# %% checks

assert there.device.type == device.type
assert back.device.type == "cpu"
assert back.tolist() == [[1, 1], [1, 1]]

# %% [markdown]
# Operation 9: save
# -----------------
#
# Save the ``state_dict``, the named weights and buffers of a network, not the network
# itself.

# %%

_ = torch.manual_seed(0)
net = nn.Linear(2, 1)
folder = tempfile.TemporaryDirectory()
file = Path(folder.name, "net.pt")

headline("Save")
torch.save(net.state_dict(), file)
print({name: tuple(tensor.shape) for name, tensor in net.state_dict().items()})

# %% checks

assert file.stat().st_size > 0
assert {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()} == {
    "weight": (1, 2),
    "bias": (1,),
}

# %% [markdown]
# Operation 10: load
# ------------------
#
# Build a network of the same shape first, then fill it. ``weights_only=True`` refuses
# files that would call functions while they are read. ``map_location="cpu"`` loads a
# file from a machine with a GPU.

# %%

headline("Load")
fresh = nn.Linear(2, 1)
before = torch.equal(fresh.weight, net.weight)
fresh.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
folder.cleanup()
print("equal weights before:", before, " after:", torch.equal(fresh.weight, net.weight))

# %% checks

assert not before
assert torch.equal(fresh(torch.ones(1, 2)), net(torch.ones(1, 2)))

# %% [markdown]
# Idea 1: tensor
# --------------
#
# A block of numbers with a shape, a dtype and a device. All data, all weights and all
# results are tensors.

# %%

headline("Tensor")
photographs = torch.zeros(8, 3, 32, 32)
print(
    "eight photographs, three colours, 32 by 32 points:",
    photographs.numel(),
    "numbers,",
    photographs.dtype,
)

# %% checks

assert photographs.numel() == 8 * 3 * 32 * 32
assert photographs.dtype == torch.float32

# %% [markdown]
# Idea 2: autograd
# ----------------
#
# torch records the calculation as it runs and goes back through it for the derivatives.
# You can differentiate ordinary Python, with its loops and ifs.

# %%

headline("Autograd")
x = torch.tensor(2.0, requires_grad=True)
power = torch.tensor(1.0)
for _ in range(5):
    power = power * x
power.backward()
print("x^5 =", power.item(), " its derivative:", x.grad.item())

# %% checks

assert (power.item(), x.grad.item()) == (2**5, 5 * 2**4)

# %% [markdown]
# Idea 3: module
# --------------
#
# Layers and their weights in one object, which you call like a function. You build
# modules from modules.

# %%

headline("Module")
_ = torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 2))
print(
    "output:",
    tuple(net(torch.randn(5, 2)).shape),
    " parameters:",
    sum(p.numel() for p in net.parameters()),
)

# %% checks

assert net(torch.randn(5, 2)).shape == (5, 2)
assert sum(p.numel() for p in net.parameters()) == (2 * 10 + 10) + (10 * 2 + 2)

# %% [markdown]
# Idea 4: training loop
# ---------------------
#
# Forward, loss, zero the gradients, backward, step, and again. This one finds the line
# through four points. ``train()`` before it and ``eval()`` after it set the mode of
# layers such as dropout.

# %%

headline("Training loop")
x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
y = 2 * x + 1
_ = torch.manual_seed(0)
line = nn.Linear(1, 1)
optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
_ = line.train()
for _ in range(500):
    loss = nn.functional.mse_loss(line(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
_ = line.eval()
print(f"slope {line.weight.item():.3f}, intercept {line.bias.item():.3f}")

# %% checks

exact = torch.linalg.lstsq(
    torch.cat([x, torch.ones_like(x)], dim=1), y
).solution  # the best line, by algebra
torch.testing.assert_close(
    torch.stack([line.weight[0], line.bias]), exact, rtol=1e-4, atol=1e-4
)

# %% [markdown]
# Idea 5: device
# --------------
#
# torch calculates where the numbers are. The code is the same for every device: move
# the network and the batch, and the result is on that device too.

# %%

headline("Device")
moved = net.to(device)
scores = moved(torch.ones(1, 2).to(device))
print(
    "the scores are where the weights are:",
    scores.device == next(moved.parameters()).device,
)

# %% checks

assert scores.device.type == device.type
torch.testing.assert_close(
    scores.cpu(), net.cpu()(torch.ones(1, 2)), rtol=1e-3, atol=1e-3
)
