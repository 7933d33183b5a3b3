/* What the programs of these tests share: a check that says where it failed, and a call that must go well. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seguro.h"

/* Of what is not about leases: valgrind runs one thread at a time, and renews as late as that. */
#define LEASE_MS 60000

#define CHECK(what) \
    do { \
        if (!(what)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
            exit(1); \
        } \
    } while (0)

/* 'call' uses a seguro_error of the name 'error'. */
#define MUST(call) EXPECT(SEGURO_OK, call)

#define EXPECT(expected, call) \
    do { \
        int status_ = (call); \
        if (status_ != (expected)) { \
            fprintf(stderr, "%s:%d: %s is %d, not %d: %s. %s\n", __FILE__, __LINE__, #call, status_, (int)(expected), error.what, error.next_step); \
            exit(1); \
        } \
    } while (0)

/* Bytes that only this event has: told from its number, so that whoever reads it needs no copy of what was written. */
static inline void fill(uint64_t number, uint8_t *bytes, size_t size)
{
    uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        bytes[i] = (uint8_t)(state >> (i % 8 * 8));
    }
}

#endif
