# %%
# torchtour exercises: pictures

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: Follow the shape

# %%
# 28 - 5 + 1 = 24; pooling makes 12; (12 + 2 - 3) // 2 + 1 = 6.
shape_after = [4, 16, 6, 6]


# %% [markdown]
# Task 2: Convolution by hand

# %%


def convolve(picture, kernel, padding, stride):
    size = len(kernel)
    height, width = (length + 2 * padding for length in picture.shape)
    frame = torch.zeros(height, width)
    frame[padding : height - padding, padding : width - padding] = picture
    rows = range(0, height - size + 1, stride)
    columns = range(0, width - size + 1, stride)
    result = torch.zeros(len(rows), len(columns))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            patch = frame[row : row + size, column : column + size]
            result[i, j] = (patch * kernel).sum()
    return result


# %% [markdown]
# Task 3: A block that spoils its input

# %%


def residual(layer, x):
    return x + layer(x).relu()  # x += would write into the tensor that was handed in


# %% [markdown]
# Task 4: How far it sees

# %%


def receptive_field(layers):
    size, distance = 1, 1  # in pixels: the field, and between neighbouring numbers
    for kernel, stride in layers:
        size += (kernel - 1) * distance
        distance *= stride
    return size
