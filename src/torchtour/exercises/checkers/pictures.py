"""Lesson 11."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Ban, Trial


def convolve(t: Trial, answer: Callable[..., Any]) -> None:
    for kernel_size, padding, stride in ((3, 0, 1), (3, 1, 1), (2, 0, 2), (3, 2, 2), (3, 1, 3)):
        rows, columns = t.draw.sizes(2, 5, 9)
        picture, kernel = t.draw.quarters(rows, columns), t.draw.quarters(kernel_size, kernel_size)
        t.call(answer, picture, kernel, padding, stride, names="picture kernel padding stride", go_on=True)


def convolve_by_torch(picture: Tensor, kernel: Tensor, padding: int, stride: int) -> Tensor:
    return conv2d(picture[None, None], kernel[None, None], padding=padding, stride=stride)[0, 0]


def residual(t: Trial, answer: Callable[..., Any]) -> None:
    channels = t.draw.size(2, 4)
    convolution, linear = nn.Conv2d(channels, channels, 3, padding=1), nn.Linear(channels, channels)
    for layer, shape in ((convolution, (2, channels, 4, 4)), (linear, (5, channels))):
        t.draw.fill(layer)
        x = t.draw.normal(*shape).requires_grad_()
        leaf = x * 1.0  # not a leaf: in-place work is allowed on it, and seen
        out = t.call(answer, layer, leaf, names="layer x")
        t.gradients(out, t.last_call, x=x)


def receptive_field(t: Trial, answer: Callable[..., Any]) -> None:
    t.call(answer, [], names="layers", go_on=True)
    for n in (1, 2, 3, 4, 6):
        layers = [(t.draw.random.randint(1, 5), t.draw.random.randint(1, 3)) for _ in range(n)]
        got = t.call(answer, layers, names="layers", go_on=True)
        t.require(not isinstance(got, float), "The number is right, but it is a float. An int is asked for.")
    t.call(answer, [(3, 2), (3, 2), (3, 1)], names="layers", go_on=True)


def field_by_gradient(layers: list[tuple[int, int]]) -> int:
    """Asks autograd which pixels can change the first number."""
    length = 1
    for kernel, stride in reversed(layers):
        length = (length - 1) * stride + kernel
    picture = torch.zeros(1, 1, length + 3, requires_grad=True)
    value: Tensor = picture
    for kernel, stride in layers:
        value = nn.functional.conv1d(value, torch.ones(1, 1, kernel), stride=stride)
    (gradient,) = torch.autograd.grad(value[0, 0, 0], picture)
    places = gradient[0, 0].nonzero()
    return int(places.max() - places.min()) + 1


CONVOLUTIONS = ("convolution", *(f"conv{kind}{n}d" for n in (1, 2, 3) for kind in ("", "_transpose")))

CHECKS = {
    1: prediction_check(
        1,
        "shape_after",
        [4, 16, 6, 6],
        "Go layer by layer: floor((n + 2 p - k) / s) + 1 for the pixels, and the channels of each layer's output.",
        no_stride=(
            [4, 16, 12, 12],
            "The last convolution moves on by more than one pixel.",
            "Divide by its stride.",
        ),
        padded=(
            [4, 16, 7, 7],
            "The first convolution has no padding, so it makes the picture smaller.",
            "A kernel of 5 fits into 28 pixels at 24 places.",
        ),
        no_padding=(
            [4, 16, 5, 5],
            "You leave out the padding of the last convolution.",
            "It adds a pixel on each side before the kernel slides.",
        ),
        channels_in=(
            [4, 6, 6, 6],
            "These are the channels that go into the last convolution.",
            "The second argument of Conv2d says how many come out.",
        ),
        channels_last=(
            [4, 6, 6, 16],
            "torch puts the channels before the rows and columns.",
            "The order is picture, channel, row, column.",
        ),
    ),
    2: Check(
        "convolve",
        convolve,
        "Put the picture into a larger tensor of zeros. Then two loops over the places, as in the lesson.",
        {
            "flipped": (
                "You turn the kernel around. torch's convolution doesn't.",
                "Multiply the patch with the kernel as it is.",
            ),
            "transposed": ("Rows and columns of the kernel are swapped.", "Leave out the `.T`."),
            "no_padding": ("The padding is missing.", "Start from zeros of the larger size."),
            "one_side": (
                "You add zeros on one side only.",
                "`padding` rows above and below, as many columns left and right.",
            ),
            "no_stride": ("You visit each pixel. The kernel moves on by `stride`.", "`range` has a third argument."),
            "averaged": ("A convolution adds up the products. You take their mean.", "`sum`."),
            "last_missing": (
                "The last place is missing: the kernel still fits there.",
                "A kernel of size k fits into n pixels at n - k + 1 places.",
            ),
        },
        reference=convolve_by_torch,
        bans=(Ban("torch's own convolution", torch_functions=CONVOLUTIONS),),
    ),
    3: Check(
        "residual",
        residual,
        "What does `+=` do to a tensor, and what does `+` do?",
        {
            "no_skip": ("The input is no longer added.", "x plus what the layer makes of it."),
            "relu_last": (
                "The ReLU stands after the sum, so negative numbers of x don't come through.",
                "Only the layer's output goes through the ReLU.",
            ),
            "no_relu": ("The ReLU is gone.", "Change only what spoils the input."),
            "input_relu": ("x itself went through a ReLU.", "It should come through unchanged."),
        },
    ),
    4: Check(
        "receptive_field",
        receptive_field,
        "Keep two numbers: the size so far, and how many pixels apart the neighbours are that the next layer sees.",
        {
            "no_strides": (
                "You leave out the strides. After a stride of 2 neighbours are two pixels apart.",
                "Multiply what each layer adds by the strides before it.",
            ),
            "own_stride": (
                "You use a layer's own stride for itself.",
                "A stride counts only for the layers after it.",
            ),
            "from_zero": ("You begin with 0. Without any layer it is the pixel itself.", "Begin with 1."),
            "summed_kernels": (
                "Each layer adds one pixel less than you say: the kernel's middle was there before.",
                "kernel - 1, not kernel.",
            ),
            "multiplied": (
                "You multiply the kernel sizes.",
                "Two convolutions of size 3 see 5 pixels, not 9.",
            ),
            "last_stride": (
                "You keep only the last stride. Strides multiply.",
                "After strides of 2 and 2, neighbours are four pixels apart.",
            ),
        },
        reference=field_by_gradient,
    ),
}
