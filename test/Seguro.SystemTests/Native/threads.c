/* Eight threads on one writer, and eight logs of one process: threads URL-OF-A-FOLDER (such as sqlite:/tmp/x/) */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, EACH = 200 };

static seguro_writer *writer;
static _Atomic int ended;
static uint64_t numbers[THREADS][EACH];

static void appended(void *context, int status, uint64_t last, const seguro_error *why)
{
    CHECK(status == SEGURO_OK && why == NULL);
    *(uint64_t *)context = last;
    ended++;
}

static uint8_t payloads[THREADS][EACH][2];

static void *works(void *context)
{
    int thread = (int)(intptr_t)context;
    seguro_error error = { 0 };
    for (int i = 0; i < EACH; i++) {
        payloads[thread][i][0] = (uint8_t)thread;
        payloads[thread][i][1] = (uint8_t)i;
        seguro_bytes event = { payloads[thread][i], 2 };
        if (i % 2 == 0) {
            MUST(seguro_append(writer, 0, &event, 1, &numbers[thread][i], &error));
            ended++;
        } else {
            MUST(seguro_append_async(writer, 0, &event, 1, appended, &numbers[thread][i], &error));
        }
    }
    return NULL;
}

static const char *folder;

static void *opens(void *context)
{
    static const char *ships[THREADS] = { "~zod", "~nec", "~bud", "~wes", "~sev", "~per", "~sut", "~let" };
    seguro_error error = { 0 };
    char url[512];
    int thread = (int)(intptr_t)context;
    snprintf(url, sizeof url, "%s%d.db", folder, thread % 2); /* two stores, four logs in each */
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .lease_ms = LEASE_MS };
    seguro_log *log;
    seguro_writer *mine;
    MUST(seguro_open(url, ships[thread], &options, &log, &error));
    MUST(seguro_campaign(log, 0, 0, NULL, NULL, &mine, &error));
    for (uint64_t i = 1; i <= 50; i++) {
        seguro_bytes event = { &i, sizeof i };
        MUST(seguro_append(mine, i, &event, 1, NULL, &error));
    }
    CHECK(seguro_close(log) == SEGURO_OK);
    return NULL;
}

static void all(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    folder = argv[1];
    seguro_error error = { 0 };
    char url[512];
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .lease_ms = LEASE_MS };
    seguro_log *log;
    for (int store = 0; store < 2; store++) { /* made by one; four open each of them at once */
        snprintf(url, sizeof url, "%s%d.db", folder, store);
        MUST(seguro_open(url, "~zod", &options, &log, &error));
        CHECK(seguro_close(log) == SEGURO_OK);
    }
    all(opens);
    snprintf(url, sizeof url, "%sone.db", folder);
    MUST(seguro_open(url, "~zod", &options, &log, &error));
    MUST(seguro_campaign(log, 0, 0, NULL, NULL, &writer, &error));
    all(works);
    CHECK(seguro_resign(writer) == SEGURO_OK); /* waits for what was begun */
    CHECK(ended == THREADS * EACH);
    for (int thread = 0; thread < THREADS; thread++)
        for (int i = 1; i < EACH; i++)
            CHECK(numbers[thread][i] > numbers[thread][i - 1]);
    seguro_cursor *cursor;
    MUST(seguro_read(log, 0, 0, &cursor, &error));
    for (uint64_t number = 1; number <= (uint64_t)THREADS * EACH; number++) {
        uint8_t bytes[2];
        seguro_event event;
        MUST(seguro_next(cursor, -1, bytes, 2, &event, &error));
        CHECK(event.number == number && event.size == 2 && numbers[bytes[0]][bytes[1]] == number);
    }
    CHECK(seguro_close(log) == SEGURO_OK);
    puts("ok");
    return 0;
}
