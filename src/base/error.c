#include "gan_dist/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[2048];

gan_status gan_error(gan_status code, const char *format, ...)
{
    /* A caller may pass the present message as an argument, so it is formatted aside first. */
    char text[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(message, sizeof message, "%s", text);
    return code;
}

const char *gan_error_message(void)
{
    return message;
}
