#include "race.h"

void clock_join(Clock &clock, const Clock &other)
{
    for (const auto &[timeline, tick] : other) {
        uint64_t &mine = clock[timeline];
        if (mine < tick)
            mine = tick;
    }
}

int new_timeline()
{
    static int made;
    return ++made;
}

void race_begin(const std::string &, int, uint64_t, const Clock &)
{
}
void race_end()
{
}
void race_range(const void *, size_t, bool)
{
}
void race_shared(const void *, size_t, bool)
{
}
