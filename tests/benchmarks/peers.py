"""Other frameworks; all but Fabric only where they are installed."""

import time
from typing import Any

import torch
from lightning.fabric import Fabric
from torch.nn.functional import cross_entropy

from benchmarks.lightning_projects import loaders
from benchmarks.plain import loop
from benchmarks.setting import Setting, Trained, net_and_optimizer, points
from torchtour import SimpleNet


def fabric(setting: Setting) -> Trained:
    """Fabric: the loop one's own, device and loader Lightning's; default collate."""
    it = Fabric(accelerator="cpu", devices=1)
    net, optimizer = it.setup(*net_and_optimizer(setting))
    return own_loop(setting, net, optimizer, it.setup_dataloaders(*loaders(setting)), it.backward)


def accelerate(setting: Setting) -> Trained:
    from accelerate import Accelerator

    it = Accelerator(cpu=True)
    net, optimizer, *both = it.prepare(*net_and_optimizer(setting), *loaders(setting))
    return own_loop(setting, net, optimizer, both, it.backward)


def own_loop(setting: Setting, net: Any, optimizer: Any, both: Any, backward: Any) -> Trained:
    train, val = both
    validation = (lambda: val) if setting.validate else None
    return sum(loop(net, optimizer, lambda: train, setting.epochs, backward, validation)), net


def skorch(setting: Setting) -> Trained:
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EpochScoring
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    torch.manual_seed(0)
    it = NeuralNetClassifier(
        SimpleNet(2, setting.hidden, 2), criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=0.1,
        optimizer__momentum=0.9, batch_size=setting.batch, max_epochs=setting.epochs, iterator_train__shuffle=True,
        train_split=predefined_split(Dataset(*points(setting.n_val))) if setting.validate else None,
        callbacks=[EpochScoring("accuracy", name="train_acc", lower_is_better=False, on_train=True)],
    ).initialize()  # fmt: skip
    features, labels = points(setting.n)
    begin = time.perf_counter()
    it.partial_fit(features, labels)
    return time.perf_counter() - begin, it.module_


def ignite(setting: Setting) -> Trained:
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.metrics import Accuracy, Loss

    net, optimizer = net_and_optimizer(setting)
    it = create_supervised_trainer(
        net, optimizer, cross_entropy, output_transform=lambda x, y, y_pred, loss: (y_pred.detach(), y)
    )
    scores = {"accuracy": Accuracy, "loss": lambda: Loss(cross_entropy)}
    for name, score in scores.items():
        score().attach(it, name)
    evaluator = create_supervised_evaluator(net, {name: score() for name, score in scores.items()})
    train, val = loaders(setting)
    if setting.validate:
        it.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(val))
    begin = time.perf_counter()
    it.run(train, max_epochs=setting.epochs)
    return time.perf_counter() - begin, net


def keras(setting: Setting) -> Trained:
    import keras as k

    k.utils.set_random_seed(0)
    it = k.Sequential([k.Input((2,)), k.layers.Dense(setting.hidden, activation="relu"), k.layers.Dense(2)])
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    it.compile(k.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    (features, labels), val = ([part.numpy() for part in points(n)] for n in (setting.n, setting.n_val))
    more = {"validation_data": val, "validation_batch_size": setting.batch} if setting.validate else {}
    few = slice(0, setting.batch)
    it.fit(features[few], labels[few], batch_size=setting.batch, **more)  # it builds itself at the first call
    begin = time.perf_counter()
    it.fit(features, labels, batch_size=setting.batch, epochs=setting.epochs, **more)
    return time.perf_counter() - begin, it
