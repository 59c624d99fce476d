"""Argument parsing whose errors are the one line of every user's mistake."""

from argparse import ArgumentParser
from typing import NoReturn

from torchtour.settings import UserError


class Options(ArgumentParser):
    """An ArgumentParser that raises UserError instead of printing its usage and ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message} (see {self.prog} --help)")
