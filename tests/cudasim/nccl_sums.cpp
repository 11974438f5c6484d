/* nccl_sums.cpp: reductions. Each stretch of the buffer begins with another rank, as in a ring, so that
 * nothing rests on the order of the ranks; all ranks get the same bits. */
#include <algorithm>
#include "nccl_comm.h"
#include "report.h"

template <typename T> static T combine(T a, T b, int op)
{
    switch (op) {
    case ncclSum:
    case ncclAvg:
        return static_cast<T>(a + b);
    case ncclProd:
        return static_cast<T>(a * b);
    case ncclMax:
        return std::max(a, b);
    case ncclMin:
        return std::min(a, b);
    }
    misuse("ncclAllReduce: op %d, which the stand-in does not know", op);
}

/* The mean of floating-point numbers is the sum of what was multiplied by 1/n before. */
template <typename T> static T prepared(T value, int op, int ranks)
{
    return op == ncclAvg ? static_cast<T>(value * (static_cast<T>(1) / static_cast<T>(ranks))) : value;
}

template <typename T> static void reduce(char *out, const char *parts, const Header &what, int ranks)
{
    const T *in = reinterpret_cast<const T *>(parts);
    const size_t n = static_cast<size_t>(ranks), count = what.count;
    for (size_t i = 0; i < count; i++) {
        const size_t first = i * n / count;
        T sum = prepared(in[first * count + i], what.op, ranks);
        for (size_t k = 1; k < n; k++)
            sum = combine(sum, prepared(in[(first + k) % n * count + i], what.op, ranks), what.op);
        reinterpret_cast<T *>(out)[i] = sum;
    }
}

void finish_reduction(char *out, const std::vector<char> &parts, const Header &what, int ranks)
{
    if (what.op == ncclAvg && what.type != ncclFloat32 && what.type != ncclFloat64)
        misuse("ncclAllReduce: the mean of integers");
    switch (what.type) {
    case ncclInt8:
        return reduce<int8_t>(out, parts.data(), what, ranks);
    case ncclUint8:
        return reduce<uint8_t>(out, parts.data(), what, ranks);
    case ncclInt32:
        return reduce<int32_t>(out, parts.data(), what, ranks);
    case ncclUint32:
        return reduce<uint32_t>(out, parts.data(), what, ranks);
    case ncclInt64:
        return reduce<int64_t>(out, parts.data(), what, ranks);
    case ncclUint64:
        return reduce<uint64_t>(out, parts.data(), what, ranks);
    case ncclFloat32:
        return reduce<float>(out, parts.data(), what, ranks);
    case ncclFloat64:
        return reduce<double>(out, parts.data(), what, ranks);
    }
}
