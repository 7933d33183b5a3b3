/* The seam over libseguro: 'where' is a store's URL. */
#include "check.h"
#include "seam.h"

enum { BUFFER = 1 << 16 };

struct seam {
    seguro_log *log;
    seguro_writer *writer;
    uint8_t *buffer;
    size_t capacity;
};

struct seam *seam_open(const char *where)
{
    struct seam *seam = calloc(1, sizeof *seam);
    seguro_error error = { 0 };
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE };
    CHECK(seam != NULL);
    seam->capacity = BUFFER;
    seam->buffer = malloc(BUFFER);
    MUST(seguro_open(where, "~zod", &options, &seam->log, &error));
    MUST(seguro_campaign(seam->log, 1, -1, NULL, NULL, &seam->writer, &error));
    return seam;
}

int seam_gulf(struct seam *seam, uint64_t *first, uint64_t *last)
{
    seguro_error error = { 0 };
    seguro_head_info head;
    MUST(seguro_head(seam->log, &head, &error));
    *first = head.first;
    *last = head.number;
    return 0;
}

int seam_read(struct seam *seam, uint64_t from, uint64_t count, void *context, int (*take)(void *, uint64_t, size_t, const void *))
{
    seguro_error error = { 0 };
    seguro_cursor *cursor;
    MUST(seguro_read(seam->log, from, from + count - 1, &cursor, &error));
    for (uint64_t number = from; number < from + count; number++) {
        seguro_event event;
        uint64_t filled = 0;
        do {
            MUST(seguro_next(cursor, -1, seam->buffer + filled, seam->capacity - filled, &event, &error));
            filled = event.offset + event.length;
            if (event.size > seam->capacity) {
                seam->buffer = realloc(seam->buffer, event.size);
                CHECK(seam->buffer != NULL);
                seam->capacity = event.size;
            }
        } while (filled < event.size);
        CHECK(event.number == number);
        int status = take(context, number, event.size, seam->buffer);
        if (status != 0)
            return status;
    }
    return seguro_end(cursor);
}

int seam_save(struct seam *seam, uint64_t first, uint64_t count, const size_t *sizes, const void *const *bytes)
{
    seguro_error error = { 0 };
    seguro_bytes events[100];
    CHECK(count <= sizeof events / sizeof *events);
    for (uint64_t i = 0; i < count; i++)
        events[i] = (seguro_bytes){ bytes[i], sizes[i] };
    MUST(seguro_append(seam->writer, first, events, count, NULL, &error));
    return 0;
}

int seam_read_meta(struct seam *seam, const char *key, void *buffer, size_t capacity, size_t *size)
{
    seguro_error error = { 0 };
    MUST(seguro_get_metadata(seam->log, key, buffer, capacity, size, &error));
    return 0;
}

int seam_save_meta(struct seam *seam, const char *key, const void *value, size_t size)
{
    seguro_error error = { 0 };
    MUST(seguro_set_metadata(seam->writer, key, value, size, &error));
    return 0;
}

void seam_close(struct seam *seam)
{
    CHECK(seguro_close(seam->log) == SEGURO_OK);
    free(seam->buffer);
    free(seam);
}
