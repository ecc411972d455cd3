"""Endless T-Maze with fixed corridor lengths, vectorised in numpy: the rules of backend/world/maze without nuisance symbols.

Rules: a corridor has `length` cells and then a junction. The first cell shows the cue, the others nothing. Forward (action 0) moves on
in a corridor and pays 0. At a junction the turn of this corridor's cue (action 1 + cue) pays +1 and enters the next corridor, the last
one ends the episode; another turn pays -1 and ends it. Forward at a junction and a turn inside a corridor move nothing and cost the
delay penalty. An episode has at most 2 * corridors * (length + 1) steps. An ended environment starts its next episode at once.
"""

import numpy as np


class EndlessTMaze:
    def __init__(self, envs, corridors=5, length=5, alphabet=2, delay=0.01, draw=None, seed=0):
        self.envs, self.corridors, self.length, self.alphabet = envs, corridors, length, alphabet
        self.delay, self.limit = np.float32(delay), 2 * corridors * (length + 1)
        self.width, self.actions = alphabet + 2, alphabet + 1
        rng = np.random.default_rng(seed)
        self.draw = draw or (lambda: rng.integers(0, alphabet, envs))  # a cue for every environment, used where one is due
        self.eye = np.eye(self.width, dtype=np.float32)
        self.position = np.zeros(envs, np.int64)
        self.corridor = np.zeros(envs, np.int64)
        self.steps = np.zeros(envs, np.int64)
        self.ret = np.zeros(envs, np.float32)
        self.cue = self.draw()
        self.symbol = 1 + self.cue

    def observe(self):
        """Observations [B][O], one-hot: blank, one place for each cue, junction."""
        return self.eye[self.symbol]

    def step(self, action):
        """Plays action [B]; returns reward [B], done [B] and the returns of the episodes that ended, in order of environments."""
        self.steps += 1
        junction, forward = self.position == self.length, action == 0
        walk, turn = forward & ~junction, junction & ~forward
        right = turn & (action == self.cue + 1)
        reward = np.where(right, np.float32(1), np.where(turn, np.float32(-1), np.where(walk, np.float32(0), -self.delay)))
        self.ret += reward
        self.position += walk
        self.corridor += right
        done = (turn & ~right) | (self.corridor == self.corridors) | (self.steps >= self.limit)
        enter = right | done
        if enter.any():
            self.cue = np.where(enter, self.draw(), self.cue)
            self.position[enter] = 0
        ended = ()
        if done.any():
            ended = self.ret[done]
            self.corridor[done], self.steps[done], self.ret[done] = 0, 0, 0
        self.symbol = np.where(self.position == 0, 1 + self.cue, np.where(self.position == self.length, self.width - 1, 0))
        return reward, done, ended


def check_trace(trace):
    """Replays a trace of the Go world with its cues; raises ValueError at the first difference.

    trace: dict with the world's knobs and, for each step, [T][B] lists `action`, `cue` (as it stands after the step), `symbol` (place
    of the 1 in the observation after it), `reward`, `done`; `cue0` [B] and `symbol0` [B] stand before the first step.
    """
    upcoming = [np.array(c) for c in [trace["cue0"]] + trace["cue"]]
    at = [0]
    m = EndlessTMaze(len(trace["cue0"]), trace["corridors"], trace["length"], trace["alphabet"], trace["delay"],
                     draw=lambda: upcoming[at[0]])
    if not np.array_equal(m.symbol, trace["symbol0"]):
        raise ValueError("rules differ: first observations are not the same")
    for t, action in enumerate(trace["action"]):
        at[0] = t + 1
        reward, done, _ = m.step(np.array(action))
        for name, mine, theirs in (("reward", reward, np.array(trace["reward"][t], np.float32)), ("done", done, trace["done"][t]),
                                   ("symbol", m.symbol, trace["symbol"][t]), ("cue", m.cue, trace["cue"][t])):
            if not np.array_equal(mine, theirs):
                raise ValueError(f"rules differ: {name} at step {t}: {mine} here, {theirs} in the trace")
