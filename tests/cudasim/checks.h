/* checks.h: a toy program runs in a process of its own, with many seeds under every policy. It returns
 * whether its answer is right; a report of the stand-in ends it. */
#ifndef CUDASIM_CHECKS_H
#define CUDASIM_CHECKS_H

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {
#include <cmocka.h>
}
#include "toys.h"

typedef bool (*toy)(void);

struct outcome {
    int runs, right, wrong, reported;
    std::string other; /* what a run said that ended otherwise */
};

static inline std::string toy_run(int *status, toy program, unsigned long long seed, const char *policy)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(nullptr);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        alarm(600); /* it hangs */
        cudasim_set(seed, policy);
        _exit(program() ? 0 : 1);
    }
    close(ends[1]);
    std::string said;
    char buffer[4096];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
        said.append(buffer, static_cast<size_t>(n));
    close(ends[0]);
    assert_int_equal(waitpid(child, status, 0), child);
    return said;
}

#if defined(__SANITIZE_ADDRESS__)
static const unsigned long long toy_seeds = 5; /* a process takes its time to begin and end */
#else
static const unsigned long long toy_seeds = 20;
#endif

static inline outcome toy_runs(toy program, const char *words)
{
    outcome all = {};
    for (const char *policy : {"eager", "lazy", "random", "starve"})
        for (unsigned long long seed = 1; seed <= toy_seeds; seed++, all.runs++) {
            int status;
            const std::string said = toy_run(&status, program, seed, policy);
            const bool exited = WIFEXITED(status) && said.empty();
            if (exited && WEXITSTATUS(status) == 0)
                all.right++;
            else if (exited && WEXITSTATUS(status) == 1)
                all.wrong++;
            else if (words && said.find(words) != std::string::npos)
                all.reported++;
            else
                all.other = std::string(policy) + " " + std::to_string(seed) + ": " + said;
        }
    if (!all.other.empty())
        fail_msg("%s", all.other.c_str());
    return all;
}

static inline void must_pass(toy program)
{
    const outcome all = toy_runs(program, nullptr);
    assert_int_equal(all.right, all.runs);
}

/* Whatever the order, the report holds these words. */
static inline void must_be_reported(toy program, const char *words)
{
    const outcome all = toy_runs(program, words);
    assert_int_equal(all.reported, all.runs);
}

/* It depends on the order, but not for long: reports with these words, or wrong answers. */
static inline void must_be_noticed(toy program, const char *words)
{
    const outcome all = toy_runs(program, words);
    assert_true((words ? all.reported : all.wrong) >= 4);
}

#endif
