/* replay FOLDER...: a fuzz target's function on every file of the folders, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include "gan_dist/base.h"

#define SIZE_LIMIT ((size_t)1 << 24)

static int replay(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort), files = 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        void *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            printf("%s\n", path);
            fflush(stdout); /* the last line names the input that ended it */
            fuzz_require(gan_file_read(&bytes, &size, path, SIZE_LIMIT) == GAN_OK, "the file can be read");
            LLVMFuzzerTestOneInput(bytes, size);
            free(bytes);
            files++;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return files;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int files = replay(argv[i]);
        printf("%s: %d files\n", argv[i], files);
        fuzz_require(files > 0, "each folder holds files");
    }
    return argc > 1 ? 0 : 1;
}
