# Answers to the tasks of lesson 11, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
shape_after = (4, 16, 6, 6)

# %% 1 right
shape_after = torch.Size([4, 16, 6, 6])

# %% 1 right
shape_after = "[4, 16, 6, 6]"

# %% 1 wrong no_stride
shape_after = [4, 16, 12, 12]

# %% 1 wrong padded
shape_after = [4, 16, 7, 7]

# %% 1 wrong no_padding
shape_after = [4, 16, 5, 5]

# %% 1 wrong channels_in
shape_after = [4, 6, 6, 6]

# %% 1 wrong channels_last
shape_after = [4, 6, 6, 16]

# %% 1 wrong other
shape_after = [4, 16, 3, 3]

# %% 2 right
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (padding,) * 4)
    patches = frame.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel).sum(dim=(2, 3))

# %% 2 right
def convolve(picture, kernel, padding, stride):
    patches = nn.functional.unfold(picture[None, None], len(kernel), padding=padding, stride=stride)[0]
    rows = (picture.shape[0] + 2 * padding - len(kernel)) // stride + 1
    return (kernel.flatten() @ patches).view(rows, -1)

# %% 2 right
def convolve(picture, kernel, padding, stride):
    k = kernel.shape[0]
    frame = nn.ZeroPad2d(padding)(picture)
    out = [[(frame[i : i + k, j : j + k] * kernel).sum() for j in range(0, frame.shape[1] - k + 1, stride)]
           for i in range(0, frame.shape[0] - k + 1, stride)]
    return torch.stack([torch.stack(row) for row in out])

# %% 2 wrong flipped
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (padding,) * 4)
    patches = frame.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel.flip(0, 1)).sum(dim=(2, 3))

# %% 2 wrong transposed
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (padding,) * 4)
    patches = frame.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel.T).sum(dim=(2, 3))

# %% 2 wrong no_padding
def convolve(picture, kernel, padding, stride):
    patches = picture.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel).sum(dim=(2, 3))

# %% 2 wrong one_side
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (0, padding, 0, padding))
    patches = frame.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel).sum(dim=(2, 3))

# %% 2 wrong no_stride
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (padding,) * 4)
    patches = frame.unfold(0, len(kernel), 1).unfold(1, len(kernel), 1)
    return (patches * kernel).sum(dim=(2, 3))

# %% 2 wrong averaged
def convolve(picture, kernel, padding, stride):
    frame = nn.functional.pad(picture, (padding,) * 4)
    patches = frame.unfold(0, len(kernel), stride).unfold(1, len(kernel), stride)
    return (patches * kernel).mean(dim=(2, 3))

# %% 2 wrong last_missing
def convolve(picture, kernel, padding, stride):
    k, frame = len(kernel), nn.functional.pad(picture, (padding,) * 4)
    rows, columns = (range(0, length - k, stride) for length in frame.shape)
    return torch.tensor([[(frame[i : i + k, j : j + k] * kernel).sum() for j in columns] for i in rows])

# %% 2 wrong forbidden
def convolve(picture, kernel, padding, stride):
    return nn.functional.conv2d(picture[None, None], kernel[None, None], padding=padding, stride=stride)[0, 0]

# %% 2 wrong forbidden
def convolve(picture, kernel, padding, stride):
    return torch.nn.functional.conv3d(picture[None, None, None], kernel[None, None, None], padding=(0, padding, padding), stride=(1, stride, stride))[0, 0, 0]

# %% 3 right
def residual(layer, x):
    y = layer(x).relu()
    return y + x

# %% 3 right
def residual(layer, x):
    return torch.add(x, torch.relu(layer(x)))

# %% 3 right
def residual(layer, x):
    x = x.clone()
    x = x + nn.functional.relu(layer(x))
    return x

# %% 3 wrong input_changed
def residual(layer, x):
    return x.add_(layer(x).relu())

# %% 3 wrong no_skip
def residual(layer, x):
    return layer(x).relu()

# %% 3 wrong relu_last
def residual(layer, x):
    return (x + layer(x)).relu()

# %% 3 wrong no_relu
def residual(layer, x):
    return x + layer(x)

# %% 3 wrong detached
def residual(layer, x):
    return x.detach() + layer(x.detach()).relu()

# %% 3 wrong input_relu
def residual(layer, x):
    return x.relu() + layer(x).relu()

# %% 4 right
def receptive_field(layers):
    size = 1
    for kernel, stride in reversed(layers):
        size = (size - 1) * stride + kernel
    return size

# %% 4 right
def receptive_field(layers):
    total = 1
    for i, (kernel, _) in enumerate(layers):
        jump = 1
        for _, stride in layers[:i]:
            jump *= stride
        total += (kernel - 1) * jump
    return total

# %% 4 right
def receptive_field(layers):
    if not layers:
        return 1
    (kernel, stride), *rest = layers
    return (receptive_field(rest) - 1) * stride + kernel

# %% 4 wrong no_strides
def receptive_field(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)

# %% 4 wrong own_stride
def receptive_field(layers):
    size, distance = 1, 1
    for kernel, stride in layers:
        distance *= stride
        size += (kernel - 1) * distance
    return size

# %% 4 wrong from_zero
def receptive_field(layers):
    size, distance = 0, 1
    for kernel, stride in layers:
        size += (kernel - 1) * distance
        distance *= stride
    return size

# %% 4 wrong summed_kernels
def receptive_field(layers):
    size, distance = 1, 1
    for kernel, stride in layers:
        size += kernel * distance
        distance *= stride
    return size

# %% 4 wrong multiplied
def receptive_field(layers):
    size = 1
    for kernel, _ in layers:
        size *= kernel
    return size

# %% 4 wrong last_stride
def receptive_field(layers):
    size, distance = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * distance
        distance = stride
    return size

# %% 4 wrong other
def receptive_field(layers):
    size, apart = 1.0, 1.0
    for kernel, stride in layers:
        size += (kernel - 1) * apart
        apart *= stride
    return size
