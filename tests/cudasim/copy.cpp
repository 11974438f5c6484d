/* copy.cpp: copies and fills. */
#include <cstring>
#include "report.h"
#include "stream.h"

static void check_device(const char *call, const void *at, size_t bytes, int device)
{
    const std::string fault = fault_of(at, bytes, device);
    if (!fault.empty())
        misuse("%s of %zu bytes uses %s as device memory", call, bytes, fault.c_str());
}

static void check_kind(const void *to, const void *from, cudaMemcpyKind kind)
{
    const bool device_to = is_device_address(to), device_from = is_device_address(from);
    const cudaMemcpyKind found = device_to ? device_from ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice
                                 : device_from ? cudaMemcpyDeviceToHost
                                               : cudaMemcpyHostToHost;
    if (kind != found && kind != cudaMemcpyDefault)
        misuse("cudaMemcpyAsync of kind %d, but these addresses are of kind %d", kind, found);
    if (found == cudaMemcpyHostToHost)
        misuse("cudaMemcpyAsync from host to host");
}

static Work copy_work(void *to, const void *from, size_t bytes, int device)
{
    Work work;
    work.name = "cudaMemcpyAsync";
    if (is_pinned(to, bytes))
        work.host.push_back({static_cast<const char *>(to), bytes, false});
    if (is_pinned(from, bytes))
        work.host.push_back({static_cast<const char *>(from), bytes, true});
    work.run = [=] {
        for (const void *at : {static_cast<const void *>(to), from})
            if (is_device_address(at)) {
                check_device("cudaMemcpyAsync", at, bytes, device);
                race_range(at, bytes, at == to);
            }
        memmove(to, from, bytes);
    };
    return work;
}

/* Memory that is not pinned goes through CUDA's own buffer:
 * read before the call returns, written before it returns. */
static Work staged_work(void *to, const void *from, size_t bytes, int device)
{
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char *>(from),
                                                      static_cast<const char *>(from) + bytes);
    Work work;
    work.name = "cudaMemcpyAsync";
    work.run = [=] {
        check_device("cudaMemcpyAsync", to, bytes, device);
        race_range(to, bytes, true);
        memcpy(to, staged->data(), bytes);
    };
    return work;
}

extern "C" cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                                       cudaStream_t stream)
{
    CUDASIM_ENTER("cudaMemcpyAsync");
    check_stream("cudaMemcpyAsync", stream);
    if (bytes == 0)
        return cudaSuccess;
    check_kind(to, from, kind);
    for (const void *at : {static_cast<const void *>(to), from})
        if (is_device_address(at))
            check_device("cudaMemcpyAsync", at, bytes, stream->device);
    const bool pageable_to = !is_device_address(to) && !is_pinned(to, bytes);
    const bool pageable_from = !is_device_address(from) && !is_pinned(from, bytes);
    if (stream->capture && (pageable_to || pageable_from))
        misuse("a copy of memory that is not pinned is captured");
    if (pageable_from) {
        queue_work(stream, staged_work(to, from, bytes, stream->device));
        return cudaSuccess;
    }
    queue_work(stream, copy_work(to, from, bytes, stream->device));
    return pageable_to ? wait_for(
                             stream, [stream] { return stream->queue.empty(); }, &stream->clock)
                       : cudaSuccess;
}

extern "C" cudaError_t cudaMemsetAsync(void *at, int value, size_t bytes, cudaStream_t stream)
{
    CUDASIM_ENTER("cudaMemsetAsync");
    check_stream("cudaMemsetAsync", stream);
    if (bytes == 0)
        return cudaSuccess;
    const int device = stream->device;
    check_device("cudaMemsetAsync", at, bytes, device);
    Work work;
    work.name = "cudaMemsetAsync";
    work.run = [=] {
        check_device("cudaMemsetAsync", at, bytes, device);
        race_range(at, bytes, true);
        memset(at, value, bytes);
    };
    queue_work(stream, std::move(work));
    return cudaSuccess;
}
