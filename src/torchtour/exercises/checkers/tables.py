"""Lesson 10."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, NotRight, article, predict, same, verdict

RECORDS = [
    {"age": "40", "row": "a1", "iron": "1.5", "ill": "perhaps"},
    {"age": "31", "row": "a2", "iron": "0.25", "ill": "yes"},
    {"age": "58", "row": "a3", "iron": "2", "ill": "no"},
    {"age": "25", "row": "a4", "iron": "3.75", "ill": "yes"},
    {"age": "63", "row": "a5", "iron": "1", "ill": "perhaps"},
]
FEATURES = torch.tensor([[1.5, 40], [0.25, 31], [2, 58], [3.75, 25], [1, 63]])  # iron, age
CLASSES, LABELS = ["no", "perhaps", "yes"], torch.tensor([1, 2, 0, 2, 1])


def to_tensors(answer: Callable[..., Any]) -> str | None:
    got = answer([dict(record) for record in RECORDS], ["iron", "age"], "ill")
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise NotRight("`to_tensors` should return three things: features, labels and classes.")
    features, labels, classes = got
    return of_features(features) or of_classes(classes, labels) or of_labels(labels)


def of_features(features: Any) -> str | None:
    if isinstance(features, Tensor) and features.dtype == torch.float64:
        return "doubles"
    right = FEATURES
    if isinstance(features, Tensor) and not features.is_floating_point():
        right = FEATURES.long()
        if same(features, right):
            return "whole_numbers"
    return verdict("to_tensors", features, right, transposed=right.T, file_order=right.flip(1), first_lost=right[1:])


def of_classes(classes: Any, labels: Any) -> str | None:
    if isinstance(classes, list) and same(classes, ["perhaps", "yes", "no"]):
        return "order_of_rows"
    if isinstance(classes, list) and same(classes, sorted(record["ill"] for record in RECORDS)):
        return "repeated"
    if same(classes, LABELS) and same(labels, CLASSES):
        return "swapped"
    if not isinstance(classes, list) or not same(classes, CLASSES):
        raise NotRight(f"The classes are {article(classes)}, and not the list of words that is asked for.")
    return None


def of_labels(labels: Any) -> str | None:
    if isinstance(labels, list):
        return "words" if labels and isinstance(labels[0], str) else "listed"
    if same(labels, LABELS.float()):
        return "floats"
    return verdict("to_tensors", labels, LABELS, from_one=LABELS + 1, one_hot=torch.eye(3).long()[LABELS])


def choose_columns(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(5)
    labels = torch.tensor([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    sign = (2.0 * labels - 1)[:, None]  # [10, 1]
    features = torch.randn(10, 6) * 0.1
    features[:6] += sign[:6] * torch.tensor([1.0, -4.0, 3.0, -5.0, 2.0, 0.5])
    features[6:] += sign[6:] * torch.tensor([9.0, 0.0, 0.5, 1.0, 20.0, -10.0])
    features[:, 2] += torch.arange(10) // 2 * 18.0  # much variance, the same in both classes
    train, rest = features[:6], features[6:]

    def apart(table: Tensor, known: Tensor) -> Tensor:
        return table[known == 1].mean(0) - table[known == 0].mean(0)

    def kept(scores: Tensor) -> tuple[Tensor, Tensor]:
        return train[:, scores.topk(2).indices], rest[:, scores.topk(2).indices]

    right = apart(train, labels[:6]).abs()
    got = answer(features.clone(), labels.clone(), 6, 2)
    return verdict(
        "choose_columns",
        tuple(got) if isinstance(got, list) else got,
        kept(right),
        leak=kept(apart(features, labels).abs()),
        from_test=kept(apart(rest, labels[6:]).abs()),
        each_its_own=(kept(right)[0], kept(apart(rest, labels[6:]).abs())[1]),
        signed=kept(apart(train, labels[:6])),
        least=kept(-right),
        variance=kept(train.std(0)),
        all_columns=(train, rest),
        too_many=(train[:, right.topk(3).indices], rest[:, right.topk(3).indices]),
        file_order=(train[:, [1, 3]], rest[:, [1, 3]]),
        swapped=kept(right)[::-1],
    )


def class_weights(answer: Callable[..., Any]) -> str | None:
    labels = torch.tensor([0] * 8 + [2] * 2 + [1] * 4)
    counts = torch.tensor([8.0, 4.0, 2.0])
    right = 14 / (3 * counts)
    got = answer(labels, 3)
    if isinstance(got, Tensor) and same(got, counts.long()):
        return "counts"
    if isinstance(got, Tensor) and same(got, right.long()):
        return "whole_numbers"
    return verdict(
        "class_weights",
        got,
        right,
        shares=counts / 14,
        inverse=1 / counts,
        no_classes=14 / counts,
        sum_one=right / right.sum(),
        upside_down=1 / right,
        to_the_largest=8 / counts,
        the_rest=1 - counts / 14,
        per_row=right[labels],
    )


def copies_across(answer: Callable[..., Any]) -> str | None:
    one, two, three = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]
    train = torch.tensor([one, three, one, two, two, one])
    test = torch.tensor([one, two, two, [9.0, 8.0, 0.5], [6.0, 5.0, 0.5], [0.5, 2.0, 9.0], [0.0, 0.0, 0.0]])
    return verdict(
        "copies_across",
        answer(train.clone(), test.clone()),
        3,
        any_number=6,
        pairs=7,
        different=2,
        of_train=5,
        share=3 / 7,
        never_equal=0,
        same_places=1,
        the_others=4,
    )


def split_by_patient(answer: Callable[..., Any]) -> str | None:
    even = torch.arange(1, 13).repeat(4) * 100  # twelve patients with four rows each
    key = split(answer, even, 8, 4)
    if key:
        return key
    uneven = torch.repeat_interleave(torch.tensor([500, 200, 900, 100, 700, 800]), torch.tensor([1, 5, 2, 4, 3, 6]))
    for n_test in (6, 7, 8, 9):
        key = split(answer, uneven, n_test, 6)
        if key:
            return key
    return choice(answer, even)


def split(answer: Callable[..., Any], patients: Tensor, n_test: int, largest: int) -> str | None:
    """What is wrong with one split; `largest` is the number of rows that a patient has at most."""
    got = answer(patients.clone(), n_test)
    if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(part, Tensor) for part in got):
        raise NotRight("`split_by_patient` should return two tensors: the places for training and for the test.")
    train, test = got
    if train.dtype == torch.bool or test.dtype == torch.bool:
        return "masks"
    if train.is_floating_point() or test.is_floating_point() or train.ndim != 1 or test.ndim != 1:
        raise NotRight("Each of the two tensors should be one row of whole numbers.")
    if max(train.tolist() + test.tolist(), default=0) >= 100:
        return "numbers"
    key = whole(sorted(train.tolist() + test.tolist()), len(patients))
    if key:
        return key
    if set(patients[train].tolist()) & set(patients[test].tolist()):
        return "by_row"
    if len(test) < n_test:
        return "too_few"
    if len(test) < n_test + largest:
        return None
    if len(train) in range(n_test, n_test + largest):
        return "swapped"
    return "patients_counted" if len(set(patients[test].tolist())) == n_test else "too_many"


def whole(places: list[int], n: int) -> str | None:
    """Is each place there, and once?"""
    if len(set(places)) < len(places):
        return "twice"
    return "lost" if places != list(range(n)) else None


def choice(answer: Callable[..., Any], patients: Tensor) -> str | None:
    """Are the patients of the test set drawn at random?"""
    drawn = []
    for seed in range(6):
        torch.manual_seed(seed)
        drawn.append(sorted(set(patients[answer(patients.clone(), 8)[1]].tolist())))
    if drawn != [drawn[0]] * 6:
        return None
    return "in_order" if drawn[0] in ([100, 200], [1100, 1200]) else "always_alike"


CHECKS = {
    1: predict(
        1,
        "accuracy_and_recall",
        [0.95, 0.0],
        "Accuracy: of all rows, how many are right? Recall of class 1: of the rows of class 1, how many are found?",
        exchanged=(
            [0.0, 0.95],
            "The two numbers stand in the wrong order.",
            "Accuracy first.",
        ),
        wrong_ones=([0.05, 0.0], "The first number is the share of wrong answers.", "Accuracy counts the right ones."),
        all_found=([0.95, 1.0], "Which row of class 1 gets the answer 1?", "The answers are all the same."),
        same_twice=(
            [0.95, 0.95],
            "Recall does not look at all rows.",
            "Only at those whose label is 1.",
        ),
        percent=([95, 0], "That is in percent. The code prints shares.", "A share lies between 0 and 1."),
        counted=([190, 0], "Those are numbers of rows.", "`mean` divides by how many there are."),
        accuracy_alone=(0.95, "That is the accuracy. Write the recall as well.", "A list of two numbers."),
    ),
    2: Check(
        "to_tensors",
        to_tensors,
        "A row is a dictionary: `record[name]` is a string, and `float` makes a number of it.",
        {
            "doubles": ("The features are float64. Weights are float32.", "`torch.tensor` takes a dtype."),
            "whole_numbers": ("The numbers have lost what stands behind the point.", "`float`, not `int`."),
            "transposed": ("The features have a row for each column. Asked for is a row for each record.", "Turn it."),
            "file_order": (
                "The columns come in the order of the file.",
                "`names` gives the order.",
            ),
            "first_lost": (
                "The first record is missing.",
                "DictReader has read the line of names already. All records are data.",
            ),
            "order_of_rows": (
                "The classes come in the order in which they occur. Another file would number them differently.",
                "`sorted`.",
            ),
            "repeated": ("The list of classes holds a word more than once.", "A set has each word once."),
            "swapped": ("Labels and classes are swapped.", "Features, labels, classes."),
            "words": ("The labels are still words.", "A label is the place of its word in the list of classes."),
            "listed": ("The labels are a list. A tensor is asked for.", "One call makes a tensor of it."),
            "floats": ("The labels are floats. `cross_entropy` takes whole numbers as classes.", "int64."),
            "from_one": ("The labels count from 1. The first class is 0.", "Places count from 0."),
            "one_hot": (
                "Each label is a row of zeros with a 1 in it. Asked for is one number for each row of the table.",
                "The place of the 1.",
            ),
            "label_too": (
                "You make numbers of a column that holds words.",
                "Take the columns in `names`, not all that a record has.",
            ),
            "strings": ("torch makes no tensor of strings.", "`float(record[name])`."),
        },
        {"could not convert string": "label_too", "too many dimensions 'str'|invalid data type 'str'": "strings"},
    ),
    3: Check(
        "choose_columns",
        choose_columns,
        "Which rows does `apart` see?",
        {
            "leak": (
                "The columns are still chosen by all rows, so the choice has seen the test.",
                "Cut off the training rows first, features and labels, and calculate `apart` from them.",
            ),
            "from_test": ("You choose by the test rows. Those must stay unseen.", "Choose by the training rows."),
            "each_its_own": (
                "Each set has columns of its own. A net could not tell which column is which.",
                "Choose once, by the training rows, and take these columns of both sets.",
            ),
            "signed": (
                "A column whose mean is far lower in class 1 differs as much as one where it is far higher.",
                "Keep `abs`.",
            ),
            "least": ("Those are the columns that differ least.", "The largest of `apart`."),
            "variance": (
                "You choose the columns that vary most. That says nothing about the classes.",
                "Compare the means of the two classes.",
            ),
            "all_columns": ("Nothing is chosen: all columns are still there.", "Keep k of them."),
            "too_many": ("You keep one column too many.", "`topk(k)` gives k places."),
            "file_order": (
                "The right columns, in the order of the table.",
                "The one that differs most comes first: `topk` gives them like that.",
            ),
            "swapped": ("Training and test are swapped.", "Training first."),
            "labels_whole": (
                "The features are cut, but the labels are not: the mask is longer than the table.",
                "Cut both at `n_train`.",
            ),
        },
        {"shape of the mask": "labels_whole"},
    ),
    4: Check(
        "class_weights",
        class_weights,
        "First count the rows of each class. In total, each class should count as len(labels) / n_classes rows.",
        {
            "counts": (
                "Those are the numbers of rows: the commonest class would count even more.",
                "Divide by them.",
            ),
            "whole_numbers": ("The weights are rounded down to whole numbers.", "`/`, not `//`."),
            "shares": (
                "Those are the shares of the classes: the commonest would count even more.",
                "The rarer a class, the larger its weight.",
            ),
            "inverse": (
                "In total the classes count the same, but with equal classes the weights would not be 1.",
                "Multiply by the number of rows that each class would have if all had equally many.",
            ),
            "no_classes": (
                "With equal classes each weight would be n_classes. It should be 1.",
                "One more division.",
            ),
            "sum_one": ("The weights sum to 1. That is not asked for.", "With equal classes each should be 1."),
            "upside_down": ("The weights are upside down: rare classes get small ones.", "1 divided by them."),
            "to_the_largest": (
                "The commonest class has the weight 1. That should be so only if all classes are equally large.",
                "In place of the largest count take the mean count.",
            ),
            "the_rest": (
                "1 minus the share is larger for rare classes, but in total the classes don't count the same.",
                "Multiply your weight by the number of rows and compare the classes.",
            ),
            "per_row": (
                "You return a weight for each row. Asked for is one for each class.",
                "Leave out the last step.",
            ),
        },
    ),
    5: Check(
        "copies_across",
        copies_across,
        "Go through the rows of `test`. For each ask: is there a row in `train` with all the same numbers?",
        {
            "any_number": (
                "You count rows that share a single number with a row of `train`. `row in tensor` asks just that.",
                "All numbers of a row must be equal: `(train == row).all(dim=1).any()`, or compare tuples.",
            ),
            "pairs": (
                "A test row that occurs several times in `train` is counted several times.",
                "`any` asks whether, `sum` how often.",
            ),
            "different": (
                "A row that `test` holds twice is counted once.",
                "Count rows of `test`; two equal rows are two rows.",
            ),
            "of_train": ("You count rows of `train` that occur in `test`.", "The other way round."),
            "share": ("That is a share. The number of rows is asked for.", "Don't divide."),
            "never_equal": (
                "You find none. Two tensors with the same number are not equal for a set or a dict.",
                "`tolist()` makes Python numbers of them.",
            ),
            "same_places": (
                "You compare row 0 with row 0, row 1 with row 1, and so on. A copy may stand anywhere.",
                "Compare each row of `test` with all rows of `train`.",
            ),
            "the_others": ("You count the rows that do not occur in `train`.", "The condition is the wrong way round."),
        },
    ),
    6: Check(
        "split_by_patient",
        split_by_patient,
        "Shuffle the patients, not the rows. `patients == patient` marks the rows of one of them.",
        {
            "masks": (
                "Those are masks of True and False. Places are asked for.",
                "`mask.nonzero().flatten()` gives the places where a mask is True.",
            ),
            "numbers": (
                "Those are numbers of patients. Asked for are the places of their rows.",
                "Where is `patients` equal to that number?",
            ),
            "twice": ("A row is in both sets, or twice in one.", "What is in the test must leave the training."),
            "lost": ("Some rows are in neither set.", "All that is not in the test is for training."),
            "by_row": (
                "A patient has rows in both sets. The net would know that patient from training.",
                "Choose patients, and then take all their rows.",
            ),
            "swapped": ("The test set comes first.", "Training first."),
            "patients_counted": (
                "You take `n_test` patients. `n_test` is a number of rows.",
                "Count the rows of the patients that you have taken so far.",
            ),
            "too_few": (
                "The test set has fewer than `n_test` rows.",
                "Go on until it has enough, also where the last patient brings more rows than were missing.",
            ),
            "too_many": (
                "You take another patient although the test set has `n_test` rows already.",
                "Stop at `>=`.",
            ),
            "in_order": (
                "You take the patients in order. Those with the lowest or highest numbers may be special.",
                "`torch.randperm` gives a random order.",
            ),
            "always_alike": (
                "The choice is random, but the same in each call: the function sets a seed.",
                "Who calls the function sets the seed.",
            ),
        },
    ),
}
