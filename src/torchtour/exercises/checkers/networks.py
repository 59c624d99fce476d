"""Lesson 3."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, NotRight, article, predict, same, verdict


def linear(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(3)
    layer, features = nn.Linear(3, 3), torch.randn(3, 3)  # square, so that a wrong order gives no error
    with torch.no_grad():
        weight, bias = layer.weight.clone(), layer.bias.clone()
        key = verdict(
            "linear",
            answer(features, weight, bias),
            layer(features),
            not_turned=features @ weight + bias,
            no_bias=features @ weight.T,
            weight_first=weight @ features + bias,
            turned=(weight @ features.T).T + bias[:, None],
            activated=layer(features).relu(),
            number_by_number=features * weight + bias,
        )
        layer, features = nn.Linear(2, 4), torch.randn(5, 2)
        return key or verdict("linear", answer(features, layer.weight, layer.bias), layer(features))


def net(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(0)
    mine = answer(3, 7, 2)
    if not isinstance(mine, nn.Module):
        raise NotRight("`Net(3, 7, 2)` is not an nn.Module. Keep the first line of the class.")
    features = torch.randn(6, 3)
    got = mine(features)
    if not isinstance(got, Tensor):
        raise NotRight(f"`Net.forward` returns {article(got)}, and a tensor is asked for.")
    layers = [layer for layer in mine.modules() if isinstance(layer, nn.Linear)]
    if not list(mine.parameters()):
        return "hidden_in_list"
    if got.shape != (6, 2):
        raise NotRight(f"For 6 samples of 3 features `Net(3, 7, 2)` returns the shape {list(got.shape)}.")
    shapes = sorted(tuple(parameter.shape) for parameter in mine.parameters())
    if shapes != sorted([(7, 3), (7,), (7, 7), (7,), (2, 7), (2,)]):
        if len(layers) == 2:
            return "one_hidden"
        raise NotRight(f"`Net(3, 7, 2)` has parameters of the shapes {', '.join(str(list(s)) for s in shapes)}.")
    first, second, third = in_order(layers)
    hidden = first(features)
    return verdict(
        "Net",
        got,
        third(second(hidden.relu()).relu()),
        no_relu=third(second(hidden)),
        one_relu=third(second(hidden.relu())),
        late_relu=third(second(hidden).relu()),
        relu_last=third(second(hidden.relu()).relu()).relu(),
        softmax=third(second(hidden.relu()).relu()).softmax(1),
        softmax_of_samples=third(second(hidden.relu()).relu()).softmax(0),
    )


def in_order(layers: list[nn.Linear]) -> list[nn.Linear]:
    """The layers of Net(3, 7, 2) from input to output, in whatever order they were made."""
    sizes = [(3, 7), (7, 7), (7, 2)]
    return sorted(layers, key=lambda layer: sizes.index((layer.in_features, layer.out_features)))


def predicted_classes(answer: Callable[..., Any]) -> str | None:
    scores = torch.tensor([[0.1, 2.0, -1.0], [3.0, 0.0, 1.0], [0.0, 0.5, 0.2], [1.0, 0.0, 4.0]])
    identity = nn.Linear(3, 3)
    with torch.no_grad():
        identity.weight.copy_(torch.eye(3))
        identity.bias.zero_()
    got = answer(identity, scores)
    key = verdict(
        "predicted_classes",
        got,
        torch.tensor([1, 0, 1, 2]),
        along_samples=scores.argmax(0),
        flattened=scores.argmax(),
        scores=scores.amax(1),
        probabilities=scores.softmax(1).amax(1),
        lowest=scores.argmin(1),
        column=torch.tensor([[1], [0], [1], [2]]),
        yes_or_no=(scores > 0.5).long(),
    )
    return key


def merged(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(5)
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    old = [parameter.detach().clone() for parameter in (*first.parameters(), *second.parameters())]
    one = answer(first, second)
    if not isinstance(one, nn.Linear):
        raise NotRight(f"`merged` returns {article(one)}, and an nn.Linear is asked for.")
    now = [*first.parameters(), *second.parameters()]
    if not all(map(torch.equal, old, now)):
        return "changed"
    w1, b1, w2, b2 = old
    weight, bias = one.weight.detach(), one.bias.detach() if one.bias is not None else torch.zeros(3)
    if same(weight, w1 @ w2):
        return "order"
    if same(weight, (w2 @ w1).T):
        return "turned"
    if same(weight, w2 * w1):
        return "number_by_number"
    if same(weight, w2 @ w1) and same(bias, b1 + b2):
        return "biases_added"
    if same(weight, w2 @ w1) and same(bias, b2):
        return "first_bias"
    if same(weight, w2 @ w1) and same(bias, w2 @ b1):
        return "second_bias"
    features = torch.randn(4, 3)
    if not same(one(features), second(first(features))):
        raise NotRight("The merged layer gives other outputs than the two layers one after the other.")
    first, second = nn.Linear(2, 5), nn.Linear(5, 3)
    features = torch.randn(4, 2)
    return verdict("merged", answer(first, second)(features), second(first(features)))


CHECKS = {
    1: predict(
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
    2: predict(
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
    ),
}
