"""The training as an ordinary LightningModule, as you will meet it in other people's code."""

import logging
import warnings

import torch
from lightning import LightningModule, Trainer
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from torchtour.network import SimpleNet


class LitNet(LightningModule):
    def __init__(self, hidden_size=10, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = SimpleNet(2, hidden_size, 2)

    def forward(self, features):
        return self.net(features)

    def training_step(self, batch, batch_idx):
        return self.shared_step(batch, "train")

    def validation_step(self, batch, batch_idx):
        self.shared_step(batch, "val")

    def shared_step(self, batch, stage):
        features, labels = batch
        logits = self(features)
        loss = cross_entropy(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        self.log(f"{stage}/loss", loss, prog_bar=True)
        self.log(f"{stage}/accuracy", accuracy, prog_bar=True)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.1)
        return [optimizer], [schedule]


def loader(n, shuffle):
    features = torch.randn(n, 2)
    labels = (features[:, 0] + features[:, 1] > 0).long()
    return DataLoader(TensorDataset(features, labels), batch_size=100, shuffle=shuffle)


if __name__ == "__main__":
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")  # Lightning's advice on data-loading workers
    torch.manual_seed(0)
    train_loader, val_loader = loader(4000, shuffle=True), loader(2000, shuffle=False)
    trainer = Trainer(
        max_epochs=10,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(LitNet(), train_loader, val_loader)
    print(f"Val accuracy: {trainer.callback_metrics['val/accuracy']:.2f}")
