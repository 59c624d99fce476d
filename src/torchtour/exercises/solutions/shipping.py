# %%
# torchtour exercises: shipping

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import json

import torch

# %% [markdown]
# Task 1: Whole numbers

# %%
# The scale is 2.54 / 127 = 0.02.
numbers = [25, -127, 50]


# %% [markdown]
# Task 2: Quantise a layer

# %%


def quantise(weight, n_bits):
    largest = 2 ** (n_bits - 1) - 1
    scale = weight.abs().amax(dim=1, keepdim=True) / largest
    return (weight / scale).round().to(torch.int8), scale


# %% [markdown]
# Task 3: What slips through

# %%


def accepts(picture):
    # Every comparison with NaN is false: ask what must be true, not what must not.
    return all(0 <= x <= 16 for row in picture for x in row)


# %% [markdown]
# Task 4: Read a safetensors file

# %%


def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, stop = entry["data_offsets"]
        flat = torch.frombuffer(
            bytearray(data[start:stop]), dtype=types[entry["dtype"]]
        )
        tensors[name] = flat.view(entry["shape"])
    return tensors
