/*
 * A deterministic machine whose event log is Seguro's: it numbers the lines that it reads, and says how often it has heard each.
 * Run it on two machines with the same URL and other names: one is the master, the other waits, and goes on where the first one ended. machine URL NAME
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seguro.h>

enum { LONGEST = 200, MOST = 1000 };

/* The machine's state: nothing but what the events made of it. */
static char heard[MOST][LONGEST];
static int times[MOST];
static uint64_t applied;

static int apply(uint64_t number, const char *line)
{
    int i = 0;
    while (i < MOST - 1 && heard[i][0] != 0 && strcmp(heard[i], line) != 0)
        i++;
    strncpy(heard[i], line, LONGEST - 1);
    applied = number;
    return ++times[i];
}

static void require(int status, const seguro_error *error)
{
    if (status == SEGURO_OK)
        return;
    fprintf(stderr, "error SG%d: %s\n  next: %s\n", status, error->what, error->next_step);
    exit(1);
}

/* The lease is lost: another may be the master already, so not one more line may leave. */
static void on_lost(void *context)
{
    (void)context;
    _Exit(3);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    seguro_error error = { 0 };
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE, .name = argv[2] };
    seguro_log *log;
    seguro_writer *writer;
    require(seguro_open(argv[1], "~zod", &options, &log, &error), &error);
    require(seguro_campaign(log, 1, -1, on_lost, NULL, &writer, &error), &error);

    /* A new master's state is what the log says: replay it, or what comes after a snapshot. */
    seguro_cursor *past;
    seguro_event event;
    char line[LONGEST];
    int status;
    require(seguro_read(log, applied + 1, 0, &past, &error), &error);
    while ((status = seguro_next(past, -1, line, sizeof line - 1, &event, &error)) == SEGURO_OK) {
        line[event.length] = 0;
        apply(event.number, line);
    }
    if (status != SEGURO_NONE)
        require(status, &error);
    seguro_end(past);

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] == 0)
            continue;
        /* Commit, compute, wait, release. Where others follow the log: seguro_wait(log, number, SEGURO_PROCESSED, 2, -1, &error) before the release. */
        seguro_bytes bytes = { line, strlen(line) };
        uint64_t number;
        require(seguro_append(writer, applied + 1, &bytes, 1, &number, &error), &error);
        int count = apply(number, line);
        require(seguro_wait(log, number, SEGURO_COMMITTED, 0, -1, &error), &error);
        if (seguro_is_lost(writer))
            on_lost(NULL);
        printf("%llu: %s (%d)\n", (unsigned long long)number, line, count);
        fflush(stdout);
        require(seguro_release(writer, number, &error), &error);
    }
    return seguro_close(log) == SEGURO_OK ? 0 : 1;
}
