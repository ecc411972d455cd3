"""Plays the Python package popgym and writes what happened, for the comparison with backend/world/popgym.

Of every episode it writes the hidden state after the reset, the chance drawn later (payments of bandits, noise), the actions, and what
the package answered. The format is read by backend/world/popgym/parity_test.go: for each task and difficulty a length, a JSON head,
then the episodes; numbers are little endian.
"""

import argparse
import json
import random
import struct
import sys
import warnings
from collections import deque
from importlib.metadata import version

import numpy as np

warnings.filterwarnings("ignore")
import gymnasium  # noqa: E402
import popgym.envs as envs  # noqa: E402
from popgym.wrappers import Antialias, Flatten, PreviousAction  # noqa: E402

CLASSES = {
    "repeat-first": "RepeatFirst",
    "repeat-previous": "RepeatPrevious",
    "autoencode": "Autoencode",
    "count-recall": "CountRecall",
    "concentration": "Concentration",
    "higher-lower": "HigherLower",
    "battleship": "Battleship",
    "minesweeper": "MineSweeper",
    "multiarmed-bandit": "MultiarmedBandit",
    "labyrinth-escape": "LabyrinthEscape",
    "labyrinth-explore": "LabyrinthExplore",
    "position-only-cartpole": "PositionOnlyCartPole",
    "noisy-position-only-cartpole": "NoisyPositionOnlyCartPole",
    "velocity-only-cartpole": "VelocityOnlyCartPole",
    "position-only-pendulum": "PositionOnlyPendulum",
    "noisy-position-only-pendulum": "NoisyPositionOnlyPendulum",
}
PHYSICS = [t for t in CLASSES if "cartpole" in t or "pendulum" in t]
DIFFICULTIES = ["easy", "medium", "hard"]


class Tape:
    """A generator that notes the draws that tasks take while they are played."""

    def __init__(self, seed):
        self.inner, self.drawn = np.random.default_rng(seed), []

    def normal(self, mean, sigma):
        x = self.inner.normal(mean, sigma)
        self.drawn.extend(np.ravel(x).tolist())
        return x

    def random(self, *args, **kwargs):
        x = self.inner.random(*args, **kwargs)
        if not args:
            self.drawn.append(x)
        return x

    def __getattr__(self, name):
        return getattr(self.inner, name)


def hidden(task, e):
    """The state that a reset left, as a flat list of numbers."""
    if task in ("repeat-first", "repeat-previous", "autoencode"):
        return e.deck.suits_idx[e.deck.idx[::-1]]
    if task == "higher-lower":
        return e.deck.ranks_idx[e.deck.idx[::-1]]
    if task == "count-recall":
        return np.concatenate([e.deck_idx_type[d.idx[::-1]] for d in (e.value_deck, e.query_deck)])
    if task == "concentration":
        return e.deck_idx_type[e.deck.idx]
    if task == "battleship":
        return e.board.ravel()
    if task == "minesweeper":
        return e.hidden_grid.ravel()
    if task == "multiarmed-bandit":
        return e.bandits
    if task.startswith("labyrinth"):
        side = e.maze.grid.shape[1]
        ends = [p[0] * side + p[1] for p in (e.maze.start, e.maze.end)]
        return np.concatenate([ends, (e.maze.grid != 0).ravel()])
    return e.state


def way(e, task):
    """First step of the shortest way to the exit, or to the nearest cell not visited."""
    grid, queue, seen = e.maze.grid, deque([(e.position, None)]), {e.position}
    while queue:
        (y, x), first = queue.popleft()
        if first is not None and (grid[y, x] == 3 if task == "labyrinth-escape" else e.explored[y, x] == 0):
            return first
        for a, (dy, dx) in enumerate(((0, -1), (0, 1), (-1, 0), (1, 0))):
            p = (y + dy, x + dx)
            if 0 <= p[0] < grid.shape[0] and 0 <= p[1] < grid.shape[1] and grid[p] != 1 and p not in seen:
                seen.add(p)
                queue.append((p, a if first is None else first))
    return 0


def pair(e):
    """A place whose card matches the one in play, or of the first pair that lies face down."""
    values, up = e.deck_idx_type[e.deck.idx], set(e.deck["face_up_idx"])
    play = list(e.deck["in_play_idx"])
    free = [i for i in range(len(values)) if i not in up and i not in play]
    if not play or play[0] in up:
        return free[0]
    return next((i for i in free if values[i] == values[play[0]]), free[0] if free else 0)


def informed(task, e):
    """An action that looks at the hidden state, so that episodes go far."""
    if task == "repeat-first":
        return int(e.card)
    if task == "repeat-previous":
        hand = e.deck["player"]
        return int(e.deck.suits_idx[hand[-e.k]]) if len(hand) >= e.k else 0
    if task == "autoencode":
        return int(e.deck.suits_idx[e.deck["system"][-1]])
    if task == "count-recall":
        return min(int(e.counts[e.query]), e.max_card_count - 1)
    if task == "higher-lower":
        r = e.deck.ranks_idx
        return int(r[e.deck.idx[len(e.deck) - 1]] < r[e.deck["player"][0]])
    if task == "concentration":
        return pair(e)
    if task == "battleship":
        return int(np.flatnonzero((e.board == 1) & (e.guesses == 0))[0])
    if task == "minesweeper":
        return int(np.flatnonzero(e.hidden_grid == 0)[0])
    if task == "multiarmed-bandit":
        return int(np.argmax(e.bandits))
    if task.startswith("labyrinth"):
        return way(e, task)
    if "cartpole" in task:
        return int(np.dot([0.1, 0.25, 3, 0.75], e.state) > 0)
    angle, speed = (e.state[0] + np.pi) % (2 * np.pi) - np.pi, e.state[1]
    if abs(angle) < 0.6 and abs(speed) < 3:
        return -14 * angle - 3.5 * speed
    return np.copysign(2, speed) * (15.5 - speed * speed / 2 - 15 * np.cos(angle))


def numbers(obs):
    """An observation of any space as a flat list."""
    return np.concatenate([np.ravel(o) for o in obs]) if isinstance(obs, tuple) else np.ravel(obs)


def take(task, e, choose, knowing):
    """Chooses an action; returns it as the package takes it and as one number."""
    good = choose.random() < knowing
    if "pendulum" in task:
        u = np.float32(informed(task, e) if good else choose.uniform(-2.5, 2.5))
        return np.array([u], np.float32), float(u)
    space = e.action_space
    many = int(np.prod(getattr(space, "nvec", [getattr(space, "n", 0)])))
    a = informed(task, e) if good else int(choose.integers(many))
    if hasattr(space, "nvec"):
        return np.array(np.unravel_index(a, space.nvec)), float(a)
    return a, float(a)


def play(task, e, env, seed):
    """One episode; env is e itself or wraps it."""
    random.seed(seed)
    tape, choose = Tape(seed), np.random.default_rng([seed, 1])
    e._np_random = tape
    obs, _ = env.reset()
    state = np.array(hidden(task, e), np.float64)
    knowing = (1, 0.9, 0.6, 0)[seed % 4]
    if task.startswith("labyrinth") and seed % 16 != 3:
        knowing = max(knowing, 0.6)  # walks without a plan take the whole time
    seen, actions, rewards, flags = [numbers(obs)], [], [], []
    while not flags or flags[-1] == 0:
        a, flat = take(task, e, choose, knowing)
        obs, r, terminated, truncated, _ = env.step(a)
        seen.append(numbers(obs))
        actions.append(flat)
        rewards.append(float(r))
        flags.append(int(terminated) + 2 * int(truncated))
    return state, tape.drawn, actions, np.array(seen, np.float32), rewards, flags


def write(out, episode):
    state, drawn, actions, seen, rewards, flags = episode
    for x in (state, drawn):
        x = np.array(x, "<f8")
        out.write(struct.pack("<I", x.size) + x.tobytes())
    out.write(struct.pack("<I", len(actions)) + np.array(actions, "<f8").tobytes())
    out.write(seen.astype("<f4").tobytes() + np.array(rewards, "<f8").tobytes() + np.array(flags, np.uint8).tobytes())


def block(out, task, difficulty, episodes, wrapped, exact):
    e = getattr(envs, CLASSES[task] + difficulty.capitalize())()
    env = Flatten(Antialias(PreviousAction(e))) if wrapped else e
    first = play(task, e, env, 0)
    space = e.observation_space
    sizes = None
    if not wrapped and task not in PHYSICS:
        parts = space.spaces if isinstance(space, gymnasium.spaces.Tuple) else [space]
        sizes = [int(n) for p in parts for n in np.ravel(getattr(p, "nvec", getattr(p, "n", 0)))]
    head = {"task": task, "difficulty": difficulty, "episodes": episodes, "width": int(first[3].shape[1]), "space": sizes,
            "wrapped": wrapped, "exact": exact,
            "versions": {p: version(p) for p in ("popgym", "gymnasium", "numpy")}}
    text = json.dumps(head).encode()
    out.write(struct.pack("<I", len(text)) + text)
    for seed in range(episodes):
        write(out, play(task, e, env, seed))
    out.flush()


# Sine and cosine by the polynomials of Cephes (S. L. Moshier), as Go's package math computes them. NumPy's differ in the last bit of one
# in a hundred, which an unstable pole multiplies by e^46 in 600 steps; with these the package is equal to the bit over whole episodes.
SIN = (1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
       -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1)
COS = (-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
       2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2)
EIGHTH = (7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15)  # pi/4 in three parts


def horner(c, z):
    y = c[0]
    for k in c[1:]:
        y = y * z + k
    return y


def reduce(x):
    """The octant of x >= 0, made even, and what is left."""
    j = int(x * (4 / np.pi))
    j += j & 1
    return j & 7, ((x - j * EIGHTH[0]) - j * EIGHTH[1]) - j * EIGHTH[2]


def sine(z):
    return z + z * (z * z) * horner(SIN, z * z)


def cosine(z):
    zz = z * z
    return 1.0 - 0.5 * zz + zz * zz * horner(COS, zz)


class Portable:
    """numpy, but for sine and cosine."""

    @staticmethod
    def sin(x):
        x = float(x)
        j, z = reduce(abs(x))
        y = cosine(z) if j in (2, 6) else sine(z)
        return np.float64(-y if (x < 0) != (j > 3) else y)

    @staticmethod
    def cos(x):
        j, z = reduce(abs(float(x)))
        y = sine(z) if j in (2, 6) else cosine(z)
        return np.float64(-y if j in (2, 4) else y)

    def __getattr__(self, name):
        return getattr(np, name)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--episodes", type=int, default=1000)
    p.add_argument("--task", choices=list(CLASSES))
    p.add_argument("--difficulty", choices=DIFFICULTIES)
    p.add_argument("--wrapped", action="store_true", help="with the package's wrappers PreviousAction, Antialias and Flatten")
    p.add_argument("--exact", action="store_true", help="physics only, with sine and cosine as Go computes them")
    args = p.parse_args()
    if args.exact:
        from gymnasium.envs.classic_control import cartpole, pendulum

        cartpole.np = pendulum.np = Portable()
    for task in PHYSICS if args.exact else CLASSES:
        if args.task not in (None, task):
            continue
        for difficulty in [args.difficulty] if args.difficulty else DIFFICULTIES:
            block(sys.stdout.buffer, task, difficulty, args.episodes, args.wrapped, args.exact)


if __name__ == "__main__":
    main()
