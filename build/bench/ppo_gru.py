"""PPO with a GRU policy on the Endless T-Maze in eager PyTorch on the CPU: the peer of the bench ppo-gru.

Network, algorithm, sizes and number of updates are those of Loci: Linear(obs, 128) + ReLU, GRU of 128, heads for policy and value;
64 environments x 128 steps, 4 epochs x 4 minibatches of whole environments, states stored at the start of the rollout, resets inside
sequences, advantages normalised in each minibatch, clipped policy and value losses, gradient norm cut, Adam.

Prints one JSON object: {"steps", "seconds", "torch", "threads", "form", "mean_return", "curve", "sgemm_gflops"}. Seconds are those of
the updates after the warm-up; mean_return is that of the episodes of the last update; curve has one number an update.
"""

import argparse
import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from maze import EndlessTMaze, check_trace
from peak import sgemm_gflops

# Sizes and knobs, named as Loci names them. loci bench hands over its own with --knobs, so that both sides have the same.
KNOBS = {
    "width": 128, "corridors": 5, "length": 5, "learning_rate": 3e-4, "gamma": 0.99, "lambda": 0.95, "clip": 0.2, "value_clip": 0.2,
    "entropy": 0.01, "value": 0.5, "max_grad_norm": 0.5, "epochs": 4, "minibatches": 4, "envs": 64, "rollout": 128,
}


def take_knobs(given):
    if given.keys() - KNOBS.keys():
        raise ValueError(f"knobs {sorted(given.keys() - KNOBS.keys())} are unknown, want some of {sorted(KNOBS)}")
    k = {**KNOBS, **given}
    globals().update(
        HIDDEN=k["width"], CORRIDORS=k["corridors"], LENGTH=k["length"], RATE=k["learning_rate"], GAMMA=k["gamma"], LAMBDA=k["lambda"],
        CLIP=k["clip"], VALUE_CLIP=k["value_clip"], ENTROPY=k["entropy"], VALUE=k["value"], MAX_NORM=k["max_grad_norm"],
        EPOCHS=k["epochs"], MINIBATCHES=k["minibatches"], ENVS=k["envs"], STEPS=k["rollout"],
    )


take_knobs({})


class Policy(nn.Module):
    def __init__(self, obs, actions):
        super().__init__()
        self.encoder = nn.Linear(obs, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN)
        self.heads = nn.Linear(HIDDEN, actions + 1)  # logits, then the value
        self.cell = [self.gru.weight_ih_l0, self.gru.weight_hh_l0, self.gru.bias_ih_l0, self.gru.bias_hh_l0]
        with torch.no_grad():
            nn.init.orthogonal_(self.encoder.weight, 2**0.5)
            for w in self.cell[:2]:
                for gate in w.chunk(3):
                    nn.init.orthogonal_(gate)
            nn.init.orthogonal_(self.heads.weight[:actions], 0.01)
            nn.init.orthogonal_(self.heads.weight[actions:], 1)
            for b in [self.encoder.bias, self.heads.bias] + self.cell[2:]:
                b.zero_()

    def step(self, obs, h, keep):
        """One step without gradients: obs [B][O], h [B][H], keep [B][1] is 0 where an episode starts."""
        h = torch.gru_cell(F.relu(self.encoder(obs)), h * keep, *self.cell)
        return self.heads(h), h

    def sequence(self, obs, h0, keep, plan):
        """obs [T][b][O], h0 [b][H], keep [T][b][1]; plan is one of the forms below, prepared for these resets. Result [T][b][A+1]."""
        return self.heads(plan(self, F.relu(self.encoder(obs)), h0 * keep[0], keep))


# The forms in which a GRU runs over sequences with resets inside. All compute the same; the fastest on a real rollout is used.
# A form is prepared from fresh [T][b] (numpy) once a minibatch and returns a function (policy, x [T][b][H], h0, keep) -> [T][b][H].


def masked(fresh):
    """A loop over steps; the state is multiplied by 0 where an episode starts."""

    def run(p, x, h, keep):
        out, any_fresh = [], fresh.any(1)
        for t, xt in enumerate(x.unbind(0)):
            if t > 0 and any_fresh[t]:
                h = h * keep[t]
            h = torch.gru_cell(xt, h, *p.cell)
            out.append(h)
        return torch.stack(out)

    return run


def hoisted(fresh):
    """The loop with the input's product taken out of it and the gates written out."""

    def run(p, x, h, keep):
        wx, wh, bx, bh = p.cell
        out, any_fresh = [], fresh.any(1)
        for t, zx in enumerate(F.linear(x, wx, bx).unbind(0)):
            if t > 0 and any_fresh[t]:
                h = h * keep[t]
            zh = F.linear(h, wh, bh)
            r, u = torch.sigmoid(zx[:, : 2 * HIDDEN] + zh[:, : 2 * HIDDEN]).chunk(2, 1)
            n = torch.tanh(torch.addcmul(zx[:, 2 * HIDDEN :], r, zh[:, 2 * HIDDEN :]))
            h = torch.lerp(n, h, u)
            out.append(h)
        return torch.stack(out)

    return run


def between(fresh):
    """nn.GRU over the stretches between the steps at which any environment starts an episode."""
    cuts = [0] + [t for t in range(1, len(fresh)) if fresh[t].any()] + [len(fresh)]

    def run(p, x, h, keep):
        out, h = [], h[None]
        for a, b in zip(cuts, cuts[1:]):
            y, h = p.gru(x[a:b], h if a == 0 else h * keep[a])
            out.append(y)
        return torch.cat(out)

    return run


def segments(fresh):
    """Starts (t, env), lengths of all stretches without a reset, longest first, as numpy arrays."""
    starts = fresh.copy()
    starts[0] = True
    env, t = np.nonzero(starts.T)  # by environment, then by time
    length = np.diff(np.append(env * len(fresh) + t, fresh.size))
    order = np.argsort(-length, kind="stable")
    return t[order], env[order], length[order]


def first_states(t, env, h0):
    """States before each segment: the stored one for those that begin the rollout, zero else."""
    return torch.where(torch.from_numpy(t == 0)[:, None], h0[torch.from_numpy(env)], 0)[None]


def packed(fresh):
    """nn.GRU over the segments as a PackedSequence: all work is real, and the loop is as long as the longest segment."""
    t, env, length = segments(fresh)
    steps = np.arange(length[0])[:, None]
    inside = steps < length
    index = torch.from_numpy(((t + steps) * fresh.shape[1] + env)[inside])
    sizes = torch.from_numpy(inside.sum(1))
    back = torch.empty_like(index)
    back[index] = torch.arange(len(index))

    def run(p, x, h0, keep):
        data = nn.utils.rnn.PackedSequence(x.flatten(0, 1)[index], sizes)
        y, _ = p.gru(data, first_states(t, env, h0))
        return y.data[back].unflatten(0, x.shape[:2])

    return run


def padded(fresh):
    """nn.GRU over the segments, padded to the longest: what lies behind a segment's end is computed and thrown away."""
    t, env, length = segments(fresh)
    steps = np.arange(length[0])[:, None]
    index = torch.from_numpy(np.minimum((t + steps) * fresh.shape[1] + env, fresh.size - 1))
    inside = steps < length
    place = torch.from_numpy(np.flatnonzero(inside))
    back = torch.empty(fresh.size, dtype=torch.int64)
    back[index.flatten()[place]] = place

    def run(p, x, h0, keep):
        y, _ = p.gru(x.flatten(0, 1)[index], first_states(t, env, h0))
        return y.flatten(0, 1)[back].unflatten(0, x.shape[:2])

    return run


FORMS = {f.__name__: f for f in (masked, hoisted, between, packed, padded)}


class Rollout:
    """Arrays [T][B]; obs [T][B][O]. Tensors that the update indexes, filled through numpy views while acting."""

    def __init__(self, obs):
        self.obs = torch.zeros(STEPS, ENVS, obs)
        self.keep = torch.zeros(STEPS, ENVS, 1)
        self.action = torch.zeros(STEPS, ENVS, dtype=torch.int64)
        self.logp, self.value = torch.zeros(STEPS, ENVS), torch.zeros(STEPS, ENVS)
        self.reward, self.done = np.zeros((STEPS, ENVS), np.float32), np.zeros((STEPS, ENVS), bool)
        self.fresh = np.zeros((STEPS, ENVS), bool)
        self.view = {n: getattr(self, n).numpy() for n in ("obs", "keep", "action", "logp", "value")}


class Learner:
    def __init__(self, seed, form):
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.world = EndlessTMaze(ENVS, CORRIDORS, LENGTH, seed=seed + 1)
        self.policy = Policy(self.world.width, self.world.actions)
        self.adam = torch.optim.Adam(self.policy.parameters(), lr=RATE, eps=1e-5, fused=True)
        self.roll = Rollout(self.world.width)
        self.h = torch.zeros(ENVS, HIDDEN)
        self.fresh = np.ones(ENVS, bool)
        self.form = form

    @torch.inference_mode()
    def collect(self):
        """Plays one rollout; returns the mean return of the episodes that ended in it."""
        r, v, w, ended = self.roll, self.roll.view, self.world, []
        self.h0, acts = self.h.clone(), w.actions
        for t in range(STEPS):
            v["obs"][t], r.fresh[t] = w.observe(), self.fresh
            v["keep"][t, :, 0] = ~self.fresh
            out, self.h = self.policy.step(r.obs[t], self.h, r.keep[t])
            logp = torch.log_softmax(out[:, :acts], 1).numpy()
            # Drawing by the exponential race is several times faster than torch.distributions on so small a batch.
            action = np.argmax(logp - np.log(self.rng.standard_exponential(logp.shape, np.float32)), 1)
            v["action"][t], v["logp"][t], v["value"][t] = action, logp[np.arange(ENVS), action], out[:, acts].numpy()
            r.reward[t], r.done[t], done_returns = w.step(action)
            self.fresh = r.done[t].copy()
            ended.extend(done_returns)
        keep = torch.from_numpy(~self.fresh).float()[:, None]
        last, _ = self.policy.step(torch.from_numpy(w.observe()), self.h, keep)
        self.last = last[:, acts].numpy()
        return float(np.mean(ended)) if ended else float("nan")

    def advantages(self):
        r, value = self.roll, self.roll.view["value"]
        adv, a, following = np.empty_like(value), np.zeros(ENVS, np.float32), self.last
        for t in range(STEPS - 1, -1, -1):
            on = (~r.done[t]).astype(np.float32)
            a = r.reward[t] + GAMMA * following * on - value[t] + GAMMA * LAMBDA * on * a
            adv[t], following = a, value[t]
        return torch.from_numpy(adv), torch.from_numpy(adv + value)

    def loss(self, envs, adv, ret, form):
        r, acts = self.roll, self.world.actions
        out = self.policy.sequence(r.obs[:, envs], self.h0[envs], r.keep[:, envs], form(r.fresh[:, envs.numpy()]))
        logp, value, old = torch.log_softmax(out[..., :acts], -1), out[..., acts], r.value[:, envs]
        a, returns = adv[:, envs], ret[:, envs]
        a = (a - a.mean()) / (a.std(correction=0) + 1e-8)
        ratio = (logp.gather(-1, r.action[:, envs, None])[..., 0] - r.logp[:, envs]).exp()
        policy = torch.max(-ratio * a, -ratio.clamp(1 - CLIP, 1 + CLIP) * a).mean()
        bounded = old + (value - old).clamp(-VALUE_CLIP, VALUE_CLIP) if VALUE_CLIP > 0 else value
        critic = torch.max((value - returns) ** 2, (bounded - returns) ** 2).mean() / 2
        entropy = -(logp.exp() * logp).sum(-1).mean()
        return policy + VALUE * critic - ENTROPY * entropy

    def update(self):
        adv, ret = self.advantages()
        for _ in range(EPOCHS):
            for envs in torch.from_numpy(self.rng.permutation(ENVS)).chunk(MINIBATCHES):
                self.adam.zero_grad()
                self.loss(envs, adv, ret, self.form).backward()
                nn.utils.clip_grad_norm_(self.policy.parameters(), MAX_NORM)
                self.adam.step()

    def fastest(self, times=5):
        """Times one forward and backward pass of each form on the rollout just played, in turn; returns the best and all times."""
        adv, ret = self.advantages()
        envs, best = torch.arange(ENVS).chunk(MINIBATCHES)[0], {}
        for _ in range(times):
            for name, form in FORMS.items():
                start = time.perf_counter()
                self.loss(envs, adv, ret, form).backward()
                best[name] = min(best.get(name, 1e9), time.perf_counter() - start)
        self.adam.zero_grad()
        return min(best, key=best.get), best


def forms_agree():
    """All forms give the same outputs and gradients on a rollout with resets, at its start too; raises ValueError otherwise."""
    learner = Learner(7, masked)
    learner.collect()
    learner.roll.fresh[0, ::3], learner.roll.keep[0, ::3] = True, 0
    learner.h0 = torch.randn(ENVS, HIDDEN)
    adv, ret = learner.advantages()
    got = {}
    for name, form in FORMS.items():
        learner.policy.zero_grad()
        loss = learner.loss(torch.arange(5, 25), adv, ret, form)
        loss.backward()
        got[name] = torch.cat([loss.detach()[None]] + [p.grad.flatten() for p in learner.policy.parameters()])
    for name, g in got.items():
        if not torch.allclose(g, got["masked"], rtol=1e-3, atol=1e-6):
            raise ValueError(f"form {name} differs from masked by {(g - got['masked']).abs().max()}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--updates", type=int, default=6, help="updates to time, after one of warm-up")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--form", choices=["fastest", *FORMS], default="fastest")
    ap.add_argument("--knobs", type=json.loads, default={}, help="JSON object of sizes and knobs, see KNOBS")
    ap.add_argument("--check", action="store_true", help="read a trace of the Go world from standard input; compare rules and forms")
    args = ap.parse_args()
    take_knobs(args.knobs)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    if args.check:
        check_trace(json.load(sys.stdin))
        forms_agree()
        print(json.dumps({"ok": True}))
        return
    learner = Learner(args.seed, FORMS["masked"])
    curve = [learner.collect()]
    name, forms = args.form, {}
    if name == "fastest":
        name, forms = learner.fastest()
    learner.form = FORMS[name]
    learner.update()
    gflops = sgemm_gflops()
    start = time.perf_counter()
    for _ in range(args.updates):
        curve.append(learner.collect())
        learner.update()
    seconds = time.perf_counter() - start
    print(json.dumps({
        "steps": args.updates * STEPS * ENVS, "seconds": seconds, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "form": name, "forms": {n: round(1e3 * s, 3) for n, s in forms.items()}, "mean_return": curve[-1], "curve": curve,
        "sgemm_gflops": gflops,
    }, allow_nan=False))


if __name__ == "__main__":
    main()
