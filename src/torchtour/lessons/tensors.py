# %% [markdown]
"""
Tensors and their shapes
========================

**About 60 minutes.** You need Python, and nothing more. After this lesson you can

- make tensors, and say what decides their shape and dtype;
- calculate with them, number by number and as matrices;
- change a shape, join tensors, index them, and say when memory is shared;
- predict what broadcasting does, even where it gives a wrong result and no error;
- go from NumPy to torch and back, and to another device.

A *tensor* is a block of numbers of one kind, arranged in rows, columns and so on. A
single number is a tensor, and so are a list of numbers, a table, and a stack of
photographs. PyTorch works on tensors and on nothing else: the data are tensors, the
weights of a neural network are tensors, and so is its answer.
"""

# %%

import numpy as np
import torch

# sphinx_gallery_start_ignore
# The page hides this. `uv run --no-project tensors.py` installs what it names:
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "torch>=2.10"]
# ///
try:
    import matplotlib.pyplot as plt
except ImportError:  # then there is no picture
    plt = None


def headline(text: str) -> None:
    """Print a headline with the caller's line number, which a notebook lacks."""
    import sys

    caller = sys._getframe(1)
    number = "" if "get_ipython" in caller.f_globals else f"[Line {caller.f_lineno}] "
    print(f"\n{number}{text}:")


# sphinx_gallery_end_ignore

# %% [markdown]
# From lists to tensors
# ---------------------
#
# ``torch.tensor`` turns a list into a tensor. A list of two lists becomes a table: two
# rows, two columns. ``headline`` prints a title for the output, with the number of the
# line that it stands on.

# %%

headline("Creating tensors from Python lists")
table = torch.tensor([[1, 2], [3, 4]])
print(table)
print("shape:", tuple(table.shape))
print("dtype:", table.dtype)

# %% [markdown]
# The *shape* says how many numbers there are in each *dimension*: here 2 rows by 2
# columns. The *dtype*, short for data type, says what kind of number each one is:
# ``int64`` is a whole number kept in 64 bits.
#
# Each section ends with a cell like the next one, which checks its results against an
# independent calculation. ``assert`` stops the lesson if the two differ. You can skip
# these cells: they are there so that you can trust what you read.

# %% checks

assert table.shape == (len([[1, 2], [3, 4]]), len([1, 2]))
assert table.dtype == torch.int64
assert torch.iinfo(table.dtype).max == 2**63 - 1  # 64 bits, one of them for the sign

# %% [markdown]
# What decides the dtype
# ----------------------
#
# What decides the dtype? The values in the list, unless you name one. A single ``2.0``
# makes all of them floats, numbers with a fractional part. Python's own floats take 64
# bits. torch prefers ``float32``: half the memory, and precise enough for learning.

# %%

headline("What decides the dtype")
print("[1, 2]       ", torch.tensor([1, 2]).dtype)
print("[1, 2.0]     ", torch.tensor([1, 2.0]).dtype)
print("[True, False]", torch.tensor([True, False]).dtype)
print("you do       ", torch.tensor([1, 2], dtype=torch.float32).dtype)

# %% [markdown]
# Zeros, ones and random numbers
# ------------------------------
#
# Often you know the shape but not yet the numbers. ``rand`` draws them at random,
# evenly from 0 to 1. The *seed* given to ``manual_seed`` fixes which random numbers
# come, so that you get the same ones on each run.
#
# Why the ``_ =`` before it? ``manual_seed`` returns an object that you don't need, and
# a notebook prints whatever the last line of a cell returns. By custom, ``_`` is the
# name for a value that you throw away.

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
# ``+`` and ``*`` work number by number. ``@`` is the product of mathematics: for two
# lists of numbers it multiplies pair by pair and adds up the results. That leaves a
# single number, and ``item()`` makes a Python number of it.

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
# Matrix products
# ---------------
#
# For two tables, or *matrices*, ``@`` does that with each row of the left one and each
# column of the right one. So the inner sizes must agree, and the outer ones remain: (2,
# 3) @ (3, 4) gives (2, 4). ``randn`` draws from the normal distribution: around 0,
# mostly between -2 and 2.

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
torch.testing.assert_close(product, written_out)  # equal up to rounding

# %% [markdown]
# Another shape, the same memory
# ------------------------------
#
# In memory a tensor is one long row of numbers, and the shape only says how to read it.
# So ``view`` shows you the same numbers in another shape without copying any. They
# share memory: if you write through one name, you read the change under the other.

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
# Strides
# -------
#
# How does torch find row 1, column 2 in that long row? By the *strides* of the tensor:
# how far to move in memory for one step along each dimension. In ``grid`` a step to the
# next row moves by 4 and a step to the next column by 1, so row 1, column 2 has the
# index 1 * 4 + 2 * 1 = 6. ``grid.T`` is the *transpose*: its rows are the columns of
# ``grid``. torch moves no number for it. It uses the same memory with the strides
# swapped.

# %%

headline("Strides")
print("grid:   shape", tuple(grid.shape), "strides", grid.stride())
print("grid.T: shape", tuple(grid.T.shape), "strides", grid.T.stride())

# %% [markdown]
# The same in a picture. The colour of a number shows its position in memory.

# %% plot

if plt is not None:
    figure = plt.figure(figsize=(8, 4.2), layout="constrained")
    figure.suptitle("One row of memory, read as grid and as grid.T by their strides")
    panels = figure.subplot_mosaic("mm;ab", height_ratios=(1, 3))
    shown = {
        "m": ("memory", numbers[None].numpy()),
        "a": ("grid, strides (4, 1)", grid.numpy()),
        "b": ("grid.T, strides (1, 4)", grid.T.numpy()),
    }
    for key, (label, values) in shown.items():
        panels[key].imshow(values, cmap="cividis", alpha=0.6)
        for (i, j), number in np.ndenumerate(values):
            panels[key].text(j, i, number, ha="center", va="center")
        panels[key].set(xlabel=label, xticks=[], yticks=[])
    for steps in (1, 4):  # from row 0, column 0 to the next column and to the next row
        arrow = {"arrowstyle": "->", "connectionstyle": f"arc3,rad=-{0.8 / steps}"}
        panels["m"].annotate("", (steps, -0.5), (0, -0.5), arrowprops=arrow)
    panels["a"].annotate("", (1, 0.3), (0, 0.3), arrowprops={"arrowstyle": "->"})
    panels["a"].text(0.5, 0.36, "+1", ha="center", va="top")
    panels["a"].annotate("", (-0.3, 1), (-0.3, 0), arrowprops={"arrowstyle": "->"})
    panels["a"].text(-0.25, 0.5, "+4", va="center")
    if plt.get_backend().lower() != "agg":  # agg draws without a screen
        plt.show()

# %% checks

for tensor in (grid, grid.T):
    per_row, per_column = tensor.stride()
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            assert tensor[i, j] == numbers[i * per_row + j * per_column]
assert grid.T.data_ptr() == grid.data_ptr()  # the same place in memory

# %% [markdown]
# What goes wrong: view on a transposed tensor
# --------------------------------------------
#
# ``grid.T`` reads the memory in jumps: 0, 4, 8, 1 and so on. ``view`` can't give you
# these numbers as one row without moving them, so it refuses. ``reshape`` is like
# ``view`` where that is possible and makes a copy where it is not. The copy no longer
# shares memory, and there is no warning.

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
# What goes wrong: view instead of a transpose
# --------------------------------------------
#
# A worse mistake gives no error at all: ``view(4, 3)`` in place of ``.T``. The shape
# comes out right, and the numbers are in the wrong places. A new shape never reorders
# the numbers.

# %%

headline("The first row of grid.view(4, 3) and of grid.T")
print(grid.view(4, 3)[0].tolist(), "and", grid.T[0].tolist())

# %% checks

assert grid.view(4, 3).shape == grid.T.shape
assert grid.T[0].tolist() == [row[0] for row in grid.tolist()]
assert grid.T[0].tolist() != grid.view(4, 3)[0].tolist()

# %% [markdown]
# Joining tensors
# ---------------
#
# ``cat`` joins tensors along a dimension that they have: two tables of two rows become
# one of four. ``stack`` puts them side by side along a *new* dimension: two tables
# become a pile of two tables. Use ``cat`` to add more rows to a data set, and ``stack``
# to make one tensor of a list of samples. (In the check, ``zip`` with ``strict=True``
# is an ordinary ``zip`` that refuses lists of different lengths.)

# %%

headline("cat and stack")
first, second = torch.tensor([[1, 2], [3, 4]]), torch.tensor([[5, 6], [7, 8]])
print("cat, dim=0:  ", torch.cat([first, second], dim=0).tolist())
print("cat, dim=1:  ", torch.cat([first, second], dim=1).tolist())
print("stack, dim=0:", torch.stack([first, second], dim=0).tolist())
for name, join in (("cat", torch.cat), ("stack", torch.stack)):
    print(f"shape after {name}:", tuple(join([first, second]).shape))

# %% checks

joined_rows = [
    row + more for row, more in zip(first.tolist(), second.tolist(), strict=True)
]
assert torch.cat([first, second], dim=0).tolist() == first.tolist() + second.tolist()
assert torch.cat([first, second], dim=1).tolist() == joined_rows
assert torch.stack([first, second]).tolist() == [first.tolist(), second.tolist()]

# %% [markdown]
# More dimensions, another order
# ------------------------------
#
# ``unsqueeze`` adds a dimension of size 1 where you say, and ``squeeze`` removes one.
# You will use it to make a *batch* of a single sample. Most layers of a net act on the
# last dimensions, and so take one sample as well as a batch. Batch norm in training
# mode, and any ``dim=1`` in your own code, need the batch dimension: keep it with
# ``unsqueeze(0)``.
#
# ``permute`` puts dimensions into another order, as ``.T`` does for two. A photograph
# often comes as height, width, colour, and torch's layers want colour first. Like
# ``.T``, both share memory.

# %%

headline("unsqueeze and permute")
sample = torch.tensor([1.0, 2.0, 3.0])  # [feature]
photograph = torch.arange(24).reshape(2, 4, 3)  # [height, width, colour]
colour_first = photograph.permute(2, 0, 1)  # [colour, height, width]
print(
    "sample:", tuple(sample.shape), "-> unsqueeze(0):", tuple(sample.unsqueeze(0).shape)
)
print(
    "sample:", tuple(sample.shape), "-> unsqueeze(1):", tuple(sample.unsqueeze(1).shape)
)
print(
    "photograph:",
    tuple(photograph.shape),
    "-> permute(2, 0, 1):",
    tuple(colour_first.shape),
)
layer = torch.nn.Linear(3, 2)  # a layer from three numbers to two, see lesson 3
print("the layer, for a sample:", tuple(layer(sample).shape))
print("and for a batch of one:", tuple(layer(sample.unsqueeze(0)).shape))
refusal = ""
try:
    torch.nn.BatchNorm1d(3)(sample)
except ValueError as error:
    refusal = str(error)
print("batch norm, for a sample:", refusal)

# %% checks

assert sample.unsqueeze(0).tolist() == [[1, 2, 3]]
assert sample.unsqueeze(1).tolist() == [[1], [2], [3]]
assert all(
    colour_first[c, h, w] == photograph[h, w, c]
    for h in range(2)
    for w in range(4)
    for c in range(3)
)
assert colour_first.data_ptr() == photograph.data_ptr()
assert layer(sample).shape == (2,)
assert torch.equal(layer(sample.unsqueeze(0))[0], layer(sample))
assert "got 1D input" in refusal

# %% [markdown]
# Sums in one line: einsum
# ------------------------
#
# ``einsum`` writes a sum of products by naming the dimensions. In ``"ij,jk->ik"`` each
# letter is a dimension: the left tensor has i and j, the right one j and k, the result
# i and k. A letter that is missing on the right of the arrow is summed over. So this is
# the matrix product. Read it as "for each i and k, the sum over j".

# %%

headline("The same three results, by einsum")
print("a @ b:          ", torch.einsum("i,i->", a, b).item())
print("sums of columns:", torch.einsum("ij->j", grid).tolist())
print(
    "left @ right equal:",
    torch.allclose(torch.einsum("ij,jk->ik", left, right), product),
)

# %% checks

assert torch.einsum("i,i->", a, b) == a @ b
assert torch.equal(torch.einsum("ij->j", grid), grid.sum(dim=0))
torch.testing.assert_close(torch.einsum("ij,jk->ik", left, right), written_out)

# %% [markdown]
# Broadcasting
# ------------
#
# Two shapes need not be the same. torch compares them from the right, and a dimension
# that one tensor lacks, or where it has size 1, is repeated to fit the other. A column
# (3, 1) and a row (4) make a table (3, 4).

# %%

headline("A column plus a row")
print(torch.tensor([[10], [20], [30]]) + torch.tensor([1, 2, 3, 4]))

# %% [markdown]
# The same rule can turn a slip into a wrong result. Take three predictions as a column
# and the three true values as a row. Their difference is a table of all nine pairs, and
# its mean looks like any other number. These predictions are perfect, so the error
# should be 0.

# %%

headline("What goes wrong: the mean squared error of three perfect predictions")
predicted = torch.tensor([[1.0], [2.0], [3.0]])  # [3, 1]
truth = torch.tensor([1.0, 2.0, 3.0])  # [3]
wrong = (predicted - truth).square().mean()  # of [3, 3]
correct = (predicted.squeeze(1) - truth).square().mean()  # of [3]
print(f"column minus row: {wrong.item():.4f}")
print(f"row minus row:    {correct.item():.4f}")

# %% checks

assert np.isclose(wrong.item(), (0 + 1 + 4 + 1 + 0 + 1 + 4 + 1 + 0) / 9)
assert correct == 0

# %% [markdown]
# Indexing and masks
# ------------------
#
# Rows and columns count from 0, and ``:`` takes a whole dimension. A comparison gives a
# *mask*, a tensor of True and False, and with a mask as index you get the numbers where
# it is True. A slice shares memory, like a view. What a mask picks is a copy.

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
assert grid[grid > 7].tolist() == [
    number for row in rows for number in row if number > 7
]
assert np.shares_memory(grid[1].numpy(), numbers.numpy())
assert not np.shares_memory(grid[grid > 7].numpy(), numbers.numpy())

# %% [markdown]
# Changing in place
# -----------------
#
# ``c = c + 1`` makes a new tensor and gives it the old name. ``c += 1``, and every
# method whose name ends in ``_``, changes the tensor itself. You see the change under
# every name that shares its memory.

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
# ``sum()`` adds up everything. ``sum(dim=0)`` adds along dimension 0, from row to row,
# and that dimension goes away: (3, 4) becomes (4). ``argmax`` gives the *index* of the
# largest number; that is how you will read the answer of a network.
#
# Two of the others have a catch. ``mean`` needs floats: it refuses the whole numbers of
# ``grid`` until you call ``float()``. And ``max(dim=1)`` returns two tensors, the
# largest values and their indices; ``amax`` returns the values only.

# %%

headline("Reductions")
print("sum()        ", grid.sum())
print("sum(dim=0)   ", grid.sum(dim=0))
print("sum(dim=1)   ", grid.sum(dim=1))
print("argmax(dim=1)", grid.argmax(dim=1))
refusal = ""
try:
    grid.mean(dim=0)
except RuntimeError as error:
    refusal = str(error)
print("mean(dim=0):", refusal.split(":")[1].strip().split(".")[0])
print("float().mean(dim=0)", grid.float().mean(dim=0))
values, indices = grid.max(dim=1)
print("max(dim=1)   ", values, indices)
print("amax(dim=1)  ", grid.amax(dim=1))

# %% checks

assert grid.sum() == 11 * 12 / 2  # 0 + 1 + ... + 11
assert grid.sum(dim=0).tolist() == [sum(column) for column in zip(*rows, strict=True)]
assert grid.sum(dim=1).tolist() == [sum(row) for row in rows]
assert grid.argmax(dim=1).tolist() == [row.index(max(row)) for row in rows]
assert "could not infer output dtype" in refusal
assert grid.float().mean(dim=0).tolist() == [
    sum(c) / 3 for c in zip(*rows, strict=True)
]
assert values.tolist() == grid.amax(dim=1).tolist() == [max(row) for row in rows]
assert torch.equal(indices, grid.argmax(dim=1))

# %% [markdown]
# NumPy and back
# --------------
#
# Data often come as NumPy arrays. ``torch.from_numpy`` and ``tensor.numpy()`` do not
# copy: array and tensor are two names for one piece of memory, whichever came first.
# ``torch.tensor(array)`` copies.

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
# NumPy makes ``float64`` numbers, torch ``float32``. A sum of both is silently
# ``float64``, with twice the memory. A product with ``@`` is refused, and your first
# network will refuse such data too. (The message says Double for ``float64`` and Float
# for ``float32``.) Convert once, where you read the data.

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
# Each tensor lives on a *device*: the CPU, or an *accelerator* such as a graphics card,
# which does many sums at a time. The lines below take the accelerator if the machine
# has one, else the CPU. ``print(device)`` would tell you which; the lesson leaves it
# out, to print the same everywhere.
#
# Always ask ``is_available()`` first. ``current_accelerator()`` alone tells you what
# your torch was *built* for, and the usual Linux build is built for NVIDIA cards even
# on a machine that has none. Apple's accelerator, MPS, has no ``float64``: convert to
# ``float32`` before you move data there.
#
# You can't combine tensors on different devices. ``to(device)`` copies one over, and
# ``cpu()`` copies it back.

# %%

headline("Ones on the best device of this machine")
device = torch.device("cpu")
if torch.accelerator.is_available():
    device = torch.accelerator.current_accelerator()
ones = torch.ones(2, 2, device=device)
print(ones.tolist())

# %% checks

assert ones.device == torch.zeros(1).to(device).device
assert torch.equal(ones.cpu(), torch.tensor([[1.0, 1.0], [1.0, 1.0]]))
checked = torch.accelerator.current_accelerator(check_available=True)  # in one call
assert (checked or torch.device("cpu")) == device

# %% [markdown]
# Challenge: which ring?
# ----------------------
#
# 200 points lie on two rings, one inside the other. Which ring does a new point belong
# to? A simple rule takes the *mean* of the points of each ring, and gives a new point
# the ring whose mean is nearer. Look how broadcasting makes all distances at once.

# %%


def rings(n):
    """Points [n, 2] on two rings, and the ring of each: 0 is the inner one."""
    ring = torch.arange(n) % 2
    angle = 2 * torch.pi * torch.rand(n)
    radius = 1 + ring + 0.2 * torch.randn(n)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), ring


headline("Challenge: the rule of the nearer mean on 200 new points")
_ = torch.manual_seed(0)
known, known_ring = rings(200)
new, new_ring = rings(200)
means = torch.stack([known[known_ring == k].mean(dim=0) for k in (0, 1)])  # [2, 2]
distances = (new[:, None] - means).square().sum(dim=2)  # [200, 2]
answers = distances.argmin(dim=1)
right = (answers == new_ring).float().mean().item()
print(f"right: {right:.0%}")

# %% [markdown]
# Guessing is as good, because both means lie near the centre. Beat it: get at least
# 95 % of the new points right, without a loop, and without using ``new_ring`` except to
# count. There are several ways. One needs a single line more than the rule above.

# %% checks

by_hand = 0
for (x1, x2), ring in zip(new.tolist(), new_ring.tolist(), strict=True):
    inner, outer = ((x1 - m1) ** 2 + (x2 - m2) ** 2 for m1, m2 in means.tolist())
    by_hand += (outer < inner) == ring
assert np.isclose(right, by_hand / 200)
assert right < 0.6

# %% [markdown]
# Recap
# -----
#
# - A tensor has a shape, a dtype and a device; the values decide the dtype, or you do.
# - ``*`` works number by number, ``@`` is the matrix product; inner sizes must agree.
# - Views share memory, copies don't; a new shape never reorders the numbers.
# - Broadcasting repeats size 1: a column minus a row is a table, without an error.
# - NumPy's floats are ``float64``, torch's ``float32``: convert where you read data.
#
# The next lesson is autograd: how torch finds out which way to change a number to make
# a result smaller.
