/* formula.h: marks a small function that is compiled for the host and, where there is one, for the device.
 *
 * Such a function stands in a header, is a pure function of its arguments, and uses <math.h> alone. Any
 * thread may call. */
#ifndef GAN_DIST_FORMULA_H
#define GAN_DIST_FORMULA_H

#if defined(__CUDACC__) || defined(GAN_CUDASIM)
#define GAN_FORMULA static inline __host__ __device__
#else
#define GAN_FORMULA static inline
#endif

#endif
