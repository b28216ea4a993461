"""Transactions that wait for a block, and the latest update heard from each miner."""

from __future__ import annotations

from collections.abc import Iterable

from node.errors import InvalidError
from node.ledger import records
from node.ledger.block import CONTRIBUTIONS_LIMIT, TRANSACTIONS_LIMIT, Block
from node.ledger.state import Overlay, Values
from node.ledger.transaction import Transaction
from node.ledger.transition import check_transaction, run_transaction
from node.network import NetworkFile
from node.work.iteration import Contribution
from node.work.verification import Job, verify_contribution

_POOL_LIMIT = 5000
_PER_SENDER = 64
_MINERS_LIMIT = 256


class Mempool:
    """Checked transactions, by id."""

    def __init__(self, network: NetworkFile) -> None:
        self._network = network
        self._waiting: dict[bytes, Transaction] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, transaction_id: bytes) -> Transaction | None:
        return self._waiting.get(transaction_id)

    def next_nonce(self, state: Values, sender: bytes) -> int:
        """Return the nonce of ``sender``'s next transaction, after those that wait."""
        nonce = records.account(state, sender).nonce
        used = {waiting.nonce for waiting in self._waiting.values() if waiting.sender == sender}
        while nonce in used:
            nonce += 1
        return nonce

    def add(self, state: Values, transaction: Transaction) -> bool:
        """Take a transaction in; False when it is known. Raises InvalidError when it cannot be run soon."""
        if transaction.id in self._waiting:
            return False
        check_transaction(self._network, transaction)
        sender = records.account(state, transaction.sender)
        if not sender.nonce <= transaction.nonce < sender.nonce + _PER_SENDER:
            raise InvalidError("nonce", f"transaction has {transaction.nonce}, account is at {sender.nonce}")
        if transaction.cost > sender.balance:
            raise InvalidError("balance", f"transaction costs {transaction.cost}, account holds {sender.balance}")
        rivals = [waiting for waiting in self._waiting.values() if waiting.sender == transaction.sender]
        if len(rivals) >= _PER_SENDER or len(self._waiting) >= _POOL_LIMIT:
            raise InvalidError("full", "too many transactions wait")
        if any(rival.nonce == transaction.nonce for rival in rivals):
            raise InvalidError("nonce", "another transaction with this nonce waits")
        self._waiting[transaction.id] = transaction
        return True

    def select(self, state: Values, height: int) -> tuple[Transaction, ...]:
        """Transactions that a block at ``height`` on ``state`` can hold, highest fee first, nonces in order."""
        scratch = Overlay(state)
        selected: list[Transaction] = []
        for transaction in sorted(self._waiting.values(), key=lambda item: (item.nonce, -item.fee, item.id)):
            if len(selected) == TRANSACTIONS_LIMIT:
                break
            try:
                run_transaction(self._network, scratch, transaction, height)
            except InvalidError:
                continue
            selected.append(transaction)
        return tuple(selected)

    def follow(self, state: Values, removed: Iterable[Block], joined: Iterable[Block]) -> None:
        """Follow a new head: keep transactions of removed blocks, drop those that are included or became invalid."""
        for block in removed:
            for transaction in block.body.transactions:
                self._waiting.setdefault(transaction.id, transaction)
        for block in joined:
            for transaction in block.body.transactions:
                self._waiting.pop(transaction.id, None)
        stale = [key for key, item in self._waiting.items() if item.nonce < records.account(state, item.sender).nonce]
        for key in stale:
            del self._waiting[key]


class ContributionPool:
    """The latest update of each miner on the current head. A miner that signs two messages of one number is shut out
    until the head moves."""

    def __init__(self) -> None:
        self._anchor = b""
        self._latest: dict[bytes, Contribution] = {}
        self._numbers: dict[tuple[bytes, int], bytes] = {}
        self._equivocators: set[bytes] = set()

    def start(self, anchor: bytes) -> None:
        """Forget the old head's updates."""
        if anchor != self._anchor:
            self._anchor = anchor
            self._latest.clear()
            self._numbers.clear()
            self._equivocators.clear()

    def add(self, job: Job, contribution: Contribution) -> bool:
        """Take an update in; False when it is old, for another head or known. Raises InvalidError when it is wrong."""
        message = contribution.message
        if message.anchor != self._anchor or message.task != job.task:
            return False
        number = (message.miner, message.number)
        earlier = self._numbers.get(number)
        if earlier == message.id:
            return False
        verify_contribution(job, self._anchor, contribution)
        if earlier is not None:
            self._equivocators.add(message.miner)
            self._latest.pop(message.miner, None)
            raise InvalidError("equivocation", f"two messages of number {message.number}")
        if message.miner in self._equivocators or len(self._latest) >= _MINERS_LIMIT:
            return False
        self._numbers[number] = message.id
        latest = self._latest.get(message.miner)
        if latest is not None and latest.message.number > message.number:
            return False
        self._latest[message.miner] = contribution
        return True

    def except_of(self, miner: bytes) -> tuple[Contribution, ...]:
        """Return the updates of all miners but ``miner``, sorted by miner, as a block carries them."""
        selected = sorted((key, item) for key, item in self._latest.items() if key != miner)
        return tuple(item for _, item in selected[:CONTRIBUTIONS_LIMIT])
