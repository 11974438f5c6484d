/* slow_cable NAME NAME DELAY-MS LOSS-PERCENT: two network devices joined
 * by a cable that delays every frame, in either direction, and loses some.
 * The kernel's netem does this too, where it is built in. Ends when killed. */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES = 4096, FRAME_BYTES = 2048 };

typedef struct {
    double due;
    int to;
    size_t bytes;
    unsigned char data[FRAME_BYTES];
} frame;

/* Frames on their way, in the order in which they are due. */
static frame ring[FRAMES];
static unsigned first, last;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int open_device(const char *name)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) {
        perror(name);
        exit(1);
    }
    return device;
}

/* The same frames are lost in every run, by xorshift. */
static bool is_lost(double percent)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state % 100000) < percent * 1000;
}

static void take(int from, int to, double delay, double loss)
{
    frame *f = &ring[last % FRAMES];
    ssize_t bytes;
    while (last - first < FRAMES && (bytes = read(from, f->data, sizeof f->data)) > 0) {
        if (is_lost(loss))
            continue;
        f->due = now() + delay;
        f->to = to;
        f->bytes = (size_t)bytes;
        f = &ring[++last % FRAMES];
    }
}

/* Hands over what is due; how long until the next is, in ms, -1 when there is none. A frame that its receiver
 * does not take, because it is down, is lost. */
static int deliver(void)
{
    for (; first != last; first++) {
        const frame *f = &ring[first % FRAMES];
        double wait = f->due - now();
        if (wait > 0)
            return (int)(wait * 1000) + 1;
        if (write(f->to, f->data, f->bytes) < 0)
            continue;
    }
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: slow_cable NAME NAME DELAY-MS LOSS-PERCENT\n");
        return 2;
    }
    struct pollfd ends[2] = {{open_device(argv[1]), POLLIN, 0}, {open_device(argv[2]), POLLIN, 0}};
    double delay = atof(argv[3]) / 1000, loss = atof(argv[4]);
    for (;;) {
        poll(ends, 2, deliver());
        take(ends[0].fd, ends[1].fd, delay, loss);
        take(ends[1].fd, ends[0].fd, delay, loss);
    }
}
