# %% [markdown]
"""
Building a neural network
=========================

**About 45 minutes.** You need the tensors of lesson 1, and gradients from lesson 2.
After this lesson you can

- build a small network, count its weights and say what each is for;
- repeat its calculation by hand;
- turn its scores into probabilities and answers;
- explain why there is a ReLU between two linear layers;
- read the two error messages that you will meet first.

A *neural network* is a function with many adjustable numbers, its *weights*. It takes
numbers in, for instance ten measurements of a flower, and returns numbers, for instance
one score for each of two species. At first the weights are random, and so are the
scores. Training, the next lesson, adjusts the weights until the scores are right.
"""

# %%

import inspect

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from torchtour.lessons import headline
from torchtour.network import SimpleNet

# %% [markdown]
# The network of this course
# --------------------------
#
# A network consists of *layers*, each a function from tensor to tensor. ``SimpleNet``
# has three, one after the other:
#
# - ``fc1``, a *linear* layer: each of its outputs is a weighted sum of all inputs, plus
#   one more number, the *bias*. It is also called fully connected, hence the name.
# - ``relu``: negative numbers become 0, the others stay.
# - ``fc2``, a second linear layer.
#
# What is between the two linear layers is called *hidden*. The class is in the file
# ``network.py``, and all lessons and the project use it. This is its code:

# %%

headline("The code of SimpleNet")
print(inspect.getsource(SimpleNet).rstrip())

# %% [markdown]
# Every network is a class derived from ``nn.Module``. ``__init__`` makes the layers,
# and ``forward`` says how a tensor goes through them. You call the network itself,
# ``net(features)``, and that calls ``forward``.
#
# ``super().__init__()`` runs the ``__init__`` of ``nn.Module``. It makes the lists in
# which the module keeps its layers and weights, so it must come before the first
# ``self.fc1 = ...``. If you forget it, torch tells you, as you see below.
#
# Here is a net for ten inputs, called *features*, with twenty hidden numbers and two
# outputs:

# %%

headline("SimpleNet(10, 20, 2)")
_ = torch.manual_seed(0)
net = SimpleNet(input_size=10, hidden_size=20, output_size=2)
print(net)


class Forgetful(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)


headline("A network without super().__init__()")
refusal = ""
try:
    Forgetful()
except AttributeError as error:
    refusal = str(error)
print(refusal)

# %% [markdown]
# Where one layer simply follows another, you need no class of your own.
# ``nn.Sequential`` takes the layers in their order and calls them one after the other.
# You will see it often in other people's code. Its weights have numbers instead of
# names: ``0.weight`` where ``SimpleNet`` says ``fc1.weight``.

# %%

headline("The same layers in nn.Sequential")
sequential = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
print([name for name, _ in sequential.named_parameters()])
for layer, twin in ((sequential[0], net.fc1), (sequential[2], net.fc2)):
    layer.load_state_dict(twin.state_dict())  # copy the weights, see lesson 5
one_sample = torch.ones(10)
print("equal outputs:", torch.equal(sequential(one_sample), net(one_sample)))

# %% checks

layers = [type(layer) for layer in net.children()]
assert layers == [type(layer) for layer in sequential]
assert layers == [nn.Linear, nn.ReLU, nn.Linear]
assert refusal == "cannot assign module before Module.__init__() call"
assert torch.equal(sequential(one_sample), net(one_sample))

# %% [markdown]
# The weights
# -----------
#
# ``nn.Module`` finds the weights of all its layers; torch calls them *parameters*.
# There are four tensors, two for each linear layer. ReLU has nothing to adjust. How
# many numbers is that?

# %%

headline("The parameters")
for name, parameter in net.named_parameters():
    print(name, list(parameter.shape))
print("numbers in all:", sum(parameter.numel() for parameter in net.parameters()))

# %% [markdown]
# A layer from 10 to 20 numbers has one weight for each pair of input and output,
# ``10 * 20``, and 20 biases. Note the shape [20, 10]: one row for each output.

# %% checks

assert (
    sum(parameter.numel() for parameter in net.parameters())
    == (10 * 20 + 20) + (20 * 2 + 2)
    == 262
)
assert {name: list(parameter.shape) for name, parameter in net.named_parameters()} == {
    "fc1.weight": [20, 10],
    "fc1.bias": [20],
    "fc2.weight": [2, 20],
    "fc2.bias": [2],
}

# %% [markdown]
# Through the network
# -------------------
#
# Networks usually take many samples at once, a *batch*: one row for each sample. Five
# samples of ten features give five rows of two scores. Raw scores like these are called
# *logits*.

# %%

headline("A batch of five samples")
_ = torch.manual_seed(1)
batch = torch.randn(5, 10)  # [sample, feature]
logits = net(batch)  # [sample, class]
print(logits)
print("shape:", tuple(logits.shape))
print("grad_fn:", logits.grad_fn.name())

# %% [markdown]
# ``AddmmBackward0`` is what autograd recorded of the last step, a sum ("add") with a
# matrix product ("mm"). The whole network is two such steps with the ReLU between them.
# The check does both by hand, with the four tensors.

# %% checks

hidden = batch @ net.fc1.weight.T + net.fc1.bias  # [5, 10] @ [10, 20] + [20]
hidden = torch.where(hidden > 0, hidden, 0)  # ReLU
by_hand = hidden @ net.fc2.weight.T + net.fc2.bias  # [5, 20] @ [20, 2] + [2]
assert logits.shape == (5, 2)
assert logits.grad_fn.name() == "AddmmBackward0"
torch.testing.assert_close(logits, by_hand)

# %% [markdown]
# From scores to answers
# ----------------------
#
# The larger score is the answer of the network: ``argmax`` gives its index, 0 or 1. To
# read scores as probabilities, use *softmax*: e to the power of each score, divided by
# their sum. They are positive then and add up to 1, and the larger score has the larger
# probability.
#
# The scores are near 0 because the random weights are small, so the probabilities are
# near one half. That is not because the net has learned nothing: give the same
# untrained net inputs that are 100 times larger, and it is almost certain of some
# answers. Being sure and being right are two different things.

# %%

headline("Probabilities and answers")
probabilities = logits.softmax(dim=1)
for p, answer in zip(
    probabilities.tolist(), logits.argmax(dim=1).tolist(), strict=True
):
    print(f"class 0: {p[0]:.3f}, class 1: {p[1]:.3f}, answer: {answer}")
sure = net(100 * batch).softmax(dim=1).amax(dim=1)  # the larger of each pair
print("inputs 100 times larger:", " ".join(f"{p:.3f}" for p in sure.tolist()))

# %% checks

torch.testing.assert_close(
    probabilities, logits.exp() / logits.exp().sum(dim=1, keepdim=True)
)
torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(5))
assert torch.equal(probabilities.argmax(dim=1), logits.argmax(dim=1))
assert probabilities.max() < 0.7
assert sure.max() > 0.999

# %% [markdown]
# Gradients for all weights
# -------------------------
#
# The weights are leaves with ``requires_grad``, like x in lesson 2. One ``backward``
# from a single number, here the mean of the squared scores, gives each of the 262 its
# derivative.

# %%

headline("Gradients of the parameters")
print("before:", [parameter.grad for parameter in net.parameters()])
logits.square().mean().backward()
print("after: ", [list(parameter.grad.shape) for parameter in net.parameters()])

# %% [markdown]
# A bias of ``fc2`` is simply added to a score. So its derivative is 2 times the score
# over 10, the number of scores, summed over the samples.

# %% checks

assert [parameter.grad.shape for parameter in net.parameters()] == [
    parameter.shape for parameter in net.parameters()
]
torch.testing.assert_close(net.fc2.bias.grad, (2 * logits / 10).sum(dim=0))

# %% [markdown]
# Why is there a ReLU?
# --------------------
#
# Take it out, and two linear layers follow each other: ``W2 @ (W1 @ x + b1) + b2``.
# Multiply that out, and it is ``(W2 @ W1) @ x + (W2 @ b1 + b2)``: a single linear layer
# with other weights. The second layer adds nothing. With a ReLU in between, you can't
# multiply out the brackets.

# %%

headline("Two linear layers collapse into one")
one_layer = nn.Linear(10, 2)
with torch.no_grad():
    one_layer.weight.copy_(net.fc2.weight @ net.fc1.weight)
    one_layer.bias.copy_(net.fc2.weight @ net.fc1.bias + net.fc2.bias)
    samples = torch.randn(1000, 10)
    without_relu = net.fc2(net.fc1(samples))
    with_relu = net(samples)
for name, output in (("without ReLU:", without_relu), ("with ReLU:   ", with_relu)):
    difference = (output - one_layer(samples)).abs().max()
    print(f"largest difference {name} {difference.item():.2f}")

# %% [markdown]
# And no other linear layer fits the net with ReLU either: a linear layer turns the
# point halfway between two samples into the output halfway between their outputs.

# %% [markdown]
# The picture shows nets with one input and one output. Without ReLU the net can draw
# only straight lines, whatever its weights. With it, each hidden unit can bend the line
# once, and training can bend it to fit the data.

# %% plot

_ = torch.manual_seed(4)
curve = SimpleNet(1, 20, 1)
x = torch.linspace(-3, 3, 301)[:, None]  # [place, 1]
with torch.no_grad():
    bent, straight = curve(x), curve.fc2(curve.fc1(x))
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(x.numpy(), bent.numpy(), color="#0072B2", label="Linear, ReLU, Linear")
axes.plot(
    x.numpy(), straight.numpy(), color="#D55E00", linestyle="--", label="Linear, Linear"
)
axes.set(
    title="The same random weights with and without ReLU",
    xlabel="input",
    ylabel="output",
)
axes.legend()
if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% checks

torch.testing.assert_close(without_relu, one_layer(samples), rtol=1e-4, atol=1e-5)
with torch.no_grad():
    middle = (samples[0] + samples[1]) / 2
    torch.testing.assert_close(
        one_layer(middle), (one_layer(samples[0]) + one_layer(samples[1])) / 2
    )
    assert (net(middle) - (with_relu[0] + with_relu[1]) / 2).abs().max() > 0.01

# %% [markdown]
# What goes wrong: the wrong number of features
# ---------------------------------------------
#
# You will see this message often. It shows both shapes: the batch on the left, the
# weights, transposed, on the right. The inner sizes, 9 and 10, must agree.

# %%

headline("Nine features for a network of ten")
refusal = ""
try:
    net(torch.randn(5, 9))
except RuntimeError as error:
    refusal = str(error)
print(refusal)

# %% checks

assert "5x9 and 10x20" in refusal

# %% [markdown]
# What goes wrong: float64 data
# -----------------------------
#
# The weights are ``float32``, and NumPy's numbers are ``float64``, which torch's
# messages call Double. ``float()`` converts them to ``float32``.

# %%

headline("A float64 array from NumPy meets float32 weights")
array = np.random.default_rng(0).normal(size=(5, 10))
refusal = ""
try:
    net(torch.from_numpy(array))
except RuntimeError as error:
    refusal = str(error)
print(refusal)
print("after float():", tuple(net(torch.from_numpy(array).float()).shape))

# %% checks

assert "same dtype" in refusal
np.testing.assert_allclose(
    net(torch.from_numpy(array).float()).detach(),
    net.double()(
        torch.from_numpy(array)
    ).detach(),  # the other cure: weights in float64
    rtol=1e-4,
    atol=1e-5,
)

# %% [markdown]
# Challenge: a parabola without training
# --------------------------------------
#
# Draw x squared between -1 and 1 with a net of one input, four hidden units and one
# output. Set its weights by hand. How good is a straight line, the best that a net
# without ReLU can do? Its largest error is one half: the parabola reaches from 0 to 1,
# and the line runs halfway between.

# %%


def largest_error(net):
    x = torch.linspace(-1, 1, 2001)[:, None]  # [2001, 1]
    with torch.no_grad():
        return (net(x) - x**2).abs().max().item()


headline("Challenge: the largest error of a flat line at one half")
by_you = SimpleNet(1, 4, 1)
with torch.no_grad():
    by_you.fc1.weight[:] = torch.tensor([[1.0], [1.0], [1.0], [1.0]])  # yours to change
    by_you.fc1.bias[:] = torch.tensor([0.0, 0.0, 0.0, 0.0])
    by_you.fc2.weight[:] = torch.tensor([[0.0, 0.0, 0.0, 0.0]])
    by_you.fc2.bias[:] = torch.tensor([0.5])
print(f"{largest_error(by_you):.4f}")

# %% [markdown]
# Beat it: get below 0.07 with other numbers in the four lines. Remember that each
# hidden unit bends the line once. You can get below 0.04 if the line runs a little
# below the parabola where it bends.

# %% checks

assert largest_error(by_you) == 0.5

# %% [markdown]
# Recap
# -----
#
# - A network is made of layers; a linear layer is ``x @ W.T + b``.
# - Its weights are leaves, so one ``backward`` gives each of them a gradient.
# - It takes a batch, [sample, feature], and gives logits, [sample, class].
# - ``argmax`` gives the answer, ``softmax`` the probabilities.
# - Without ReLU two linear layers are one.
#
# Next: the training loop. The weights are random now; you will see how a few lines make
# them good.
