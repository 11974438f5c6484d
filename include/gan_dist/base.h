/* base.h: time, files and memory helpers that everything stands on.
 *
 * Any rank and thread may call. Returned memory belongs to the caller and is freed with free(). */
#ifndef GAN_DIST_BASE_H
#define GAN_DIST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

/* Seconds from a monotonic clock with an arbitrary start. */
double gan_clock(void);

/* Peak resident memory of this process so far, in MiB. */
double gan_peak_memory_mib(void);

/* Zeroed memory at a 64-byte boundary; NULL when there is none. Freed with free(). */
void *gan_alloc(size_t bytes);

/* The edit distance (insert, delete, replace) between two words, and the nearest of `n` words to `word`, NULL
 * when none is close enough to be a likely misspelling. For "unknown X 'foo': did you mean 'bar'?". */
int gan_edit_distance(const char *a, const char *b);
const char *gan_nearest(const char *word, const char *const *words, size_t n);

/* Creates a folder and its parents. An existing folder is fine. */
gan_status gan_make_folders(const char *path);

/* Replaces a file as a whole: writes to a temporary name beside it, fsync, rename, fsync of the folder. After
 * a crash at any moment the old or the new content is there, never a mixture. The temporary file is removed
 * on failure. */
gan_status gan_file_replace(const char *path, const void *bytes, size_t n);

/* The same in pieces, for content that is not in one buffer: begin,
 * append any number of times, commit or abandon. */
typedef struct gan_file_writer gan_file_writer;
gan_status gan_file_begin(gan_file_writer **out, const char *path);
gan_status gan_file_append(gan_file_writer *writer, const void *bytes, size_t n);
gan_status gan_file_commit(gan_file_writer *writer); /* frees the writer, also on failure */
/* The same, but the file has its name before it is on the disk: only a power cut can leave a torn one, so it
 * is for content that carries checksums; and a process that is killed while it waits for the disk has not
 * written in vain. */
gan_status gan_file_commit_soon(gan_file_writer *writer);
void gan_file_abandon(
    gan_file_writer *writer); /* frees the writer, removes the temporary file; NULL is fine */

/* The whole content of a file plus a terminating zero that does not count in *n.
 * Fails above `limit` bytes. */
gan_status gan_file_read(void **out, size_t *n, const char *path, size_t limit);

/* JSON is UTF-8, while paths and the files of others may be anything. step: the bytes of the character that
 * begins at text[0] (RFC 3629: no overlong forms, no surrogates), 0 when there is none within n bytes. */
size_t gan_utf8_step(const char *text, size_t n);
bool gan_utf8_valid(const char *text);
/* Makes of the content of a text file, as gan_file_read() gives it, what an editor here would have saved:
 * UTF-8 from UTF-16, no mark at its beginning, lines that end in LF. Its memory may become another.
 * GAN_BAD_INPUT: UTF-16 that is none. */
gan_status gan_text_plain(char **text, size_t *n, const char *origin);

/* Loads a module of the program (a handle of dlopen, for dlsym), by the name of its file: from the program's
 * own folder, from ../lib/gan_dist beside it, or from where the loader looks. Never closed: the threads of
 * what it brings do not end before the program does. GAN_BAD_INPUT: which of its libraries is missing, or
 * where it was looked for. */
gan_status gan_module_load(void **out, const char *file);

#endif
