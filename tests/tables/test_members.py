"""Members side by side, against nets of nn.Sequential, and their training in folds, against changed rows."""

import numpy as np
import polars
import pytest
import torch
from table_files import model_of, people, people_file, trained  # noqa: F401
from torch import nn

from torchtour import TableClassifier, TableData
from torchtour.settings import UserError
from torchtour.tables.members import ClassEnsemble, Encoding, Members
from torchtour.tables.schema import CategoryColumn, NumberColumn
from torchtour.tables.splitting import FOLDS, IN_NO_FOLD, deal

QUANTILES = tuple(np.linspace(-8, 8, 17).tolist())


def sequential(members, m):
    """Member m as plain layers."""
    layers = []
    for weight, bias in zip(members.weights, members.biases, strict=True):
        layer = nn.Linear(weight.shape[1], weight.shape[2])
        layer.load_state_dict({"weight": weight[m].detach().T, "bias": bias[m, 0].detach()})
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def test_each_member_is_a_sequential_net():
    members = Members(5, n_inputs=3, hidden_size=7, n_layers=2, n_outputs=4, dropout=0.1).eval()
    shared, own = torch.randn(11, 3), torch.randn(5, 11, 3)
    for m in range(5):
        torch.testing.assert_close(members(shared)[m], sequential(members, m)(shared))
        torch.testing.assert_close(members(own)[m], sequential(members, m)(own[m]))
    torch.testing.assert_close(members(shared, first=1, step=3), members(shared)[[1, 4]])


def test_a_members_gradient_is_that_of_its_own_net():
    members = Members(3, n_inputs=2, hidden_size=5, n_layers=1, n_outputs=2, dropout=0.0)
    nets, rows = [sequential(members, m) for m in range(3)], torch.randn(9, 2)
    members(rows).square().sum().backward()
    for m, net in enumerate(nets):
        net(rows).square().sum().backward()
        torch.testing.assert_close(members.weights[0].grad[m], net[0].weight.grad.T)


def test_dropout_drops_a_share_in_training_alone():
    members = Members(2, n_inputs=1, hidden_size=4000, n_layers=1, n_outputs=1, dropout=0.25)
    with torch.no_grad():
        members.weights[0].fill_(1)
        members.weights[1].fill_(1 / 4000)
        for bias in members.biases:
            bias.zero_()
        in_training, in_evaluation = members(torch.ones(1, 1)), members.eval()(torch.ones(1, 1))
    assert in_evaluation.flatten().tolist() == pytest.approx([1, 1], abs=1e-3)
    assert in_training.flatten().tolist() == pytest.approx([1, 1], abs=0.05)
    assert not torch.allclose(in_training, in_evaluation)


def test_an_encoding_by_hand():
    columns = [NumberColumn("x", 0.0, 2.0, True, QUANTILES), CategoryColumn("c", ("a", "b"), False)]
    found = Encoding(columns, 2)(torch.tensor([[2.0, 1.0], [float("nan"), 0.0], [1e6, -1.0]]))
    clip = lambda x: x / (1 + (x / 3) ** 2) ** 0.5  # noqa: E731
    width = clip(4)  # the bins are -8 to 0 and 0 to 8: in standard deviations, clipped, -clip(4) to 0 to clip(4)
    expected = [
        [clip(1), 0, 1, 0, 1, clip(1) / width],
        [0, 1, 0, 1, 1, 0],  # missing counts as the mean, 0
        [3, 0, 0, 0, 1, 3 / width],
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    low = Encoding(columns, 2)(torch.tensor([[-1e6, 0.0]]))[0]
    np.testing.assert_allclose(low[-2:], [(-3 + width) / width, 0], atol=1e-5)


@pytest.mark.parametrize("quantiles", [(), (1.0,) * 17, (0.0,) * 9 + (1.0,) * 8])
def test_a_number_of_few_values_has_no_bins(quantiles):
    assert Encoding([NumberColumn("x", 0.5, 0.5, False, quantiles)], 16).n_inputs == 1


def ensemble():
    torch.manual_seed(0)
    columns = [NumberColumn("x", 0.0, 1.0, False, QUANTILES), NumberColumn("z", 1.0, 2.0, False, QUANTILES)]
    net = ClassEnsemble(columns, [0, 8], n_members=FOLDS, hidden_size=6, n_layers=1, n_outputs=3, dropout=0.0).eval()
    return net, torch.randn(40, 2)


def test_softmax_of_the_logits_is_the_mean_probability():
    net, raw = ensemble()
    probabilities = torch.cat([kind(encoding(raw)) for encoding, kind in net.pairs]).softmax(dim=2).mean(dim=0)
    torch.testing.assert_close(net(raw).softmax(dim=1), probabilities)


def test_out_of_fold_asks_only_members_that_left_the_row_out():
    net, raw = ensemble()
    folds = torch.arange(40) % FOLDS
    found = net.out_of_fold(raw, folds)
    for row in range(40):
        own = [sequential(kind, int(folds[row]))(encoding(raw[row : row + 1])) for encoding, kind in net.pairs]
        torch.testing.assert_close(found[row].softmax(0), torch.cat(own).softmax(dim=1).mean(dim=0))


def test_a_member_learns_nothing_from_the_rows_of_its_fold(tmp_path):
    frame = people(160)
    frame.write_csv(tmp_path / "t.csv")
    before, after = (TableData(str(tmp_path / "t.csv"), "buys") for _ in range(2))
    raw, labels, folds = after.table.sets["train"].tensors
    raw[folds == 3] = 7.0
    labels[folds == 3] = 1 - labels[folds == 3]
    expected, found = trained(before, bins=[0, 4]), trained(after, bins=[0, 4])
    for (_, one), (_, other) in zip(expected.net.pairs, found.net.pairs, strict=True):
        for m in range(FOLDS):
            assert torch.equal(one.weights[1][m], other.weights[1][m]) == (m == 3), m


def test_val_loss_is_the_out_of_fold_loss_of_all_rows(file):
    data = TableData(str(file), "buys")
    model = trained(data, epochs=1)
    value = model.trainer.callback_metrics["val/loss"].item()
    raw, labels, folds = data.table.sets["train"].tensors
    with torch.no_grad():
        expected = nn.functional.cross_entropy(model.eval().net.out_of_fold(raw, folds), labels)
    assert value == pytest.approx(expected.item(), abs=1e-5)


def test_folds_are_stratified_and_keep_units_together():
    rng = np.random.default_rng(0)
    labels = rng.choice(3, size=400, p=[0.7, 0.2, 0.1])
    units = np.arange(400)
    units[300:] = np.arange(100)  # each of the last hundred belongs to one of the first
    labels[300:] = labels[:100]
    folds = deal(labels, units, seed=0)
    assert np.array_equal(folds[300:], folds[:100])
    for label in range(3):
        counts = np.bincount(folds[:300][labels[:300] == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 2
    assert not np.array_equal(folds, deal(labels, units, seed=1))


def test_folds_of_amounts_have_low_and_high_ones_alike():
    amounts = np.random.default_rng(0).lognormal(size=800).astype(np.float32)
    folds = deal(amounts, np.arange(800), seed=0)
    for eighth in np.array_split(np.argsort(amounts), 8):
        assert np.all(np.bincount(folds[eighth], minlength=FOLDS) >= 10)


def test_the_only_row_of_a_class_is_in_no_fold():
    labels = np.array([0] * 30 + [1] * 30 + [2])
    assert (deal(labels, np.arange(61), seed=0) == IN_NO_FOLD).tolist() == [False] * 60 + [True]


def test_with_validation_rows_of_their_own_all_members_learn_all_rows(file):
    data = TableData(str(file), "buys", val_fraction=0.2)
    model = TableClassifier(columns=data.columns, classes=data.classes)
    data.setup()
    raw, labels = data.sets["train"].tensors
    model.training_step((raw, labels), 1).backward()
    gradients = model.net.kinds[0].biases[-1].grad
    model.zero_grad()
    torch.manual_seed(0)
    assert (gradients.abs().sum(dim=(1, 2)) > 0).all()
    assert len(data.sets["val"].tensors) == 2


@pytest.mark.parametrize(("batch_size", "epochs"), [(80, 200), (4, 30), (1, 16), (None, 188)])
def test_the_planned_epochs_have_enough_steps(file, batch_size, epochs):
    data = TableData(str(file), "buys", batch_size=batch_size)
    data.setup()
    model = model_of(data)
    model._trainer = type("Given", (), {"datamodule": data})()
    data.trainer = None
    assert model._planned_epochs() == epochs


@pytest.mark.parametrize("settings", [{"members": 4}, {"bins": [17]}, {"dropout": 1.0}, {"bins": "none"}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(UserError, match=r"model\."):
        TableClassifier(**settings)


def test_a_table_of_one_input_and_many_classes(tmp_path):
    polars.DataFrame({"x": np.arange(120) / 7, "y": np.arange(120) % 12}).write_csv(tmp_path / "t.csv")
    model = trained(TableData(str(tmp_path / "t.csv"), "y"), epochs=1)
    assert model(torch.zeros(3, 1)).shape == (3, 12)
