/* Every function of seguro.h, its answers and its refusals, on one store. surface URL [CERTIFICATES] */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

static seguro_error error;

static void signals_are_the_hosts(const struct sigaction *before)
{
    static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct sigaction now;
        CHECK(sigaction(all[i], NULL, &now) == 0);
        if (now.sa_handler != before[all[i]].sa_handler) {
            fprintf(stderr, "signal %d is no longer the host's\n", all[i]);
            exit(1);
        }
    }
}

static sigjmp_buf back;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(back, 1);
}

/* A fault in the host's own code is the host's: its handler, set before the library was used, is called. */
static void faults_are_the_hosts(void)
{
    if (sigsetjmp(back, 1) == 0) {
        *(volatile int *)(uintptr_t)(getpid() > 0 ? 8 : 0) = 1;
        CHECK(!"the fault was not seen");
    }
}

struct ended {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
    uint64_t last;
    int status;
};

static void appended(void *context, int status, uint64_t last, const seguro_error *why)
{
    struct ended *ended = context;
    CHECK((status == SEGURO_OK) == (why == NULL));
    pthread_mutex_lock(&ended->lock);
    CHECK(status != SEGURO_OK || last > ended->last); /* in the order of the calls */
    ended->count++;
    ended->status = status;
    ended->last = last;
    pthread_cond_signal(&ended->changed);
    pthread_mutex_unlock(&ended->lock);
}

static void await_count(struct ended *ended, int count)
{
    pthread_mutex_lock(&ended->lock);
    while (ended->count < count)
        pthread_cond_wait(&ended->changed, &ended->lock);
    pthread_mutex_unlock(&ended->lock);
}

static seguro_log *closing;
static seguro_writer *resigning;

static void closes(void *context, int status, uint64_t last, const seguro_error *why)
{
    CHECK(seguro_close(closing) == SEGURO_INVALID); /* it would wait for itself */
    CHECK(seguro_resign(resigning) == SEGURO_INVALID);
    appended(context, status, last, why);
}

static void lost(void *context)
{
    (*(int *)context)++;
}

static int64_t five_then_three(void *context, void *buffer, size_t capacity)
{
    int *calls = context;
    size_t size = (*calls)++ == 0 ? 5 : 3;
    CHECK(capacity >= size);
    memset(buffer, '0' + *calls, size);
    return (int64_t)size;
}

static int64_t gives_up(void *context, void *buffer, size_t capacity)
{
    (void)context;
    (void)buffer;
    (void)capacity;
    return -1;
}

static void *waits(void *log)
{
    seguro_error why = { 0 };
    int status = seguro_wait(log, 1000000, SEGURO_COMMITTED, 0, -1, &why);
    return (void *)(intptr_t)status;
}

int main(int argc, char **argv)
{
    CHECK(argc == 2 || argc == 3);
    struct sigaction fault = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
    CHECK(sigaction(SIGSEGV, &fault, NULL) == 0);
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR); /* whatever this program was started with */
    struct sigaction before[65];
    for (int i = 1; i < 65; i++)
        sigaction(i, NULL, &before[i]);

    CHECK(seguro_abi() == SEGURO_ABI);
    CHECK(signal(SIGPIPE, SIG_DFL) == SIG_IGN); /* the runtime's start ignores it, and needs nothing of it */
    CHECK(strlen(seguro_version()) > 0);
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .name = "m1", .certificates = argc == 3 ? argv[2] : NULL, .lease_ms = 2000 };
    seguro_log *log = NULL;
    EXPECT(2001, seguro_open("nothing", "~zod", &options, &log, &error));
    CHECK(strlen(error.what) > 0 && strlen(error.next_step) > 0 && error.code == 2001);
    EXPECT(2002, seguro_open(argv[1], "zod!", &options, &log, NULL));
    EXPECT(3016, seguro_open("rocksdb:x", "~zod", &options, &log, &error));
    EXPECT(SEGURO_INVALID, seguro_open(NULL, "~zod", &options, &log, &error));
    seguro_options short_ones = options;
    short_ones.size = 8;
    EXPECT(SEGURO_INVALID, seguro_open(argv[1], "~zod", &short_ones, &log, &error));
    MUST(seguro_open(argv[1], "~zod", &options, &log, &error));
    seguro_options quiet = options;
    quiet.flags = 0;
    quiet.name = "m2";
    seguro_log *other = NULL;
    EXPECT(SEGURO_NO_SUCH_LOG, seguro_open(argv[1], "~nec", &quiet, &other, &error));
    int shared = strncmp(argv[1], "lmdb:", 5) != 0; /* a pier has one process, and there one log */
    if (shared)
        MUST(seguro_open(argv[1], "~zod", &quiet, &other, &error));
    else
        other = log;

    seguro_store_info store;
    MUST(seguro_store(log, &store, &error));
    CHECK(strncmp(argv[1], store.engine, strlen(store.engine)) == 0 && store.durable_copies >= 1 && strlen(store.commit_means) > 0 && store.largest_event > 0);
    seguro_head_info head;
    MUST(seguro_head(log, &head, &error));
    CHECK(head.number == 0 && head.first == 1 && head.writer[0] == 0);

    int losses = 0;
    seguro_writer *writer = NULL;
    MUST(seguro_campaign(log, 0, 0, lost, &losses, &writer, &error));
    CHECK(seguro_is_lost(writer) == 0);
    if (shared) {
        seguro_writer *second = NULL;
        EXPECT(SEGURO_LEASE_HELD, seguro_campaign(other, 0, 0, NULL, NULL, &second, &error));
        EXPECT(SEGURO_TIMEOUT, seguro_campaign(other, 1, 300, NULL, NULL, &second, &error));
    }

    uint64_t last = 0;
    seguro_bytes three[] = { { "one", 3 }, { "twotwo", 6 }, { "three three", 11 } };
    MUST(seguro_append(writer, 0, three, 3, &last, &error));
    CHECK(last == 3);
    EXPECT(SEGURO_CONFLICT, seguro_append(writer, 9, three, 1, &last, &error));
    EXPECT(SEGURO_INVALID, seguro_append(writer, 0, NULL, 1, &last, &error));
    seguro_bytes enormous = { "", (size_t)3 << 30 };
    EXPECT(SEGURO_TOO_LARGE, seguro_append(writer, 0, &enormous, 1, &last, &error));
    MUST(seguro_append(writer, 4, three, 1, NULL, &error));
    int calls = 0;
    MUST(seguro_append_from(writer, 5, 8, five_then_three, &calls, &last, &error));
    CHECK(last == 5 && calls == 2);
    EXPECT(2003, seguro_append_from(writer, 0, 8, gives_up, NULL, &last, &error));

    struct ended ended = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .last = 5 };
    for (uint64_t i = 0; i < 50; i++)
        MUST(seguro_append_async(writer, 6 + i, three, 1, appended, &ended, &error));
    EXPECT(SEGURO_CONFLICT, seguro_append_async(writer, 6, three, 1, appended, &ended, &error));
    EXPECT(SEGURO_INVALID, seguro_append_async(writer, 0, three, 1, NULL, NULL, &error));
    await_count(&ended, 50);
    CHECK(ended.last == 55);
    closing = log;
    resigning = writer;
    MUST(seguro_append_async(writer, 0, three, 1, closes, &ended, &error));
    await_count(&ended, 51);

    MUST(seguro_wait(log, 56, SEGURO_COMMITTED, 0, 0, &error));
    EXPECT(SEGURO_TIMEOUT, seguro_wait(log, 57, SEGURO_COMMITTED, 0, 50, &error));
    EXPECT(SEGURO_TIMEOUT, seguro_wait(log, 56, SEGURO_PROCESSED, 1, 50, &error));
    EXPECT(SEGURO_BEYOND_HEAD, seguro_acknowledge(other, 57, &error));
    if (shared) {
        MUST(seguro_acknowledge(other, 56, &error));
        MUST(seguro_wait(log, 56, SEGURO_PROCESSED, 1, -1, &error));
    }
    EXPECT(SEGURO_TIMEOUT, seguro_wait(log, 56, SEGURO_RELEASED, 0, 50, &error));
    EXPECT(SEGURO_BEYOND_HEAD, seguro_release(writer, 57, &error));
    MUST(seguro_release(writer, 56, &error));
    MUST(seguro_wait(other, 56, SEGURO_RELEASED, 0, -1, &error));
    EXPECT(2003, seguro_wait(log, 1, (seguro_level)7, 0, 0, &error));

    char value[16];
    size_t size = 0;
    EXPECT(SEGURO_NONE, seguro_get_metadata(log, "kernel", value, sizeof value, &size, &error));
    MUST(seguro_set_metadata(writer, "kernel", "k1", 2, &error));
    EXPECT(SEGURO_SMALL, seguro_get_metadata(other, "kernel", value, 1, &size, &error));
    CHECK(size == 2);
    MUST(seguro_get_metadata(other, "kernel", value, sizeof value, &size, &error));
    CHECK(size == 2 && memcmp(value, "k1", 2) == 0);
    EXPECT(2003, seguro_set_metadata(writer, "custody", "none", 4, &error));

    seguro_cursor *cursor = NULL;
    seguro_event event;
    char bytes[16];
    MUST(seguro_read(log, 2, 5, &cursor, &error));
    MUST(seguro_next(cursor, -1, NULL, 0, &event, &error));
    CHECK(event.number == 2 && event.size == 6 && event.offset == 0 && event.length == 0);
    MUST(seguro_next(cursor, -1, bytes, 4, &event, &error));
    CHECK(event.number == 2 && event.offset == 0 && event.length == 4 && memcmp(bytes, "twot", 4) == 0);
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    CHECK(event.number == 2 && event.offset == 4 && event.length == 2 && memcmp(bytes, "wo", 2) == 0);
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    CHECK(event.number == 5 && event.size == 8 && memcmp(bytes, "11111222", 8) == 0);
    EXPECT(SEGURO_NONE, seguro_next(cursor, -1, bytes, 16, &event, &error));
    CHECK(seguro_end(cursor) == SEGURO_OK && seguro_end(cursor) == SEGURO_INVALID);
    EXPECT(SEGURO_INVALID, seguro_next(cursor, -1, bytes, 16, &event, &error));
    MUST(seguro_read(log, 50, 99, &cursor, &error));
    EXPECT(SEGURO_BEYOND_HEAD, seguro_next(cursor, -1, bytes, 16, &event, &error));
    CHECK(seguro_end(cursor) == SEGURO_OK);

    MUST(seguro_tail(other, 56, &cursor, &error));
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    EXPECT(SEGURO_TIMEOUT, seguro_next(cursor, 50, bytes, 16, &event, &error));
    MUST(seguro_append(writer, 57, three, 1, NULL, &error));
    MUST(seguro_next(cursor, -1, bytes, 16, &event, &error));
    CHECK(event.number == 57 && event.length == 3);
    MUST(seguro_head(log, &head, &error));
    CHECK(head.number == 57 && memcmp(head.chain, event.chain, 32) == 0 && strncmp(head.writer, "m1@", 3) == 0);
    if (shared)
        CHECK(seguro_end(cursor) == SEGURO_OK); /* while it waits for event 58 */

    signals_are_the_hosts(before);
    faults_are_the_hosts();

    CHECK(seguro_resign(writer) == SEGURO_OK && seguro_resign(writer) == SEGURO_INVALID && losses == 0);
    EXPECT(SEGURO_INVALID, seguro_append(writer, 0, three, 1, NULL, &error));
    MUST(seguro_campaign(other, 1, -1, NULL, NULL, &writer, &error));
    MUST(seguro_append(writer, 58, three, 1, NULL, &error));

    pthread_t waiter;
    CHECK(pthread_create(&waiter, NULL, waits, log) == 0);
    EXPECT(SEGURO_TIMEOUT, seguro_wait(log, 1000000, SEGURO_COMMITTED, 0, 100, &error));
    CHECK(seguro_close(log) == SEGURO_OK); /* also what was not resigned or ended */
    void *status;
    pthread_join(waiter, &status);
    CHECK((intptr_t)status == SEGURO_CLOSED || (intptr_t)status == SEGURO_INVALID); /* it waited, or came too late */
    if (shared)
        CHECK(seguro_close(other) == SEGURO_OK);
    CHECK(seguro_close(log) == SEGURO_INVALID && seguro_close(NULL) == SEGURO_INVALID);
    EXPECT(SEGURO_INVALID, seguro_head(log, &head, &error));
    puts("ok");
    return 0;
}
