"""Configs: YAML from local files, each key once, with the names that settings had before."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import get_loader, set_config_read_mode, set_loader

from torchtour.command.shipped import ROOT
from torchtour.settings import UserError, short_repr

RENAMED = {  # until 0.4
    "pictures.enabled": "plots.enabled",
    "pictures.stills": "plots.boundary_epochs",
    "report.every": "report.every_n_epochs",
    "run.save_every": "run.save_every_seconds",
}
GROUPS = {"model", "data", "trainer", "run", "report", "plots"}
_load = get_loader("yaml")


def use_strict_yaml() -> None:
    """Let jsonargparse read configs by `parse`, and none from a URL."""
    set_config_read_mode(urls_enabled=False, fsspec_enabled=False)
    set_loader("yaml", parse, (yaml.YAMLError,))


def shipped_config(name: str) -> str:
    """The path of a config that the package ships, unless a file has this name; else the name itself."""
    shipped = ROOT / f"configs/{name}.yaml"
    return str(shipped) if name.isidentifier() and not Path(name).exists() and shipped.exists() else name


def read_config(path: str) -> dict[str, Any]:
    """The settings in a config file.

    Raises:
        UserError: It is not a file, not YAML, or holds no group of settings.
    """
    try:
        if not Path(path).is_file():  # such as a pipe, which may never end
            raise UserError(f"config {path} is not a file")
        values = parse(Path(path).read_text("utf-8"))
    except (OSError, UnicodeError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"config {path} cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(values, dict):
        raise UserError(f"config {path} must hold settings, as in `model: {{lr: 0.1}}`, got {short_repr(values)}")
    for name in GROUPS & values.keys():
        if not isinstance(values[name], dict | str):
            raise UserError(f"config {path}: {name} must be a group of settings, got {short_repr(values[name])}")
    return values


def parse(text: str) -> Any:
    """The value that YAML text stands for.

    Raises:
        yaml.YAMLError: The text is not YAML, repeats a key, or a value does not fit its tag.
    """
    _refuse_repeated_keys(yaml.compose(text, yaml.SafeLoader))
    try:
        return _with_new_names(_load(text))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:  # as PyYAML's own code fails
        raise yaml.YAMLError(f"a value is malformed: {short_repr(str(error))}") from None


def dump(values: Any) -> str:
    """YAML that `parse` reads back as the same values: text that looks like a number is quoted."""
    return yaml.dump(values, Dumper=_QuotingDumper, sort_keys=False)


def flatten(values: dict[str, Any]) -> dict[str, Any]:
    """{"model": {"lr": 0.1}} as {"model.lr": 0.1}; a class's init_args count as its own settings."""
    flat: dict[str, Any] = {}
    for group, settings in values.items():
        if group not in GROUPS or not isinstance(settings, dict):
            flat[group] = settings
            continue
        init_args = settings.get("init_args")
        own = {name: value for name, value in settings.items() if name != "init_args"}
        for name, value in {**own, **(init_args if isinstance(init_args, dict) else {})}.items():
            flat[f"{group}.{name}"] = value
    return flat


def _with_new_names(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    for old, new in RENAMED.items():
        group, _, name = old.partition(".")
        new_group, _, new_name = new.partition(".")
        if isinstance(values.get(group), dict) and name in values[group]:
            value = values[group].pop(name)
            values.setdefault(new_group, {}).setdefault(new_name, value)
    if values.get("pictures") == {}:
        del values["pictures"]
    return values


def _refuse_repeated_keys(root: yaml.Node | None) -> None:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            repeated = [key for key, count in keys.items() if count > 1]
            if repeated:
                raise yaml.YAMLError(f"the key {repeated[0]} occurs twice")
            waiting += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


class _QuotingDumper(yaml.SafeDumper):
    """Quotes each text that `parse` would read as something else, such as 1e-3."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        try:
            is_safe = parse(data) == data
        except yaml.YAMLError:
            is_safe = False
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if is_safe else "'")


_QuotingDumper.add_representer(str, _QuotingDumper.represent_str)
