/* manual.c: writes the manual page, or bash's completion, into a file. gan_manual page|completion FILE */
#include "manual.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "page") != 0 && strcmp(argv[1], "completion") != 0)) {
        fprintf(stderr, "usage: gan_manual page|completion FILE\n");
        return 2;
    }
    FILE *out = fopen(argv[2], "w");
    if (!out) {
        perror(argv[2]);
        return 1;
    }
    if (strcmp(argv[1], "page") == 0)
        gan_manual_page(out);
    else
        gan_manual_completion(out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        perror(argv[2]);
        remove(argv[2]);
        return 1;
    }
    return 0;
}
