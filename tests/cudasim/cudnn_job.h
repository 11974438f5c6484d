/* cudnn_job.h: a convolution as cuDNN is told of it. */
#ifndef CUDASIM_CUDNN_JOB_H
#define CUDASIM_CUDNN_JOB_H

#include "cudnn.h"
#include "stream.h"

struct cudnnContext {
    CUstream_st *stream;
};
struct cudnnTensorStruct {
    size_t n, c, h, w;
    size_t bytes() const
    {
        return n * c * h * w * sizeof(float);
    }
};
struct cudnnFilterStruct {
    size_t k, c, h, w;
    size_t bytes() const
    {
        return k * c * h * w * sizeof(float);
    }
};
struct cudnnConvolutionStruct {
    int pad_h, pad_w, u, v;
    cudnnMathType_t math;
};

enum class Way { Forward, Data, Filter };

struct Job {
    Way way;
    cudnnTensorStruct x, y;
    cudnnFilterStruct w;
    cudnnConvolutionStruct how;
    char *at_x, *at_y, *at_w;
    float alpha, beta;
};

bool fits(const Job &job); /* the three shapes */
void convolve(const Job &job);

#endif
