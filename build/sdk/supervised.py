"""A supervised loop over the training protocol, with the official package as it is.

Reads TINKER_BASE_URL and TINKER_API_KEY; prints one JSON line a step: the loss before the step and the log-probabilities of every row.
"""

import json
import sys

import tinker
from tinker import types

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 12
RANK = int(sys.argv[2]) if len(sys.argv) > 2 else 0
RATE = 1e-2
TEXTS = [b"the cat sat on the mat", b"a dog ran in the park", b"the sun is up"]


def row(text):
    ids = list(text)
    n = len(ids) - 1
    return types.Datum(
        model_input=types.ModelInput.from_ints(ids[:-1]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=ids[1:], dtype="int64", shape=[n]),
            "weights": types.TensorData(data=[1.0 / (n * len(TEXTS))] * n, dtype="float32", shape=[n]),
        },
    )


def main():
    service = tinker.ServiceClient(user_metadata={"script": "supervised"})
    training = service.create_lora_training_client("loci/tiny", rank=RANK, seed=3).result()
    data = [row(t) for t in TEXTS]
    for step in range(STEPS):
        forward = training.forward_backward(data, "cross_entropy")
        moved = training.optim_step(types.AdamParams(learning_rate=RATE))
        out = forward.result()
        moved.result()
        rows = [list(map(float, o["logprobs"].data)) for o in out.loss_fn_outputs]
        print(json.dumps({"step": step, "loss": out.metrics["loss:sum"], "logprobs": rows}), flush=True)
    path = training.save_state("end").result().path
    again = service.create_training_client_from_state_with_optimizer(path).result()
    loss = again.forward(data, "cross_entropy").result().metrics["loss:sum"]
    print(json.dumps({"path": path, "loss": loss, "version": tinker.__version__}), flush=True)
    service.close("success").result()


main()
