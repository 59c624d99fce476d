"""Lesson 1."""

from collections.abc import Callable
from typing import Any

import torch

from torchtour.exercises.judge import Check, predict, verdict


def column_by_column(answer: Callable[..., Any]) -> str | None:
    table = torch.tensor([[1, 2, 3], [4, 5, 6]])
    right = torch.tensor([1, 4, 2, 5, 3, 6])
    got = answer(table)
    return verdict(
        "column_by_column",
        got,
        right,
        row_by_row=torch.arange(1, 7),
        table=right.reshape(3, 2),
        listed=right.tolist(),
        backwards=right.flip(0),
    )


def standardised(answer: Callable[..., Any]) -> str | None:
    table = torch.tensor([[1.0, 200.0, 4.0], [2.0, 500.0, 0.0], [6.0, 800.0, 5.0]])  # as many rows as columns
    given = table.clone()
    mean, std = table.mean(0), table.std(0)
    got = answer(given)
    if not torch.equal(given, table):
        return "in_place"
    return verdict(
        "standardised",
        got,
        (table - mean) / std,
        whole=(table - table.mean()) / table.std(),
        rows=(table - table.mean(1, keepdim=True)) / table.std(1, keepdim=True),
        mixed=(table - table.mean(1)) / table.std(1),
        variance=(table - mean) / std**2,
        not_divided=table - mean,
        not_centred=table / std,
        brackets=table - mean / std,
        min_max=(table - table.amin(0)) / (table.amax(0) - table.amin(0)),
    )


def mean_squared_error(answer: Callable[..., Any]) -> str | None:
    predicted, truth = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([1.0, 3.0, 6.0])
    error = predicted.squeeze(1) - truth
    got = answer(predicted, truth)
    key = verdict(
        "mean_squared_error",
        got,
        torch.tensor(5 / 3),
        all_pairs=(predicted - truth).square().mean(),
        first_only=(predicted[0] - truth).square().mean(),
        summed=error.square().sum(),
        absolute=error.abs().mean(),
        not_squared=error.mean(),
        not_averaged=error.square(),
        rooted=error.square().mean().sqrt(),
    )
    if key:
        return key
    try:
        return verdict("mean_squared_error", answer(predicted[:1], truth[:1] + 2), torch.tensor(4.0))
    except Exception:  # a single prediction breaks answers in many ways
        return "single"


def distances(answer: Callable[..., Any]) -> str | None:
    a, b = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 0.0], [0.0, 4.0], [6.0, 8.0]])
    right = torch.tensor([[0.0, 4.0, 10.0], [5.0, 3.0, 5.0]])
    key = verdict(
        "distances",
        answer(a, b),
        right,
        turned=right.T,
        squared=right**2,
        manhattan=torch.tensor([[0.0, 4.0, 14.0], [7.0, 3.0, 7.0]]),
        not_summed=a[:, None] - b,
        signed=(a[:, None] - b).sum(2),
    )
    more = torch.arange(12.0).reshape(4, 3).sin()
    return key or verdict("distances", answer(more, more[:3] * 2), torch.cdist(more, more[:3] * 2))


CHECKS = {
    1: predict(
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
    2: predict(
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
                "Each pair is to become one number: sum up squares along the last dimension.",
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
    ),
}
