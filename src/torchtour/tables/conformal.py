"""Prediction intervals that hold their coverage: CV+ (Barber, Candes, Ramdas, Tibshirani, Annals of Statistics 2021).

Each fold has a net that has not learned its rows. With the fold's absolute errors, a new row gets from this net the
values it might have had: its prediction minus and plus each of the errors. The interval leaves out the lowest and the
highest of all these values.
"""

import torch
from torch import Tensor, nn

N_KEPT = 128  # errors of each fold


class Conformal(nn.Module):
    """The out-of-fold errors of a net, and the intervals that follow from them.

    Of more than N_KEPT errors a fold keeps the largest of each of N_KEPT groups, for as many rows, so that intervals
    come out a little too wide and never too narrow.
    """

    errors: Tensor  # [n_folds, N_KEPT], each fold sorted
    shares: Tensor  # of all rows that each of them stands for [n_folds, N_KEPT]
    count: Tensor

    def __init__(self, n_folds: int) -> None:
        super().__init__()
        self.register_buffer("errors", torch.zeros(n_folds, N_KEPT))
        self.register_buffer("shares", torch.zeros(n_folds, N_KEPT))
        self.register_buffer("count", torch.tensor(0))

    def keep(self, errors: Tensor, folds: Tensor) -> None:
        """Replace the errors by absolute errors [n] of rows in folds [n]."""
        self.errors.zero_()
        self.shares.zero_()
        self.count.fill_(len(errors))
        for fold in range(len(self.errors)):
            own = errors[folds == fold].sort().values  # [n_own]
            n = min(len(own), N_KEPT)
            ends = -(-torch.arange(n + 1, device=own.device) * len(own) // max(n, 1))  # of each group, in rows
            self.errors[fold, :n] = own[ends[1:] - 1].to(self.errors.dtype)
            self.shares[fold, :n] = ends.diff().to(self.shares.dtype) / len(errors)

    def forward(self, predictions: Tensor, coverage: float) -> tuple[Tensor, Tensor]:
        """Lower and upper ends [batch] for the predictions of the folds' nets [n_folds, batch].

        They are infinite where there are too few errors for the coverage.
        """
        return -self._upper(-predictions, coverage), self._upper(predictions, coverage)

    def _upper(self, predictions: Tensor, coverage: float) -> Tensor:
        """The ceil((n + 1) * coverage)-th smallest of the n values that a row might have [batch]."""
        n = self.count.double()
        level = (coverage * (n + 1) - 1e-9).ceil() / n
        values = (predictions[:, None] + self.errors[:, :, None]).flatten(0, 1)  # [n_folds * N_KEPT, batch]
        ordered, order = values.sort(dim=0)
        shares = self.shares.double().flatten()[order].cumsum(dim=0)  # of the rows up to each value
        place = (shares < level - 1e-9).sum(dim=0, keepdim=True).clamp_max(len(values) - 1)  # [1, batch]
        return torch.where(level > 1, torch.inf, ordered.gather(0, place)[0])
