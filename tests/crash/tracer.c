#include "tracer.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_CALL (-1ULL) /* a number that the kernel refuses */

static const struct {
    unsigned long long number;
    const char *name;
} file_calls[] = {
    {SYS_open, "open"},         {SYS_openat, "openat"},         {SYS_read, "read"},
    {SYS_pread64, "pread"},     {SYS_write, "write"},           {SYS_fsync, "fsync"},
    {SYS_close, "close"},       {SYS_rename, "rename"},         {SYS_unlink, "unlink"},
    {SYS_unlinkat, "unlinkat"}, {SYS_getdents64, "getdents"},   {SYS_fstat, "fstat"},
    {SYS_stat, "stat"},         {SYS_newfstatat, "newfstatat"}, {SYS_ftruncate, "ftruncate"},
};

/* NULL if it is none on files. */
static const char *name_of(unsigned long long number)
{
    for (size_t i = 0; i < sizeof file_calls / sizeof *file_calls; i++)
        if (file_calls[i].number == number)
            return file_calls[i].name;
    return NULL;
}

static bool counts(const trace *t, unsigned long long number)
{
    if (t->fault == TRACE_SHORT)
        return number == SYS_write;
    return t->fault != TRACE_FAIL || name_of(number);
}

/* The child stands before a system call. True: it was interfered with,
 * so that its result may have to be changed. */
static bool before_call(trace *t, pid_t child)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, NULL, &registers);
    if (!counts(t, registers.orig_rax) || ++t->calls != t->at)
        return false;
    const char *name = name_of(registers.orig_rax);
    t->name = name ? name : "another call";
    if (t->fault == TRACE_SHORT)
        registers.rdx = (registers.rdx + 1) / 2;
    else if (t->fault != TRACE_NOTHING)
        registers.orig_rax = NO_CALL;
    ptrace(PTRACE_SETREGS, child, NULL, &registers);
    if (t->fault == TRACE_KILL)
        kill(child, SIGKILL);
    return t->fault == TRACE_FAIL;
}

static void set_result(pid_t child, int error)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, NULL, &registers);
    registers.rax = (unsigned long long)-error;
    ptrace(PTRACE_SETREGS, child, NULL, &registers);
}

static void follow(trace *t, pid_t child)
{
    bool inside = false, failing = false;
    int stop, signal_number = 0;
    for (;;) {
        ptrace(PTRACE_SYSCALL, child, NULL, signal_number);
        if (waitpid(child, &stop, 0) != child || !WIFSTOPPED(stop))
            break;
        signal_number = 0;
        if (WSTOPSIG(stop) != (SIGTRAP | 0x80)) {
            signal_number = WSTOPSIG(stop);
        } else if (inside) {
            if (failing)
                set_result(child, t->error);
            inside = failing = false;
        } else {
            failing = before_call(t, child);
            inside = true;
        }
    }
    t->killed = WIFSIGNALED(stop) && WTERMSIG(stop) == SIGKILL;
    t->status = WIFEXITED(stop) ? WEXITSTATUS(stop) : -1;
}

bool trace_run(trace *t, int (*work)(void), const char **why)
{
    int stop = 0;
    t->calls = 0;
    t->name = NULL;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(errno);
        raise(SIGSTOP);
        _exit(work());
    }
    if (child < 0 || waitpid(child, &stop, 0) != child || !WIFSTOPPED(stop)) {
        *why = strerror(child < 0 ? errno : WEXITSTATUS(stop));
        return false;
    }
    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    follow(t, child);
    return true;
}
