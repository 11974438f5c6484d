/* race.h: who touched which byte last, and whether something orders the two. Device code compiled with
 * -fsanitize=thread reports its accesses by the __tsan hooks that race.cpp defines; copies and library calls
 * report theirs as whole ranges. Without such device code all of this does nothing. */
#ifndef CUDASIM_RACE_H
#define CUDASIM_RACE_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

/* For each timeline (a stream, or a lane of a graph), up to which operation it is known to be done. */
typedef std::map<int, uint64_t> Clock;
void clock_join(Clock &clock, const Clock &other);
int new_timeline();

/* An operation begins: what it knows to be done, and its own place. */
void race_begin(const std::string &name, int timeline, uint64_t tick, const Clock &knows);
void race_end();

/* The operation as a whole touches a range. */
void race_range(const void *at, size_t bytes, bool write);

/* Nobody has touched these bytes: shared memory of another block, or memory that is freed. Both in multiples
 * of 4. */
void race_forget(const void *at, size_t bytes);

#endif
