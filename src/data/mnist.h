/* mnist.h: finding the files of MNIST and its kin, however they were unpacked. Internal to src/data. */
#ifndef GAN_DATA_MNIST_H
#define GAN_DATA_MNIST_H

#include <stdbool.h>
#include <stddef.h>
#include "gan_dist/config.h"

#define GAN_MNIST_SETS_MAX 8 /* told apart; of more it is only said that there are several */

/* A set: its two files of pictures, train and test; "": not there. */
typedef struct gan_mnist_set {
    char place[GAN_TEXT_MAX]; /* the folder it lies in, and how its names begin: ".../emnist-letters-" */
    char images[2][GAN_TEXT_MAX];
    int rank[2]; /* of the name that was taken: the least is the most usual */
} gan_mnist_set;

typedef struct gan_mnist {
    gan_mnist_set *sets; /* freed by gan_mnist_free(); sorted by place */
    size_t n;
    bool no_memory;
    bool one_file; /* the folder is named like a file of pictures, and holds it */
} gan_mnist;

/* Names: train-images-idx3-ubyte, as distributed; a dot for a hyphen; capitals; .gz; t10k or test; with
 * the name of a set before (emnist-letters-, qmnist-). A folder of such a name, with the file in it, is as
 * good. Looked for in the folder, or, where it has none, in folders below that are named like the set, or
 * raw, gzip, archive. */
void gan_mnist_find(gan_mnist *out, const char *folder);
void gan_mnist_free(gan_mnist *found);

/* The labels of a file of pictures: PATH-labels; images -> labels and idx3 -> idx1 in its name, and in
 * that of its folder where that has the same; .gz or not; or the labels of the same set and part in any
 * form above. */
bool gan_mnist_labels(char *out, const char *images);

#endif
