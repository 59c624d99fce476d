"""Tables from CSV and Parquet files, by polars, which is imported when a table is read and not before."""

import csv
import gzip
import hashlib
import io
import mmap
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torchtour.runs.files import check_fits_memory
from torchtour.settings import UserError, short_repr, without_control_chars
from torchtour.tables.cells import ROWS_FOR_MARKS, decimal_marks

if TYPE_CHECKING:
    import polars as pl

HEAD = 2**16, 2**24  # bytes that hold the header of a CSV file, and of one with very many columns
TITLE = 10  # lines that show whether the first is a title and no header
INFERRED = 10_000  # rows that polars looks at to tell numbers from text; if it finds out later, it reads all as text
MAX_COLUMNS = 100_000
PACKED = 100  # a .gz that unpacks to more than so many times its size, and to more than 100 MB, is no table
UNNAMED = "(no name {})"
NOT_CSV = {
    b"PK\x03\x04": "is an Excel workbook or a zip archive: save the table as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook: save the table as CSV",
    b"\xff\xfe": "is UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text: save it as UTF-8",
    b"\x28\xb5\x2f\xfd": "is packed by zstd: only .gz is unpacked",
    b"[{": "is JSON: save the table as CSV",
    b"<!DOCTYPE": "is a web page, no table",
    b"<html": "is a web page, no table",
    b"BZh": "is packed by bzip2: only .gz is unpacked",
}


@dataclass
class Source:
    """A table's file that was opened: what it is, and what its columns are called.

    Attributes:
        path: The file as the user named it.
        plain: The same, or the file that a .gz was unpacked to.
        header: The names as the file has them.
        names: The names without spaces around them, and one for each column that had none; all different.
        separator: "," or ";" or a tab in a CSV file, "" in a Parquet file.
    """

    path: Path
    plain: Path
    header: list[str]
    names: list[str]
    separator: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    unpacked: Any = None  # keeps an unpacked file as long as it lives

    def digest(self) -> str:
        return digest(self.path)

    @cached_property
    def marks(self) -> dict[str, str]:
        """The decimal mark of each column, as its first rows show it."""
        if not self.separator:
            return {}
        csv.field_size_limit(2**30)
        with open(self.plain, encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = csv.reader(file, delimiter=self.separator)
            next(row for row in rows if any(cell.strip() for cell in row))  # the names
            return decimal_marks(self.names, islice(rows, ROWS_FOR_MARKS), "," if self.separator == ";" else ".")

    def unnamed(self) -> list[str]:
        return [name for name, old in zip(self.names, self.header, strict=True) if not old.strip()]

    def read(self, columns: list[str] | None = None) -> Any:
        """The table, or some of its columns, as a polars.DataFrame: numbers where the file says so, all else as text.

        Raises:
            UserError: The content is malformed; the message names the row where it can.
        """
        polars = import_polars(self.path)
        try:
            if not self.separator:
                return polars.read_parquet(self.plain, columns=columns, glob=False)
            return self._read_csv(polars, columns)
        except (polars.exceptions.PolarsError, OSError) as error:
            raise self._explained(error) from None

    def chunks(self, rows: int) -> Iterator["pl.DataFrame"]:
        """The table, so many rows at a time; all values of a CSV file as text, as they are written.

        Raises:
            UserError: As `read`.
        """
        polars = import_polars(self.path)
        try:
            if self.separator:
                text = dict.fromkeys(self.names, polars.String)
                table = polars.scan_csv(self.plain, schema=text, missing_columns="insert", **self.options)
            else:
                table = polars.scan_parquet(self.plain, glob=False)
            yield from table.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming")
        except (polars.exceptions.PolarsError, OSError) as error:
            raise self._explained(error) from None

    def _read_csv(self, polars: Any, columns: list[str] | None) -> Any:
        places = None if columns is None else [self.names.index(name) for name in columns]
        try:
            first = polars.scan_csv(self.plain, infer_schema_length=INFERRED, **self.options).collect_schema()
            # true and false are categories: they stay as they are written.
            kinds = [polars.String if kind == polars.Boolean else kind for kind in first.dtypes()]
            # Where all rows are short; too long ones are refused next.
            kinds += [polars.String] * (len(self.names) - len(kinds))
            schema = dict(zip(self.names, kinds, strict=False))
            return polars.read_csv(self.plain, schema=schema, columns=places, **self.options)
        except polars.exceptions.ComputeError:  # text further down in a column that began with numbers
            text = dict.fromkeys(self.names, polars.String)
            return polars.read_csv(self.plain, schema=text, columns=places, **self.options)

    def _explained(self, error: Exception) -> UserError:
        """polars' error in one line; where it doesn't say which row, this looks for it."""
        found = _fault(self.plain, self.separator, len(self.names)) if self.separator else ""
        message = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
        return UserError(f"{self.path}: {found or without_control_chars(message)[:200]}")


class FrameSource:
    """A frame of polars or pandas, which is read like a file.

    Raises:
        UserError: It is neither, or two of its columns have one name.
    """

    path = Path("the frame")
    separator = ""
    marks: ClassVar[dict[str, str]] = {}

    def __init__(self, frame: Any) -> None:
        polars = import_polars(self.path)
        if not isinstance(frame, polars.DataFrame):
            frame = _from_pandas(frame, polars)
        self.frame: pl.DataFrame = frame
        self.names: list[str] = self.frame.columns

    def unnamed(self) -> list[str]:
        return []

    def read(self, columns: list[str] | None = None) -> Any:
        return self.frame if columns is None else self.frame.select(columns)

    def chunks(self, rows: int) -> Iterator["pl.DataFrame"]:
        return self.frame.iter_slices(rows)

    def digest(self) -> str:
        """A SHA-256 of the values, in hexadecimal."""
        content = io.BytesIO()
        self.frame.write_ipc(content, compression="uncompressed")
        return hashlib.sha256(content.getbuffer()).hexdigest()


def _from_pandas(frame: Any, polars: Any) -> Any:
    """A frame of polars from one of pandas, whose index is left out."""
    if type(frame).__module__.partition(".")[0] != "pandas" or not hasattr(frame, "columns"):
        raise UserError(f"a frame must be polars' or pandas', got {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    if len({*names}) < len(names):
        raise UserError("the frame has two columns of one name: rename one")
    columns = [_series(name, frame.iloc[:, place], polars) for place, name in enumerate(names)]
    return polars.DataFrame(columns)


def _series(name: str, column: Any, polars: Any) -> Any:
    missing = column.isna().to_numpy()
    if column.dtype.kind in "iufbM" and not missing.any():
        return polars.Series(name, column.to_numpy())
    values = [None if gone else value for gone, value in zip(missing, column.tolist(), strict=True)]
    if column.dtype.kind not in "iufbM":
        values = [None if value is None else str(value) for value in values]
    return polars.Series(name, values)


def import_polars(path: Path) -> Any:
    """polars, the library that reads tables.

    Raises:
        UserError: It is not installed.
    """
    try:
        import polars
    except ImportError:
        raise UserError(f'reading {path} takes one more package: pip install "torchtour[table]"') from None
    return polars


def open_table(name: str) -> Source:
    """Open a CSV file (comma, semicolon or tab; UTF-8; .gz too) or a Parquet file.

    Raises:
        UserError: It is not a file, or neither of these, or its header is malformed.
    """
    path = Path(name)
    try:
        kind = "" if name and path.is_file() else "is a folder" if name and path.is_dir() else "is not a file"
    except OSError:  # a name that is too long
        kind = "is not a file"
    if kind:
        raise UserError(f"data.path must be a CSV or Parquet file: {short_repr(name)} {kind}")
    import_polars(path)
    try:
        with open(path, "rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b":
            unpacked = _Unpacked(path)
            return _opened(path, unpacked.file, unpacked)
        return _opened(path, path, None)
    except (OSError, EOFError) as error:
        raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def open_frame_or_file(frame: Any, path: str) -> "Source | FrameSource":
    """The frame, or the file at the path if there is none.

    Raises:
        UserError: As `FrameSource` and `open_table`.
    """
    return open_table(path) if frame is None else FrameSource(frame)


def digest(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    found, block = hashlib.sha256(), memoryview(bytearray(2**20))
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(block):
            found.update(block[:size])
    return found.hexdigest()


def _opened(path: Path, plain: Path, unpacked: Any) -> Source:
    with open(plain, "rb") as file:
        head = file.read(HEAD[0])
        if b"\n" not in head:
            head += file.read(HEAD[1])
        complete = not file.read(1)
    if head[:4] == b"PAR1":
        return _parquet(path, plain, unpacked)
    for magic, message in NOT_CSV.items():
        if head.startswith(magic):
            raise UserError(f"{path} {message}")
    if not head.strip():
        raise UserError(f"{path} is empty")
    check_fits_memory(path, plain.stat().st_size)
    with open(plain, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if (place := content.find(b"\0")) >= 0:
            raise UserError(f"{path} is not text: byte {place + 1} is NUL")
    return _csv(path, plain, unpacked, head, complete)


def _csv(path: Path, plain: Path, unpacked: Any, head: bytes, complete: bool) -> Source:
    try:
        text = head.decode("utf-8-sig", "strict" if complete else "ignore")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: {_not_utf8(head, error.start)}") from None
    try:
        separator, header, lines = _header(text)
    except csv.Error as error:
        raise UserError(f"{path}: the header is malformed: {error}") from None
    _refuse_title(path, text, separator, header, lines)
    if len(header) > MAX_COLUMNS:
        raise UserError(f"{path} has {len(header):,} columns, and a table may have {MAX_COLUMNS:,}")
    names = _names(path, header)
    ends = "\n" if "\n" in text else "\r"
    if complete and not "".join(text.splitlines()[lines:]).strip():
        raise UserError(f"{path} has a header and no rows")
    options = {"separator": separator, "eol_char": ends, "skip_lines": lines, "has_header": False, "glob": False}
    return Source(path, plain, header, names, separator, options, unpacked)


def _parquet(path: Path, plain: Path, unpacked: Any) -> Source:
    polars = import_polars(path)
    try:
        table = polars.scan_parquet(plain, glob=False)
        header = table.collect_schema().names()
        rows = table.select(polars.len()).collect().item()
    except polars.exceptions.PolarsError as error:
        raise UserError(f"{path} is not a sound Parquet file: {without_control_chars(str(error))[:100]}") from None
    check_fits_memory(path, 8 * rows * len(header))
    return Source(path, plain, header, _names(path, header), "", {}, unpacked)


def _names(path: Path, header: list[str]) -> list[str]:
    """Names without spaces around them, and a name for each column that has none."""
    names = [name.strip() or UNNAMED.format(place + 1) for place, name in enumerate(header)]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UserError(f"{path} has two columns named {without_control_chars(name)[:60]!r}: rename one")
        seen.add(name)
    return names


def _header(text: str) -> tuple[str, list[str], int]:
    """The separator, which is the one that the header has most of, the names, and how many lines they end at."""
    blank = text[: len(text) - len(text.lstrip("\r\n"))]
    found = {}
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(text[len(blank) :], newline=""), delimiter=separator)
        found[separator] = next(rows, []), rows.line_num + len(blank.splitlines())
    separator = max(found, key=lambda one: len(found[one][0]))
    return separator, *found[separator]


def _refuse_title(path: Path, text: str, separator: str, header: list[str], lines: int) -> None:
    """Spreadsheets often have a title above the names, so that most columns lack one."""
    named = [name.strip() for name in header if name.strip()]
    rest = "".join(islice(io.StringIO(text, newline=""), lines, lines + TITLE))
    csv.field_size_limit(2**30)
    found = [
        sum(bool(cell.strip()) for cell in row)
        for one in (separator if len(named) > 1 else ",;\t")
        for row in csv.reader(io.StringIO(rest, newline=""), delimiter=one)
    ]
    most = max(found, default=0)
    if 2 * len(named) < most or 2 * len(header) <= most:
        raise UserError(
            f"{path}: the first line must name the columns, and it names {len(named)} of {most}, "
            f"{short_repr(named[0])}: delete what is above the names"
        )


def _fault(path: Path, separator: str, n_columns: int) -> str:
    """What is wrong with a CSV file, and where; "" where nothing is found."""
    number = 0
    csv.field_size_limit(2**30)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter=separator, strict=True)):
                if len(row) > n_columns:
                    return f"row {number} has {len(row)} fields and the header {n_columns}"
    except UnicodeDecodeError:
        with open(path, "rb") as file:
            content = file.read(2**30)
        try:
            content.decode()
        except UnicodeDecodeError as exact:
            error = exact
        return _not_utf8(content, error.start)
    except csv.Error as error:
        return f"the quotes in row {number + 1} are malformed: {error}"
    return ""


def _not_utf8(content: bytes, place: int) -> str:
    line = content.count(b"\n", 0, place) + 1
    return f"line {line} is not UTF-8 (byte 0x{content[place]:02x}): save the table as UTF-8"


class _Unpacked:
    """A .gz file's content in a temporary file, which is removed with this."""

    def __init__(self, packed: Path) -> None:
        folder = tempfile.mkdtemp(prefix="torchtour-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.file = Path(folder) / "table"
        most, size = max(100_000_000, PACKED * packed.stat().st_size), 0
        try:
            with gzip.open(packed) as source, open(self.file, "wb") as target:
                while block := source.read(2**20):
                    size += target.write(block)
                    if size > most:
                        raise UserError(f"{packed} unpacks to more than {PACKED} times its size: it is not a table")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(f"{packed} is not a sound .gz file: {error}") from None
