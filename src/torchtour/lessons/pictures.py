# %% [markdown]
"""
Pictures: convolution and transfer
==================================

**About 75 minutes.** You need the digits of lesson 7 and batch norm from lesson 8.
After this lesson you can

- compute a convolution by hand, and say what padding, stride and pooling do to a shape;
- build and train a small convolutional net, and look at what it has learned;
- make a net robust by changing its training pictures, without changing their answers;
- write a residual block, and say why deep nets need one;
- fine-tune a trained net on a new task with ten pictures a class.

Until now you flattened each digit into 64 numbers. The net never learned which pixels
are neighbours, and you will see what that costs: move each digit by one pixel, and half
of the answers are wrong. *Convolution* is the cure. The whole lesson runs in about 15
seconds on one core.
"""

# %%

import copy
import sys

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy, pad, unfold

from torchtour.lessons import headline

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("This lesson needs scikit-learn: pip install scikit-learn", file=sys.stderr)
    sys.exit(2)

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# Pictures have rows and columns
# ------------------------------
#
# torch stores a batch of pictures as [picture, channel, row, column]. A *channel* is
# one number for each pixel. Colour pictures have three (red, green, blue), our digits
# have one. From now on we work in ``float32``, as you would in your own projects.

# %%

digits = load_digits()
_ = torch.manual_seed(0)
order = torch.randperm(1797)
pictures = torch.from_numpy(digits.images).float()[order, None] / 16  # [1797, 1, 8, 8]
labels = torch.from_numpy(digits.target)[order]  # [1797]
train_pictures, train_labels = pictures[:1297], labels[:1297]
test_pictures, test_labels = pictures[1297:], labels[1297:]

headline("Shapes")
print("training:", list(train_pictures.shape), "test:", list(test_pictures.shape))

# %% checks

assert pictures.dtype == torch.float32
assert (pictures[3, 0] * 16).int().tolist() == digits.images[order[3]].tolist()
assert len(train_pictures) + len(test_pictures) == len(digits.images)

# %% [markdown]
# A flat net and a move of one pixel
# ----------------------------------
#
# First the net that you know: flatten, a linear layer, a ReLU, a linear layer.
# ``nn.Flatten`` makes one row of 64 numbers of each picture.
#
# A number after ``~`` comes from training in ``float32``. It may differ a little on
# another processor, because rounding differs there.

# %%


def train(net, pictures, labels, epochs, lr=0.005, change=None):
    """Train in batches of 50; ``change`` may alter the pictures of each batch."""
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    net.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(pictures)).split(50):
            inputs = pictures[batch]
            if change is not None:
                inputs = change(inputs)
            loss = cross_entropy(net(inputs), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def accuracy(net, pictures, labels):
    net.eval()
    with torch.inference_mode():
        return (net(pictures).argmax(dim=1) == labels).float().mean().item()


def move(pictures, down, right):
    """Move pictures by at most one pixel each way; the pixels that come in are 0."""
    frame = pad(pictures, (1, 1, 1, 1))  # a border of zeros: [picture, channel, 10, 10]
    return frame[..., 1 - down : 9 - down, 1 - right : 9 - right]


MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


def moved_accuracy(net, pictures=test_pictures, labels=test_labels):
    """The accuracy on pictures moved by one pixel: the mean of four moves."""
    return sum(accuracy(net, move(pictures, *by), labels) for by in MOVES.values()) / 4


_ = torch.manual_seed(0)
flat_net = nn.Sequential(
    nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)
)
train(flat_net, train_pictures, train_labels, epochs=10)

headline("A flat net on test pictures")
flat, flat_moved = (
    accuracy(flat_net, test_pictures, test_labels),
    moved_accuracy(flat_net),
)
print(f"as they are:        ~{flat:.0%}")
print(f"moved by one pixel: ~{flat_moved:.0%}")

# %% [markdown]
# You would read the moved digits without noticing. For the flat net each pixel is a
# column of a table, and after the move every column holds another pixel's values.

# %% checks

corner = torch.zeros(1, 1, 8, 8)
corner[0, 0, 2, 5] = 1
for name, place in {
    "up": (1, 5),
    "down": (3, 5),
    "left": (2, 4),
    "right": (2, 6),
}.items():
    assert move(corner, *MOVES[name])[0, 0].nonzero().tolist() == [list(place)]
assert move(corner, 0, 0).equal(corner)
assert flat > 0.93
assert flat_moved < 0.6

# %% plot

figure, panels = plt.subplots(2, 8, figsize=(9, 3), layout="constrained")
figure.suptitle("Digits and the flat net's answers, as they are and moved by one pixel")
for row, by in zip(panels, ((0, 0), (0, 1)), strict=True):
    some = move(test_pictures[:8], *by)
    with torch.no_grad():
        answers = flat_net(some).argmax(dim=1).tolist()
    for axes, picture, answer in zip(row, some, answers, strict=True):
        axes.imshow(picture[0].numpy(), cmap="gray", vmin=0, vmax=1)
        axes.set_title(f"{answer}", fontsize="medium")
        axes.set_axis_off()

# %% [markdown]
# Convolution by loops
# --------------------
#
# Take a small table of weights, the *kernel*. Lay it over a patch of the picture,
# multiply what lies on top of each other, add up: one number. Slide it one pixel on and
# do it again. The same nine weights are used at every place, so what they find, they
# find everywhere.
#
# This kernel finds places where the picture gets brighter from left to right.

# %%

brighter = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
edge = torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0]]).repeat(5, 1)  # dark left, bright right


def convolve(picture, kernel):
    """One picture [row, column], one kernel [row, column], by loops."""
    size = len(kernel)
    rows, columns = (length - size + 1 for length in picture.shape)
    result = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            patch = picture[row : row + size, column : column + size]
            result[row, column] = (patch * kernel).sum()
    return result


headline("A convolution of a 5 x 5 picture with a 3 x 3 kernel")
print(convolve(edge, brighter).int().tolist())

# %% [markdown]
# Loops in Python are slow. The second way: ``unfold`` copies each patch into a column
# of a matrix, and one matrix product does the rest. The third way is torch's own,
# ``conv2d``. All three give the same numbers.

# %%

digit = test_pictures[:1]  # [1, 1, 8, 8]
by_loops = convolve(digit[0, 0], brighter)  # [6, 6]
patches = unfold(digit, kernel_size=3)  # [1, 9, 36]: 36 patches of 9 pixels
by_matrix = (brighter.flatten() @ patches[0]).view(6, 6)
by_torch = conv2d(digit, brighter[None, None])[0, 0]

headline("Three ways")
print("patches:", list(patches.shape))
print("largest number of each:", end=" ")
print(*(f"{way.max():.4f}" for way in (by_loops, by_matrix, by_torch)))

# %% checks

assert convolve(edge, brighter).tolist() == [[3, 3, 0]] * 3
torch.testing.assert_close(by_loops, by_matrix)
torch.testing.assert_close(by_loops, by_torch)
layer = nn.Conv2d(1, 1, kernel_size=3, bias=False)
layer.weight.data = brighter[None, None]
assert torch.equal(layer(digit)[0, 0], by_torch)

# %% [markdown]
# ``nn.Conv2d(16, 32, kernel_size=3)`` has 32 kernels. Each has nine weights for *each*
# of the 16 channels that come in, and adds up over the channels too. So its weight has
# the shape [32, 16, 3, 3], and there are 32 biases. The number of weights does not
# depend on the size of the picture.
#
# (In mathematics a convolution turns the kernel by 180 degrees first. Nets learn their
# kernels, so it makes no difference, and torch leaves the turn out.)

# %%

layer = nn.Conv2d(16, 32, kernel_size=3)
inputs = torch.randn(2, 16, 8, 8)
headline("Conv2d from 16 to 32 channels")
print("weight:", list(layer.weight.shape), "output:", list(layer(inputs).shape))
print("numbers to learn:", sum(weight.numel() for weight in layer.parameters()))

# %% checks

assert sum(weight.numel() for weight in layer.parameters()) == 32 * 16 * 3 * 3 + 32
patches = unfold(inputs, kernel_size=3)  # [2, 16 * 9, 36]
by_matrix = layer.weight.flatten(1) @ patches + layer.bias[:, None]  # [2, 32, 36]
torch.testing.assert_close(
    by_matrix.view(2, 32, 6, 6), layer(inputs), atol=1e-5, rtol=1e-5
)

# %% [markdown]
# Padding and stride
# ------------------
#
# A 3 x 3 kernel fits into 8 pixels at 6 places, so the picture shrinks. *Padding* adds
# a border of zeros first. *Stride* is the number of pixels that the kernel moves on.
# With n pixels, kernel size k, padding p and stride s there are
#
# floor((n + 2 p - k) / s) + 1
#
# places. A stride of 2 halves the picture.

# %%


def places(n, k, p, s):
    return (n + 2 * p - k) // s + 1


headline("Eight pixels become")
for k, p, s in ((3, 0, 1), (3, 1, 1), (5, 2, 1), (3, 1, 2), (2, 0, 2)):
    print(f"kernel {k}, padding {p}, stride {s}: {places(8, k, p, s)}")

# %% checks

for n in (7, 8, 9):
    for k in (1, 2, 3, 5):
        for p in (0, 1, 2):
            for s in (1, 2, 3):
                layer = nn.Conv2d(1, 1, k, padding=p, stride=s)
                assert layer(torch.zeros(1, 1, n, n)).shape[-1] == places(n, k, p, s)

# %% [markdown]
# Pooling, and how far a number sees
# ----------------------------------
#
# ``nn.MaxPool2d(2)`` cuts each channel into squares of 2 x 2 and keeps the largest
# number of each. It asks "was the edge somewhere in here?" and forgets where exactly.
#
# Which pixels can change one number deep in the net? They are its *receptive field*.
# You can ask autograd: the gradient of that number is 0 for all other pixels.

# %%

square = torch.tensor([[1.0, 3.0, 0.0, 2.0], [4.0, 2.0, 1.0, 1.0]])
headline("Max pooling")
print(nn.MaxPool2d(2)(square[None]).tolist())


def field_size(layers):
    """The width of the receptive field of the number in the middle."""
    picture = torch.zeros(1, 1, 32, 32, requires_grad=True)
    output = layers(picture)
    middle = output.shape[-1] // 2
    output[0, 0, middle, middle].backward()
    return (picture.grad[0, 0] != 0).any(dim=0).sum().item()


def conv():
    layer = nn.Conv2d(1, 1, kernel_size=3, padding=1)
    nn.init.constant_(layer.weight, 1.0)  # no weight that happens to be near 0
    return layer


mean_pool = nn.AvgPool2d(2)  # as far as max pooling sees, with a gradient for all four
headline("Receptive fields")
print("one convolution:           ", field_size(conv()))
print("two convolutions:          ", field_size(nn.Sequential(conv(), conv())))
deep = nn.Sequential(conv(), mean_pool, conv(), mean_pool)
print("convolve, pool, twice over:", field_size(deep))

# %% [markdown]
# By arithmetic: a layer with kernel size k adds k - 1 times the distance, in pixels of
# the picture, between the neighbours that it sees. That distance is 1 at first, and
# each pooling doubles it: 1 + 2 + 1 + 2 * 2 + 2 = 10. Pooling lets a small kernel see a
# whole digit.

# %% checks

assert nn.MaxPool2d(2)(square[None]).tolist() == [[[4, 2]]]


def field_by_arithmetic(layers):
    size, distance = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * distance
        distance *= stride
    return size


assert field_by_arithmetic([(3, 1)]) == field_size(conv()) == 3
assert (
    field_by_arithmetic([(3, 1), (3, 1)])
    == field_size(nn.Sequential(conv(), conv()))
    == 5
)
assert field_by_arithmetic([(3, 1), (2, 2), (3, 1), (2, 2)]) == field_size(deep) == 10

# %% [markdown]
# A convolutional net
# -------------------
#
# Two times convolution, ReLU and pooling, then one linear layer. The pictures shrink
# from 8 x 8 to 4 x 4 to 2 x 2, while the channels grow from 1 to 16 to 32.

# %%


def conv_net():
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),  # [16, 4, 4]
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),  # [32, 2, 2]
        *(nn.Flatten(), nn.Linear(32 * 2 * 2, 10)),
    )


def size(net):
    return sum(weight.numel() for weight in net.parameters())


_ = torch.manual_seed(0)
net = train(conv_net(), train_pictures, train_labels, epochs=10)
plain, plain_moved = accuracy(net, test_pictures, test_labels), moved_accuracy(net)

headline("Both nets on test pictures")
print(f"flat net, {size(flat_net)} weights: ~{flat:.0%}, moved ~{flat_moved:.0%}")
print(f"conv net, {size(net)} weights: ~{plain:.0%}, moved ~{plain_moved:.0%}")

# %% [markdown]
# Fewer weights, fewer mistakes, and moves hurt it less. They still hurt, because the
# linear layer at the end knows where in the 2 x 2 rest each feature was.
#
# A convolution itself does not mind: move the picture, and its output moves along. The
# check shows it. Pooling by 2 keeps this only for moves by two pixels.

# %% checks

assert size(net) == (9 * 1 * 16 + 16) + (9 * 16 * 32 + 32) + (128 * 10 + 10) == 6090
assert size(flat_net) == (64 * 128 + 128) + (128 * 10 + 10)
assert plain > flat - 0.005
assert plain_moved > flat_moved + 0.08
first = net[0]
moved_then_convolved = first(move(test_pictures, 0, 1))
convolved_then_moved = move(first(test_pictures), 0, 1)
inner = (slice(None), slice(None), slice(None), slice(2, 7))  # away from the border
torch.testing.assert_close(moved_then_convolved[inner], convolved_then_moved[inner])

# %% [markdown]
# What has it learned? The first row shows the 16 kernels of the first layer: blue
# weights are positive, red ones negative. The second row shows what each kernel makes
# of one digit, its *feature map*. Some kernels answer to an edge on one side, some to a
# stroke in one direction.

# %% plot

figure, panels = plt.subplots(2, 16, figsize=(12, 2.2), layout="constrained")
figure.suptitle("The 16 learned kernels, and their feature maps of one digit")
with torch.no_grad():
    maps = net[:2](digit)[0]  # [16, 8, 8], after the ReLU
limit = first.weight.abs().max().item()
for channel in range(16):
    kernel = first.weight[channel, 0].detach().numpy()
    panels[0, channel].imshow(kernel, cmap="RdBu", vmin=-limit, vmax=limit)
    panels[1, channel].imshow(maps[channel].numpy(), cmap="gray", vmin=0)
for axes in panels.flat:
    axes.set_axis_off()

# %% [markdown]
# Augmentation
# ------------
#
# If a moved 3 is still a 3, say so in training: move each batch a little, in a random
# direction. Changing the training pictures in a way that keeps their labels is called
# *augmentation*. It is data for free. Test pictures are never changed.

# %%


def move_at_random(pictures):
    down, right = torch.randint(-1, 2, (2,)).tolist()  # -1, 0 or 1 each
    return move(pictures, down, right)


augmented = {}
for name, make in {"flat": lambda: copy.deepcopy(flat_net), "conv": conv_net}.items():
    _ = torch.manual_seed(0)
    start = make()
    for part in start:
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()  # new random weights
    augmented[name] = train(
        start, train_pictures, train_labels, epochs=20, change=move_at_random
    )

headline("Trained on moving pictures")
for name, moving in augmented.items():
    still = accuracy(moving, test_pictures, test_labels)
    print(f"{name} net: ~{still:.0%}, moved ~{moved_accuracy(moving):.0%}")

# %% checks

for name, before in {"flat": flat_moved, "conv": plain_moved}.items():
    assert moved_accuracy(augmented[name]) > before + 0.15
assert moved_accuracy(augmented["conv"]) > 0.9
seen = {tuple(move_at_random(corner)[0, 0].nonzero()[0].tolist()) for _ in range(200)}
assert seen == {(row, column) for row in (1, 2, 3) for column in (4, 5, 6)}

# %% [markdown]
# What goes wrong: an augmentation that changes the answer
# --------------------------------------------------------
#
# Turning pictures upside down is fine for cells under a microscope. It is not fine for
# digits. Half of the nines that the net below sees look like a 6, and it is told "9".

# %%


def turn_at_random(pictures):
    upside_down = torch.rand(len(pictures), 1, 1, 1) < 0.5
    return torch.where(upside_down, pictures.flip(2, 3), pictures)


_ = torch.manual_seed(0)
turned = train(conv_net(), train_pictures, train_labels, 10, change=turn_at_random)

headline("The sixes and nines among the test pictures")
either = (test_labels == 6) | (test_labels == 9)
some, some_labels = test_pictures[either], test_labels[either]
turn_scores = []
for name, one in {"without turning": net, "with turning": turned}.items():
    score = accuracy(one, some, some_labels)
    with torch.inference_mode():
        loss = cross_entropy(one(some), some_labels).item()
    turn_scores.append((score, loss))
    print(f"{name:15} accuracy ~{score:.0%}, loss ~{loss:.2f}")

# %% checks

(score, loss), (turned_score, turned_loss) = turn_scores
assert turned_score < score
assert turned_loss > 2 * loss
assert turn_at_random(corner.repeat(50, 1, 1, 1))[:, 0, 5, 2].unique().tolist() == [
    0,
    1,
]

# %% [markdown]
# Batch norm for pictures
# -----------------------
#
# Lesson 8 took the mean of each column over the batch. ``BatchNorm2d`` takes the mean
# of each *channel*, over the pictures of the batch and all their pixels.
#
# It has two kinds of numbers. The scale and the shift are *parameters*: they get
# gradients, and the optimizer changes them. The running mean and variance are
# *buffers*: ``forward`` changes them in training mode, no gradient is involved, and the
# state_dict saves them with the rest.

# %%

norm = nn.BatchNorm2d(16)
batch = first(train_pictures[:50]).detach()  # [50, 16, 8, 8]
normed = norm(batch)
headline("Parameters and buffers of BatchNorm2d")
print("parameters:", [name for name, _ in norm.named_parameters()])
print("buffers:   ", [name for name, _ in norm.named_buffers()])

# %% checks

mean, variance = batch.mean(dim=(0, 2, 3)), batch.var(dim=(0, 2, 3), correction=0)
by_hand = (batch - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()
torch.testing.assert_close(normed, by_hand, atol=1e-4, rtol=1e-4)
torch.testing.assert_close(norm.running_mean, 0.1 * mean)
unbiased = variance * (50 * 64) / (50 * 64 - 1)
torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * unbiased)
assert norm.num_batches_tracked == 1
assert norm.state_dict().keys() == {
    *("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
}

# %% [markdown]
# A residual block
# ----------------
#
# Stack twenty convolutions with torch's usual start, and the gradient that reaches the
# first one is almost nothing (lesson 8). A *residual block* adds its input to its
# output: x + f(x). If f does nothing useful yet, x comes through unchanged, and so does
# the gradient on the way back. Nearly all very deep nets are built of such blocks.

# %%


class Residual(nn.Module):
    """A convolution and a ReLU whose input is added to the output."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x).relu()


def deep_net(make_block):
    _ = torch.manual_seed(0)
    blocks = [make_block() for _ in range(20)]
    start = nn.Conv2d(1, 16, 3, stride=2, padding=1)  # 16 channels of 4 x 4
    return nn.Sequential(start, *blocks, nn.Flatten(), nn.Linear(16 * 4 * 4, 10))


def first_gradient(net):
    """The length of the gradient of the first layer's weight."""
    net.zero_grad()
    cross_entropy(net(train_pictures[:200]), train_labels[:200]).backward()
    return net[0].weight.grad.norm().item()


stacks = {
    "plain": deep_net(
        lambda: nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU())
    ),
    "residual": deep_net(lambda: Residual(16)),
}
headline("Twenty convolutions, three epochs")
reached = {}
for name, stack in stacks.items():
    small = first_gradient(stack) < 1e-4
    train(stack, train_pictures, train_labels, epochs=3, lr=0.002)
    reached[name] = accuracy(stack, test_pictures, test_labels)
    print(f"{name:8} gradient at the start below 0.0001: {small}", end=", ")
    print(f"accuracy ~{reached[name]:.0%}")

# %% [markdown]
# The plain net has learned nothing: 10 % is guessing. In practice a block has two
# convolutions with batch norm, and x passes through a convolution of size 1 where the
# number of channels changes.

# %% checks

assert first_gradient(deep_net(lambda: Residual(16))) > 1e-2
plain_stack = deep_net(
    lambda: nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU())
)
assert first_gradient(plain_stack) < 1e-4
assert reached["plain"] < 0.2
assert reached["residual"] > 0.85
block, x = Residual(16), torch.randn(3, 16, 4, 4)
nn.init.zeros_(block.conv.weight)
nn.init.zeros_(block.conv.bias)
assert torch.equal(block(x), x)  # f does nothing, x comes through

# %% [markdown]
# Transfer: a new task with ten pictures a class
# ----------------------------------------------
#
# You have many pictures of the digits 0 to 4, and only ten each of 5 to 9. A net that
# was trained on the first task has learned kernels for strokes and edges. Keep them,
# and learn only a new last layer, the *head*.
#
# The *body* of this net has batch norm, as most nets that you can download.

# %%


def body_and_head():
    body = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Flatten()),  # 32 channels of 4 x 4
    )
    return nn.Sequential(body, nn.Linear(32 * 16, 5))


low, high = train_labels < 5, train_labels >= 5
old_pictures, old_labels = train_pictures[low], train_labels[low]
few = torch.cat([(train_labels == digit).nonzero()[:10, 0] for digit in range(5, 10)])
new_pictures, new_labels = train_pictures[few], train_labels[few] - 5  # 50 pictures
new_test = test_pictures[test_labels >= 5], test_labels[test_labels >= 5] - 5
old_test = test_pictures[test_labels < 5], test_labels[test_labels < 5]

_ = torch.manual_seed(0)
trained = train(
    body_and_head(), old_pictures, old_labels, epochs=15, change=move_at_random
)
headline("The first task, digits 0 to 4")
print(
    f"{len(old_pictures)} training pictures, test ~{accuracy(trained, *old_test):.0%}"
)

# %% [markdown]
# Three ways to learn the new digits:
#
# - from nothing: a new net, 50 pictures;
# - frozen: the trained body with ``requires_grad_(False)``, and only the head learns;
# - fine-tuned: body and head learn, the body ten times more slowly. Two *parameter
#   groups* of one optimizer have learning rates of their own.
#
# A frozen body should also stay in ``eval`` mode. You will see why.

# %%


def learn_few(net, groups, epochs, body_trains=True, pictures=new_pictures):
    """Train on the 50 pictures with Adam and these parameter groups."""
    optimizer = torch.optim.Adam(groups)
    for _ in range(epochs):
        net.train()
        net[0].train(body_trains)  # training mode for the body, or eval mode
        for batch in torch.randperm(len(pictures)).split(10):
            loss = cross_entropy(net(pictures[batch]), new_labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def with_new_head(net):
    """A copy whose last layer starts anew."""
    net = copy.deepcopy(net)
    net[1] = nn.Linear(32 * 16, 5)
    return net


def from_nothing(epochs):
    net = body_and_head()
    return learn_few(net, [{"params": net.parameters(), "lr": 0.002}], epochs)


def frozen(epochs, body_trains=False, pictures=new_pictures):
    net = with_new_head(trained)
    net[0].requires_grad_(False)
    head = {"params": net[1].parameters(), "lr": 0.002}
    return learn_few(net, [head], epochs, body_trains, pictures)


def fine_tuned(epochs):
    net = with_new_head(trained)
    body = {"params": net[0].parameters(), "lr": 0.0002}
    head = {"params": net[1].parameters(), "lr": 0.002}
    return learn_few(net, [body, head], epochs, body_trains=False)


# %% [markdown]
# With so few pictures chance plays a part, so each number is the mean of three seeds.
# The second column is for test pictures moved by one pixel. None of the 50 pictures is
# moved. Only the old digits were.

# %%

headline("Digits 5 to 9 from ten pictures each: as they are, and moved")
few_shot = {}
for epochs in (3, 30):
    for learn in (from_nothing, frozen, fine_tuned):
        still = moved = 0.0
        for seed in range(3):
            _ = torch.manual_seed(seed)
            net = learn(epochs)
            still += accuracy(net, *new_test) / 3
            moved += moved_accuracy(net, *new_test) / 3
        few_shot[learn.__name__, epochs] = (still, moved)
        print(
            f"{epochs:2} epochs, {learn.__name__:12} ~{still:.0%}, moved ~{moved:.0%}"
        )

# %% [markdown]
# After 3 epochs, that is 15 steps, the trained body is ahead. After 30 epochs the net
# from nothing has caught up: digits are easy, and ten pictures each are enough for it.
# Transfer saves steps here, not mistakes.
#
# The second column is different. The body learned from the *old* digits that a moved
# digit stays the same, and the new ones profit. That is what transfer is for: the body
# knows things about pictures that your few examples don't show.

# %% checks

_ = torch.manual_seed(0)
frozen_net, tuned_net = frozen(3), fine_tuned(3)
now, before = frozen_net[0].state_dict(), trained[0].state_dict()
assert all(torch.equal(now[name], before[name]) for name in before)  # buffers too
assert not torch.equal(tuned_net[0][0].weight, trained[0][0].weight)
assert new_labels.bincount().tolist() == [10] * 5
for name in ("frozen", "fine_tuned"):
    assert few_shot[name, 3][0] > few_shot["from_nothing", 3][0]
    assert few_shot[name, 3][1] > few_shot["from_nothing", 3][1] + 0.04
    assert few_shot[name, 30][1] > few_shot["from_nothing", 30][1] + 0.01
assert abs(few_shot["from_nothing", 30][0] - few_shot["frozen", 30][0]) < 0.03

# %% [markdown]
# What goes wrong: frozen batch norm in training mode
# ---------------------------------------------------
#
# ``requires_grad_(False)`` freezes parameters. It does not freeze buffers: batch norm
# in training mode continues to change its running mean and variance. Say the new
# pictures come from another scanner, black on white instead of white on black. You
# freeze the body, train a new head, and want to use the old head as well, so that
# together they read all ten digits.

# %%

swapped = 1 - new_pictures  # black on white
careful = frozen(epochs=30, pictures=swapped)
careless = frozen(epochs=30, pictures=swapped, body_trains=True)

headline("The old task, digits 0 to 4, after learning the new one")
old_scores = {}
for name, net in {"body in eval mode": careful, "in training mode": careless}.items():
    old_again = nn.Sequential(net[0], trained[1])  # this body with the old head
    old_scores[name] = accuracy(old_again, *old_test)
    print(f"{name:17} ~{old_scores[name]:.0%}")

# %% [markdown]
# No weight of the old net has changed, and yet it has forgotten its digits. The body
# now normalises with the mean and variance of the other scanner.

# %% checks

for now, before in zip(careless[0].parameters(), trained[0].parameters(), strict=True):
    assert torch.equal(now, before)  # no weight has changed
moved_means = (careless[0][1].running_mean - trained[0][1].running_mean).abs()
assert moved_means.max() > 0.05  # but the buffers have
assert old_scores["body in eval mode"] == accuracy(trained, *old_test)
assert old_scores["in training mode"] < old_scores["body in eval mode"] - 0.1

# %% [markdown]
# Nets that others have trained
# -----------------------------
#
# Real transfer starts from a net that has seen millions of photographs. These lines
# *need a network connection* and a package each, so this lesson does not run them:
#
# - torchvision: ``net = torchvision.models.resnet18(weights="DEFAULT")``, then
#   ``net.fc = nn.Linear(net.fc.in_features, 5)``;
# - timm: ``net = timm.create_model("resnet18", pretrained=True, num_classes=5)``;
# - Hugging Face: ``net = AutoModelForImageClassification.from_pretrained(name,
#   num_labels=5)`` with ``from transformers import AutoModelForImageClassification``.
#
# Prepare your pictures as theirs were: the same size, the same mean and spread of the
# channels. Each library hands you that preparation with the net.

# %% [markdown]
# Challenge: digits on the move
# -----------------------------
#
# A customer's scanner moves each page by a pixel. The fine-tuned net reads about 77 %
# of the moved new digits. Beat it: at least 92 % of them, as the mean of three seeds,
# with the same 50 labelled pictures and the body from above. The pictures themselves
# you may change as you like.

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A convolution uses a few weights at every place; padding and stride set its size.
# - Pooling and depth widen the receptive field: the pixels that a number can see.
# - Augmentation changes pictures, never answers. Look at some before you train.
# - Residual blocks let gradients through; batch norm keeps buffers beside its weights.
# - Transfer: new head, frozen or slow body, and frozen batch norm in ``eval`` mode.
#
# Next: text. The same residual blocks, with attention in place of convolution.
