"""Lesson 3."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial, as_int64


def linear(t: Trial, answer: Callable[..., Any]) -> None:
    samples, inputs, outputs = t.draw.sizes(3, 2, 6)
    for n, rows, columns in ((inputs, inputs, inputs), (samples, outputs, inputs), (samples, inputs, inputs)):
        features, weight, bias = (
            t.draw.normal(*shape).requires_grad_() for shape in ((n, columns), (rows, columns), (rows,))
        )
        got = t.call(answer, features, weight, bias, names="features weight bias")
        t.gradients(got, t.last_call, weight=weight, bias=bias, features=features)


def net(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, hidden_size, n_classes = t.draw.sizes(3, 2, 7)
    sizes = f"Net({n_features}, {hidden_size}, {n_classes})"
    with t.watched(sizes):
        made, other = (answer(n_features, hidden_size, n_classes) for _ in range(2))
    t.instance(made, nn.Module, "What `Net` makes", sizes)
    n = t.draw.size(3, 6)
    features = t.draw.normal(n, n_features, scale=2)
    logits = t.call(made, features, shown="net", names="features", compare=False)  # lazy layers need a first call
    t.call(other, features, shown="net", names="features", compare=False)
    t.tensor(logits, f"What {sizes} returns", integer=False)
    with t.watched(sizes):
        parameters = list(made.parameters())
    text = "`net.parameters()` is empty, so nothing in it can be trained. Keep the layers as `self.something`."
    t.require(bool(parameters), text, "hidden_in_list" if has_layers_in_list(made) else "", sizes)
    n_parameters = sum(parameter.numel() for parameter in parameters)
    t.see(f"The number of numbers in `{sizes}.parameters()`", n_parameters)
    t.require(all(parameter.requires_grad for parameter in parameters), "Some parameters have requires_grad False.")
    t.see("What `net(features)` returns", torch.empty_like(logits.detach()).zero_(), sizes)  # shape and type
    shared = {parameter.data_ptr() for parameter in parameters} & {
        parameter.data_ptr() for parameter in other.parameters()
    }
    t.require(not shared, "Two nets share their layers: make them in `__init__`, for each net anew.")
    matrices = [parameter for parameter in parameters if parameter.dim() == 2 and min(parameter.shape) > 1]
    apart = all(len(matrix.unique()) > 1 for matrix in matrices)
    t.require(
        apart, "All weights of a layer begin with the same number, so its outputs can only stay alike. Draw them."
    )
    t.draw.fill(made, 1.5)
    for mode in (True, False):
        with t.watched(sizes):
            made.train(mode)
        logits = t.call(made, features, shown="net", names="features", compare=False)
        t.see(f"What `net` does in {'training' if mode else 'eval'} mode", calculated(made, features, logits), sizes)
        again = t.call(made, features[:1], shown="net", names="features", compare=False)
        t.require(
            torch.allclose(again, logits[:1], 1e-4, 1e-5), "A sample's logits depend on the other samples of the batch."
        )
    t.require(
        logits.requires_grad, "The logits are detached: backward would fail, so the net can't be trained.", "detached"
    )
    with t.watched(sizes):
        gradients = torch.autograd.grad((logits * t.draw.normal(*logits.shape)).sum(), parameters, allow_unused=True)
    reached = all(gradient is not None for gradient in gradients)
    t.require(
        reached,
        "Some parameters get no gradient, so they can't be trained: is something detached, or unused?",
        "detached",
    )


def has_layers_in_list(made: nn.Module) -> bool:
    """Does the net keep layers in a plain list, where nn.Module does not find them?"""
    lists = [value for value in vars(made).values() if isinstance(value, list | tuple)]
    return any(isinstance(layer, nn.Module) for value in lists for layer in value)


def calculated(made: nn.Module, features: Tensor, logits: Tensor) -> str:
    """Which activations stand after the three layers, in words; the parameters may be kept in any way."""
    for weights in arrangements(made, features.shape[1], logits.shape[1]):
        for text, activations in ACTIVATIONS.items():
            hidden = features
            for (weight, bias), activation in zip(weights, activations, strict=True):
                hidden = activation(hidden @ weight + bias)
            if torch.allclose(hidden, logits, 1e-3, 1e-4):
                return text
    return "something else than Linear, ReLU, Linear, ReLU, Linear"


def arrangements(made: nn.Module, inputs: int, outputs: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """The ways in which the parameters may make three layers [inputs, outputs], whatever their names and order."""
    tensors = [parameter.detach().squeeze() for parameter in made.parameters()]
    if len(tensors) != 6:
        return
    for order in itertools.permutations(tensors):
        first, b1, second, b2, third, b3 = order
        hidden = b1.numel()
        shapes = [{first.numel()}, {second.numel()}, {third.numel()}, {b2.numel()}, {b3.numel()}]
        if shapes != [{inputs * hidden}, {hidden * hidden}, {hidden * outputs}, {hidden}, {outputs}]:
            continue
        if [b.dim() for b in (b1, b2, b3)] != [1, 1, 1] or any(w.dim() != 2 for w in (first, second, third)):
            continue
        for turned in (second, second.T):
            yield [
                (first if len(first) == inputs else first.T, b1),
                (turned, b2),
                (third if len(third) == hidden else third.T, b3),
            ]


def same(x: Tensor) -> Tensor:
    return x


ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], ...]] = {
    "Linear, ReLU, Linear, ReLU, Linear": (torch.relu, torch.relu, same),
    "Linear, Linear, Linear": (same, same, same),
    "Linear, ReLU, Linear, Linear": (torch.relu, same, same),
    "Linear, Linear, ReLU, Linear": (same, torch.relu, same),
    "Linear, ReLU, Linear, ReLU, Linear, ReLU": (torch.relu, torch.relu, torch.relu),
    "Linear, ReLU, Linear, ReLU, Linear, softmax": (torch.relu, torch.relu, lambda x: x.softmax(dim=1)),
    "Linear, ReLU, Linear, ReLU, Linear, log_softmax": (torch.relu, torch.relu, lambda x: x.log_softmax(dim=1)),
    "Linear, ReLU, Linear, ReLU, Linear, softmax over the samples": (
        torch.relu,
        torch.relu,
        lambda x: x.softmax(dim=0),
    ),
    "Linear, tanh, Linear, tanh, Linear": (torch.tanh, torch.tanh, same),
    "Linear, sigmoid, Linear, sigmoid, Linear": (torch.sigmoid, torch.sigmoid, same),
}


def predicted_classes(t: Trial, answer: Callable[..., Any]) -> None:
    n, n_features, n_classes = t.draw.sizes(3, 2, 7)
    for samples, scale in ((n, 2), (n_classes, 2), (1, 2), (30, 2), (30, 0.6)):
        net = t.draw.net(n_features, n_classes, scale)
        features = t.draw.normal(samples, n_features, scale=2)
        got = t.call(answer, net, features, names="net features", compare=False)
        t.see("What `predicted_classes` returns", as_int64(got), t.last_call)


def classes_by_numpy(net: nn.Module, features: Tensor) -> Tensor:
    return torch.from_numpy(net(features).detach().numpy().argmax(axis=1))


def merged(t: Trial, answer: Callable[..., Any]) -> None:
    inputs, hidden, outputs = t.draw.sizes(3, 2, 6)
    for sizes in ((hidden, hidden, hidden), (inputs, hidden, outputs)):
        first, second = nn.Linear(*sizes[:2]), nn.Linear(*sizes[1:])
        t.draw.fill(first, 2)
        t.draw.fill(second, 2)
        one = t.call(answer, first, second, names="first second", compare=False)
        seen = t.last_call
        t.instance(one, nn.Linear, "What `merged` returns", seen)
        t.see("in_features of the layer", one.in_features, seen)
        t.see("out_features of the layer", one.out_features, seen)
        t.require(isinstance(one.bias, Tensor), "The layer has no bias.", seen=seen)
        t.see("The weight of the layer", one.weight.detach(), seen, 1e-4)
        t.see("The bias of the layer", one.bias.detach(), seen, 1e-4)
        trainable = one.weight.requires_grad and one.bias.requires_grad
        t.require(
            trainable, "The layer can't be trained: requires_grad is False in its weight or bias.", "detached", seen
        )
        features = t.draw.normal(4, sizes[0])
        t.call(one, features, shown="merged(first, second)", names="features", tolerance=1e-4)


def merged_by_probing(first: nn.Linear, second: nn.Linear) -> nn.Linear:
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        at_zero = second(first(torch.zeros(first.in_features)))
        one.bias.copy_(at_zero)
        one.weight.copy_((second(first(torch.eye(first.in_features))) - at_zero).T)
    return one


CHECKS = {
    1: prediction_check(
        1,
        "numbers_in_all",
        67,
        "For each linear layer: one weight for each pair of input and output, and one bias for each output.",
        no_bias=(56, "You counted the weights. Each linear layer has biases too.", "One bias for each output."),
        biases_of_inputs=(
            68,
            "Each layer has one bias for each output, not for each input.",
            "How many outputs has the first layer, and how many the second?",
        ),
        one_layer=(40, "That is the first layer alone.", "Do the same for the second one and add."),
        last_layer=(27, "That is the second linear layer alone.", "The first one comes on top."),
        relu=(75, "ReLU learns nothing, so it counts for nothing.", "Only the two linear layers have numbers."),
        tensors=(4, "There are 4 tensors. How many numbers are in them?", "`numel` counts the numbers of a tensor."),
    ),
    2: prediction_check(
        2,
        "weight_shape",
        [8, 4],
        "The lesson prints the shapes of a layer from 10 to 20 numbers. Which came first?",
        inputs_first=(
            [4, 8],
            "The other way round: `nn.Linear` keeps one row for each output.",
            "That is why the layer by hand needs a transpose.",
        ),
        with_bias=([8, 5], "The biases are in a tensor of their own.", "How many inputs has the layer?"),
        flat=([32], "The right number of weights, but they lie in a table.", "One row for each output."),
    ),
    3: Check(
        "linear",
        linear,
        "`[samples, inputs] @ [?, ?]` is to give [samples, outputs]. What must become of `weight`?",
        {
            "not_turned": (
                "The weights have one row for each output. For this product you need one column for each output.",
                "The inner sizes of a product must agree: inputs with inputs. Square weights hide the mistake.",
            ),
            "no_bias": ("The bias is missing.", "Broadcasting adds it to each row."),
            "weight_first": (
                "`weight @ features` sums over the samples. Each output is a sum over the inputs of one sample.",
                "Put the features on the left: one row for each sample.",
            ),
            "turned": (
                "The bias is added to the samples, not to the outputs.",
                "[outputs] fits the last dimension of [samples, outputs] as it is.",
            ),
            "activated": ("You have put a ReLU into the linear layer.", "A linear layer gives negative numbers too."),
            "number_by_number": (
                "`*` works number by number. Each output is a sum over all inputs.",
                "Which operator sums up products?",
            ),
            "inner_sizes": (
                "The inner sizes of your product don't agree.",
                "[samples, inputs] needs [inputs, outputs] on its right. `weight` has [outputs, inputs].",
            ),
        },
        {"shapes cannot be multiplied": "inner_sizes"},
        reference=nn.functional.linear,
    ),
    4: Check(
        "Net",
        net,
        "Make three layers in `__init__`, and keep each as `self.something`. Call one after the other in `forward`.",
        {
            "hidden_in_list": (
                "`net.parameters()` is empty: nn.Module does not look into a plain Python list.",
                "`nn.ModuleList` or `nn.Sequential` holds layers so that the net finds them.",
            ),
            "one_hidden": (
                "There are two linear layers. Two hidden layers need three.",
                "From features to hidden, from hidden to hidden, from hidden to classes.",
            ),
            "no_relu": (
                "There is no ReLU, so your three layers are as good as one.",
                "One after each linear layer but the last.",
            ),
            "one_relu": ("A ReLU is missing before the last layer.", "One after each linear layer but the last."),
            "late_relu": ("A ReLU is missing after the first layer.", "There are two hidden layers, and so two ReLUs."),
            "relu_last": (
                "There is a ReLU after the last layer: it makes 0 of every negative logit.",
                "Logits are free to be negative. End with the linear layer.",
            ),
            "softmax": (
                "Your net returns probabilities. Logits are asked for.",
                "The loss of lesson 4 applies softmax itself.",
            ),
            "softmax_of_samples": (
                "Your softmax runs over the samples, so that each answer depends on the rest of the batch.",
                "Leave it out: logits are asked for.",
            ),
            "no_super": (
                "`super().__init__()` must come before the first layer.",
                "nn.Module prepares the place for the layers there.",
            ),
            "not_kept": (
                "`forward` uses a layer that `__init__` did not keep.",
                "A plain variable is gone when `__init__` ends. Write `self.` before its name.",
            ),
        },
        {
            "before Module.__init__": "no_super",
            "object has no attribute|name '.*' is not defined": "not_kept",
        },
    ),
    5: Check(
        "predicted_classes",
        predicted_classes,
        "`dim` names the dimension that goes away. Which one should be left?",
        {
            "along_samples": (
                "It still searches along the samples: for each class, which sample has the highest score.",
                "The logits are [samples, classes], and dimension 0 are the samples.",
            ),
            "flattened": (
                "Without `dim` argmax searches the whole table and returns a single place.",
                "One answer for each sample: search along the classes.",
            ),
            "scores": ("These are the highest scores. Their places are asked for.", "`max` or `argmax`?"),
            "probabilities": (
                "These are the probabilities of the answers. Asked for is which class it is.",
                "`argmax` gives the place of the largest number.",
            ),
            "lowest": ("These are the classes with the lowest score.", "`argmax`, not `argmin`."),
            "column": ("The answers are right, but the shape is [samples, 1].", "Leave `keepdim` out."),
            "yes_or_no": (
                "You compare each score with a threshold. Scores have none: only which is the largest counts.",
                "One answer for each sample, from 0 to the number of classes minus 1.",
            ),
        },
        reference=classes_by_numpy,
    ),
    6: Check(
        "merged",
        merged,
        "Multiply out: W2 @ (W1 @ x + b1) + b2. Which part stands before x, and what is left?",
        {
            "changed": (
                "Your function changes the two layers that it was given.",
                "Make a new `nn.Linear` and copy into its tensors.",
            ),
            "order": (
                "The two weights are multiplied in the wrong order.",
                "The first layer meets x first, so W1 stands next to x.",
            ),
            "turned": (
                "The product is transposed once too often.",
                "nn.Linear keeps one row for each output: [outputs, inputs], like both of yours.",
            ),
            "number_by_number": (
                "`*` multiplies the weights number by number.",
                "You need the product of two matrices.",
            ),
            "biases_added": (
                "The weights are right. But the first bias goes through the second layer before it comes out.",
                "Multiply out W2 @ (... + b1): what becomes of b1?",
            ),
            "first_bias": (
                "The weights are right, and the bias of the first layer is lost.",
                "It goes through W2 too.",
            ),
            "second_bias": ("The weights are right, and the bias of the second layer is lost.", "Add it at the end."),
            "watched": (
                "torch refuses to write into weights that it watches.",
                "Copy inside `torch.no_grad()`.",
            ),
        },
        {"leaf Variable": "watched"},
        reference=merged_by_probing,
    ),
}
