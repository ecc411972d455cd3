"""A reinforcement loop over the training protocol, with the official package as it is: the reward of an answer is the share of the
token "e" in it, the advantage is the reward minus the group's mean.

Reads TINKER_BASE_URL and TINKER_API_KEY; prints one JSON line a step: mean reward, tokens and log-probabilities of the sampler and of
the trainer.
"""

import json
import sys

import tinker
from tinker import types

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 12
PROMPTS = [b"one ", b"two "]
GROUP = int(sys.argv[2]) if len(sys.argv) > 2 else 16
WANTED = ord("e")
LENGTH = 8
RATE = 2e-2


def rollouts(sampler, step):
    """Answers of all prompts, each as (prompt, tokens, logprobs, reward, advantage)."""
    futures = [
        sampler.sample(
            types.ModelInput.from_ints(list(prompt)),
            GROUP,
            types.SamplingParams(max_tokens=LENGTH, temperature=1.0, seed=1000 * step + 100 * p),
        )
        for p, prompt in enumerate(PROMPTS)
    ]
    rows = []
    for prompt, future in zip(PROMPTS, futures):
        answers = future.result().sequences
        rewards = [sum(t == WANTED for t in a.tokens) / len(a.tokens) for a in answers]
        mean = sum(rewards) / len(rewards)
        rows += [(list(prompt), list(a.tokens), list(a.logprobs), r, r - mean) for a, r in zip(answers, rewards)]
    return rows


def datum(prompt, tokens, logprobs, advantage):
    whole = prompt + tokens
    n, seen = len(whole) - 1, len(prompt) - 1
    return types.Datum(
        model_input=types.ModelInput.from_ints(whole[:-1]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=whole[1:], dtype="int64", shape=[n]),
            "logprobs": types.TensorData(data=[0.0] * seen + logprobs, dtype="float32", shape=[n]),
            "advantages": types.TensorData(data=[0.0] * seen + [advantage] * len(tokens), dtype="float32", shape=[n]),
        },
    )


def main():
    service = tinker.ServiceClient(user_metadata={"script": "rl"})
    training = service.create_lora_training_client("loci/tiny", rank=0).result()
    for step in range(STEPS):
        sampler = training.save_weights_and_get_sampling_client()
        sampler = sampler.result() if hasattr(sampler, "result") else sampler
        rows = rollouts(sampler, step)
        data = [datum(p, t, q, a) for p, t, q, _, a in rows]
        forward = training.forward_backward(data, "importance_sampling")
        moved = training.optim_step(types.AdamParams(learning_rate=RATE))
        out = forward.result()
        moved.result()
        print(
            json.dumps(
                {
                    "step": step,
                    "reward": sum(r[3] for r in rows) / len(rows),
                    "loss": out.metrics["loss:sum"],
                    "tokens": [list(map(int, r[1])) for r in rows],
                    "sampled": [list(map(float, r[2])) for r in rows],
                    "trained": [list(map(float, o["logprobs"].data))[len(rows[i][0]) - 1 :] for i, o in enumerate(out.loss_fn_outputs)],
                }
            ),
            flush=True,
        )
    service.close("success").result()


main()
