"""The program's random numbers (include/gan_dist/rng.h), restated in numpy from the paper and the header.

Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
Logarithm, cosine and sine are taken in double and rounded to float, which is at most one unit in the last place
from any good single-precision library.
"""
import numpy as np

ORDER, NOISE, INIT = 1, 3, 5  # streams
F = np.float32


def words(seed, stream, draw, step, index, block):
    """Four words of a block. Step, index and block may be arrays; the result has a last axis of 4."""
    index, step, third, block = np.broadcast_arrays(*(np.asarray(v, np.uint64) for v in
                                                      (index, step, stream + 256 * draw, block)))
    low = np.uint64(0xFFFFFFFF)
    x0, x1, x2, x3 = (v & low for v in (index, step, third, block))
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = ((p1 >> np.uint64(32)) ^ x1 ^ np.uint64(k0), p1 & low,
                          (p0 >> np.uint64(32)) ^ x3 ^ np.uint64(k1), p0 & low)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([x0, x1, x2, x3], -1).astype(np.uint32)


def unit(w):
    return (w >> np.uint32(8)).astype(F) * F(2.0 ** -24)


def box_muller(w):
    """Standard normals from words [..., 4], in pairs."""
    u = unit(w)
    radius = np.sqrt(F(-2) * np.log((F(1) - u[..., 0::2]).astype(np.float64)).astype(F))
    angle = (F(6.283185307179586) * u[..., 1::2]).astype(np.float64)
    out = np.empty(w.shape, F)
    out[..., 0::2] = radius * np.cos(angle).astype(F)
    out[..., 1::2] = radius * np.sin(angle).astype(F)
    return out


def line(n, seed, stream, draw=0, step=0, index=0):
    """The blocks that hold n numbers: words [blocks, 4]."""
    return words(seed, stream, draw, step, index, np.arange((n + 3) // 4))


def uniform(n, low, high, *at, **where):
    low, high = F(low), F(high)
    return (low + (high - low) * unit(line(n, *at, **where))).reshape(-1)[:n]


def normal(n, mean, deviation, *at, **where):
    return (F(mean) + F(deviation) * box_muller(line(n, *at, **where))).reshape(-1)[:n]


def truncated(n, mean, deviation, seed, stream, draw):
    """Element i's attempts lie at (index = i, step = attempt); the first candidate within two deviations counts."""
    out = np.zeros(n, F)
    left, attempt = np.arange(n), 0
    while left.size:
        candidates = box_muller(words(seed, stream, draw, attempt, left, 0))
        good = np.abs(candidates) <= F(2)
        found = good.any(1)
        out[left[found]] = candidates[found, good[found].argmax(1)]
        left, attempt = left[~found], attempt + 1
    return F(mean) + F(deviation) * out


def permute(i, n, seed, epoch):
    """Place of element i in the epoch's shuffle: four Feistel rounds, walked back into 0..n-1."""
    half = 1
    while half < 32 and 1 << (2 * half) < n:
        half += 1
    while True:
        left, right = i >> half, i & ((1 << half) - 1)
        for round_ in range(4):
            w = words(seed, ORDER, 0, epoch, right & 0xFFFFFFFF, round_)
            left, right = right, left ^ ((int(w[1]) << 32 | int(w[0])) & ((1 << half) - 1))
        i = left << half | right
        if i < n:
            return i
