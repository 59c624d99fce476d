"""What test_copier.py does with a changed copy: call its command, and use a changed net everywhere."""

import contextlib
import csv
import io
import subprocess
import sys
from pathlib import Path

FLAGS = [
    "--data.n_train", "60", "--data.n_val", "30", "--data.n_test", "30", "--data.batch_size", "25",
    "--trainer.max_epochs", "2", "--run.save_every_seconds", "0",
]  # fmt: skip


def call(*arguments: str, status: int = 0) -> str:
    """What the command prints, on both streams."""
    from torchtour.command.main import run

    sys.argv = ["torchtour"]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            found = run(list(arguments))
        except SystemExit as ended:
            found = ended.code
    assert found == status, (arguments, found, err.getvalue())
    return out.getvalue() + err.getvalue()


def everywhere(draws: bool = False, resume: bool = True) -> None:
    """Fit, resume, test, predict, export, load and sweep: each does what the changed net does.

    `draws`: the net has random layers, so that a sweep's numbers are others than fit's.
    """
    import torch

    from torchtour import Classifier

    call("fit", *FLAGS, "--run.name", "whole", "--trainer.max_epochs", "4")
    if resume:
        call("fit", *FLAGS, "--run.name", "parts", "--trainer.max_epochs", "2")
        call("fit", "--ckpt_path", "checkpoints/parts/version_0/last.ckpt", "--trainer.max_epochs", "4")
        whole, parts = (
            torch.load(f"checkpoints/{name}/version_0/last.ckpt", weights_only=True)["state_dict"]
            for name in ("whole", "parts")
        )
        assert all(torch.equal(weight, parts[name]) for name, weight in whole.items())
    best = Path("checkpoints/whole/version_0/best.ckpt")
    assert "Accuracy" in call("test", "--ckpt_path", str(best))
    call("predict", "--ckpt_path", str(best), "--data.n_predict", "20")
    with open(best.with_name("predictions.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    features, written = (
        torch.tensor([[float(row[name]) for name in names] for row in rows]) for names in (("x1", "x2"), ("p0", "p1"))
    )
    with torch.no_grad():
        expected = Classifier.load_from_checkpoint(best).eval()(features).softmax(dim=1)
    torch.testing.assert_close(written, expected)
    call("export", "--ckpt_path", str(best), "--to", "out")
    words = [repr(value) for value in features[:3].flatten().tolist()]
    out = subprocess.check_output([sys.executable, "out/predict.py", *words], text=True)
    printed = torch.tensor([[float(word) for word in line.split()] for line in out.splitlines()])
    torch.testing.assert_close(printed, expected[:3])
    flags = [word for word in FLAGS if word not in ("--run.save_every_seconds", "0")]
    swept = call("sweep", *flags, "--run.name", "swept", "--model.lr", "[0.1, 0.02]")
    assert draws or "Note: fit reached" not in swept, swept
