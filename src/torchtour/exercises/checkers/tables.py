"""Lesson 10."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial

WORDS = ["no", "perhaps", "yes", "never", "often", "unknown", "always"]
COLUMNS = ["age", "iron", "weight", "height", "dose"]


def to_tensors(t: Trial, answer: Callable[..., Any]) -> None:
    for n_rows, n_columns, n_classes in (
        (t.draw.size(5, 8), 2, 3),
        (t.draw.size(9, 12), 3, 4),
        (t.draw.size(3, 4), 1, 2),
    ):
        label = t.draw.random.choice(["sick", "group", "answer"])
        columns, words = t.draw.random.sample(COLUMNS, 4), t.draw.random.sample(WORDS, n_classes)
        places = t.draw.labels(n_rows, n_classes).tolist()
        records = []
        for place in places:
            numbers = {name: f"{t.draw.number(-9, 99):.{t.draw.random.choice([0, 2])}f}" for name in columns}
            records.append({**numbers, "row": t.draw.random.choice(["a1", "b2"]), label: words[place]})
        records[0][columns[0]] = "2.5e-1"
        names = columns[:n_columns][::-1]
        got = t.call(answer, records, names, label, names="records names label", compare=False)
        seen = t.last_call
        parts = t.pair(got, "What `to_tensors` returns", 3)
        with t.part() as together:  # features, labels and classes together tell which mistake it is
            together += parts
            for what, part in zip(
                ("The tensor of features", "The tensor of labels", "The list of classes"), parts, strict=True
            ):
                t.see(what, part, seen)


def tensors_by_loops(records: list[dict[str, str]], names: list[str], label: str) -> tuple[Tensor, Tensor, list[str]]:
    features = torch.zeros(len(records), len(names))
    classes = list(dict.fromkeys(sorted(record[label] for record in records)))
    labels = torch.zeros(len(records)).long()
    for row, record in enumerate(records):
        labels[row] = classes.index(record[label])
        for column, name in enumerate(names):
            features[row, column] = float(record[name])
    return features, labels, classes


def choose_columns(t: Trial, answer: Callable[..., Any]) -> None:
    for n_train, n_rest, n_columns, k in (
        (t.draw.size(6, 9), t.draw.size(3, 6), 6, 2),
        (t.draw.size(10, 14), 3, 5, 3),
        (6, 4, 4, 1),
    ):
        n = n_train + n_rest
        labels = torch.cat([t.draw.labels(n_train, 2), t.draw.labels(n_rest, 2)])
        sign = (2.0 * labels - 1)[:, None]
        apart = torch.arange(1.0, n_columns + 1)[torch.randperm(n_columns, generator=t.draw.generator)]
        apart *= torch.where(apart >= n_columns - 1, -1.0, 1.0)  # the farthest ones lie lower in class 1
        other = apart.roll(1).abs() * 4
        features = t.draw.normal(n, n_columns, scale=0.1)
        features[:n_train] += sign[:n_train] * apart
        features[n_train:] += sign[n_train:] * other
        nearest = apart.abs().argmin()
        for known in (0, 1):  # much variance, the same in both classes
            rows = (labels[:n_train] == known).nonzero().flatten()
            features[rows, nearest] += 40 * torch.linspace(-1, 1, len(rows))
        features += t.draw.integers(-40, 40, n_columns)
        t.call(answer, features, labels, n_train, k, names="features labels n_train k", go_on=True)


def chosen_by_sorting(features: Tensor, labels: Tensor, n_train: int, k: int) -> tuple[Tensor, Tensor]:
    means = []
    for label in (0, 1):
        rows = [row for row, known in zip(features[:n_train], labels[:n_train].tolist(), strict=True) if known == label]
        means.append(torch.stack(rows).mean(dim=0))
    apart = (means[0] - means[1]).abs().tolist()
    best = sorted(range(len(apart)), key=lambda column: -apart[column])[:k]
    return features[:n_train][:, best], features[n_train:][:, best]


def class_weights(t: Trial, answer: Callable[..., Any]) -> None:
    for n, n_classes in ((t.draw.size(9, 16), 3), (t.draw.size(20, 30), t.draw.size(4, 6)), (t.draw.size(5, 9), 2)):
        labels = t.draw.labels(n, n_classes)
        labels = torch.cat([labels, torch.full((n_classes + 1,), t.draw.random.randrange(n_classes))])
        t.call(answer, labels, n_classes, names="labels n_classes", go_on=True)
    n_classes = t.draw.size(2, 5)
    balanced = torch.arange(n_classes).repeat(t.draw.size(2, 5))
    t.call(answer, balanced, n_classes, names="labels n_classes", go_on=True)


def weights_by_counting(labels: Tensor, n_classes: int) -> Tensor:
    listed = labels.tolist()
    return torch.tensor([len(listed) / n_classes / listed.count(label) for label in range(n_classes)])


def copies_across(t: Trial, answer: Callable[..., Any]) -> None:
    for n_columns in (t.draw.size(3, 5), 2, 1):
        rows = [[float(i + 10 * j) + t.draw.number(0, 0.5) for j in range(n_columns)] for i in range(8)]
        strangers = [[x + 1000 for x in row] for row in rows[:2]]
        if n_columns > 1:
            strangers.append([*rows[0][1:], rows[0][0]])  # the same numbers in another order, with the same sum
            strangers.append([rows[0][0], *rows[1][1:]])  # each number occurs in its column
            strangers.append([rows[0][0] + 1, rows[0][1] - 1, *rows[0][2:]])  # the same sum
        strangers.append([rows[0][0] + 0.001, *rows[0][1:]])  # nearly the same
        next_number = torch.nextafter(torch.tensor(rows[3][0]), torch.tensor(100.0)).item()
        strangers.append([next_number, *rows[3][1:]])
        strangers.append([*rows[0][:-1], rows[0][-1] + 1])  # the same but for the last number
        strangers.append(strangers[0])
        both = t.draw.size(2, 4)
        train = [*rows[:6], *rows[:2], rows[0]]
        test = [*rows[:both], rows[0], rows[0], *strangers, rows[7]]
        t.draw.random.shuffle(train)
        t.draw.random.shuffle(test)
        t.call(answer, torch.tensor(train), torch.tensor(test), names="train test", go_on=True)
        t.call(answer, torch.tensor(train), torch.tensor(strangers), names="train test", go_on=True)
    for known in (rows, rows[::-1]):
        t.call(answer, torch.tensor(known), torch.tensor(rows[:1]), names="train test", go_on=True)


def copies_by_comparing(train: Tensor, test: Tensor) -> int:
    return sum(any(torch.equal(row, other) for other in train) for row in test)


def split_by_patient(t: Trial, answer: Callable[..., Any]) -> None:
    numbers = t.draw.random.sample(range(100, 999), 12)
    even = torch.tensor(numbers).repeat(4)  # twelve patients with four rows each, in turns
    for n_test in (8, t.draw.size(9, 12), 5):
        see_split(t, answer, even, n_test)
    sizes = t.draw.random.sample([1, 2, 3, 4, 5, 6], 6)
    uneven = torch.repeat_interleave(torch.tensor(numbers[:6]), torch.tensor(sizes))
    uneven = uneven[torch.randperm(len(uneven), generator=t.draw.generator)]
    for n_test in (4, 6, 7, 8, 9, 10):
        see_split(t, answer, uneven, n_test)
    see_choice(t, answer, even)
    with t.watched("split_by_patient(patients, 1) for patients with 1 to 6 rows"):
        first = {tuple(sorted(set(uneven[answer(uneven, 1)[1]].tolist()))) for _ in range(60)}
    text = "Patients with many or with few rows are never taken first: the order should be random."
    t.require(len(first) > 3, text, seen=f"60 calls with six patients and n_test = 1 gave only {sorted(first)}")


def see_split(t: Trial, answer: Callable[..., Any], patients: Tensor, n_test: int) -> None:
    """What can be said of one split, whose patients are drawn at random."""
    got = t.call(answer, patients, n_test, names="patients n_test", compare=False)
    seen = t.last_call
    parts = t.pair(got, "What `split_by_patient` returns")
    for part in parts:
        t.tensor(part, "One of the two results")
        t.require(part.dtype != torch.bool, "", "masks", seen)
        t.require(
            part.dim() == 1, f"One of the two results has the shape {list(part.shape)}, expected one row.", seen=seen
        )
        t.require(part.dtype == torch.int64, f"The places have the type {part.dtype}, expected torch.int64.", seen=seen)
    train, test = parts
    seen += f"\ngot {train.tolist()} for training and {test.tolist()} for the test"
    places = train.tolist() + test.tolist()
    n = len(patients)
    t.require(not places or max(places) < n or not set(places) <= set(patients.tolist()), "", "numbers", seen)
    t.require(all(0 <= place < n for place in places), f"A place is not from 0 to {n - 1}.", seen=seen)
    t.require(len(set(places)) == len(places), "", "twice", seen)
    t.require(len(places) == n, "", "lost", seen)
    t.require(not set(patients[train].tolist()) & set(patients[test].tolist()), "", "by_row", seen)
    if is_minimal(patients, train, n_test):
        t.require(
            len(test) >= n_test and (is_minimal(patients, test, n_test) or len(test) < n - len(test)),
            "",
            "swapped",
            seen,
        )
    t.require(len(test) >= n_test, "", "too_few", seen)
    n_patients = len(set(patients[test].tolist()))
    t.require(is_minimal(patients, test, n_test) or n_patients != n_test, "", "patients_counted", seen)
    t.require(is_minimal(patients, test, n_test), "", "too_many", seen)


def is_minimal(patients: Tensor, test: Tensor, n_test: int) -> bool:
    """Can one of the patients have been the last that was needed?"""
    counts = [int((patients == patient).sum()) for patient in set(patients[test].tolist())]
    return len(test) >= n_test and any(len(test) - count < n_test for count in counts)


def see_choice(t: Trial, answer: Callable[..., Any], patients: Tensor) -> None:
    """Are the patients of the test set drawn at random?"""
    drawn = []
    for _ in range(40):
        with t.watched("split_by_patient(patients, 8) for twelve patients with four rows each"):
            _, test = answer(patients, 8)
        drawn.append(tuple(sorted(set(patients[test].tolist()))))
    several = set(drawn)
    seen = (
        f"{len(drawn)} calls with 12 patients of 4 rows each and n_test = 8: {len(several)} different pairs of patients"
    )
    ordered = sorted(set(patients.tolist()))
    known = {tuple(ordered[:2]), tuple(ordered[-2:])}
    listed = list(dict.fromkeys(patients.tolist()))
    known |= {tuple(sorted(listed[:2])), tuple(sorted(listed[-2:]))}
    t.require(len(several) > 1 or not several <= known, "", "in_order", seen)
    t.require(len(several) > 1, "", "always_alike", seen)
    t.require(
        len(several) > 15, "The choice is not random enough: each pair of patients should be possible.", seen=seen
    )


def split_by_lists(patients: Tensor, n_test: int) -> Sequence[Tensor]:
    numbers = sorted(set(patients.tolist()))
    left = [numbers[place] for place in torch.randperm(len(numbers)).tolist()]
    listed, test = patients.tolist(), list[int]()
    while len(test) < n_test:
        patient = left.pop()
        test += [place for place, number in enumerate(listed) if number == patient]
    return torch.tensor([place for place in range(len(listed)) if place not in test]), torch.tensor(test)


CHECKS = {
    1: prediction_check(
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
        reference=tensors_by_loops,
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
        reference=chosen_by_sorting,
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
        reference=weights_by_counting,
    ),
    5: Check(
        "copies_across",
        copies_across,
        "Go through the rows of `test`. For each ask: is there a row in `train` with all the same numbers?",
        {
            "tensor": ("The count is right, but it is a tensor. A Python number is asked for.", "`item()` or `int`."),
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
        reference=copies_by_comparing,
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
                "The same patients are always taken: the lowest or highest numbers, or the first ones in the table.",
                "`torch.randperm` gives a random order.",
            ),
            "always_alike": (
                "The choice is the same in each call. It should be drawn anew each time.",
                "Is a seed set in the function? Its caller sets the seed.",
            ),
        },
        reference=split_by_lists,
    ),
}
