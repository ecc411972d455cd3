"""Everything but training, with the official package as it is: listings, checkpoints, samplers, log-probabilities.

Reads TINKER_BASE_URL and TINKER_API_KEY; prints one JSON line with what came back. A reply that the package cannot read ends it.
"""

import json

import tinker
from tinker import types

PROMPT = types.ModelInput.from_ints(list(b"the "))


def main():
    service = tinker.ServiceClient(user_metadata={"script": "rest"})
    rest = tinker.RestClient()
    capable = rest.get_server_capabilities().result().supported_models
    training = service.create_lora_training_client("loci/tiny", rank=4, user_metadata={"a": "b"}).result()
    row = types.Datum(
        model_input=types.ModelInput.from_ints(list(b"the ca")),
        loss_fn_inputs={"target_tokens": types.TensorData(data=list(b"he cat"), dtype="int64", shape=[6])},
    )
    many = training.forward([row] * 2500, "cross_entropy")  # three chunks, sent out of order
    one = training.forward([row], "cross_entropy").result()
    many = many.result()
    kept = training.save_state("kept", ttl_seconds=7200).result().path
    named = training.save_weights_for_sampler("named").result().path
    weights = rest.get_weights_info_by_tinker_path(kept).result()
    rest.set_checkpoint_ttl_from_tinker_path(kept, 3600).result()
    runs = rest.list_training_runs().result()
    run = rest.get_training_run_by_tinker_path(kept).result()
    listed = rest.list_user_checkpoints().result().checkpoints
    of_run = rest.list_checkpoints(training.model_id).result().checkpoints
    sampler = service.create_sampling_client(model_path=named).result()
    base = service.create_sampling_client(base_model="loci/tiny").result()
    params = types.SamplingParams(max_tokens=5, seed=1, stop=["\x00\x01"])
    sampled = sampler.sample(PROMPT, 2, params, include_prompt_logprobs=True).result()
    scored = base.compute_logprobs(PROMPT).result()
    rest.delete_checkpoint_from_tinker_path(kept).result()
    try:
        service.create_training_client_from_state(kept).result()
        refused = ""
    except tinker.TinkerError as e:
        refused = type(e).__name__
    try:
        training.forward([row], "no such loss").result()
        failed = ""
    except tinker.TinkerError as e:
        failed = type(e).__name__
    print(
        json.dumps(
            {
                "capable": [m.model_name for m in capable],
                "chunks": [len(many.loss_fn_outputs), many.metrics["loss:sum"], one.metrics["loss:sum"]],
                "weights": [weights.base_model, weights.is_lora, weights.lora_rank],
                "runs": [r.training_run_id for r in runs.training_runs],
                "run": [run.training_run_id == training.model_id, run.user_metadata],
                "listed": sorted(c.checkpoint_id for c in listed),
                "of_run": sorted(c.checkpoint_id for c in of_run),
                "left": sorted(c.checkpoint_id for c in rest.list_user_checkpoints().result().checkpoints),
                "sampler": [sampler.get_base_model(), len(sampled.sequences), sampled.sequences[0].stop_reason],
                "scored": [scored[0], sampled.prompt_logprobs[0], max(abs(a - b) for a, b in zip(scored[1:], sampled.prompt_logprobs[1:]))],
                "session": rest.get_session(service.holder.get_session_id()).result().training_run_ids == [training.model_id],
                "refused": refused,
                "failed": failed,
            }
        ),
        flush=True,
    )
    service.close("success").result()


main()
