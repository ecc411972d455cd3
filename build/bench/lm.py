"""The tiny language model in PyTorch on the CPU: the peer of the benches lm-train and lm-decode.

Model, sizes and work are those of Loci: a decoder of the Llama family (RMS norms, rotary positions, gated MLP, tied head), trained on
next tokens by Adam, or decoded with a cache of keys and values that is allocated once. Weights that read the same input are one matrix.

--form fastest also compiles the model for training, which takes about a minute the first time; loci bench compares with the eager one.

Reads a JSON object from standard input, {"shape": {...}, ...} with the fields that Loci gives, and prints one: for --train and --decode
{"tokens", "seconds", "torch", "threads", "form", "forms", "sgemm_gflops"}, for --check {"ok": true}.
"""

import argparse
import json
import os
import sys
import time

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # helper processes of the compiler outlive a peer that is stopped

import torch
from torch import nn
from torch.nn import functional as F

from peak import sgemm_gflops


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        wide = s["Heads"] * s["HeadDim"]
        self.eps, self.heads, self.groups, self.width = s["Eps"], s["Heads"], s["KVHeads"], s["HeadDim"]
        self.norm1, self.norm2 = nn.Parameter(torch.ones(s["Width"])), nn.Parameter(torch.ones(s["Width"]))
        self.qkv = nn.Linear(s["Width"], wide + 2 * s["KVHeads"] * s["HeadDim"], bias=False)
        self.out = nn.Linear(wide, s["Width"], bias=False)
        self.gate_up = nn.Linear(s["Width"], 2 * s["Inner"], bias=False)
        self.down = nn.Linear(s["Inner"], s["Width"], bias=False)

    def heads_of(self, x, turn):
        """Rotated queries and keys, and values: [B][H][T][n] each."""
        b, t, _ = x.shape
        z = self.qkv(F.rms_norm(x, x.shape[-1:], self.norm1, self.eps)).view(b, t, -1, self.width).transpose(1, 2)
        q, k, v = z.split([self.heads, self.groups, self.groups], 1)
        return rotate(q, turn), rotate(k, turn), v

    def after(self, x, heads):
        x = x + self.out(heads.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(F.rms_norm(x, x.shape[-1:], self.norm2, self.eps)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def rotate(x, turn):
    cos, sin = turn
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Decoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.shape, self.eps = s, s["Eps"]
        self.embed = nn.Parameter(torch.randn(s["Vocab"], s["Width"]) / 10)
        self.blocks = nn.ModuleList(Block(s) for _ in range(s["Layers"]))
        self.norm = nn.Parameter(torch.ones(s["Width"]))
        rates = s["Theta"] ** (-torch.arange(0, s["HeadDim"], 2) / s["HeadDim"])
        angles = torch.arange(s["Context"])[:, None] * rates
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.grouped = s["Heads"] != s["KVHeads"]

    def head(self, x):
        return F.linear(F.rms_norm(x, x.shape[-1:], self.norm, self.eps), self.embed)

    def forward(self, tokens):
        """Logits [B][T][V] of tokens [B][T]."""
        x, turn = F.embedding(tokens, self.embed), (self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]])
        for b in self.blocks:
            q, k, v = b.heads_of(x, turn)
            x = b.after(x, F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.grouped))
        return self.head(x)

    def cache(self, batch, tokens):
        s = self.shape
        return [torch.zeros(2, batch, s["KVHeads"], tokens, s["HeadDim"]) for _ in self.blocks]

    def extend(self, tokens, at, cache):
        """Logits [B][V] behind tokens [B][T] that stand at position at, whose keys and values go into the cache."""
        end = at + tokens.shape[1]
        x, turn = F.embedding(tokens, self.embed), (self.cos[at:end], self.sin[at:end])
        for b, c in zip(self.blocks, cache):
            q, k, v = b.heads_of(x, turn)
            c[0, :, :, at:end], c[1, :, :, at:end] = k, v
            y = F.scaled_dot_product_attention(q, c[0, :, :, :end], c[1, :, :, :end], is_causal=at == 0, enable_gqa=self.grouped)
            x = b.after(x, y)
        return self.head(x[:, -1])

    @torch.inference_mode()
    def decode(self, prompts, count, greedy=False):
        """Continues prompts [B][T]; returns tokens [B][count] and their log-probabilities."""
        length, cache = prompts.shape[1], self.cache(len(prompts), prompts.shape[1] + count)
        feed, at, tokens, logprobs = prompts, 0, [], []
        for _ in range(count):
            logits = self.extend(feed, at, cache)
            logp = torch.log_softmax(logits, -1)
            # The exponential race draws from the softmax, faster than torch.multinomial.
            ids = (logp if greedy else logits - torch.empty_like(logits).exponential_().log_()).argmax(-1, keepdim=True)
            at, feed = length + len(tokens), ids
            tokens.append(ids)
            logprobs.append(logp.gather(-1, ids))
        return torch.cat(tokens, 1), torch.cat(logprobs, 1)


def train_step(model, adam, tokens, targets):
    logits = model(tokens)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    adam.zero_grad()
    loss.backward()
    adam.step()


def timed(f, times):
    start = time.perf_counter()
    for _ in range(times):
        f()
    return time.perf_counter() - start


def train(args, given):
    """Steps of the eager model and, where it can be made and asked for, of the compiled one; the faster form counts."""
    s, forms = given["shape"], {}
    tokens = torch.randint(s["Vocab"], (given["batch"], given["length"] + 1))
    for form in ["eager", "compiled"] if args.form == "fastest" else [args.form]:
        model = Decoder(s)
        adam = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
        run = torch.compile(model) if form == "compiled" else model
        step = lambda: train_step(run, adam, tokens[:, :-1], tokens[:, 1:])
        try:
            timed(step, 2)
        except Exception as e:  # whatever a compiler may lack here
            if form == args.form:
                raise
            print(f"no compiled form: {type(e).__name__}", file=sys.stderr)
            continue
        forms[form] = timed(step, given["times"])
    form = min(forms, key=forms.get)
    return form, forms, given["times"] * given["batch"] * given["length"], forms[form]


def decode(args, given):
    model = Decoder(given["shape"]).eval()
    prompts = torch.randint(given["shape"]["Vocab"], (given["batch"], given["length"]))
    model.decode(prompts, given["tokens"])
    seconds = timed(lambda: model.decode(prompts, given["tokens"]), given["times"])
    return "eager", {"eager": seconds}, given["times"] * given["batch"] * given["tokens"], seconds


def check(given):
    """Our weights, tokens, log-probabilities and greedy continuations, against this model's; raises ValueError where they differ."""
    model = Decoder(given["shape"]).eval()
    names = ["embed"]
    for i in range(given["shape"]["Layers"]):
        names += [f"blocks.{i}.{n}" for n in ("norm1", "qkv.weight", "out.weight", "norm2", "gate_up.weight", "down.weight")]
    state = dict(model.named_parameters())
    with torch.no_grad():
        for name, w in zip(names + ["norm"], given["weights"], strict=True):
            p, w = state[name], torch.tensor(w)
            p.copy_(w.view(p.shape[1], p.shape[0]).T if name.endswith(".weight") else w.view(p.shape))
    tokens = torch.tensor(given["tokens"])
    with torch.inference_mode():
        logp = torch.log_softmax(model(tokens[:, :-1]), -1).gather(-1, tokens[:, 1:, None])[..., 0]
    gap = (logp - torch.tensor(given["logprobs"])).abs().max().item()
    if not gap < 1e-4:
        raise ValueError(f"log-probabilities differ by {gap}")
    ids, logp = model.decode(tokens, len(given["greedy"][0]), greedy=True)
    gap = (logp - torch.tensor(given["greedy_logprobs"])).abs().max().item()
    if ids.tolist() != given["greedy"] or not gap < 1e-4:
        raise ValueError(f"greedy continuations differ, their log-probabilities by {gap}")
    return {"ok": True}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = ap.add_mutually_exclusive_group(required=True)
    for name in ("train", "decode", "check"):
        work.add_argument(f"--{name}", action="store_const", const=name, dest="work")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--form", choices=["fastest", "eager", "compiled"], default="eager", help="of --train")
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    given = json.load(sys.stdin)
    if args.work == "check":
        print(json.dumps(check(given)))
        return
    gflops = sgemm_gflops()
    form, forms, tokens, seconds = (train if args.work == "train" else decode)(args, given)
    print(json.dumps({
        "tokens": tokens, "seconds": seconds, "torch": torch.__version__, "threads": torch.get_num_threads(), "form": form,
        "forms": {n: round(1e3 * s, 3) for n, s in forms.items()}, "sgemm_gflops": gflops,
    }, allow_nan=False))


if __name__ == "__main__":
    main()
