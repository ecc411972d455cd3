"""Exact nearest neighbours in FAISS on the CPU (IndexFlatIP): the peer of the bench mem.

Reads a JSON object from standard input and prints one. --time: {"rows", "width", "k", "queries", "times"} gives
{"calls", "seconds", "faiss", "threads", "form"}, where seconds are the median of one call. FAISS has two ways to search a flat index, by a
matrix product or vector by vector, and its own choice between them is not always the faster one: the faster one counts. --check: {"vectors", "queries", "ids"} demands
that FAISS finds the vectors that Loci found, up to rounding, and gives {"ok": true}.
"""

import argparse
import json
import sys
import time

import faiss
import numpy as np


def unit(x):
    return np.ascontiguousarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)


def check(work):
    vectors, queries, ids = unit(np.array(work["vectors"])), unit(np.array(work["queries"])), np.array(work["ids"])
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    best, _ = index.search(queries, ids.shape[1])
    ours = np.einsum("qkd,qd->qk", vectors[ids], queries)
    if not np.allclose(best, ours, atol=1e-5):
        sys.exit(f"FAISS finds similarities {best[0]}, Loci found {ours[0]}")
    return {"ok": True}


def measure(work, threads, seed):
    faiss.omp_set_num_threads(threads)
    draw = np.random.default_rng(seed)
    index = faiss.IndexFlatIP(work["width"])
    for start in range(0, work["rows"], 100_000):
        rows = min(100_000, work["rows"] - start)
        index.add(unit(draw.standard_normal((rows, work["width"]), dtype=np.float32)))
    queries = unit(draw.standard_normal((work["queries"], work["width"]), dtype=np.float32))
    forms = {form: rounds(index, queries, work, least) for form, least in (("matrix product", 1), ("vector by vector", 1 << 30))}
    form = min(forms, key=forms.get)
    return {"calls": work["times"], "seconds": forms[form], "faiss": faiss.__version__, "threads": threads, "form": form}


def rounds(index, queries, work, least):
    """Median seconds of a call in which so many queries and more are answered by a matrix product."""
    faiss.cvar.distance_compute_blas_threshold = least
    index.search(queries, work["k"])
    took = []
    for _ in range(work["times"]):
        start = time.perf_counter()
        index.search(queries, work["k"])
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--check", action="store_true")
    p.add_argument("--time", action="store_true")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    args = p.parse_args()
    work = json.load(sys.stdin)
    print(json.dumps(check(work) if args.check else measure(work, args.threads, args.seed)))


main()
