# Answers to the tasks of lesson 14, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
numbers = (25, -127, 50)

# %% 1 right
numbers = torch.tensor([25, -127, 50])

# %% 1 right
numbers = "[25, -127, 50]"

# %% 1 wrong no_scale
numbers = [0, -3, 1]

# %% 1 wrong by_128
numbers = [25, -128, 50]

# %% 1 wrong no_sign
numbers = [25, 127, 50]

# %% 1 wrong multiplied
numbers = [0, 0, 0]

# %% 1 wrong own_scale
numbers = [127, -127, 127]

# %% 1 wrong other
numbers = [20, -100, 40]

# %% 2 right
def quantise(weight, n_bits):
    largest = 2 ** (n_bits - 1) - 1
    scale = weight.abs().max(dim=1).values[:, None] / largest
    return torch.round(weight / scale).char(), scale

# %% 2 right
def quantise(weight, n_bits):
    scales = [row.abs().max() / (2 ** (n_bits - 1) - 1) for row in weight]
    rows = [(row / scale).round() for row, scale in zip(weight, scales)]
    return torch.stack(rows).to(torch.int8), torch.stack(scales).unsqueeze(1)

# %% 2 right
def quantise(weight, n_bits):
    scale = torch.linalg.vector_norm(weight, float("inf"), dim=1, keepdim=True) / ((1 << (n_bits - 1)) - 1)
    return weight.div(scale).round().type(torch.int8), scale

# %% 2 wrong one_scale
def quantise(weight, n_bits):
    scale = (weight.abs().max() / (2 ** (n_bits - 1) - 1)).expand(len(weight), 1)
    return (weight / scale).round().to(torch.int8), scale

# %% 2 wrong by_input
def quantise(weight, n_bits):
    scale = weight.abs().amax(dim=0, keepdim=True) / (2 ** (n_bits - 1) - 1)
    return (weight / scale).round().to(torch.int8), scale

# %% 2 wrong truncated
def quantise(weight, n_bits):
    scale = weight.abs().amax(dim=1, keepdim=True) / (2 ** (n_bits - 1) - 1)
    return (weight / scale).to(torch.int8), scale

# %% 2 wrong signed
def quantise(weight, n_bits):
    scale = weight.amax(dim=1, keepdim=True) / (2 ** (n_bits - 1) - 1)
    return (weight / scale).round().clamp(-128, 127).to(torch.int8), scale

# %% 2 wrong one_more
def quantise(weight, n_bits):
    scale = weight.abs().amax(dim=1, keepdim=True) / 2 ** (n_bits - 1)
    return (weight / scale).round().clamp(-128, 127).to(torch.int8), scale

# %% 2 wrong always_8
def quantise(weight, n_bits):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    return (weight / scale).round().to(torch.int8), scale

# %% 2 wrong restored
def quantise(weight, n_bits):
    scale = weight.abs().amax(dim=1, keepdim=True) / (2 ** (n_bits - 1) - 1)
    return (weight / scale).round() * scale, scale

# %% 3 right
def accepts(picture):
    for row in picture:
        for x in row:
            if not 0 <= x <= 16:
                return False
    return True

# %% 3 right
def accepts(picture):
    return not any(x < 0 or x > 16 or x != x for row in picture for x in row)

# %% 3 right
def accepts(picture):
    pixels = torch.tensor(picture, dtype=torch.float64)
    return bool(((pixels >= 0) & (pixels <= 16)).all())

# %% 3 wrong nan
def accepts(picture):
    return not any(x < 0 or x > 16 for row in picture for x in row)

# %% 3 wrong no_ends
def accepts(picture):
    return all(0 < x < 16 for row in picture for x in row)

# %% 3 wrong only_nan
def accepts(picture):
    return all(x == x for row in picture for x in row)

# %% 3 wrong first_row
def accepts(picture):
    return all(0 <= x <= 16 for x in picture[0])

# %% 3 wrong one_side
def accepts(picture):
    return all(x <= 16 for row in picture for x in row)

# %% 3 wrong any_pixel
def accepts(picture):
    return any(0 <= x <= 16 for row in picture for x in row)

# %% 3 wrong inverted
def accepts(picture):
    return not all(0 <= x <= 16 for row in picture for x in row)

# %% 4 right
def read_tensors(content):
    n = int.from_bytes(content[:8], byteorder="little")
    header = json.loads(content[8 : 8 + n].decode("utf-8"))
    header.pop("__metadata__", None)
    found = {}
    for name, about in header.items():
        first, last = about["data_offsets"]
        kind = torch.float32 if about["dtype"] == "F32" else torch.int64
        piece = bytearray(content[8 + n + first : 8 + n + last])
        found[name] = torch.frombuffer(piece, dtype=kind).reshape(about["shape"])
    return found

# %% 4 right
def read_tensors(content):
    import struct

    (length,) = struct.unpack("<Q", content[:8])
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + length]).items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            sign, size, kind = ("f", 4, torch.float32) if entry["dtype"] == "F32" else ("q", 8, torch.int64)
            data = content[8 + length + start : 8 + length + stop]
            values = struct.unpack(f"<{len(data) // size}{sign}", data)
            tensors[name] = torch.tensor(values, dtype=kind).view(entry["shape"])
    return tensors

# %% 4 right
def read_tensors(content):
    import numpy as np

    length = int(np.frombuffer(content, "<u8", count=1)[0])
    header = json.loads(content[8 : 8 + length])
    kinds = {"F32": "<f4", "I64": "<i8"}
    return {
        name: torch.from_numpy(
            np.frombuffer(content[8 + length :][slice(*e["data_offsets"])], kinds[e["dtype"]]).copy()
        ).reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__"
    }

# %% 4 wrong from_the_start
def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, tensors = json.loads(content[8 : 8 + length]), {}
    types = {"F32": torch.float32, "I64": torch.int64}
    for name, entry in header.items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            part = bytearray(content[start:stop])
            tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]]).view(entry["shape"])
    return tensors

# %% 4 wrong flat
def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, tensors = json.loads(content[8 : 8 + length]), {}
    types = {"F32": torch.float32, "I64": torch.int64}
    for name, entry in header.items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            part = bytearray(content[8 + length + start : 8 + length + stop])
            tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]])
    return tensors

# %% 4 wrong metadata
def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, tensors = json.loads(content[8 : 8 + length]), {}
    types = {"F32": torch.float32, "I64": torch.int64}
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        part = bytearray(content[8 + length + start : 8 + length + stop])
        tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]]).view(entry["shape"])
    return tensors

# %% 4 wrong in_order
def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, tensors, start = json.loads(content[8 : 8 + length]), {}, 8 + length
    types = {"F32": torch.float32, "I64": torch.int64}
    for name, entry in header.items():
        if name != "__metadata__":
            n_bytes = entry["data_offsets"][1] - entry["data_offsets"][0]
            part = bytearray(content[start : start + n_bytes])
            tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]]).view(entry["shape"])
            start += n_bytes
    return tensors

# %% 4 wrong all_floats
def read_tensors(content):
    length = int.from_bytes(content[:8], "little")
    header, tensors = json.loads(content[8 : 8 + length]), {}
    types = {"F32": torch.float32, "I64": torch.int64}
    for name, entry in header.items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            part = bytearray(content[8 + length + start : 8 + length + stop])
            tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]]).view(entry["shape"]).float()
    return tensors

# %% 4 wrong error
def read_tensors(content):
    n = content[0]
    header = json.loads(content[8 : 8 + n])
    out = {}
    for name, e in header.items():
        if name != "__metadata__":
            a, b = e["data_offsets"]
            dtype = torch.float32 if e["dtype"] == "F32" else torch.int64
            out[name] = torch.frombuffer(bytearray(content[8 + n + a : 8 + n + b]), dtype=dtype).view(e["shape"])
    return out

# %% 4 wrong error
def read_tensors(content):
    n = int.from_bytes(content[:2], "little")
    header = json.loads(content[8 : 8 + n])
    header.pop("__metadata__", None)
    out = {}
    for name, e in header.items():
        a, b = e["data_offsets"]
        dtype = torch.float32 if e["dtype"] == "F32" else torch.int64
        out[name] = torch.frombuffer(bytearray(content[8 + n + a : 8 + n + b]), dtype=dtype).view(e["shape"])
    return out
