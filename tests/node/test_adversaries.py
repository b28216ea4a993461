"""Every way to earn a block without the work, and the check that stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from node.errors import InvalidError
from node.ledger.state import State
from node.ledger.transition import Rules, check_header, genesis
from node.mempool import ContributionPool
from node.model import initial_model, model_hash
from node.work.iteration import Contribution, IterationMessage, Proof
from node.work.training import batch_seed, steps_hash
from node.work.verification import Job, Seal, verify, verify_contribution
from tests.node.lab import PARENT, Session, key, rules


@lru_cache(maxsize=1)
def _rules() -> Rules:
    return rules()


@pytest.fixture
def job() -> Job:
    return _rules().job(State())


def _refusal(job: Job, seal: Seal, proof: Proof) -> str:
    with pytest.raises(InvalidError) as error_info:
        verify(job, seal, proof)
    return error_info.value.reason


def _last(job: Job, change: Callable[[IterationMessage], IterationMessage]) -> tuple[Seal, Proof]:
    """Return a proof with a forged winning message; everything that follows from it is consistent."""
    depth = job.network.commit_depth
    return Session(job=job, tamper=lambda step, message: change(message) if step == depth else message).prove()


def test_honest_work_is_accepted_and_ends_where_the_miner_claims(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert model_hash(verify(job, seal, proof)) == proof.winner.end_model


def test_an_invented_map_is_refused(job: Job) -> None:
    invented = np.ones(job.spec.parameters, dtype=np.int64)
    assert _refusal(job, *_last(job, lambda message: replace(message, steps=steps_hash(invented)))) == "map"


def test_an_invented_end_model_is_refused(job: Job) -> None:
    wrong_model = model_hash(initial_model(99, job.spec.hidden))
    assert _refusal(job, *_last(job, lambda message: replace(message, end_model=wrong_model))) == "end_model"


def test_a_wrong_loss_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, loss=message.loss - 1))) == "loss"


def test_a_wrong_accuracy_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, correct=message.correct + 1))) == "accuracy"


def test_an_invented_end_residual_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, end_residual=b"r" * 32))) == "residual"


def test_a_header_altered_after_the_commitment_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, commitment=b"d" * 32), proof) == "commitment"


def test_another_miners_messages_are_refused(job: Job) -> None:
    seal, proof = Session(job=job, miner=key(2)).prove()
    assert _refusal(job, replace(seal, producer=key(1).public), proof) == "miner"


def test_a_message_relabelled_with_the_thiefs_key_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    stolen = replace(proof.winner, loss=proof.winner.loss)
    forged = replace(stolen, signature=proof.messages[0].signature)
    messages = (*proof.messages[:-1], forged)
    assert _refusal(job, seal, replace(proof, messages=messages)) == "signature"


def test_a_chosen_batch_is_refused(job: Job) -> None:
    seal, proof = Session(job=job, choose_batch=lambda _: b"e" * 32).prove()
    assert _refusal(job, seal, proof) == "batch"


def test_a_skipped_iteration_is_refused(job: Job) -> None:
    def skip(step: int, message: IterationMessage) -> IterationMessage:
        if step < job.network.commit_depth:
            return message
        number = message.number + 1
        return replace(message, number=number, batch=batch_seed(message.task, message.miner, number, message.previous))

    assert _refusal(job, *Session(job=job, tamper=skip).prove()) == "sequence"


def test_a_repeated_iteration_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    repeated = (*proof.messages[1:], proof.winner)
    again = replace(proof, messages=repeated)
    assert _refusal(job, replace(seal, commitment=repeated[0].commitment), again) == "sequence"


def test_iterations_trained_before_their_commitment_was_chosen_are_refused(job: Job) -> None:
    """Knowing the nonce, a miner looks for a header that wins with it: the later messages then hang on another one."""
    seal, proof = Session(job=job).prove()
    fitted = replace(proof.messages[0], commitment=b"f" * 32).signed(key(1))
    messages = (fitted, *proof.messages[1:])
    assert _refusal(job, replace(seal, commitment=b"f" * 32), replace(proof, messages=messages)) == "sequence"


def test_another_commitment_gives_every_later_iteration_another_batch(job: Job) -> None:
    _, first_proof = Session(job=job).prove(b"1" * 32)
    _, two = Session(job=job).prove(b"2" * 32)
    assert first_proof.messages[0].batch == two.messages[0].batch
    assert all(a.batch != b.batch for a, b in zip(first_proof.messages[1:], two.messages[1:], strict=True))


def test_a_stale_start_model_is_refused(job: Job) -> None:
    stale = initial_model(job.spec.seed, job.spec.hidden).moved(np.full(job.spec.parameters, 256, dtype=np.int64))
    assert _refusal(job, *Session(job=job, start=stale).prove()) == "start_model"


def test_a_start_that_is_not_the_previous_end_is_refused(job: Job) -> None:
    wrong_model = model_hash(initial_model(5, job.spec.hidden))
    assert _refusal(job, *_last(job, lambda message: replace(message, start_model=wrong_model))) == "start_model"


def test_an_invented_start_residual_is_refused(job: Job) -> None:
    residual = np.full(job.spec.parameters, 200, dtype=np.int64)
    assert _refusal(job, *Session(job=job, residual=residual).prove()) == "residual"


def test_a_start_moved_further_than_the_steps_allow_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    far = proof.start_delta + (job.network.mini_batches * job.network.commit_depth << job.spec.threshold_bits) * 2
    assert _refusal(job, seal, replace(proof, start_delta=far)) == "reach"


def test_a_proof_replayed_on_another_fork_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, parent=b"x" * 32), proof) == "anchor"


def test_a_proof_of_another_task_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(replace(job, task=b"t" * 32), seal, proof) == "task"


def test_a_proof_of_another_network_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, network_id=1))) == "network"


def test_a_nonce_outside_the_bound_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, attempt=job.tries), proof) == "nonce_bound"


def test_a_nonce_that_is_not_made_of_the_work_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, nonce=b"n" * 32), proof) == "nonce"


def test_a_ticket_above_the_target_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, target=0), proof) == "target"


def test_a_commitment_younger_than_the_depth_is_not_found(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    short = replace(proof, messages=proof.messages[1:])
    assert _refusal(job, seal, short) == "not_found"


def test_a_seal_that_names_another_message_is_not_found(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _refusal(job, replace(seal, message=b"m" * 32), proof) == "not_found"


def test_a_message_older_than_the_one_before_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, time_ms=0))) == "time"


def _contribution(
    job: Job, miner: int = 2, tamper: Callable[[IterationMessage], IterationMessage] | None = None
) -> Contribution:
    change = tamper or (lambda message: message)
    session = Session(job=job, miner=key(miner), tamper=lambda step, message: change(message) if step == 0 else message)
    _, proof = session.prove()
    first = proof.messages[0]
    training = job.train(job.model, np.zeros(job.spec.parameters, dtype=np.int64), first.batch)
    return Contribution(message=first, delta=training.model.parameters - job.model.parameters)


def test_an_honest_update_is_taken(job: Job) -> None:
    verify_contribution(job, PARENT, _contribution(job))


def test_an_update_that_is_not_the_signed_one_is_refused(job: Job) -> None:
    contribution = _contribution(job)
    forged = replace(contribution, delta=-contribution.delta)
    with pytest.raises(InvalidError, match="end_model"):
        verify_contribution(job, PARENT, forged)


def test_an_update_beyond_what_its_steps_can_reach_is_refused(job: Job) -> None:
    far = np.full(job.spec.parameters, 1 << 20, dtype=np.int64)
    message = replace(_contribution(job).message, end_model=model_hash(job.model.moved(far))).signed(key(2))
    with pytest.raises(InvalidError, match="reach"):
        verify_contribution(job, PARENT, Contribution(message=message, delta=far))


def test_two_messages_of_one_number_shut_their_miner_out(job: Job) -> None:
    pool = ContributionPool()
    pool.start(PARENT)
    first = _contribution(job)
    assert pool.add(job, first)
    second = _contribution(job, tamper=lambda message: replace(message, time_ms=message.time_ms + 1))
    with pytest.raises(InvalidError, match="equivocation"):
        pool.add(job, second)
    assert pool.except_of(key(9).public) == ()
    assert not pool.add(job, first)
    assert pool.except_of(key(9).public) == ()


def _first_but_one(job: Job, change: Callable[[IterationMessage], IterationMessage]) -> tuple[Seal, Proof]:
    """Return a proof whose second message claims other values than the trained ones."""
    return Session(job=job, tamper=lambda step, message: change(message) if step == 1 else message).prove()


def _detail(job: Job, seal: Seal, proof: Proof) -> str:
    with pytest.raises(InvalidError) as error_info:
        verify(job, seal, proof)
    return error_info.value.detail


def test_a_message_that_does_not_start_where_the_last_one_ended_is_refused(job: Job) -> None:
    wrong_model = model_hash(initial_model(5, job.spec.hidden))
    assert (
        _refusal(job, *_first_but_one(job, lambda message: replace(message, start_model=wrong_model))) == "start_model"
    )


def test_a_message_with_a_residual_other_than_the_last_one_is_refused(job: Job) -> None:
    assert _refusal(job, *_first_but_one(job, lambda message: replace(message, start_residual=b"r" * 32))) == "residual"


def test_a_step_counted_twice_is_refused(job: Job) -> None:
    assert _refusal(job, *_last(job, lambda message: replace(message, step=message.step + 1))) == "sequence"


def test_a_start_other_than_the_committed_one_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    moved = proof.start_delta.copy()
    moved[0] += 1
    detail = _detail(job, seal, replace(proof, start_delta=moved))
    assert detail == "not where the previous iteration ended"


def test_a_start_residual_other_than_the_committed_one_is_refused(job: Job) -> None:
    seal, proof = Session(job=job).prove()
    assert _detail(job, seal, replace(proof, start_residual=proof.start_residual + 1)) == "not the committed one"


def test_an_update_of_more_steps_than_allowed_is_refused(job: Job) -> None:
    message = _contribution(job).message
    endless = Contribution(message=replace(message, step=1 << 20).signed(key(2)), delta=_contribution(job).delta)
    with pytest.raises(InvalidError, match="steps"):
        verify_contribution(job, PARENT, endless)


@pytest.mark.parametrize(("shift_ms", "reason"), [(-1_000_000, "time"), (600_000, "time")])
def test_a_time_warped_header_is_refused(shift_ms: int, reason: str) -> None:
    shared = _rules()
    first, _ = genesis(shared)
    now_ms = first.time_ms + 10_000
    warped = replace(first, candidate=replace(first.candidate, height=1, parent=first.hash, time_ms=now_ms + shift_ms))
    with pytest.raises(InvalidError) as error_info:
        check_header(shared, warped, [first], now_ms)
    assert error_info.value.reason == reason
