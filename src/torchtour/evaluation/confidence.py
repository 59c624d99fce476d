"""What a score is worth: its interval, and what it would be without any learning."""

import math
from collections.abc import Callable

from torch import Tensor

Z = 1.959963984540054  # 97.5 % of the standard normal distribution lie below it


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, `correct` of `n`: Wilson's score interval (JASA 22, 1927).

    It holds its level for small n and for shares near 0 and 1, where the textbook's p +- 1.96 s does not.
    """
    share, weight = correct / n, Z * Z / n
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def majority_class_baseline(confusion: Tensor) -> tuple[int, float]:
    """The commonest true class, and the accuracy of always answering it; a row of `confusion` is a true class."""
    counts = confusion.sum(dim=1)  # [n_classes]
    commonest = int(counts.argmax())
    return commonest, counts[commonest].item() / max(1, int(counts.sum()))


def format_accuracy(confusion: Tensor, class_name: Callable[[int], str]) -> str:
    """`Accuracy 97.2 % (95 % interval 85.8 to 99.5; always 'setosa': 33.3 %)`; class_name names a class."""
    correct, n = int(confusion.diagonal().sum()), int(confusion.sum())
    low, high = (100 * end for end in wilson_interval(correct, n))
    commonest, share = majority_class_baseline(confusion)
    return (
        f"Accuracy {100 * correct / n:.1f} % (95 % interval {low:.1f} to {high:.1f}; "
        f"always {class_name(commonest)}: {100 * share:.1f} %)"
    )
