/* error.h: status codes and the one message that explains a failure.
 *
 * A function that can fail returns gan_status. Whoever finds the fault (the bottom of the stack) sets the
 * message once with gan_error(); everybody above passes the status up unchanged. The message is one line:
 * what happened, where (path, rank, line of the configuration), what to do.
 *
 * The message belongs to the calling thread; a worker's message is moved with gan_error_message() and set
 * again by the thread that joins it. Any thread, any rank may call. */
#ifndef GAN_DIST_ERROR_H
#define GAN_DIST_ERROR_H

/* The values are the program's exit status. A larger one does not mean a worse one. */
typedef enum gan_status {
    GAN_OK = 0,        /* done */
    GAN_FAILED = 1,    /* the machine, a file or another rank failed */
    GAN_BAD_INPUT = 2, /* the user's option, configuration or data is wrong */
    GAN_STOPPED = 75   /* stopped on request, state saved; start again to go on */
} gan_status;

/* Sets this thread's message (printf format, no trailing newline) and returns `code`, so that a failing
 * function ends with `return gan_error(GAN_BAD_INPUT, "...")`. Messages over 2047 bytes are cut. */
gan_status gan_error(gan_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* This thread's last message; "" when there was none. Valid until the thread's next gan_error(). */
const char *gan_error_message(void);

/* Returns from the calling function when `call` fails. */
#define GAN_TRY(call)                                                                                        \
    do {                                                                                                     \
        gan_status gan_try_status_ = (call);                                                                 \
        if (gan_try_status_ != GAN_OK)                                                                       \
            return gan_try_status_;                                                                          \
    } while (0)

/* Stores the status in `status` and jumps to the label `out` (clean-up) when `call` fails. */
#define GAN_TRY_OUT(status, call)                                                                            \
    do {                                                                                                     \
        (status) = (call);                                                                                   \
        if ((status) != GAN_OK)                                                                              \
            goto out;                                                                                        \
    } while (0)

#endif
