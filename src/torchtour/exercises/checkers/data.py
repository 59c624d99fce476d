"""Lesson 7."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Ban, Trial, as_int64


def points(t: Trial, answer: Callable[..., Any]) -> None:
    t.require(isinstance(answer, type), "`Points` should be a class.")
    n, n_features = t.draw.sizes(2, 3, 7)
    tables = [(t.draw.normal(size, n_features), t.draw.labels(size, 3)) for size in (n, n + 2)]
    sets = []
    for features, labels in tables:
        made = t.call(answer, features, labels, shown="Points", names="features labels", compare=False)
        t.require(isinstance(made, Dataset), "`Points` should be a Dataset: write `class Points(Dataset)`.")
        sets.append(made)
    for made, (features, labels) in zip(sets, tables, strict=True):
        seen = (
            f"dataset = Points(features, labels) with features {list(features.shape)} and labels {list(labels.shape)}"
        )
        with t.watched(seen):
            length = len(made)
        t.see("`len(dataset)`", length, seen)
        for place in (0, len(labels) - 1, len(labels) // 2, -1):
            with t.watched(seen):
                item = made[place]
            t.see(f"`dataset[{place}]`", item, seen)
        with t.watched(seen):
            batch = next(iter(DataLoader(made, batch_size=3)))
        t.see("A batch of three that DataLoader makes of the dataset", batch, seen)


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self.pairs = list(zip(features, labels, strict=True))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.pairs[index]


def batches(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, size = t.draw.sizes(2, 3, 6)
    full, rest = t.draw.size(2, 4), t.draw.random.randrange(1, size)
    for n in (full * size + rest, full * size, size - 1, size + 1):
        features, labels = t.draw.normal(n, n_features), t.draw.labels(n, 1) + torch.arange(n)
        t.call(answer, features, labels, size, names="features labels size", listed=True, go_on=True)
    t.call(answer, t.draw.normal(4, 2), t.draw.labels(4, 2), 1, names="features labels size", listed=True, go_on=True)


def batches_by_split(features: Tensor, labels: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    return list(zip(torch.split(features, size), torch.split(labels, size), strict=True))


def shuffled(t: Trial, answer: Callable[..., Any]) -> None:
    n = t.draw.size(8, 12)
    features = torch.arange(2.0 * n).reshape(n, 2)[torch.randperm(n, generator=t.draw.generator)]
    features += t.draw.number(0, 1)
    labels = torch.arange(n)[torch.randperm(n, generator=t.draw.generator)] + t.draw.random.randint(10, 90)
    orders = [order_of(t, answer, features, labels) for _ in range(4)]
    if all(order == list(range(n)) for order in orders):
        t.fail("not_shuffled", "", t.last_call)
    if all(order == list(range(n))[::-1] for order in orders):
        t.fail("reversed", "", t.last_call)
    t.require(len(set(map(tuple, orders))) > 1, "", "always_alike", t.last_call)
    few = [tuple(order_of(t, answer, features[:4].clone(), labels[:4].clone())) for _ in range(150)]
    text = "Of four points some orders never occur: each order should be possible."
    t.require(len(set(few)) > 16, text, seen=f"150 calls with four points gave {len(set(few))} of 24 orders")


def order_of(t: Trial, answer: Callable[..., Any], features: Tensor, labels: Tensor) -> list[int]:
    """The places from which the points come, after a check that each is there once, with its label."""
    got = t.call(answer, features, labels, names="features labels", compare=False)
    seen = t.last_call
    new_features, new_labels = t.pair(got, "What `shuffled` returns")
    t.tensor(new_features, "The first result", features.shape, integer=False)
    t.tensor(new_labels, "The second result", labels.shape, integer=True)
    t.require(new_features.dtype == features.dtype, f"The features are now {new_features.dtype}.", seen=seen)
    t.require(new_labels.dtype == labels.dtype, f"The labels are now {new_labels.dtype}.", seen=seen)
    rows, labelled = features.tolist(), labels.tolist()
    t.require(all(row in rows for row in new_features.tolist()), "", "torn", seen)
    t.require(
        all(label in labelled for label in new_labels.tolist()),
        "The labels hold numbers that were not there.",
        seen=seen,
    )
    order = [rows.index(row) for row in new_features.tolist()]
    of_labels = [labelled.index(label) for label in new_labels.tolist()]
    if order == of_labels:
        t.require(sorted(order) == list(range(len(rows))), "", "repeated", seen)
        return order
    if of_labels == list(range(len(rows))):
        t.fail("only_features", "", seen)
    if order == list(range(len(rows))):
        t.fail("only_labels", "", seen)
    t.fail("two_orders", "", seen)
    return order


def shuffled_by_numpy(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    order = torch.rand(len(labels)).argsort()
    return features[order], labels[order]


def split_and_scale(t: Trial, answer: Callable[..., Any]) -> None:
    for n_train, n_rest, n_features in (t.draw.sizes(3, 3, 7), [t.draw.size(3, 5), 1, 2], [4, t.draw.size(2, 5), 4]):
        n = n_train + n_rest
        features = t.draw.normal(n, n_features, scale=3) + t.draw.integers(-9, 10, n_features)
        features[n_train:] += 5
        features[:n_train] += torch.linspace(0, 2, n_train)[:, None]  # no column is constant
        t.call(answer, features, n_train, names="features n_train", tolerance=1e-4, go_on=True)


def scaled_by_column(features: Tensor, n_train: int) -> tuple[Tensor, Tensor]:
    columns = []
    for column in features.double().unbind(dim=1):
        train = column[:n_train]
        mean = train.sum() / n_train
        columns.append((column - mean) / ((train - mean).square().sum() / (n_train - 1)) ** 0.5)
    scaled = torch.stack(columns, dim=1).float()
    return scaled[:n_train], scaled[n_train:]


def confusion_matrix(t: Trial, answer: Callable[..., Any]) -> None:
    n_classes = t.draw.size(2, 5)
    for n, used, classes in (
        (t.draw.size(12, 20), n_classes, n_classes),
        (t.draw.size(25, 40), 3, 5),
        (1, 1, n_classes + 1),
        (300, 1, 2),  # more than a uint8 can count
    ):
        answers, labels = t.draw.integers(0, used, n), t.draw.integers(0, used, n)
        got = t.call(answer, answers, labels, classes, names="answers labels n_classes", compare=False)
        t.see("What `confusion_matrix` returns", as_int64(got), t.last_call)


def counts_by_pairs(answers: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    pairs = list(zip(labels.tolist(), answers.tolist(), strict=True))
    return torch.tensor([[pairs.count((i, j)) for j in range(n_classes)] for i in range(n_classes)])


CHECKS = {
    1: prediction_check(
        1,
        "number_of_batches",
        4,
        "How often does 32 fit into 100? And what happens to the rest?",
        rest_lost=(
            3,
            "Those are the full batches. The points that are left make one more.",
            "The loader drops the rest only if you ask it to.",
        ),
        batch_size=(32, "That is how many points are in a batch.", "`len` of a loader counts its batches."),
        fraction=(3.125, "There are no parts of a batch.", "The last one is smaller than the others."),
        points=(100, "That is the number of points.", "A loader hands them out in batches."),
    ),
    2: Check(
        "Points",
        points,
        "Keep both tensors in `__init__`. The other two methods are a line each.",
        {
            "off_by_one": ("The length is off by one.", "`len` of a tensor is the number of its rows."),
            "counts_numbers": ("The length should be the number of points.", "Count rows, not columns or numbers."),
            "no_label": ("An item has no label.", "Return a pair: `return features, label`."),
            "one_tensor": (
                "An item is a single tensor. Keep features and label apart.",
                "A pair: two values with a comma between them.",
            ),
            "swapped": ("Features and label are swapped.", "The docstring says which comes first."),
            "shifted": ("The items are shifted by one: `dataset[2]` is another point.", "Indices count from 0."),
            "float_label": (
                "The labels have become floats. As classes they must stay whole numbers.",
                "Hand the label on as it is.",
            ),
            "label_in_list": (
                "The label of one point has the shape [1], and a batch of them [batch, 1]. A loss wants [batch].",
                "A single index takes a number out, a slice keeps the dimension.",
            ),
            "all_labels": ("Each item comes with all labels.", "Only the one with this index."),
            "not_kept": (
                "A method uses something that `__init__` did not keep.",
                "Write `self.` before its name, in both places.",
            ),
        },
        {r"name '(features|labels)' is not defined|'Points' object has no attribute '(?!__)": "not_kept"},
        reference=Pairs,
    ),
    3: Check(
        "batches",
        batches,
        "At which places does a batch begin? `range` has a third argument.",
        {
            "last_lost": (
                "The last batch is missing: the points that don't fill a batch are lost.",
                "`//` rounds down. Let the start run to the end of the data; a slice may reach beyond it.",
            ),
            "one_short": (
                "Each batch lacks its last point.",
                "The end of a slice does not belong to it, so nothing needs to be subtracted.",
            ),
            "overlapping": (
                "Each batch holds the first point of the next one as well.",
                "The end of a slice does not belong to it, so nothing needs to be added.",
            ),
            "sliding": (
                "A new batch begins at every point. It should begin where the last one ended.",
                "The step of `range`.",
            ),
            "first_lost": ("The first point is lost.", "Places count from 0."),
            "moved_back": (
                "The last batch is filled up with points of the one before.",
                "It may be smaller.",
            ),
            "number_of_batches": (
                "You make `size` batches. Asked for are batches of `size` points.",
                "`size` is the length of a batch.",
            ),
            "labels_whole": ("Each batch comes with all labels.", "Cut both at the same places."),
            "empty": (
                "Where the batches come out even, yours end with an empty one.",
                "Begin no batch at the end of the data.",
            ),
        },
        reference=batches_by_split,
        bans=(Ban("a DataLoader", python_functions=(DataLoader.__init__,)),),
    ),
    4: Check(
        "shuffled",
        shuffled,
        "Which label has the point that comes first afterwards?",
        {
            "two_orders": (
                "Features and labels still come in two different orders, so the points have labels of other points.",
                "`randperm` gives another order in each call.",
            ),
            "not_shuffled": ("Nothing is shuffled now.", "The order should be random."),
            "only_features": ("Only the features are shuffled.", "The labels must go the same way."),
            "only_labels": ("Only the labels are shuffled.", "The features must go the same way."),
            "torn": ("The features of one point are torn apart.", "Shuffle rows, not single numbers."),
            "repeated": (
                "Some points come twice, and others are lost.",
                "`randint` draws each place anew. An order has each place once.",
            ),
            "reversed": ("The order is reversed, not random.", "`randperm`."),
            "always_alike": (
                "The order is the same in each call. It should be drawn anew each time.",
                "Is a seed set in the function? Its caller sets the seed.",
            ),
        },
        reference=shuffled_by_numpy,
    ),
    5: Check(
        "split_and_scale",
        split_and_scale,
        "Split first. What may you know about the validation points? Nothing but their features, one at a time.",
        {
            "leak": (
                "The mean and the deviation are still those of all points, so validation leaks into training.",
                "Split first, and then take both from the training points.",
            ),
            "each_its_own": (
                "The validation points are scaled by their own mean. The same number would mean something else there.",
                "Scale both sets by the same two numbers. Whose?",
            ),
            "half_leak": (
                "The mean is that of the training points, but the deviation still sees all.",
                "Both from the training points.",
            ),
            "leak_into_validation": (
                "The training set is right, but the validation points are scaled by the numbers of all points.",
                "Both sets alike.",
            ),
            "not_scaled": (
                "The validation points are not scaled. The net would see them on another scale.",
                "The same mean and deviation for both. Take them before you scale: afterwards they are 0 and 1.",
            ),
            "from_validation": (
                "Mean and deviation come from the validation points.",
                "It is the training points that you may look at.",
            ),
            "whole_table": ("You use one mean for all columns.", "Each column has its own: `dim=0`."),
            "swapped": ("The two sets are swapped.", "Training first."),
        },
        reference=scaled_by_column,
    ),
    6: Check(
        "confusion_matrix",
        confusion_matrix,
        "Start with zeros, and add 1 at the right place for each point.",
        {
            "turned": ("Rows and columns are swapped.", "The true class names the row."),
            "yes_or_no": (
                "Each place has at most a 1: what happens twice is counted once.",
                "`counts[labels, answers] += 1` writes to each place once. Count point by point.",
            ),
            "shares": ("Those are shares. Counts are asked for.", "Don't divide."),
            "only_right": ("Only the right answers are counted.", "Every point counts, in its row."),
            "only_wrong": ("Only the wrong answers are counted.", "The right ones stand on the diagonal."),
            "flat": ("The counts are right, but lie in one row.", "A table: [n_classes, n_classes]."),
            "floats": ("The counts are floats. Whole numbers are asked for.", "`torch.zeros` takes a dtype."),
            "listed": ("That is a list of lists. A tensor is asked for.", "One call makes a tensor of it."),
            "too_small": (
                "Where a class does not occur, the table comes out too small.",
                "Its size is n_classes, whatever the points are.",
            ),
        },
        reference=counts_by_pairs,
    ),
}
