"""Lesson 7."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from torchtour.exercises.judge import Check, NotRight, predict, same, unlike, verdict

FEATURES = torch.arange(14.0).reshape(7, 2)
LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 1])


def points(answer: Callable[..., Any]) -> str | None:
    dataset = answer(FEATURES, LABELS)
    if not isinstance(dataset, Dataset):
        raise NotRight("`Points(...)` is not a Dataset. Keep the first line of the class.")
    if not isinstance(length := dataset.__len__(), int):  # type: ignore[attr-defined]
        raise NotRight(f"`len` of your dataset is {length!r:.40}. A whole number is asked for.")
    if length in (6, 8):
        return "off_by_one"
    if length in (2, 14):
        return "counts_numbers"
    if length != 7:
        raise NotRight(f"For 7 points `len` of your dataset is {length}.")
    item = dataset[2]
    if isinstance(item, Tensor):
        return "no_label" if same(item, FEATURES[2]) else "one_tensor"
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise NotRight("`dataset[2]` should be a pair: features and label.")
    if same(item[0], LABELS[2]) and same(item[1], FEATURES[2]):
        return "swapped"
    if same(item[0], FEATURES[1]) or same(item[0], FEATURES[3]):
        return "shifted"
    if not same(item[0], FEATURES[2]):
        raise NotRight("`dataset[2]` does not begin with the features of point 2.")
    if isinstance(item[1], Tensor) and item[1].is_floating_point():
        return "float_label"
    if isinstance(item[1], Tensor) and item[1].shape == (1,):
        return "label_in_list"
    if isinstance(item[1], Tensor) and item[1].shape == LABELS.shape:
        return "all_labels"
    x, y = next(iter(DataLoader(dataset, batch_size=7)))
    return verdict("next(iter(DataLoader(...)))", (x, y), (FEATURES, LABELS))


def batches(answer: Callable[..., Any]) -> str | None:
    got = answer(FEATURES, LABELS, 3)
    if not isinstance(got, Iterable):
        raise NotRight(unlike("batches", got, []))
    got = list(got)
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in got):
        raise NotRight("`batches` should return a list of pairs (features, labels).")

    def cut(*spans: tuple[int, int]) -> list[tuple[Tensor, Tensor]]:
        return [(FEATURES[start:end], LABELS[start:end]) for start, end in spans]

    got = [tuple(pair) for pair in got]
    key = verdict(
        "batches",
        list(got),
        cut((0, 3), (3, 6), (6, 7)),
        last_lost=cut((0, 3), (3, 6)),
        one_short=cut((0, 2), (3, 5), (6, 7)),
        overlapping=cut((0, 4), (3, 7), (6, 7)),
        sliding=cut(*((i, i + 3) for i in range(7))),
        first_lost=cut((1, 4), (4, 7)),
        moved_back=cut((0, 3), (3, 6), (4, 7)),
        number_of_batches=cut((0, 3), (3, 5), (5, 7)),
        labels_whole=[(FEATURES[i : i + 3], LABELS) for i in (0, 3, 6)],
    )
    if key:
        return key
    even = answer(FEATURES[:6], LABELS[:6], 3)
    return "empty" if len(list(even)) == 3 else None


def shuffled(answer: Callable[..., Any]) -> str | None:
    labels = torch.arange(100)
    features = torch.stack([labels * 10.0, labels * -1.0], dim=1)  # so that each label can be told from its features
    got = answer(features.clone(), labels.clone())
    if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(one, Tensor) for one in got):
        raise NotRight("`shuffled` should return two tensors: features and labels.")
    new, new_labels = got
    if new.shape != features.shape or new_labels.shape != labels.shape:
        raise NotRight(f"For 100 points the shapes are {list(new.shape)} and {list(new_labels.shape)} afterwards.")
    if same(new, features) and same(new_labels, labels):
        return "not_shuffled"
    if same(new_labels, labels):
        return "only_features"
    if same(new, features):
        return "only_labels"
    if not same(new[:, 1] * -10, new[:, 0]):
        return "torn"
    if len(new[:, 0].unique()) < 100:
        return "repeated"
    if not same(new[:, 0], new_labels * 10.0):
        return "two_orders"
    if same(new_labels, labels.flip(0)):
        return "reversed"
    torch.manual_seed(1)
    one = answer(features, labels)[1]
    torch.manual_seed(2)
    return "always_alike" if same(one, answer(features, labels)[1]) else None


def split_and_scale(answer: Callable[..., Any]) -> str | None:
    features = torch.tensor([[1.0, 10.0], [2.0, 50.0], [6.0, 30.0], [9.0, 0.0], [4.0, 90.0], [30.0, 20.0]])
    train, rest = features[:4], features[4:]

    def scaled(points: Tensor, by: Tensor) -> Tensor:
        return (points - by.mean(0)) / by.std(0)

    got = answer(features.clone(), 4)
    return verdict(
        "split_and_scale",
        tuple(got) if isinstance(got, list) else got,
        (scaled(train, train), scaled(rest, train)),
        leak=(scaled(train, features), scaled(rest, features)),
        each_its_own=(scaled(train, train), scaled(rest, rest)),
        half_leak=(
            (train - train.mean(0)) / features.std(0),
            (rest - train.mean(0)) / features.std(0),
        ),
        leak_into_validation=(scaled(train, train), scaled(rest, features)),
        not_scaled=(scaled(train, train), rest),
        from_validation=(scaled(train, rest), scaled(rest, rest)),
        whole_table=((train - train.mean()) / train.std(), (rest - train.mean()) / train.std()),
        swapped=(scaled(rest, train), scaled(train, train)),
    )


def confusion_matrix(answer: Callable[..., Any]) -> str | None:
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2])
    answers = torch.tensor([0, 0, 1, 1, 1, 2, 0, 0, 1])
    right = torch.tensor([[2, 1, 0], [0, 2, 0], [2, 1, 1]])
    got = answer(answers, labels, 3)
    if isinstance(got, list) and same(got, right.tolist()):
        return "listed"
    if isinstance(got, Tensor) and same(got, right.float()):
        return "floats"
    key = verdict(
        "confusion_matrix",
        got,
        right,
        turned=right.T,
        yes_or_no=(right > 0).long(),
        shares=right / right.sum(1, keepdim=True),
        only_right=torch.diag(right.diag()),
        only_wrong=right - torch.diag(right.diag()),
        flat=right.flatten(),
    )
    if key:
        return key
    got = answer(torch.tensor([0, 1]), torch.tensor([0, 1]), 4)
    return "too_small" if not isinstance(got, Tensor) or got.shape != (4, 4) else None


CHECKS = {
    1: predict(
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
    ),
    4: Check(
        "shuffled",
        shuffled,
        "Which label has the point that comes first afterwards?",
        {
            "two_orders": (
                "Features and labels still come in two different orders, so each point has someone else's label.",
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
                "The order is the same in each call: a fixed seed in the function.",
                "Whoever calls the function sets the seed.",
            ),
        },
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
    ),
}
