"""Made-up tables, and nets that were trained on them."""

import numpy as np
import polars
import pytest
import torch
from lightning import Trainer

from torchtour import TableClassifier, TableNet, TableRegressor


def people(n=300, seed=0):
    """A table with a column of each kind; who is older than 40 buys, but not in Rome."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 12, n).round(2)
    city = random.choice(["Rome", "Bonn", "Ulm, South"], n)
    frame = polars.DataFrame(
        {
            "id": np.arange(n) + 1000,
            "age": age,
            "income": random.lognormal(10, 1, n).round(2),
            "city": city,
            "member": random.choice(["true", "false"], n),
            "joined": [f"2024-01-{1 + k % 28:02d}" for k in range(n)],
            "note": [f"text {k}" for k in range(n)],
            "planet": ["Earth"] * n,
            "buys": np.where((age > 40) & (city != "Rome"), "yes", "no"),
        }
    )
    gaps = polars.Series(random.random(n) < 0.1), polars.Series(random.random(n) < 0.05)
    return frame.with_columns(
        polars.when(gaps[0]).then(None).otherwise(polars.col("age")).alias("age"),
        polars.when(gaps[1]).then(None).otherwise(polars.col("city")).alias("city"),
    )


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def model_of(data, **settings):
    """The model that the command takes for the data: TableNet, if there are validation rows of their own."""
    torch.manual_seed(0)
    if data.hparams["val_fraction"] is not None:
        sizes = {"n_features": data.n_features, "n_classes": data.n_classes}
        return TableNet(columns=data.columns, classes=data.classes, **sizes, **settings)
    if data.classes is None:
        target = {"target_mean": data.target_mean, "target_std": data.target_std}
        return TableRegressor(columns=data.columns, **target, **settings)
    return TableClassifier(columns=data.columns, classes=data.classes, n_classes=data.n_classes, **settings)


def trained(data, epochs=2, callbacks=None, **settings):
    model = model_of(data, **settings)
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = Trainer(max_epochs=epochs, accelerator="cpu", num_sanity_val_steps=0, callbacks=callbacks, **quiet)
    trainer.fit(model, datamodule=data)
    return model


@pytest.fixture(name="file")
def people_file(tmp_path):
    """A file with a column of each kind."""
    path = tmp_path / "people.csv"
    people().write_csv(path)
    return path
