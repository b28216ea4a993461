"""The chain: every block that is let in passes here, and the branch with the most work is the one that counts.

One thread calls `Chain`; `Chain.view` may be read from any.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from node.errors import InvalidError
from node.ledger.block import Block, Header
from node.ledger.difficulty import WINDOW
from node.ledger.state import Changes, Overlay, State
from node.ledger.transition import Rules, apply_block, check_body, check_header
from node.store import Advance, Entry, Store
from node.work.lottery import block_work

_CACHED_HEADERS = 4096
_INVALID_KEPT = 4096
Clock = Callable[[], int]
"""Unix time in milliseconds."""


class Fate(Enum):
    """Result of adding a block."""

    HEAD = auto()
    """It is the new head."""
    SIDE = auto()
    """Its header is valid, but its branch has less work."""
    DUPLICATE = auto()
    ORPHAN = auto()
    """Its parent is unknown here."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """Effect of adding a block: blocks that left the chain, newest first, and that joined it, oldest first."""

    fate: Fate
    removed: Sequence[Block] = ()
    joined: Sequence[Block] = ()


class Chain:
    """Blocks, head and state. ``state`` is the one at ``head``."""

    def __init__(self, *, rules: Rules, store: Store, state: State, clock: Clock) -> None:
        head = store.head()
        if head is None:
            raise InvalidError("store", "no head; initialise the store first")
        self.rules = rules
        self.state = state
        self.head: Entry = head
        self._store = store
        self._clock = clock
        self._cache: OrderedDict[bytes, Entry] = OrderedDict()
        self._invalid: OrderedDict[bytes, str] = OrderedDict()

    def entry(self, block_hash: bytes) -> Entry | None:
        if block_hash in self._cache:
            self._cache.move_to_end(block_hash)
            return self._cache[block_hash]
        entry = self._store.entry(block_hash)
        if entry is not None:
            self._remember(entry)
        return entry

    def _remember(self, entry: Entry) -> None:
        self._cache[entry.header.hash] = entry
        if len(self._cache) > _CACHED_HEADERS:
            self._cache.popitem(last=False)

    def recent(self, block_hash: bytes) -> list[Header]:
        """Headers up to and with ``block_hash``, oldest first: as many as retargeting looks at."""
        headers: list[Header] = []
        entry = self.entry(block_hash)
        while entry is not None and len(headers) <= WINDOW:
            headers.append(entry.header)
            entry = self.entry(entry.header.parent) if entry.header.height else None
        return headers[::-1]

    def add(self, block: Block) -> Outcome:
        """Check a block and let it in. Durable when this returns. Raises InvalidError, and then nothing has changed."""
        if block.hash in self._invalid:
            raise InvalidError(self._invalid[block.hash], "known to be invalid")
        if self.entry(block.hash) is not None:
            return Outcome(fate=Fate.DUPLICATE)
        parent = self.entry(block.header.parent)
        if parent is None:
            return Outcome(fate=Fate.ORPHAN)
        # A header that fails here may be another's forgery under the same hash or merely early: it is not remembered.
        check_header(self.rules, block.header, self.recent(block.header.parent), self._clock())
        check_body(block)
        entry = Entry(header=block.header, work=parent.work + block_work(block.header.target))
        if parent.header.hash != self.head.header.hash and entry.work <= self.head.work:
            self._store.keep_aside(entry, block)
            self._remember(entry)
            return Outcome(fate=Fate.SIDE)
        return self._adopt(entry, block)

    def _adopt(self, entry: Entry, block: Block) -> Outcome:
        """Make ``block`` the head: undo down to the fork, apply its branch, write all of it at once."""
        removed, branch = self._path(entry, block)
        applied: list[Changes] = []
        joined: list[tuple[Entry, Block, Changes]] = []
        try:
            for old in removed:
                undone = self._undo_of(old)
                applied.append(self.state.apply(undone))
            for new_entry, new in branch:
                undo = self._apply(new)
                applied.append(undo)
                joined.append((new_entry, new, undo))
            changes = self._net_changes(applied)
            self._store.commit(Advance(removed=[old.hash for old in removed], joined=joined, changes=changes))
        except BaseException:
            for undo in reversed(applied):
                self.state.apply(undo)
            raise
        for new_entry, _ in branch:
            self._remember(new_entry)
        self.head = entry
        return Outcome(fate=Fate.HEAD, removed=removed, joined=[new for _, new in branch])

    def _undo_of(self, block: Block) -> Changes:
        undo = self._store.undo(block.hash)
        if undo is None:
            raise InvalidError("depth", "the fork is deeper than undo data reaches")
        return undo

    def _net_changes(self, applied: Sequence[Changes]) -> Changes:
        keys = {key for changes in applied for key in changes}
        return {key: self.state.get(key) for key in keys}

    def _apply(self, block: Block) -> Changes:
        """Change the state by ``block``; answers the undo. Raises InvalidError and then changes nothing."""
        try:
            overlay: Overlay = apply_block(self.rules, self.state, self.recent(block.header.parent), block)
        except InvalidError as error:
            self._reject(block, error.reason)
            raise
        undo = self.state.apply(overlay.effective())
        if self.state.root != block.header.state_root:
            self.state.apply(undo)
            self._reject(block, "state_root")
            raise InvalidError("state_root", "the header names another state")
        return undo

    def _reject(self, block: Block, reason: str) -> None:
        self._invalid[block.hash] = reason
        if len(self._invalid) > _INVALID_KEPT:
            self._invalid.popitem(last=False)

    def _path(self, entry: Entry, block: Block) -> tuple[list[Block], list[tuple[Entry, Block]]]:
        """Blocks to take off (newest first) and to put on (oldest first) to get from the head to ``block``."""
        branch: list[tuple[Entry, Block]] = [(entry, block)]
        removed: list[Block] = []
        old, new = self.head.header, self._parent(entry)
        while old.hash != new.header.hash:
            if old.height >= new.header.height:
                removed.append(self._stored(old.hash))
                old = self._require(old.parent).header
            else:
                branch.append((new, self._stored(new.header.hash)))
                new = self._parent(new)
        return removed, branch[::-1]

    def _parent(self, entry: Entry) -> Entry:
        return self._require(entry.header.parent)

    def _require(self, block_hash: bytes) -> Entry:
        entry = self.entry(block_hash)
        if entry is None:
            raise InvalidError("parent", f"0x{block_hash.hex()} is not here")
        return entry

    def _stored(self, block_hash: bytes) -> Block:
        block = self._store.block(block_hash)
        if block is None:
            raise InvalidError("parent", f"0x{block_hash.hex()} has no body here")
        return block
