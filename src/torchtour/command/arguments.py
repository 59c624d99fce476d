"""What is among the arguments: configs, and flags that nobody can give."""

from itertools import pairwise

from torchtour.command.folders import config_named
from torchtour.command.parser import FROM_DATA
from torchtour.settings import UserError
from torchtour.trust import config


def with_shipped_configs(args: list[str]) -> list[str]:
    """`-c spiral` means the package's config of that name, where there is no such file."""
    after = [False, *(arg in ("-c", "--config") for arg in args[:-1])]
    return [config_named(arg) if named else arg for arg, named in zip(args, after, strict=True)]


def configs_in(args: list[str]) -> list[str]:
    """The config files that are named: by -c, and by --model, --data and others, which take a file too."""
    names = {"-c", "--config", *(f"--{group}" for group in config.GROUPS)}
    after = [value for flag, value in pairwise(args) if flag in names]
    values = [*after, *(arg.partition("=")[2] for arg in args if arg.partition("=")[0] in names and "=" in arg)]
    always = [value for flag, value in pairwise(args) if flag in ("-c", "--config")]
    always += [arg.partition("=")[2] for arg in args if arg.startswith(("-c=", "--config="))]
    return [value for value in values if value in always or config.may_be_a_file(value)]


def check_arguments(args: list[str]) -> None:
    """Read the configs that are named, and look for settings that come from the data.

    Raises:
        UserError: A config is malformed, or such a setting is given.
    """
    for path in configs_in(args):
        config.check(path)
    for flag in (arg.partition("=")[0] for arg in args):
        if flag.removeprefix("--") in FROM_DATA:
            raise UserError(f"{flag} comes from the data: leave it out")
