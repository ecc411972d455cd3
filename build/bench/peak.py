"""What PyTorch's matrix product reaches here."""

import time

import torch


def sgemm_gflops(n=1024, seconds=0.2):
    """The best rate of a square matrix product, in 1e9 operations a second, with the threads that torch has."""
    a, b, c, best, end = torch.rand(n, n), torch.rand(n, n), torch.empty(n, n), 1e9, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        torch.mm(a, b, out=c)
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best / 1e9
