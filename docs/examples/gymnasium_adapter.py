"""Makes a Gymnasium environment a world of Loci:  python3 gymnasium_adapter.py FrozenLake-v1 --actions left,down,right,up

Observations of kind Discrete, MultiDiscrete, MultiBinary, Text, and tuples or dicts of them become words; actions must be Discrete.
Seed s of split train is Gymnasium's seed 2s, of split test 2s+1.
"""
import argparse
import json
import os
import sys

import gymnasium
from gymnasium import spaces

REPLIES = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)  # what a library prints must not stand among the replies


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("env", help="id of the environment, for example FrozenLake-v1")
    p.add_argument("--actions", help="names of the actions 0, 1, ..., with commas between; numbers without it")
    p.add_argument("--horizon", type=int, help="turns; the environment's own limit without it, 200 where it has none")
    p.add_argument("--kwargs", default="{}", help="arguments of gymnasium.make as a JSON object")
    return p.parse_args()


def numbers(space):
    """How large a number in an observation of this space may be, from 0; None where it has words of its own."""
    if isinstance(space, spaces.Discrete):
        return int(space.start) + int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.max())
    if isinstance(space, spaces.MultiBinary):
        return 2
    if isinstance(space, (spaces.Tuple, spaces.Dict)):
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        sizes = [numbers(s) for s in parts]
        return None if None in sizes else max(sizes)
    if isinstance(space, spaces.Text):
        return None
    sys.exit(f"observations are {space}, want Discrete, MultiDiscrete, MultiBinary, Text, or a Tuple or Dict of them")


def names(space):
    """Words of an observation that are no numbers: the keys of dicts."""
    if isinstance(space, spaces.Dict):
        return [k for k in space.spaces] + [w for s in space.spaces.values() for w in names(s)]
    if isinstance(space, spaces.Tuple):
        return [w for s in space.spaces for w in names(s)]
    return []


def words(space, seen):
    if isinstance(space, spaces.Dict):
        return " ".join(f"{k} {words(s, seen[k])}" for k, s in space.spaces.items())
    if isinstance(space, spaces.Tuple):
        return " ".join(words(s, v) for s, v in zip(space.spaces, seen))
    if isinstance(space, spaces.Text):
        return "\n".join(" ".join(line.split()) for line in seen.splitlines() if line.strip()) or "nothing"
    return str(int(seen)) if isinstance(space, spaces.Discrete) else " ".join(str(int(v)) for v in seen.flat)


class World:
    def __init__(self, o):
        self.o, self.kwargs = o, json.loads(o.kwargs)
        env = self.make()
        self.observed, acts = env.observation_space, env.action_space
        if not isinstance(acts, spaces.Discrete):
            sys.exit(f"actions are {acts}, want Discrete")
        self.first = int(acts.start)
        self.actions = o.actions.split(",") if o.actions else [str(self.first + i) for i in range(int(acts.n))]
        if len(self.actions) != int(acts.n):
            sys.exit(f"--actions names {len(self.actions)}, want {int(acts.n)}")
        limit = env.spec.max_episode_steps if env.spec else None
        self.horizon = o.horizon or limit or 200
        self.episodes = {}
        self.spare = [env]  # environments whose episode is over

    def make(self):
        return gymnasium.make(self.o.env, **self.kwargs)

    def hello(self, _):
        size, vocabulary = numbers(self.observed), []
        if size is not None:
            vocabulary = ["saw"] + [str(i) for i in range(size)] + names(self.observed)
            vocabulary += [w for a in self.actions for w in a.split()]
        return {"version": 1, "name": self.o.env, "words": list(dict.fromkeys(vocabulary)), "horizon": self.horizon,
                "splits": ["train", "test"], "actions": self.actions}

    def told(self, seen):
        return "saw " + words(self.observed, seen) if numbers(self.observed) is not None else words(self.observed, seen)

    def start(self, q):
        env = self.spare.pop() if self.spare else self.make()
        seen, _ = env.reset(seed=2 * q["seed"] + (q["split"] == "test"))
        self.episodes[q["episode"]] = {"env": env, "return": 0.0, "seen": seen}
        return {"told": self.told(seen)}

    def act(self, q):
        e = self.episodes[q["episode"]]
        if q["answer"] not in self.actions:
            return {"told": self.told(e["seen"]), "reward": 0, "done": False, "note": "say one of " + ", ".join(self.actions)}
        seen, reward, terminated, truncated, _ = e["env"].step(self.first + self.actions.index(q["answer"]))
        e["seen"], e["return"] = seen, e["return"] + float(reward)
        return {"told": self.told(seen), "reward": float(reward), "done": bool(terminated or truncated)}

    def info(self, q):
        e = self.episodes.pop(q["episode"])
        self.spare.append(e["env"])
        return {"success": e["return"] > 0}  # where success means something else, say it here


def main():
    world = World(options())
    for line in sys.stdin:
        call = json.loads(line)
        try:
            reply = {"out": getattr(world, call["verb"])(call["in"])}
        except Exception as e:
            reply = {"error": {"message": f"{type(e).__name__}: {e}"}}
        print(json.dumps({"id": call["id"], **reply}), file=REPLIES, flush=True)


main()
