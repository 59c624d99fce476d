"""Lesson 1."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Ban, Trial


def column_by_column(t: Trial, answer: Callable[..., Any]) -> None:
    rows, columns = t.draw.sizes(2, 2, 5)
    t.call(answer, t.draw.integers(-99, 100, rows, columns), names="table", go_on=True)
    t.call(answer, t.draw.normal(columns, rows), names="table", go_on=True)
    t.call(answer, t.draw.normal(rows, columns).T, names="table", go_on=True)  # not in order in memory
    t.call(answer, t.draw.normal(1, rows), names="table", go_on=True)


def columns_in_a_row(table: Tensor) -> Tensor:
    rows, columns = table.shape
    return torch.stack([table[place % rows, place // rows] for place in range(rows * columns)])


def standardised(t: Trial, answer: Callable[..., Any]) -> None:
    rows, columns = t.draw.sizes(2, 3, 6)
    for height, width in ((columns, columns), (rows, columns)):
        spread = 10 ** t.draw.integers(0, 2, width)
        table = t.draw.normal(height, width) * spread + t.draw.integers(-20, 20, width)
        table += torch.linspace(0, 1, height)[:, None]  # no column is constant
        got = t.call(answer, table, names="table", tolerance=1e-4)
        t.require(
            got.data_ptr() != table.data_ptr(), "`standardised` returns the table itself. It should be a new one."
        )


def by_column(table: Tensor) -> Tensor:
    columns = []
    for column in table.double().unbind(dim=1):
        variance = (column - column.sum() / len(column)).square().sum() / (len(column) - 1)
        columns.append((column - column.sum() / len(column)) / variance**0.5)
    return torch.stack(columns, dim=1).float()


def mean_squared_error(t: Trial, answer: Callable[..., Any]) -> None:
    for n in (t.draw.size(2, 5), t.draw.size(6, 9)):
        compare_errors(t, answer, n)
    try:
        compare_errors(t, answer, 1)
    except Exception as error:  # a single prediction breaks answers in many ways
        if t.expected is None:
            raise
        t.fail("single", str(error))


def compare_errors(t: Trial, answer: Callable[..., Any], n: int) -> None:
    predicted, truth = t.draw.normal(n, 1).requires_grad_(), t.draw.normal(n)
    t.gradients(t.call(answer, predicted, truth, names="predicted truth"), predicted=predicted)


def distances(t: Trial, answer: Callable[..., Any]) -> None:
    n, m, k = t.draw.sizes(3, 2, 6)
    calls: list[int] = []
    for shapes in ((n, m, k), (m, m, m), (n, m, 1), (2 * n, 2 * m, 2 * k)):
        a, b = t.draw.quarters(shapes[0], shapes[2]), t.draw.quarters(shapes[1], shapes[2])
        if len(calls) == 1:
            b[0] = a[0]
        t.call(answer, a, b, tolerance=1e-4, names="a b", go_on=True)
        calls.append(t.n_calls)
    if t.expected is not None and not t.findings and calls[0] < calls[3]:
        t.fail("forbidden", "The number of torch's functions that you call grows with the number of points: a loop.")


def distances_one_by_one(a: Tensor, b: Tensor) -> Tensor:
    return torch.stack(
        [torch.stack([(one - other).double().square().sum() ** 0.5 for other in b]) for one in a]
    ).float()


CHECKS = {
    1: prediction_check(
        1,
        "shape_of_difference",
        [4, 4],
        "Write the shapes [4, 1] and [4] below each other, aligned on the right. A 1 is stretched to fit.",
        pairwise=(
            [4],
            "That would be right for [4] minus [4]. But one of the two is a column.",
            "Align the shapes on the right: 4, 1 and 4. What does broadcasting make of the 1?",
        ),
        column=(
            [4, 1],
            "The column would keep its shape if the other were a single number. It is a row of 4.",
            "The last dimension is 1 in one tensor and 4 in the other.",
        ),
        flat=([16], "The right number of values, but they lie in a table.", "How many rows, and how many columns?"),
        number=(4, "A shape is a list of sizes.", "Count the dimensions: the larger number of the two tensors."),
    ),
    2: prediction_check(
        2,
        "after_writing",
        [100, 1],
        "For each of the two: is it another look at the same memory, or a copy made before the write?",
        view_copies=(
            [1, 1],
            "`view` does not copy: grid and numbers are the same memory.",
            "What is written through grid can be read in numbers.",
        ),
        reshape_shares=(
            [100, 100],
            "numbers is right. But `reshape` could not give the turned table without a copy.",
            "When was the copy made, before or after 100 was written?",
        ),
        not_turned=(
            [100, 2],
            "numbers is right. For the second, write down the turned table row by row.",
            "The first row of grid.T is the first column of grid: 0 and 3.",
        ),
        other_way=(
            [1, 100],
            "It is the other way round: one of `view` and `reshape` may copy. Which?",
            "`view` never copies; it refuses where it would have to.",
        ),
    ),
    3: Check(
        "column_by_column",
        column_by_column,
        "A new shape never reorders the numbers. So turn the table first.",
        {
            "row_by_row": (
                "The numbers come row by row. A new shape alone does not reorder them.",
                "The columns of a table are the rows of its transpose.",
            ),
            "table": (
                "The table is turned, but it is still a table. One row of numbers is asked for.",
                "A shape of -1 means: as many as there are.",
            ),
            "listed": (
                "That is a Python list. A tensor is asked for.",
                "Stay with tensors: transpose, then a new shape.",
            ),
            "backwards": ("The right order, but from the end to the beginning.", "Nothing needs to be flipped."),
            "view": (
                "`view` never moves numbers, and a transposed table is not in order in memory.",
                "The lesson shows the function that copies where `view` refuses.",
            ),
        },
        {"view size is not compatible": "view"},
        reference=columns_in_a_row,
    ),
    4: Check(
        "standardised",
        standardised,
        "Two steps: subtract each column's mean, then divide by each column's standard deviation. Which `dim`?",
        {
            "in_place": (
                "Your function changes the table that it was given.",
                "`-=`, `/=` and methods that end in `_` change a tensor in place.",
            ),
            "whole": (
                "You use one mean and one deviation for the whole table. Each column has its own.",
                "`mean` and `std` take the argument `dim`.",
            ),
            "rows": (
                "Each row has mean 0 now. It should be each column.",
                "`dim` names the dimension that goes away. To get one number for each column, the rows go away.",
            ),
            "mixed": (
                "You take the means of the rows, and broadcasting subtracts them from the columns, "
                "without an error because the table is square.",
                "Take both statistics along the other dimension.",
            ),
            "variance": (
                "You divide by the variance, the square of the standard deviation.",
                "`std` is the root of `var`.",
            ),
            "not_divided": (
                "The means are 0, but the standard deviations are not 1.",
                "A division is missing.",
            ),
            "not_centred": (
                "The standard deviations are 1, but the means are not 0.",
                "A subtraction is missing.",
            ),
            "brackets": (
                "Division comes before subtraction in Python: only the means are divided.",
                "Put brackets around the difference.",
            ),
            "min_max": (
                "You bring each column between 0 and 1. That is another way of scaling.",
                "Asked for are mean 0 and standard deviation 1.",
            ),
            "short": (
                "The statistics of the rows can't be subtracted from a table of this shape.",
                "Which `dim` leaves one number for each column?",
            ),
        },
        {"must match the size": "short"},
        reference=by_column,
    ),
    5: Check(
        "mean_squared_error",
        mean_squared_error,
        "Print the shape of `predicted - truth`.",
        {
            "all_pairs": (
                "It is still the mean over all pairs: [n, 1] minus [n] gives [n, n].",
                "Bring both to the same shape before you subtract.",
            ),
            "first_only": (
                "Only the first prediction is compared with all true values.",
                "`predicted[0]` is the first row. You want to drop the second dimension.",
            ),
            "summed": ("That is the sum of the squared errors, not their mean.", "The name of the function says it."),
            "absolute": ("That is the mean of the absolute errors. They should be squared.", "`square`, not `abs`."),
            "not_squared": (
                "Errors of different signs cancel each other.",
                "Square each difference before you take the mean.",
            ),
            "not_averaged": ("Each squared error is right. Now a single number is asked for.", "Take their mean."),
            "rooted": ("That is the root of the mean squared error.", "Leave the root out."),
            "single": (
                "It is right for three predictions, and wrong for a single one: the shape [1, 1].",
                "`squeeze()` drops every dimension of size 1. Name the one to drop.",
            ),
        },
        reference=lambda predicted, truth: mse_loss(predicted[:, 0], truth),
    ),
    6: Check(
        "distances",
        distances,
        "Give `a` a dimension of size 1 so that broadcasting pairs each of its points with each of b's: [n, 1, k].",
        {
            "turned": (
                "The table is turned: one row for each point of `a` is asked for.",
                "Which of the two gets its new dimension first?",
            ),
            "squared": ("These are the squared distances.", "A root is missing."),
            "manhattan": (
                "You add up absolute differences: that is the way along the streets, not as the crow flies.",
                "Square, sum up, then take the root.",
            ),
            "not_summed": (
                "These are the differences of each pair, coordinate by coordinate.",
                "Each pair becomes one number: sum up squares along the last dimension.",
            ),
            "signed": (
                "Positive and negative differences of the coordinates cancel each other.",
                "Square them before you sum up.",
            ),
            "no_pairs": (
                "The n points of `a` and the m of `b` can't be subtracted as they are: n and m differ.",
                "`a[:, None]` has the shape [n, 1, k]. Which shape does `a[:, None] - b` have?",
            ),
        },
        {"must match the size": "no_pairs"},
        reference=distances_one_by_one,
        bans=(Ban("torch.cdist", ("cdist", "_cdist_forward", "_euclidean_dist")), Ban("a loop", loops=True)),
    ),
}
