/* Shared by the tests of this suite. */
#ifndef TESTS_CONFIG_CHECKS_H
#define TESTS_CONFIG_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "gan_dist/config.h"
#include "gan_dist/error.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static inline void assert_done(gan_status status)
{
    if (status != GAN_OK)
        fail_msg("%s", gan_error_message());
}

/* Bad input, told in one line that has `part` in it. */
static inline void assert_refused(gan_status status, const char *part)
{
    assert_int_equal(status, GAN_BAD_INPUT);
    if (!strstr(gan_error_message(), part))
        fail_msg("the message '%s' lacks '%s'", gan_error_message(), part);
    assert_null(strchr(gan_error_message(), '\n'));
}

#endif
