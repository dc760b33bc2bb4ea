/* Matrix products with packed panels, and exp, tanh, sigma to a few units in the last place. Nothing here knows the cell. */
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512") /* measured: tanh and sigma take two thirds of the time */
#endif
#include <stdint.h>
#include <string.h>
#include <tgmath.h>
#ifdef _OPENMP
#include <omp.h>
#include <sched.h>
#define THREAD omp_get_thread_num()
#define THREADS omp_get_num_threads()
#else
#define THREAD 0
#define THREADS 1
#endif

#ifndef REAL
#define REAL double
#endif
#ifdef __GNUC__
#define FETCH __builtin_prefetch
#else
#define FETCH(...)
#endif
#define INLINE static inline __attribute__((always_inline))
#define LANES ((long)(64 / sizeof(REAL)))
#define WIDE (2 * LANES) /* columns of a panel */
#define DEEP 128         /* rows of a panel that are used at once: they stay in the first cache */
#define TALL 128         /* rows of the left factor that are used at once: they stay in the second */
#define ROWS 256         /* rows of a gradient's factors that are used at once, and about those of a chunk */
#define APART (ROWS + 8) /* from block to block: no power of two, which would fall on the same lines of a cache */
#ifndef SHARED
#define SHARED 10000000 /* from so many multiplications on, threads share a call (with -fopenmp) */
#endif
#define IS_FLOAT (sizeof(REAL) == 4)

typedef REAL vec __attribute__((vector_size(64), aligned(64)));
typedef REAL loose __attribute__((vector_size(64), aligned(4), may_alias));

INLINE long up_to(long a, long b) { return a < b ? a : b; }
INLINE long rounded(long count, long step) { return (count + step - 1) / step * step; }
/* Where this thread's part of rows or columns begins; with next = 1, where it ends. */
INLINE long part(long count, long step, long next) { return up_to(count, (THREAD + next) * rounded((count + THREADS - 1) / THREADS, step)); }

/* The threads of one call meet. They wait awake at first: to sleep and be woken takes longer than most of these waits (measured: twice the
   time of a forward pass, where OpenMP puts waiting threads to sleep). */
typedef struct { long arrived, turn; } Team;
INLINE void meet(Team *team) {
#ifdef _OPENMP
  long turn = __atomic_load_n(&team->turn, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&team->arrived, 1, __ATOMIC_ACQ_REL) == THREADS) {
    __atomic_store_n(&team->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->turn, turn + 1, __ATOMIC_RELEASE);
  } else
    for (long i = 0; __atomic_load_n(&team->turn, __ATOMIC_ACQUIRE) == turn; i++)
      if (i > 10000) sched_yield();
#else
  (void)team;
#endif
}

/* 2^k and expm1(r), for x = k log 2 + r. */
INLINE float split_f(float x, float *power) {
  x = x > 88.f ? 88.f : x;
  x = x < -87.f ? -87.f : x;
  union { float f; int32_t i; } shifted, scale;
  shifted.f = x * 1.44269504f + 12582912.f;
  float k = shifted.f - 12582912.f, r = x - k * 0.693359375f + k * 2.12194440e-4f;
  float q = r * r, p = (1.9875691500e-4f * r + 1.3981999507e-3f) * q + (8.3334519073e-3f * r + 4.1665795894e-2f);
  p = p * q + (1.6666665459e-1f * r + 5.0000001201e-1f);
  scale.i = (int32_t)((uint32_t)(shifted.i - 0x4B400000 + 127) << 23);
  *power = scale.f;
  return p * r * r + r;
}
INLINE double split_d(double x, double *power) {
  x = x > 709. ? 709. : x;
  x = x < -708. ? -708. : x;
  union { double f; int64_t i; } shifted, scale;
  shifted.f = x * 1.4426950408889634 + 6755399441055744.;
  double k = shifted.f - 6755399441055744., r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10;
  double p = 1. / 6227020800. * r + 1. / 479001600.;
  p = p * r + 1. / 39916800.;
  p = p * r + 1. / 3628800.;
  p = p * r + 1. / 362880.;
  p = p * r + 1. / 40320.;
  p = p * r + 1. / 5040.;
  p = p * r + 1. / 720.;
  p = p * r + 1. / 120.;
  p = p * r + 1. / 24.;
  p = p * r + 1. / 6.;
  p = p * r + .5;
  scale.i = (int64_t)((uint64_t)(shifted.i - 0x4338000000000000LL + 1023) << 52);
  *power = scale.f;
  return p * r * r + r;
}
#define SPLIT(x, power) _Generic((x), float: split_f, double: split_d)(x, power)

INLINE REAL exp_(REAL x) {
  REAL power, rest = SPLIT(x, &power), value = power + power * rest;
  value = x < (IS_FLOAT ? (REAL)-87 : (REAL)-708) ? 0 : value;
  return x > (IS_FLOAT ? (REAL)88 : (REAL)709) ? (REAL)INFINITY : value;
}
INLINE REAL tanh_(REAL x) {
  REAL y = x > 22 ? 22 : x;
  y = y < -22 ? -22 : y;
  REAL power, rest = SPLIT((REAL)(y + y), &power), less = power * rest + (power - 1);
  return less / (less + 2);
}
INLINE REAL sigmoid_(REAL x) {
  REAL power, rest = SPLIT((REAL)-x, &power);
  return 1 / (1 + power + power * rest);
}
INLINE REAL softplus_(REAL x) { return (x < 0 ? 0 : x) + log1p(exp(-fabs(x))); }
INLINE REAL sign_(REAL x) { return x != x ? x : (REAL)((x > 0) - (x < 0)); }
INLINE REAL max_(REAL a, REAL b) { return a >= b || a != a ? a : b; }
INLINE REAL min_(REAL a, REAL b) { return a <= b || a != a ? a : b; }

/* Panels of a K x N matrix: WIDE columns beside each other, all K rows of them, then the next. What stands in the columns beyond N is
   multiplied and never stored. Here rows r0.. and columns c0.. are filled from a matrix with steps rs, cs. */
INLINE long packed(long K, long N) { return K * rounded(N, WIDE); }
INLINE long packed_both(long K, long N) { return packed(K, N) > packed(N, K) ? packed(K, N) : packed(N, K); } /* also transposed */

#ifndef __clang__ /* which has no shuffles by a vector */
typedef __typeof__((vec){0} < (vec){0}) whole; /* as many integers */

/* LANES x LANES entries, transposed: perfect shuffles, as many as LANES has bits. */
INLINE void turn(vec *v) {
  whole low, high;
  for (long i = 0; i < LANES; i++) {
    low[i] = i / 2 + i % 2 * LANES;
    high[i] = LANES / 2 + i / 2 + i % 2 * LANES;
  }
  for (long stage = 1; stage < LANES; stage *= 2) {
    vec w[64 / sizeof(REAL)];
    for (long i = 0; i < LANES / 2; i++) {
      w[2 * i] = __builtin_shuffle(v[i], v[i + LANES / 2], low);
      w[2 * i + 1] = __builtin_shuffle(v[i], v[i + LANES / 2], high);
    }
    for (long i = 0; i < LANES; i++) v[i] = w[i];
  }
}
#endif

static void pack(REAL *restrict panels, long K, long r0, long rows, long c0, long columns, const REAL *restrict from, long rs, long cs, int add) {
  for (long c = c0; c < c0 + columns;) {
    long here = up_to(WIDE - c % WIDE, c0 + columns - c);
    REAL *to = panels + c / WIDE * K * WIDE + r0 * WIDE + c % WIDE;
    const REAL *s = from + (c - c0) * cs;
    if (add)
      for (long r = 0; r < rows; r++)
        for (long q = 0; q < here; q++) to[r * WIDE + q] += s[r * rs + q * cs];
    else if (cs == 1 && here == WIDE)
      for (long r = 0; r < rows; r++) memcpy(to + r * WIDE, s + r * rs, 128); /* WIDE entries */
    else if (cs == 1)
      for (long r = 0; r < rows; r++)
        for (long q = 0; q < here; q++) to[r * WIDE + q] = s[r * rs + q];
    else {
      long q = 0;
#ifndef __clang__
      for (; rs == 1 && q + LANES <= here; q += LANES) {
        long r = 0;
        for (; r + LANES <= rows; r += LANES) {
          vec v[64 / sizeof(REAL)];
          for (long i = 0; i < LANES; i++) v[i] = *(const loose *)(s + r + (q + i) * cs);
          turn(v);
          for (long i = 0; i < LANES; i++) *(loose *)(to + (r + i) * WIDE + q) = v[i];
        }
        for (; r < rows; r++)
          for (long i = q; i < q + LANES; i++) to[r * WIDE + i] = s[r + i * cs];
      }
#endif
      for (; q < here; q++)
        for (long r = 0; r < rows; r++) to[r * WIDE + q] = s[r * rs + q * cs];
    }
    c += here;
  }
}

/* M rows of C (+)= A times one panel, or the part of it with `depth` rows. Meanwhile one half of the part that follows is fetched, and what is
   to be added to (measured: a fifth of the time, where weights do not stay in a cache). */
#define KERNEL(M) \
  INLINE void kernel##M(long depth, const REAL *a, long rs, long cs, const REAL *b, long half, REAL *c, long ldc, long width, int add) { \
    const REAL *next = b + depth * WIDE + half * depth * LANES; \
    vec s[M][2]; \
    for (int i = 0; i < M; i++) { \
      s[i][0] = s[i][1] = (vec){0}; \
      FETCH(c + i * ldc, 1, 3); \
      FETCH(c + i * ldc + LANES, 1, 3); \
    } \
    for (long k = 0; k < depth; k++) { \
      FETCH(next + k * LANES, 0, 2); \
      vec b0 = *(const vec *)(b + k * WIDE), b1 = *(const vec *)(b + k * WIDE + LANES); \
      _Pragma("GCC unroll 16") for (int i = 0; i < M; i++) { \
        REAL v = a[i * rs + k * cs]; \
        s[i][0] += v * b0; \
        s[i][1] += v * b1; \
      } \
    } \
    for (int i = 0; i < M; i++) { \
      if (width == WIDE) { \
        loose *o0 = (loose *)(c + i * ldc), *o1 = (loose *)(c + i * ldc + LANES); \
        if (add) s[i][0] += *o0, s[i][1] += *o1; \
        *o0 = s[i][0]; \
        *o1 = s[i][1]; \
      } else { \
        REAL row[2 * 64 / sizeof(REAL)] __attribute__((aligned(64))); \
        *(vec *)row = s[i][0]; \
        *(vec *)(row + LANES) = s[i][1]; \
        for (long j = 0; j < width; j++) c[i * ldc + j] = (add ? c[i * ldc + j] : 0) + row[j]; \
      } \
    } \
  }
KERNEL(1)
KERNEL(2)
KERNEL(4)
KERNEL(8)
KERNEL(12)

/* One row: panel by panel, as they stand in memory; four sums for each column, so that additions do not wait for each other. */
static void row_times(long N, long K, const REAL *a, const REAL *panels, REAL *c, int add) {
  long j = 0;
  for (; j + WIDE <= N; j += WIDE) {
    const REAL *p = panels + j * K;
    vec s[8];
    long k = 0;
    for (int i = 0; i < 8; i++) s[i] = (vec){0};
    for (; k + 4 <= K; k += 4)
      _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) s[i] += a[k + i / 2] * *(const vec *)(p + k * WIDE + i * LANES);
    for (; k < K; k++)
      for (int i = 0; i < 2; i++) s[i] += a[k] * *(const vec *)(p + k * WIDE + i * LANES);
    for (int i = 0; i < 2; i++) {
      loose *o = (loose *)(c + j + i * LANES);
      s[i] = (s[i] + s[i + 2]) + (s[i + 4] + s[i + 6]);
      if (add) s[i] += *o;
      *o = s[i];
    }
  }
  if (j < N) kernel1(K, a, 0, 1, panels + j * K, 0, c + j, 0, N - j, add);
}

/* The thread's part of the panels of a matrix, from memory with steps rs, cs. */
static void pack_part(REAL *panels, long K, long r0, long rows, long c0, long columns, const REAL *from, long rs, long cs, int add) {
  long first = part(columns, WIDE, 0), last = part(columns, WIDE, 1);
  pack(panels, K, r0, rows, c0 + first, last - first, from + first * cs, rs, cs, add);
}
INLINE void clear_part(REAL *to, long count) {
  long first = part(count, 16, 0);
  memset(to + first, 0, (part(count, 16, 1) - first) * sizeof(REAL));
}

/* C[M, N] (+)= A[M, K] times panels; A has steps rs, cs. */
static void times(long M, long N, long K, const REAL *a, long rs, long cs, const REAL *panels, REAL *c, long ldc, int add) {
  if (M == 1 && cs == 1) {
    row_times(N, K, a, panels, c, add);
    return;
  }
  if (!K && !add)
    for (long i = 0; i < M; i++) memset(c + i * ldc, 0, N * sizeof(REAL));
  for (long top = 0; top < M; top += TALL)
    for (long j = 0; j < N; j += WIDE)
      for (long k = 0; k < K; k += DEEP) {
        long depth = up_to(DEEP, K - k), width = up_to(WIDE, N - j), end = up_to(top + TALL, M), i = top;
        const REAL *b = panels + j * K + k * WIDE, *f = a + k * cs;
        int more = add || k, half = 0;
#define ROWS_BY(M) \
  { \
    kernel##M(depth, f + i * rs, rs, cs, b, half, c + i * ldc + j, ldc, width, more); \
    i += M; \
    half = !half; \
  }
        while (i + 12 <= end && i + 16 != end) ROWS_BY(12)
        while (i + 8 <= end) ROWS_BY(8)
        if (i + 4 <= end) ROWS_BY(4)
        if (i + 2 <= end) ROWS_BY(2)
        if (i < end) ROWS_BY(1)
      }
}

/* The thread's part of it: rows where there are many, else columns. */
static void times_part(long M, long N, long K, const REAL *a, long rs, long cs, const REAL *panels, REAL *c, long ldc, int add) {
  long i = M > N ? part(M, 8, 0) : 0, rows = M > N ? part(M, 8, 1) - i : M;
  long j = M > N ? 0 : part(N, WIDE, 0), columns = M > N ? N : part(N, WIDE, 1) - j;
  if (rows > 0 && columns > 0) times(rows, columns, K, a + i * rs, rs, cs, panels + j * K, c + i * ldc + j, ldc, add);
}

/* C[M, N] (+)= A' B, for A[rows, M] and the panels of B[rows, N]: the gradient of weights, this thread's part of its rows. */
static void gradient_part(long M, long N, long rows, const REAL *a, long lda, const REAL *panels, REAL *c, int add) {
  REAL left[(TALL + 8) * APART] __attribute__((aligned(64)));
  for (long r = 0; r < rows; r += ROWS)
    for (long top = part(M, 8, 0), end = part(M, 8, 1); top < end; top += TALL) {
      long tall = up_to(TALL, end - top), count = up_to(ROWS, rows - r);
      for (long k = 0; k < count; k++) { /* blocks of 8 columns of A, one row of a block behind the other */
        const REAL *s = a + (r + k) * lda + top;
        long i = 0;
        for (; i + 8 <= tall; i += 8) memcpy(left + i * APART + k * 8, s + i, 8 * sizeof(REAL));
        for (long q = i; q < tall; q++) left[i * APART + k * 8 + q - i] = s[q];
      }
      for (long j = 0; j < N; j += WIDE)
        for (long k = 0; k < count; k += DEEP) {
          long width = up_to(WIDE, N - j), depth = up_to(DEEP, count - k), i = 0;
          const REAL *b = panels + j * rows + (r + k) * WIDE, *f = left + k * 8;
          REAL *o = c + top * N + j;
          int more = add || r || k;
          for (; i + 8 <= tall; i += 8) kernel8(depth, f + i * APART, 1, 8, b, i / 8 % 2, o + i * N, N, width, more);
          for (; i < tall; i++) kernel1(depth, f + i / 8 * 8 * APART + i % 8, 1, 8, b, 0, o + i * N, N, width, more);
        }
    }
}

/* The thread's part of to[c] += the sum of from[r, c] over r. */
static void sums_part(REAL *restrict to, const REAL *restrict from, long rows, long columns) {
  long first = part(columns, 16, 0), last = part(columns, 16, 1);
  for (long r = 0; r < rows; r++)
    for (long c = first; c < last; c++) to[c] += from[r * columns + c];
}

/* to[r, c] (+)= from[r, c], with steps. */
static void spread(REAL *restrict to, long rs, long cs, const REAL *restrict from, long rows, long columns, int add) {
  for (long r = 0; r < rows; r++)
    if (cs == 1 && !add) memcpy(to + r * rs, from + r * columns, columns * sizeof(REAL));
    else
      for (long c = 0; c < columns; c++) to[r * rs + c * cs] = (add ? to[r * rs + c * cs] : 0) + from[r * columns + c];
}
