/* tracer.h: runs a function in a child process and interferes with one of its system calls. Linux, x86-64. */
#ifndef GAN_TEST_CRASH_TRACER_H
#define GAN_TEST_CRASH_TRACER_H

#include <stdbool.h>

typedef enum trace_fault {
    TRACE_NOTHING, /* counts all calls */
    TRACE_KILL,    /* SIGKILL in place of the call; counts all calls */
    TRACE_FAIL,    /* the call is not made and returns `error`; counts calls on files */
    TRACE_SHORT    /* a write of half the bytes; counts writes */
} trace_fault;

typedef struct trace {
    trace_fault fault;
    int at;    /* which of the counted calls, from 1 */
    int error; /* TRACE_FAIL: an errno */

    int calls;        /* how many were counted, up to the end of the child */
    const char *name; /* of call `at`; "another call" if it is none on files, NULL if it never came */
    bool killed;
    int status; /* of the exit, if not killed */
} trace;

/* The child ends with the status that `work` returns. False: this process may not trace, *why says so. */
bool trace_run(trace *t, int (*work)(void), const char **why);

#endif
