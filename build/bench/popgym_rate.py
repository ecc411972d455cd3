"""Steps a second of processor time of the Python package popgym, one environment in one process: the peer of the bench popgym.

Reads {"seconds": for each task, "tasks": [class, ...]} from standard input, a class being a name in popgym.envs, and prints
{"rates": [steps/s, ...], "popgym", "gymnasium", "numpy": versions}. Actions are drawn before the clock starts; resets count.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
import popgym.envs as envs  # noqa: E402

LOOK = 64  # steps between two looks at the clock


def rate(name, seconds):
    env = getattr(envs, name)()
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(1024)]
    env.reset(seed=1)
    steps, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        for i in range(LOOK):
            _, _, terminated, truncated, _ = env.step(actions[(steps + i) % 1024])
            if terminated or truncated:
                env.reset()
        steps += LOOK
    return steps / (time.process_time() - start)


def main():
    work = json.load(sys.stdin)
    rates = [rate(name, work["seconds"]) for name in work["tasks"]]
    print(json.dumps({"rates": rates, **{p: version(p) for p in ("popgym", "gymnasium", "numpy")}}))


if __name__ == "__main__":
    main()
