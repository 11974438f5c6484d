/* simd.h: how loops of the cpu backend are vectorised without tying the binary to one machine.
 *
 * GAN_CLONES compiles a function once per instruction set and picks at load time; helpers it calls must be
 * GAN_INLINE so that they are compiled inside each clone. No clone fuses multiply and add (-ffp-contract=off)
 * and no sum is reordered, so all clones give the same bits. */
#ifndef GAN_BACKEND_CPU_SIMD_H
#define GAN_BACKEND_CPU_SIMD_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define GAN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GAN_CLONES
#endif
#define GAN_INLINE static inline __attribute__((always_inline))

/* Floats of a 64-byte line: the granule of blocks and paddings. */
#define GAN_LINE 16

#endif
