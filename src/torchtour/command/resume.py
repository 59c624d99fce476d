"""What a checkpoint says of its run, as flags of the command, and which flags contradict it."""

from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning import LightningDataModule

from torchtour.runs.checkpoint import Checkpoint
from torchtour.settings import SET_FROM_DATA, UserError
from torchtour.training.module import init_parameters

CHANGEABLE = {"trainer.max_epochs"}  # a run may train for longer, unless its schedule ends with the epochs


def checkpoint_flags(checkpoint: Checkpoint, data: type[LightningDataModule]) -> dict[str, Any]:
    """What a checkpoint was trained with, as flags: {"model.lr": 0.1, "data.problem": "line", ...}.

    Settings of the model that come from the data are left out.

    Raises:
        UserError: The settings of its data are not those of `data`.
    """
    data_settings = checkpoint.content.get("datamodule_hyper_parameters", {})
    names = init_parameters(data)
    if not isinstance(data_settings, dict) or not data_settings.keys() <= names.keys():
        raise UserError(f"checkpoint {checkpoint.path} has other settings of its data than {', '.join(names)}")
    accepted = init_parameters(checkpoint.module).keys() - {*SET_FROM_DATA}
    flags = {
        key: value for key, value in checkpoint.content.get("settings", {}).items() if key not in ("data", "model")
    }
    flags |= {f"model.{name}": value for name, value in checkpoint.settings.items() if name in accepted}
    return flags | {f"data.{name}": value for name, value in data_settings.items()}


def resumed_config(args: list[str], checkpoint: Path) -> list[str]:
    """A run that is resumed has all of its config, its callbacks too; what is given now comes after it."""
    config = checkpoint.with_name("config.yaml")
    return [args[0], "-c", str(config), *args[1:]] if config.is_file() else args


def nested(flags: dict[str, Any], model_path: str, data_path: str) -> dict[str, Any]:
    """Flags as defaults of the parser, where a class has its settings in init_args."""
    defaults: dict[str, Any] = {}
    for group, class_path in (("model", model_path), ("data", data_path)):
        init_args = {key.partition(".")[2]: value for key, value in flags.items() if key.startswith(f"{group}.")}
        if init_args:
            defaults[group] = {"class_path": class_path, "init_args": init_args}
    return {
        **{key: value for key, value in flags.items() if key.partition(".")[0] not in ("model", "data")},
        **defaults,
    }


def check_flags_match(flags: dict[str, Any], settings: Namespace, checkpoint: Checkpoint, resumes: bool) -> None:
    """Compare the settings of this call with those of the checkpoint.

    Other data may be evaluated, and a run may train for longer; but the net is fixed.

    Raises:
        UserError: names the first flag that differs.
    """
    for key, value in flags.items():
        now = setting_of(settings, key)
        if now is None and key.startswith("trainer."):  # Trainer's default, which the checkpoint spells out
            settings[key] = now = value
        # As text: 1 batch is not 1.0, all of them.
        differs = str(now) != str(value) if key.startswith("trainer.") else now != value
        is_fixed = key not in CHANGEABLE or checkpoint.settings.get("schedule") == "cosine"
        if differs and (key.startswith("model.") or (resumes and is_fixed)):
            raise UserError(f"--{key} {now} contradicts {checkpoint.path}, which has {value}")


def setting_of(settings: Namespace, key: str) -> Any:
    """The value of a setting such as data.noise in a subcommand's settings."""
    group, _, name = key.partition(".")
    if group in ("model", "data"):
        return settings[group].get("init_args", {}).get(name)
    return settings[key]
