import copy
import csv
import math

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.loggers import CSVLogger
from torch.nn.functional import cross_entropy

from torchtour import Classifier, SyntheticData
from torchtour.settings import UserError
from torchtour.training.metrics import MeanLoss


def trainer(**settings) -> Trainer:
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    return Trainer(**{**quiet, "log_every_n_steps": 1, "num_sanity_val_steps": 0, **settings})


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    # 50 points in batches of 32 and 18: the mean of the batch means is another number.
    model, data = Classifier(lr=0.0), SyntheticData(n_train=50, n_val=50, batch_size=32)
    run = trainer(max_epochs=1)
    run.fit(model, data)
    for split in ("train", "val"):
        features, labels = data.sets[split].tensors
        logits = model(features).double()  # the net did not move: lr is 0
        accuracy = (logits.argmax(dim=1) == labels).double().mean()
        assert run.callback_metrics[f"{split}/loss"] == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-6)
        assert run.callback_metrics[f"{split}/accuracy"] == pytest.approx(accuracy.item(), abs=1e-7)


def test_loggers_and_callbacks_get_the_scores_of_each_epoch(tmp_path):
    logger, stopping = CSVLogger(tmp_path, name="", version=""), EarlyStopping("val/loss", patience=1)
    run = trainer(max_epochs=50, logger=logger, callbacks=[stopping], num_sanity_val_steps=1)  # which is no epoch
    model, data = Classifier(lr=0.0), SyntheticData(n_train=50, n_val=20, n_test=30)
    run.fit(model, data)
    assert run.current_epoch == 2  # the net does not move: the second loss is no better
    with open(tmp_path / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    logged = {name: [float(row[name]) for row in rows if row[name]] for name in rows[0]}
    for split in ("train", "val"):
        features, labels = data.sets[split].tensors
        loss = cross_entropy(model(features), labels).item()
        assert logged[f"{split}/loss"] == pytest.approx([loss, loss], rel=1e-6)
    assert logged["epoch"] == [0, 0, 1, 1]
    (scores,) = run.test(model, data, verbose=False)
    features, labels = data.sets["test"].tensors
    assert scores["test/loss"] == pytest.approx(cross_entropy(model(features), labels).item(), rel=1e-6)


def test_the_mean_loss_keeps_its_digits_over_a_great_many_steps():
    metric = MeanLoss()
    metric.update(torch.tensor(1e7), torch.zeros(1))
    for _ in range(3000):  # each is lost in a plain float32 sum
        metric.update(torch.tensor(0.4), torch.zeros(1))
    assert metric.compute().item() == pytest.approx((1e7 + 1200) / 3001, rel=1e-6)


def test_a_loss_that_is_not_finite_stays_to_be_seen():
    for loss in (math.nan, math.inf):
        metric = MeanLoss()
        metric.update(torch.tensor(1.0), torch.zeros(3))
        metric.update(torch.tensor(loss), torch.zeros(3))
        assert not metric.compute().isfinite()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_step_of_the_optimizer_is_the_rule_written_out(optimizer):
    momentum = 0.9 if optimizer == "sgd" else 0.0
    model = Classifier(optimizer=optimizer, lr=0.1, momentum=momentum, weight_decay=0.01)
    [step], [_] = model.configure_optimizers()
    weight = model.net.fc1.weight
    before = weight.detach().clone()
    weight.grad = torch.full_like(weight, 0.5)
    step.step()
    gradient = 0.5 + 0.01 * before
    # In Adam's first step both running means are the gradient's own, so that it moves by lr times the sign.
    direction = gradient / (gradient.abs() + 1e-8) if optimizer == "adam" else gradient
    expected = before - 0.1 * direction
    torch.testing.assert_close(weight.detach(), expected)


def test_the_learning_rate_falls_by_gamma_every_step_size_epochs():
    model, rates = Classifier(lr=0.5, step_size=2, gamma=0.1), []
    model.on_train_epoch_start = lambda: rates.append(model.optimizers().param_groups[0]["lr"])
    trainer(max_epochs=6).fit(model, SyntheticData(n_train=50, n_val=10, batch_size=20))
    assert rates == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005, 0.005])


def test_predict_gives_the_probability_of_each_class():
    model, data = Classifier(), SyntheticData(n_predict=20)
    (probabilities,) = trainer().predict(model, data)
    logits = model(data.sets["predict"].tensors[0])
    torch.testing.assert_close(probabilities, logits.exp() / logits.exp().sum(dim=1, keepdim=True))


def test_a_reloaded_net_gives_bit_equal_outputs(tmp_path):
    model, run = Classifier(hidden_size=7), trainer(max_epochs=1)
    run.fit(model, SyntheticData(n_train=50, n_val=10, batch_size=20))
    run.save_checkpoint(tmp_path / "a.ckpt", weights_only=False)
    again = Classifier.load_from_checkpoint(tmp_path / "a.ckpt")
    features = torch.randn(100, 2)
    assert torch.equal(model(features), again(features))
    assert dict(again.hparams) == dict(model.hparams)


def test_a_plain_lightning_checkpoint_of_the_same_model_is_read(tmp_path):
    model, run = Classifier(), trainer(max_epochs=1)
    run.fit(model, SyntheticData(n_train=50, n_val=10, batch_size=20))
    run.save_checkpoint(tmp_path / "plain.ckpt", weights_only=False)
    again = Classifier.load_from_checkpoint(tmp_path / "plain.ckpt")
    assert torch.equal(model.net.fc1.weight, again.net.fc1.weight)


def test_training_goes_the_same_way_from_the_same_start():
    start = Classifier()
    weights = []
    for _ in range(2):
        model = copy.deepcopy(start)
        trainer(max_epochs=2).fit(model, SyntheticData(n_train=100, n_val=10, batch_size=30))
        weights.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_size": 0}, "model.hidden_size must be from 1 to 1000000, got 0"),
        ({"lr": -1.0}, "model.lr must be from 0 to 1000, got -1.0"),
        ({"lr": math.nan}, "model.lr must be from 0 to 1000, got nan"),
        ({"lr": "0.1"}, "model.lr must be a number, got '0.1'"),
        ({"gamma": 0.0}, "model.gamma must be from 1e-09 to 1, got 0.0"),
        ({"step_size": 0}, "model.step_size must be from 1 to 1000000000, got 0"),
        ({"optimizer": "lion"}, "model.optimizer must be one of sgd, adam, adamw, got 'lion'"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        Classifier(**settings)
