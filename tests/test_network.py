import torch

from torchtour import SimpleNet


def test_the_output_is_the_formula_written_out():
    net = SimpleNet(3, 5, 2)
    features = torch.randn(7, 3)
    (w1, b1), (w2, b2) = ((layer.weight, layer.bias) for layer in (net.fc1, net.fc2))
    hidden = (features[:, None, :] * w1[None]).sum(dim=2) + b1  # [7, 5]
    expected = (hidden.clamp(min=0)[:, None, :] * w2[None]).sum(dim=2) + b2  # [7, 2]
    torch.testing.assert_close(net(features), expected)


def test_it_has_the_layers_and_parameters_that_the_lessons_name():
    shapes = {name: tuple(value.shape) for name, value in SimpleNet(10, 20, 2).named_parameters()}
    assert shapes == {"fc1.weight": (20, 10), "fc1.bias": (20,), "fc2.weight": (2, 20), "fc2.bias": (2,)}
