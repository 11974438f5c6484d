/* utf8.c: where a character of UTF-8 ends. */
#include <string.h>
#include "gan_dist/base.h"

size_t gan_utf8_step(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (n == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xC2 && s[0] < 0xE0   ? 2
                    : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                    : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                  : 0;
    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    /* The second byte's bounds keep out overlong forms (E0, F0),
     * surrogates (ED) and what lies above 10FFFF (F4). */
    bool outside = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
                   (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return outside ? 0 : length;
}

bool gan_utf8_valid(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        size_t step = gan_utf8_step(text + i, n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
