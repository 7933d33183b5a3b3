/* One event of so many bytes, from a source and into a buffer of 1 MiB: large URL BYTES */
#include "check.h"

enum { BUFFER = 1 << 20 };

static uint64_t made;

/* The most that was resident, in KiB. Not getrusage's: that counts what the process was before it was this program, too, and so whoever started it. */
static long peak(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    CHECK(status != NULL);
    char line[256];
    long kib = -1;
    while (kib < 0 && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmHWM: %ld kB", &kib);
    CHECK(fclose(status) == 0 && kib > 0);
    return kib;
}

static int64_t source(void *context, void *buffer, size_t capacity)
{
    (void)context;
    size_t size = capacity < BUFFER ? capacity : BUFFER;
    fill(made, buffer, size);
    made += size;
    return (int64_t)size;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    uint64_t size = strtoull(argv[2], NULL, 10);
    CHECK(size % BUFFER == 0);
    seguro_error error = { 0 };
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .lease_ms = LEASE_MS, .patience_ms = 120000 };
    seguro_log *log;
    seguro_writer *writer;
    MUST(seguro_open(argv[1], "~zod", &options, &log, &error));
    MUST(seguro_campaign(log, 0, 0, NULL, NULL, &writer, &error));
    MUST(seguro_append_from(writer, 1, size, source, NULL, NULL, &error));
    seguro_cursor *cursor;
    MUST(seguro_read(log, 1, 1, &cursor, &error));
    static uint8_t read[BUFFER], expected[BUFFER];
    for (uint64_t at = 0; at < size; at += BUFFER) {
        seguro_event event;
        MUST(seguro_next(cursor, -1, read, BUFFER, &event, &error));
        CHECK(event.offset == at && event.length == BUFFER && event.size == size);
        fill(at, expected, BUFFER);
        CHECK(memcmp(read, expected, BUFFER) == 0);
    }
    CHECK(seguro_close(log) == SEGURO_OK);
    printf("ok %ld\n", peak());
    return 0;
}
