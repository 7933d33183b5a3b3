/* Appends events until it is killed, and prints the number of each that is committed: writer URL [CERTIFICATES]. After any failure it campaigns again, and asks the log how far it came.
 * writer URL verify NUMBER: every event from 1 on is what it must be, and the log goes at least as far as NUMBER. */
#include <signal.h>

#include "check.h"

enum { MOST = 4096 };

static size_t size_of(uint64_t number)
{
    return 1 + (size_t)(number * 7919 % MOST);
}

static int verifies(seguro_log *log, uint64_t least)
{
    seguro_error error = { 0 };
    seguro_cursor *cursor;
    seguro_event event;
    static uint8_t bytes[MOST], expected[MOST];
    uint64_t number = 0;
    MUST(seguro_read(log, 1, 0, &cursor, &error));
    int status;
    while ((status = seguro_next(cursor, -1, bytes, sizeof bytes, &event, &error)) == SEGURO_OK) {
        number++;
        fill(number, expected, size_of(number));
        CHECK(event.number == number && event.length == size_of(number) && memcmp(bytes, expected, event.length) == 0);
    }
    EXPECT(SEGURO_NONE, status);
    CHECK(number >= least);
    printf("ok %" PRIu64 "\n", number);
    return seguro_close(log);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    int verify = argc == 4 && strcmp(argv[2], "verify") == 0;
    seguro_error error = { 0 };
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .lease_ms = 1000, .patience_ms = 5000, .certificates = argc == 3 ? argv[2] : NULL };
    seguro_log *log;
    MUST(seguro_open(argv[1], "~zod", &options, &log, &error));
    signal(SIGPIPE, SIG_DFL); /* a host that has it so is not ended by a database that goes away */
    if (verify)
        return verifies(log, strtoull(argv[3], NULL, 10));
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (1) {
        seguro_writer *writer;
        seguro_head_info head;
        int status = seguro_campaign(log, 1, -1, NULL, NULL, &writer, &error);
        if (status == SEGURO_OK) {
            status = seguro_head(log, &head, &error);
            uint64_t number = head.number;
            while (status == SEGURO_OK) {
                static uint8_t bytes[MOST];
                number++;
                fill(number, bytes, size_of(number));
                seguro_bytes event = { bytes, size_of(number) };
                status = seguro_append(writer, number, &event, 1, NULL, &error);
                if (status == SEGURO_OK)
                    printf("%" PRIu64 "\n", number);
            }
            seguro_resign(writer);
        }
        fprintf(stderr, "%d: %s\n", status, error.what);
        CHECK(status > 0 && status != SEGURO_CORRUPT && status != SEGURO_CONFLICT);
    }
}
