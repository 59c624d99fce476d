"""Configs: plain YAML of modest size and depth, from local files, with each key once."""

from typing import Any

import yaml
from jsonargparse import get_loader, set_config_read_mode, set_loader

LARGEST, DEEPEST = 100_000, 20  # characters, levels: a complete config has 1,500 and 4
_load = get_loader("yaml")


def guard() -> None:
    """From now on jsonargparse loads no YAML that could exhaust the machine, and no config from a URL."""
    set_config_read_mode(urls_enabled=False, fsspec_enabled=False)
    set_loader("yaml", load, (yaml.YAMLError,))


def load(text: str) -> Any:
    """The value that YAML text stands for.

    Raises:
        yaml.YAMLError: The text is no YAML, too large or too deep, repeats a key, or refers to itself with `*name`.
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
    _refuse_repeated_keys(yaml.compose(text, yaml.SafeLoader))
    return _load(text)


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"the key {key} stands twice")
        for _, value in node.value:
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)
