# %% [markdown]
"""
Tensors
=======

A *tensor* is a block of numbers of one kind, arranged in rows, columns and so on. A single number is a tensor,
and so are a list of numbers, a table, and a stack of photographs. PyTorch works on tensors and on nothing else:
the data are tensors, the weights of a neural network are tensors, and so is its answer.

In this lesson you make tensors, calculate with them, take them apart, and meet the mistakes that cost beginners
the most time. You need to know Python, and nothing more.
"""

# %%

import numpy as np
import torch

# sphinx_gallery_start_ignore
# The page hides this part. `uv run --no-project tensors.py` installs what it names here.
# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy", "torch>=2.10"]
# ///
try:
    import matplotlib.pyplot as plt
except ImportError:  # then there is no picture
    plt = None


def headline(text: str) -> None:
    """Print a headline with the number of the line that calls this. In a notebook there are no line numbers."""
    import sys

    caller = sys._getframe(1)
    number = "" if "get_ipython" in caller.f_globals else f"[Line {caller.f_lineno}] "
    print(f"\n{number}{text}:")


# sphinx_gallery_end_ignore

# %% [markdown]
# From lists to tensors
# ---------------------
#
# ``torch.tensor`` turns a list into a tensor. A list of two lists becomes a table: two rows, two columns.

# %%

headline("Creating tensors from Python lists")
table = torch.tensor([[1, 2], [3, 4]])
print(table)
print("shape:", tuple(table.shape))
print("dtype:", table.dtype)

# %% [markdown]
# The *shape* says how many numbers there are in each *dimension*: here 2 rows by 2 columns. The *dtype*, short
# for data type, says what kind of number each one is: ``int64`` is a whole number kept in 64 bits.
#
# After a result comes a cell like the next one. It checks the result against an answer found in another way,
# and ``assert`` stops the lesson if the two differ. What you read here is tested each time it runs.

# %% checks

assert table.shape == (len([[1, 2], [3, 4]]), len([1, 2]))
assert table.dtype == torch.int64
assert torch.iinfo(table.dtype).max == 2**63 - 1  # 64 bits, one of them for the sign

# %% [markdown]
# What decides the dtype? The values in the list, unless you name one. A single ``2.0`` makes all of them
# floats, numbers with a fractional part. Python's own floats take 64 bits. torch prefers ``float32``: half the
# memory, and precise enough for learning.

# %%

headline("What decides the dtype")
print("[1, 2]       ", torch.tensor([1, 2]).dtype)
print("[1, 2.0]     ", torch.tensor([1, 2.0]).dtype)
print("[True, False]", torch.tensor([True, False]).dtype)
print("you do       ", torch.tensor([1, 2], dtype=torch.float32).dtype)

# %% [markdown]
# Often you know the shape but not yet the numbers. ``rand`` draws them at random, evenly from 0 to 1. The
# *seed* given to ``manual_seed`` fixes which random numbers come, so that you get the same ones on each run.

# %%

headline("Zeros, ones and random numbers")
print(torch.zeros(2, 3))
print(torch.ones(2, 3))
_ = torch.manual_seed(0)
uniform = torch.rand(2, 3)
print(uniform)

# %% checks

_ = torch.manual_seed(0)
assert torch.equal(uniform, torch.rand(2, 3))  # the same seed, the same numbers
assert not torch.equal(uniform, torch.rand(2, 3))  # the next ones in line are others
assert 0 <= uniform.min() <= uniform.max() < 1

# %% [markdown]
# Arithmetic
# ----------
#
# ``+`` and ``*`` work number by number. ``@`` is the product of mathematics: for two lists of numbers it
# multiplies pair by pair and adds up the results. That leaves a single number, and ``item()`` makes a Python
# number of it.

# %%

headline("Adding and multiplying")
a = torch.tensor([1.0, 2.0, 3.0])
b = torch.tensor([4.0, 5.0, 6.0])
print("a + b =", a + b)
print("a * b =", a * b)
print("a @ b =", (a @ b).item())

# %% checks

assert (a + b).tolist() == [1 + 4, 2 + 5, 3 + 6]
assert (a * b).tolist() == [1 * 4, 2 * 5, 3 * 6]
assert (a @ b).item() == 1 * 4 + 2 * 5 + 3 * 6

# %% [markdown]
# For two tables, or *matrices*, ``@`` does that with each row of the left one and each column of the right one.
# So the inner sizes must agree, and the outer ones remain: (2, 3) @ (3, 4) gives (2, 4). ``randn`` draws from
# the normal distribution: around 0, mostly between -2 and 2.

# %%

headline("Multiplying two matrices")
_ = torch.manual_seed(0)
left = torch.randn(2, 3)
right = torch.randn(3, 4)
product = left @ right
print(product)
print("shape:", tuple(product.shape))

# %% checks

written_out = torch.empty(2, 4)
for i in range(2):
    for j in range(4):
        written_out[i, j] = sum(left[i, k] * right[k, j] for k in range(3))
assert product.shape == (2, 4)
torch.testing.assert_close(product, written_out)  # equal up to rounding: the sums may run in another order

# %% [markdown]
# Another shape, the same memory
# ------------------------------
#
# In memory a tensor is one long row of numbers, and the shape only says how to read it. So ``view`` shows you
# the same numbers in another shape without copying any. Not copied means shared: write through one name, and
# you read it under the other.

# %%

headline("Twelve numbers viewed as three rows of four")
numbers = torch.arange(12)
grid = numbers.view(3, 4)
print(grid)
grid[0, 0] = 100
print("numbers[0] is now", numbers[0].item())

# %% checks

assert numbers[0] == 100
numbers[0] = 0  # and the way back
assert grid.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]

# %% [markdown]
# What goes wrong: view on a transposed tensor
# --------------------------------------------
#
# ``grid.T`` is the *transpose*: its rows are the columns of ``grid``. It shares the memory too, but reads it in
# jumps: 0, 4, 8, 1 and so on. ``view`` can't give you these numbers as one row without moving them, so it
# refuses. ``reshape`` is like ``view`` where that is possible and makes a copy where it is not. Then nothing is
# shared any more, and nobody tells you.

# %%

headline("A transposed tensor: view refuses, reshape copies")
refusal = ""
try:
    grid.T.view(12)
except RuntimeError as error:
    refusal = str(error)
print("view:", refusal)
copy = grid.T.reshape(12)
print("reshape:", copy)
copy[0] = 100
print("grid[0, 0] is still", grid[0, 0].item())

# %% checks

assert "view size is not compatible" in refusal
assert copy[1:].tolist() == [4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
assert grid[0, 0] == 0

# %% [markdown]
# A worse mistake gives no error at all: ``view(4, 3)`` in place of ``.T``. The shape comes out right, and the
# numbers are in the wrong places. A new shape never reorders the numbers.

# %%

headline("The first row of grid.view(4, 3) and of grid.T")
print(grid.view(4, 3)[0].tolist(), "and", grid.T[0].tolist())

# %% checks

assert grid.view(4, 3).shape == grid.T.shape
assert grid.T[0].tolist() == [row[0] for row in grid.tolist()] != grid.view(4, 3)[0].tolist()

# %% [markdown]
# Broadcasting
# ------------
#
# Two shapes need not be the same. torch compares them from the right, and a dimension that one tensor lacks, or
# where it has size 1, is repeated to fit the other. A column (3, 1) and a row (4) make a table (3, 4).

# %%

headline("A column plus a row")
print(torch.tensor([[10], [20], [30]]) + torch.tensor([1, 2, 3, 4]))

# %% [markdown]
# The same rule turns a slip into a wrong result. Take three predictions as a column and the three true values
# as a row. Their difference is a table of all nine pairs, and its mean looks like any other number. These
# predictions are perfect, so the error should be 0.

# %%

headline("What goes wrong: the mean squared error of three perfect predictions")
predicted = torch.tensor([[1.0], [2.0], [3.0]])  # [3, 1]
truth = torch.tensor([1.0, 2.0, 3.0])  # [3]
wrong = (predicted - truth).square().mean()  # of [3, 3]
correct = (predicted.squeeze(1) - truth).square().mean()  # of [3]: squeeze(1) drops the dimension of size 1
print(f"column minus row: {wrong.item():.4f}")
print(f"row minus row:    {correct.item():.4f}")

# %% checks

assert np.isclose(wrong.item(), (0 + 1 + 4 + 1 + 0 + 1 + 4 + 1 + 0) / 9)
assert correct == 0

# %% [markdown]
# Taking tensors apart
# --------------------
#
# Rows and columns count from 0, and ``:`` takes a whole dimension. A comparison gives a *mask*, a tensor of
# True and False, and with a mask as index you get the numbers where it is True. A slice shares memory, like a
# view. What a mask picks is a copy.

# %%

headline("Indexing and masks")
print("grid[1, 2]     ", grid[1, 2].item())
print("grid[1]        ", grid[1].tolist())
print("grid[:, -1]    ", grid[:, -1].tolist())
print("grid[:2, 1:3]  ", grid[:2, 1:3].tolist())
print("grid[grid > 7] ", grid[grid > 7].tolist())

# %% checks

rows = grid.tolist()
assert grid[:, -1].tolist() == [row[-1] for row in rows]
assert grid[:2, 1:3].tolist() == [row[1:3] for row in rows[:2]]
assert grid[grid > 7].tolist() == [number for row in rows for number in row if number > 7]
assert np.shares_memory(grid[1].numpy(), numbers.numpy())
assert not np.shares_memory(grid[grid > 7].numpy(), numbers.numpy())

# %% [markdown]
# Changing in place
# -----------------
#
# ``c = c + 1`` makes a new tensor and hangs the old name on it. ``c += 1``, and every method whose name ends in
# ``_``, changes the tensor itself, and whoever shares it sees the change.

# %%

headline("The same tensor under a second name")
c = torch.zeros(3)
also_c = c
c += 1
c.add_(1)
print("after c += 1 and c.add_(1):", also_c)
c = c + 1
print("after c = c + 1:           ", also_c)

# %% checks

assert also_c.tolist() == [0 + 1 + 1] * 3
assert c.tolist() == [0 + 1 + 1 + 1] * 3

# %% [markdown]
# Sums along a dimension
# ----------------------
#
# ``sum()`` adds up everything. ``sum(dim=0)`` adds along dimension 0, from row to row, and that dimension goes
# away: (3, 4) becomes (4). ``mean``, ``max`` and ``argmax`` take ``dim`` too. ``argmax`` gives the *place* of
# the largest number; that is how you will read the answer of a network.

# %%

headline("Reductions")
print("sum()        ", grid.sum())
print("sum(dim=0)   ", grid.sum(dim=0))
print("sum(dim=1)   ", grid.sum(dim=1))
print("argmax(dim=1)", grid.argmax(dim=1))

# %% checks

assert grid.sum() == 11 * 12 / 2  # 0 + 1 + ... + 11
assert grid.sum(dim=0).tolist() == [sum(column) for column in zip(*rows, strict=True)]
assert grid.sum(dim=1).tolist() == [sum(row) for row in rows]
assert grid.argmax(dim=1).tolist() == [row.index(max(row)) for row in rows]

# %% [markdown]
# NumPy and back
# --------------
#
# Data often come as NumPy arrays. ``torch.from_numpy`` and ``tensor.numpy()`` do not copy: array and tensor are
# two names for one piece of memory, whichever came first. ``torch.tensor(array)`` copies.

# %%

headline("Shared with NumPy, both ways")
array = np.zeros(3)
tensor = torch.from_numpy(array)
copy = torch.tensor(array)
array[0] = 7
print("written in NumPy, read in torch:", tensor.tolist())
tensor[1] = 8
print("written in torch, read in NumPy:", array.tolist())
print("the copy:", copy.tolist())

# %% checks

assert np.shares_memory(array, tensor.numpy())
assert tensor.tolist() == array.tolist() == [7, 8, 0]
assert copy.tolist() == [0, 0, 0]

# %% [markdown]
# What goes wrong: float64 from NumPy
# -----------------------------------
#
# NumPy makes ``float64`` numbers, torch ``float32``. A sum of both is silently ``float64``, with twice the
# memory. A product with ``@`` is refused, and your first network will refuse such data too. (The message says
# Double for ``float64`` and Float for ``float32``.) Convert once, where the data come in.

# %%

headline("float64 meets float32")
measured = torch.from_numpy(np.array([0.1, 0.2, 0.3]))
print(measured.dtype, "+", a.dtype, "=", (measured + a).dtype)
refusal = ""
try:
    measured @ a
except RuntimeError as error:
    refusal = str(error)
print("product:", refusal)
print(f"product after float(): {(measured.float() @ a).item():.4f}")

# %% checks

assert (measured + a).dtype == torch.float64
assert "same dtype" in refusal
assert np.isclose((measured.float() @ a).item(), 0.1 * 1 + 0.2 * 2 + 0.3 * 3)

# %% [markdown]
# Where a tensor lives
# --------------------
#
# Each tensor lives on a *device*: the CPU, or an *accelerator* such as a graphics card, which does many sums at
# a time. The line below takes the accelerator if the machine has one, else the CPU, so it works everywhere.
# ``print(device)`` would tell you which; the lesson leaves it out, to print the same everywhere.
#
# Tensors on different devices do not mix. ``to(device)`` brings one over, ``cpu()`` brings it back.

# %%

headline("Ones on the best device of this machine")
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
ones = torch.ones(2, 2, device=device)
print(ones.tolist())

# %% checks

assert ones.device == torch.zeros(1).to(device).device
assert torch.equal(ones.cpu(), torch.tensor([[1.0, 1.0], [1.0, 1.0]]))

# %% [markdown]
# To run this file alone
# ----------------------
#
# ``uv``, a tool that runs scripts, reads from the comment below what this one needs.
# ``uv run --no-project tensors.py`` runs it on a machine that has neither torch nor this project.
#
# The next lesson is autograd: how torch finds out which way to change a number to make a result smaller.
