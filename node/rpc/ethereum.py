"""The read-only Ethereum names that tools expect, answered from this chain."""

from __future__ import annotations

from collections.abc import Mapping

from node import VERSION
from node.keys import address_of, address_text, parse_address
from node.ledger import records
from node.ledger.block import Body, Header
from node.ledger.transaction import Transaction, Transfer
from node.rpc.methods import hexed, unhexed
from node.rpc.protocol import Json, Method
from node.service import Node
from node.work.lottery import block_work

_ZERO_BLOOM = "0x" + "00" * 256
_ZERO_HASH = "0x" + "00" * 32


def quantity(value: int) -> str:
    """Render a number as Ethereum does: 0x, no leading zero."""
    return hex(value)


def header_json(header: Header) -> dict[str, Json]:
    """Render a header under Ethereum's field names; fields without a counterpart are zero."""
    candidate = header.candidate
    return {
        "number": quantity(header.height),
        "hash": hexed(header.hash),
        "parentHash": hexed(header.parent),
        "nonce": hexed(header.nonce[:8]),
        "sha3Uncles": _ZERO_HASH,
        "logsBloom": _ZERO_BLOOM,
        "transactionsRoot": hexed(candidate.transactions_root),
        "stateRoot": hexed(header.state_root),
        "receiptsRoot": _ZERO_HASH,
        "miner": address_text(address_of(candidate.producer)),
        "difficulty": quantity(block_work(header.target)),
        "extraData": hexed(candidate.task),
        "mixHash": hexed(header.proof_hash),
        "gasLimit": "0x0",
        "gasUsed": "0x0",
        "timestamp": quantity(header.time_ms // 1000),
    }


def transaction_json(transaction: Transaction, header: Header, index: int) -> dict[str, Json]:
    payload = transaction.payload
    is_transfer = isinstance(payload, Transfer)
    return {
        "hash": hexed(transaction.id),
        "nonce": quantity(transaction.nonce),
        "blockHash": hexed(header.hash),
        "blockNumber": quantity(header.height),
        "transactionIndex": quantity(index),
        "from": address_text(transaction.sender),
        "to": address_text(payload.recipient) if isinstance(payload, Transfer) else None,
        "value": quantity(payload.amount if isinstance(payload, Transfer) else payload.reward),
        "gas": "0x0",
        "gasPrice": "0x0",
        "input": "0x" if is_transfer else hexed(transaction.encode()),
        "chainId": quantity(transaction.network_id),
    }


class EthereumMethods:
    """Answers from one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> Mapping[str, Method]:
        """Return every method by its name."""
        block = ("block", "full")
        account = ("address", "block")
        return {
            "web3_clientVersion": Method(
                call=lambda: f"pouw-node/v{VERSION}/python", parameters=(), required=0, summary="Name and version."
            ),
            "net_version": Method(
                call=lambda: str(self._node.rules.network.network_id), parameters=(), required=0, summary="Network id."
            ),
            "net_peerCount": Method(
                call=lambda: quantity(len(self._node.connections.peers)), parameters=(), required=0, summary="Peers."
            ),
            "net_listening": Method(
                call=lambda: not self._node.draining, parameters=(), required=0, summary="Whether peers may connect."
            ),
            "eth_chainId": Method(
                call=lambda: quantity(self._node.rules.network.network_id),
                parameters=(),
                required=0,
                summary="Network id as a quantity.",
            ),
            "eth_blockNumber": Method(
                call=lambda: quantity(self._node.height), parameters=(), required=0, summary="Height of the head."
            ),
            "eth_syncing": Method(call=self.syncing, parameters=(), required=0, summary="False, or how far it is."),
            "eth_getBlockByNumber": Method(
                call=self.block_by_number, parameters=block, required=1, summary="A block of the best chain."
            ),
            "eth_getBlockByHash": Method(
                call=self.block_by_hash, parameters=block, required=1, summary="A block by its hash."
            ),
            "eth_getBalance": Method(call=self.balance, parameters=account, required=1, summary="Balance at the head."),
            "eth_getTransactionCount": Method(
                call=self.nonce, parameters=account, required=1, summary="Transactions sent, at the head."
            ),
        }

    def syncing(self) -> Json:
        if not self._node.catchup.active:
            return False
        return {
            "startingBlock": "0x0",
            "currentBlock": quantity(self._node.height),
            "highestBlock": quantity(self._node.best_known_height),
        }

    def block_by_number(self, block: Json, full: Json = False) -> Json:
        block_hash = self._node.blocks.canonical(self._height(block))
        return None if block_hash is None else self._block(block_hash, full=bool(full))

    def block_by_hash(self, block: Json, full: Json = False) -> Json:
        return self._block(unhexed(block, 32), full=bool(full))

    def _height(self, block: Json) -> int:
        tags = {"earliest": 0, "latest": self._node.height, "pending": self._node.height}
        tags |= {"safe": self._node.height, "finalized": max(0, self._node.height - 64)}
        if isinstance(block, str) and block in tags:
            return tags[block]
        if not isinstance(block, str) or not block.startswith("0x"):
            raise ValueError("a block is a quantity such as 0x1b, or latest, earliest, pending, safe, finalized")
        return min(int(block, 16), 2**63 - 1)

    def _block(self, block_hash: bytes, *, full: bool) -> Json:
        entry = self._node.blocks.entry(block_hash)
        if entry is None:
            return None
        header = entry.header
        body: Body | None = self._node.blocks.body(block_hash)
        transactions = body.transactions if body is not None else ()
        entries: list[Json] = [
            transaction_json(transaction, header, index) if full else hexed(transaction.id)
            for index, transaction in enumerate(transactions)
        ]
        return {
            **header_json(header),
            "totalDifficulty": quantity(entry.work),
            "size": quantity(len(header.encode()) + (len(body.encode()) if body is not None else 0)),
            "uncles": [],
            "transactions": entries,
        }

    def balance(self, address: Json, block: Json = "latest") -> Json:
        self._require_latest(block)
        return quantity(records.account(self._node.chain.state, parse_address(str(address))).balance)

    def nonce(self, address: Json, block: Json = "latest") -> Json:
        self._require_latest(block)
        return quantity(records.account(self._node.chain.state, parse_address(str(address))).nonce)

    def _require_latest(self, block: Json) -> None:
        if self._height(block) != self._node.height:
            raise ValueError("only the state at the head is kept; ask for latest")
