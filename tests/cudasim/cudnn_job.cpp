/* cudnn_job.cpp: convolutions as plain loops over what meets. */
#include "cudnn_job.h"
#include <cstring>
#include <vector>
#include "race.h"

bool fits(const Job &job)
{
    const auto out = [](size_t in, size_t kernel, int pad, int stride) {
        return (static_cast<long>(in) + 2 * pad - static_cast<long>(kernel)) / stride + 1;
    };
    return job.x.n == job.y.n && job.x.c == job.w.c && job.y.c == job.w.k &&
           static_cast<long>(job.y.h) == out(job.x.h, job.w.h, job.how.pad_h, job.how.u) &&
           static_cast<long>(job.y.w) == out(job.x.w, job.w.w, job.how.pad_w, job.how.v);
}

static float rounded(float value, bool tf32)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (tf32 && (bits & 0x7f800000u) != 0x7f800000u)
        bits = (bits + 0xfffu + (bits >> 13 & 1)) & ~0x1fffu; /* 10 bits of mantissa, ties to even */
    memcpy(&value, &bits, sizeof value);
    return value;
}

static std::vector<float> loaded(const char *at, size_t bytes, bool tf32)
{
    std::vector<float> values(bytes / sizeof(float));
    memcpy(values.data(), at, bytes);
    for (float &value : values)
        value = rounded(value, tf32);
    return values;
}

/* Calls f(x, y, w) with the places that meet. */
template <typename F> static void each_meeting(const Job &job, F f)
{
    const auto &[n, c, h, w] = job.x;
    for (size_t row = 0; row < n * job.y.h * job.y.w; row++) {
        const size_t picture = row / (job.y.h * job.y.w), oh = row / job.y.w % job.y.h, ow = row % job.y.w;
        for (size_t k = 0; k < job.w.k; k++)
            for (size_t tap = 0; tap < job.w.h * job.w.w; tap++) {
                const size_t ih = oh * job.how.u + tap / job.w.w - job.how.pad_h;
                const size_t iw = ow * job.how.v + tap % job.w.w - job.how.pad_w;
                for (size_t i = 0; ih < h && iw < w && i < c; i++) /* below 0 is a large number */
                    f(((picture * h + ih) * w + iw) * c + i, row * job.w.k + k,
                      (k * job.w.h * job.w.w + tap) * c + i);
            }
    }
}

void convolve(const Job &job)
{
    const bool tf32 = job.how.math == CUDNN_DEFAULT_MATH || job.how.math == CUDNN_TENSOR_OP_MATH;
    char *to = job.way == Way::Forward ? job.at_y : job.way == Way::Data ? job.at_x : job.at_w;
    const size_t bytes = job.way == Way::Forward ? job.y.bytes()
                         : job.way == Way::Data  ? job.x.bytes()
                                                 : job.w.bytes();
    const auto x = loaded(job.at_x, job.x.bytes(), tf32), y = loaded(job.at_y, job.y.bytes(), tf32);
    const auto w = loaded(job.at_w, job.w.bytes(), tf32);
    race_range(job.at_x, job.x.bytes(), to == job.at_x);
    race_range(job.at_y, job.y.bytes(), to == job.at_y);
    race_range(job.at_w, job.w.bytes(), to == job.at_w);
    std::vector<float> sums(bytes / sizeof(float), 0.0f), old(sums.size());
    each_meeting(job, [&](size_t at_x, size_t at_y, size_t at_w) {
        if (job.way == Way::Forward)
            sums[at_y] += x[at_x] * w[at_w];
        else if (job.way == Way::Data)
            sums[at_x] += y[at_y] * w[at_w];
        else
            sums[at_w] += x[at_x] * y[at_y];
    });
    memcpy(old.data(), to, bytes);
    for (size_t i = 0; i < sums.size(); i++)
        sums[i] = job.alpha * sums[i] + (job.beta == 0 ? 0 : job.beta * old[i]);
    memcpy(to, sums.data(), bytes);
}
