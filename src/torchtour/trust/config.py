"""Configs: plain YAML of modest size and depth, from local files, with each key once."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import get_loader, set_config_read_mode, set_loader

from torchtour.settings import LINKED, UserError, shown

LARGEST, DEEPEST = 100_000, 20  # characters, levels: a complete config has 1,500 and 4
LONGEST = 1000  # items of a list: jsonargparse takes a minute for 8,000
GROUPS = {"model", "data", "trainer", "run", "report", "pictures"}
_load = get_loader("yaml")


def guard() -> None:
    """From now on jsonargparse loads no YAML that could exhaust the machine, and no config from a URL."""
    set_config_read_mode(urls_enabled=False, fsspec_enabled=False)
    set_loader("yaml", parse, (yaml.YAMLError,))


def check(path: str) -> None:
    """Check that a config file is YAML that `parse` takes, with groups of settings.

    Raises:
        UserError: names the file.
    """
    try:
        if not Path(path).is_file():  # a pipe is none: it could keep us waiting for ever
            raise UserError(f"config {path} is not a file")
        if Path(path).stat().st_size > 4 * LARGEST:
            raise UserError(f"config {path} is too large: it may have {LARGEST} characters")
        values = parse(Path(path).read_text("utf-8"))
    except (OSError, UnicodeError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"config {path} cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(values, dict):
        raise UserError(f"config {path} must hold settings, as in `model: {{lr: 0.1}}`, got {shown(values)}")
    for name in GROUPS & values.keys():
        if not isinstance(values[name], dict):
            raise UserError(f"config {path}: {name} must be a group of settings, got {shown(values[name])}")
    for name in LINKED:
        if name in values.get("model", {}):
            raise UserError(f"config {path}: model.{name} comes from the data: leave it out")


def may_be_a_file(value: str) -> bool:
    """Is a value the name of something that exists? jsonargparse reads it then, even a pipe that never ends."""
    try:
        return bool(value) and Path(value).exists()
    except (OSError, ValueError):
        return False


def dump(values: Any) -> str:
    """YAML that `parse` reads back as the same values: text that looks like a number is quoted."""
    return yaml.dump(values, Dumper=_Quoting, sort_keys=False)


def parse(text: str) -> Any:
    """The value that YAML text stands for.

    Raises:
        yaml.YAMLError: The text is no YAML, too large or too deep, repeats a key, or refers to itself with `*name`;
            or a list is too long, a value does not fit its tag, or is a whole number of thousands of digits.
    """
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"a config may have {LARGEST} characters, this one has {len(text)}")
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"a config may be nested {DEEPEST} levels deep")
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"a config may not use aliases: *{event.anchor}")
    _refuse_repeated_keys_and_long_lists(yaml.compose(text, yaml.SafeLoader))
    try:
        return _load(text)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:  # as PyYAML's own code fails
        raise yaml.YAMLError(f"a value is malformed: {shown(str(error))}") from None


def _refuse_repeated_keys_and_long_lists(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := [key for key, count in keys.items() if count > 1]:
            raise yaml.YAMLError(f"the key {twice[0]} stands twice")
        for _, value in node.value:
            _refuse_repeated_keys_and_long_lists(value)
    elif isinstance(node, yaml.SequenceNode):
        if len(node.value) > LONGEST:
            raise yaml.YAMLError(f"a list may have {LONGEST:,} items, this one has {len(node.value):,}")
        for value in node.value:
            _refuse_repeated_keys_and_long_lists(value)


class _Quoting(yaml.SafeDumper):
    """Quotes each text that `parse` would take for something else, such as 1e-3."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        try:
            same = parse(data) == data
        except yaml.YAMLError:
            same = False
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if same else "'")


_Quoting.add_representer(str, _Quoting.represent_str)
