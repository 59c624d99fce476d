"""The network: two linear layers with a ReLU between them."""

from torch import Tensor, nn


class SimpleNet(nn.Module):
    """Linear -> ReLU -> Linear: features [batch, input_size] to logits [batch, output_size]."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(input_size, hidden_size)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden_size, output_size)

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.relu(self.fc1(features))  # [batch, hidden_size]
        logits: Tensor = self.fc2(hidden)  # [batch, output_size]
        return logits
