"""The one atomic write: a reader sees a file, folder or link as it was before or as it is after, and no state between.

Content is written beside its target under a hidden name that ends in ``.partial``, then renamed. A killed writer leaves
that name behind; :func:`remove_leftovers` removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PUBLIC = 0o644
PRIVATE = 0o600
_SUFFIX = ".partial"


def write(path: Path, content: bytes | str, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """Replace the content of ``path``, text as UTF-8. A file that has this content already is not written again.

    Missing parent folders are created, as private as the file. A durable write survives a power failure.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        path.chmod(mode)
        return
    with staged_file(path, mode=mode, durable=durable) as partial:
        partial.write_bytes(data)


def write_private(path: Path, content: bytes | str) -> None:
    """Replace the content of ``path`` durably, readable by its owner only."""
    write(path, content, mode=PRIVATE, durable=True)


def create(path: Path, content: bytes | str, *, mode: int = PUBLIC, durable: bool = False) -> bool:
    """Write ``path`` unless it exists. True if this call created it: of several writers, exactly one does."""
    if path.exists():
        return False
    data = content.encode() if isinstance(content, str) else content
    partial = _partial(path, mode)
    try:
        partial.write_bytes(data)
        partial.chmod(mode)
        if durable:
            _sync(partial)
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    if durable:
        _sync(path.parent)
    return True


@contextmanager
def staged_file(path: Path, *, mode: int = PUBLIC, durable: bool = False) -> Iterator[Path]:
    """Give an empty file to fill, and put it in the place of ``path`` when the block ends without an error."""
    partial = _partial(path, mode)
    try:
        yield partial
        partial.chmod(mode)
        if durable:
            _sync(partial)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        _sync(path.parent)


@contextmanager
def staged_folder(path: Path, *, mode: int = 0o755) -> Iterator[Path]:
    """Give an empty folder to fill, and name it ``path`` when the block ends without an error.

    Of several writers the first one wins. The folders of the others are removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX))
    try:
        partial.chmod(mode)
        yield partial
        try:
            partial.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def link(path: Path, target: Path) -> None:
    """Make ``path`` a symbolic link to ``target``, in place of the file or link that it was."""
    if path.is_symlink() and path.readlink() == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX) as folder:
        partial = Path(folder) / path.name
        partial.symlink_to(target)
        partial.replace(path)


def move(path: Path, target: Path) -> None:
    """Rename a file or folder within its file system, in place of the file that ``target`` was."""
    path.replace(target)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in ``folder``. The caller holds the lock that all writers of it hold."""
    for partial in folder.glob(f".*{_SUFFIX}"):
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def _partial(path: Path, mode: int) -> Path:
    is_private = not mode & 0o077
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if is_private else 0o777)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX)
    os.close(handle)
    return Path(name)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
