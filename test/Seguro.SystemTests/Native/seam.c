/* A program that keeps a log as vere's disk code does, over whichever library it was linked with: seam WHERE EVENTS BYTES BATCH.
 * Prints one line: nanoseconds of each commit, space between; then 'read' and the nanoseconds of reading all back. */
#include <time.h>

#include "check.h"
#include "seam.h"

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static size_t expected_size;
static uint8_t *expected;

static int take(void *context, uint64_t number, size_t size, const void *bytes)
{
    uint64_t *taken = context;
    fill(number, expected, 16);
    CHECK(number == ++*taken && size == expected_size && memcmp(bytes, expected, size < 16 ? size : 16) == 0);
    return 0;
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    uint64_t events = strtoull(argv[2], NULL, 10), batch = strtoull(argv[4], NULL, 10);
    expected_size = strtoull(argv[3], NULL, 10);
    CHECK(batch >= 1 && batch <= 100 && events % batch == 0 && expected_size >= 1);
    expected = malloc(expected_size < 16 ? 16 : expected_size);
    uint8_t *bytes = malloc(batch * expected_size);
    size_t sizes[100];
    const void *starts[100];
    CHECK(expected != NULL && bytes != NULL);
    struct seam *log = seam_open(argv[1]);
    uint64_t first, last;
    CHECK(seam_save_meta(log, "life", "\3", 1) == 0);
    uint8_t life;
    size_t size;
    CHECK(seam_read_meta(log, "life", &life, 1, &size) == 0 && size == 1 && life == 3);
    CHECK(seam_gulf(log, &first, &last) == 0 && last == 0);
    for (uint64_t number = 1; number <= events; number += batch) {
        for (uint64_t i = 0; i < batch; i++) {
            starts[i] = bytes + i * expected_size;
            sizes[i] = expected_size;
            fill(number + i, bytes + i * expected_size, expected_size);
        }
        int64_t start = now();
        CHECK(seam_save(log, number, batch, sizes, starts) == 0);
        printf("%lld ", (long long)(now() - start));
    }
    CHECK(seam_gulf(log, &first, &last) == 0 && first == 1 && last == events);
    uint64_t taken = 0;
    int64_t start = now();
    CHECK(seam_read(log, 1, events, &taken, take) == 0 && taken == events);
    printf("read %lld\n", (long long)(now() - start));
    seam_close(log);
    free(bytes);
    free(expected);
    return 0;
}
