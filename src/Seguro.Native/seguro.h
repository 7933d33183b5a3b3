/*
 * libseguro: a ship's event log in a replicated database, inside another runtime. See seguro(3), and docs/sdk.md of Seguro.
 *
 * Text is UTF-8 and ends with a zero byte. Sizes are bytes, times milliseconds. Memory belongs to whoever made it: the library keeps no pointer of its caller's after a call has returned,
 * except the bytes of an asynchronous append (until its callback) and the contexts of callbacks.
 *
 * Threads: every function may be called from any thread, several at a time; a cursor from one at a time. A call blocks its thread until it is done, unless its comment says otherwise.
 * Callbacks run on threads of the library's own. They may call every function but seguro_close and seguro_resign, and must return, not jump.
 *
 * Every function that can fail returns SEGURO_OK, a negative number below, or an error's code: 1001 for SG1001. Where 'error' is not NULL it then has the text.
 */
#ifndef SEGURO_H
#define SEGURO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. seguro_abi() of a library that can be used with this header says the same. */
#define SEGURO_ABI 1

enum {
    SEGURO_OK = 0,
    SEGURO_NONE = -1,     /* nothing there: no more events, no such metadata */
    SEGURO_TIMEOUT = -2,  /* the time given is over; what was waited for may be waited for again */
    SEGURO_CLOSED = -3,   /* the log was closed meanwhile */
    SEGURO_SMALL = -4,    /* the buffer is too small; the size that is needed was told */
    SEGURO_INVALID = -5,  /* a NULL where none may be, a handle that is none or no longer, or a call that a callback may not make */
    SEGURO_FORKED = -6    /* this process was forked from one that had used the library: it can't be used here */
};

/* Codes that a program may want to tell apart; docs/reference.md of Seguro has all. */
enum {
    SEGURO_UNAVAILABLE = 1001,      /* the database can't be reached */
    SEGURO_CORRUPT = 1004,          /* bytes are not what was written */
    SEGURO_NO_SUCH_LOG = 1005,
    SEGURO_TRIMMED = 1006,          /* the events asked for were trimmed away */
    SEGURO_BEYOND_HEAD = 1007,      /* the events asked for do not exist yet */
    SEGURO_OUTCOME_UNKNOWN = 1009,  /* an append may be in the log: campaign again, and read */
    SEGURO_CONFLICT = 1013,         /* the next event has another number */
    SEGURO_QUEUE_FULL = 1018,       /* too many appends wait; nothing was done */
    SEGURO_FENCED = 3001,           /* another is the writer */
    SEGURO_LEASE_HELD = 3002,       /* another is the writer, and alive */
    SEGURO_TOO_LARGE = 3006         /* the event is larger than the store takes; nothing was done */
};

typedef struct seguro_log seguro_log;
typedef struct seguro_writer seguro_writer;
typedef struct seguro_cursor seguro_cursor;

/* What went wrong, for people; cut where it is longer. */
typedef struct seguro_error {
    int32_t code;           /* what the function returned */
    uint32_t reserved;
    char what[1016];        /* what happened, where */
    char next_step[512];    /* what to do about it */
} seguro_error;

enum {
    SEGURO_CREATE = 1,          /* make the database's files or tables, and the log, where they are missing */
    SEGURO_READ_ONLY = 2,       /* change nothing; works on read-only media */
    SEGURO_REAL = 4,            /* a log that is made is a real ship's, not a fake one's */
    SEGURO_ALLOW_UNSAFE = 8     /* take a database whose settings can lose commits */
};

/* All zeros but 'size' are the defaults. */
typedef struct seguro_options {
    uint32_t size;                  /* sizeof(seguro_options) */
    uint32_t flags;                 /* SEGURO_CREATE | … */
    const char *name;               /* who this process is, 1 to 32 of a-z 0-9 -; of each machine another; default "sdk" */
    const char *certificates;       /* the folder with the cluster's certificates, for dqlite:// and etcd:// */
    const char *despite;            /* of a pier: kinds of evidence that its log is not whole, with commas between */
    uint32_t lease_ms;              /* for how long a writer may be silent before others take it for dead; default 3000 */
    uint32_t patience_ms;           /* how long a call waits for a database that does not answer; default 15000 */
    uint32_t life;                  /* of a log that is made: how many events at its beginning are formulas of the boot */
    uint32_t most_waiting;          /* how many appends may wait at once; default 4096 */
    uint64_t most_waiting_bytes;    /* how many bytes they may have together; default 64 MiB */
} seguro_options;

typedef struct seguro_head_info {
    uint64_t first;         /* the first event that the log holds, or would hold */
    uint64_t number;        /* the last one; first - 1 in an empty log */
    uint64_t term;          /* the newest mastership's number */
    uint64_t bytes;         /* the sum of the events' sizes */
    uint8_t chain[32];      /* two logs with the same chain at the same number hold the same events up to it */
    char writer[256];       /* who holds the lease; empty: nobody */
} seguro_head_info;

typedef struct seguro_store_info {
    char engine[16];            /* its word in URLs */
    char commit_means[240];     /* what a commit is worth, for people */
    uint64_t largest_event;     /* bytes */
    uint32_t durable_copies;    /* of a committed event */
    uint32_t reserved;
} seguro_store_info;

typedef struct seguro_bytes {
    const void *data;
    size_t size;
} seguro_bytes;

/* What seguro_next has put into the buffer: bytes 'offset' … 'offset + length' of an event. */
typedef struct seguro_event {
    uint64_t number;
    uint64_t size;          /* of the whole event */
    uint64_t offset;        /* 0 begins an event */
    uint64_t length;        /* the event is complete, and was verified, when offset + length == size */
    uint8_t chain[32];      /* of a complete event; else zeros */
} seguro_event;

typedef enum seguro_level {
    SEGURO_COMMITTED = 0,   /* durable in the store */
    SEGURO_PROCESSED = 1,   /* and applied by so many machines other than this one */
    SEGURO_RELEASED = 2     /* its effects are out */
} seguro_level;

/* The lease is lost, or may be: release no effect any more. Called once at the most, not after seguro_resign has returned. */
typedef void (*seguro_lost_fn)(void *context);

/* An asynchronous append ended: status as of seguro_append, 'last' the last event's number. 'error' is valid during the call, and NULL where all is well. */
typedef void (*seguro_appended_fn)(void *context, int status, uint64_t last, const seguro_error *error);

/* Fills 'buffer' with the next bytes of an event. How many; 0 or less ends the append, and nothing of it is written. Called on any thread, one call at a time. */
typedef int64_t (*seguro_source_fn)(void *context, void *buffer, size_t capacity);

/* Never blocks. */
uint32_t seguro_abi(void);

/* Such as "0.1.0"; never blocks, never to be freed. */
const char *seguro_version(void);

/* Opens the log of a ship. 'options' may be NULL. Several logs may be open at a time, of one store or of several. */
int seguro_open(const char *url, const char *ship, const seguro_options *options, seguro_log **log, seguro_error *error);

/* Ends what waits (SEGURO_CLOSED), waits for the appends that were begun and their callbacks, gives the leases back, and ends the log's writers and cursors. */
int seguro_close(seguro_log *log);

int seguro_store(seguro_log *log, seguro_store_info *info, seguro_error *error);

/* What the log holds, by a linearizable read; costs about a commit. */
int seguro_head(seguro_log *log, seguro_head_info *head, seguro_error *error);

/* Becomes the writer. With 'wait', as long as another one is alive, for up to timeout_ms (below 0: for ever); without, that is SEGURO_LEASE_HELD, after its lease's duration at the most. */
int seguro_campaign(
    seguro_log *log, int wait, int64_t timeout_ms, seguro_lost_fn lost, void *context, seguro_writer **writer, seguro_error *error);

/* 1: the lease is lost, or may be. 0: not, a moment ago. Never blocks. */
int seguro_is_lost(seguro_writer *writer);

/* Waits for the appends that were begun and their callbacks, and gives the lease back, so that another can be the writer at once. */
int seguro_resign(seguro_writer *writer);

/* Appends events, in order, of which the first gets the number 'first' (or whatever is next: 0). Returns when they are committed. 'last', which may be NULL, gets the last one's number.
 * An append that failed ends the writer, but for SEGURO_TOO_LARGE, SEGURO_CONFLICT and SEGURO_QUEUE_FULL: campaign again. */
int seguro_append(seguro_writer *writer, uint64_t first, const seguro_bytes *events, size_t count, uint64_t *last, seguro_error *error);

/* The same, without waiting: 'appended' is called when it has ended, in the order of the calls, one at a time for a writer. The array 'events' is copied; the bytes that it points to must stay
 * as they are until the callback. Where this returns anything but SEGURO_OK, nothing was done, and there is no callback. */
int seguro_append_async(
    seguro_writer *writer, uint64_t first, const seguro_bytes *events, size_t count, seguro_appended_fn appended, void *context, seguro_error *error);

/* Appends one event of 'size' bytes that come from 'source', in memory that does not grow with it (except in lmdb:). */
int seguro_append_from(
    seguro_writer *writer, uint64_t first, uint64_t size, seguro_source_fn source, void *context, uint64_t *last, seguro_error *error);

/* Says that the effects of all events up to this one are out. Durable when it returns; never goes back. */
int seguro_release(seguro_writer *writer, uint64_t number, seguro_error *error);

/* Reads the events from … to. 0: the first that there is, the last that is committed now. */
int seguro_read(seguro_log *log, uint64_t from, uint64_t to, seguro_cursor **cursor, seguro_error *error);

/* Reads the events from 'from' on, and goes on with those to come. */
int seguro_tail(seguro_log *log, uint64_t from, seguro_cursor **cursor, seguro_error *error);

/* The next bytes: as much of one event as the buffer holds. What is left of it comes with the next call. A buffer of 0 bytes asks for the size.
 * Waits for the beginning of an event up to timeout_ms (below 0: for ever). After an error the cursor is at its end. */
int seguro_next(seguro_cursor *cursor, int64_t timeout_ms, void *buffer, size_t capacity, seguro_event *event, seguro_error *error);

int seguro_end(seguro_cursor *cursor);

/* Waits until an event, which may be still to come, is as safe as that. 'machines' is for SEGURO_PROCESSED. */
int seguro_wait(seguro_log *log, uint64_t number, seguro_level level, uint32_t machines, int64_t timeout_ms, seguro_error *error);

/* Says that this machine (its name in the options) has applied all events up to this one. Durable when it returns; never goes back. */
int seguro_acknowledge(seguro_log *log, uint64_t number, seguro_error *error);

/* A value of the log's metadata; SEGURO_NONE where there is none. 'size' gets its size, also with SEGURO_SMALL. */
int seguro_get_metadata(seguro_log *log, const char *key, void *buffer, size_t capacity, size_t *size, seguro_error *error);

/* Keys are 1 to 64 of a-z 0-9 . - and none that is Seguro's own; values up to 65,536 bytes. */
int seguro_set_metadata(seguro_writer *writer, const char *key, const void *value, size_t size, seguro_error *error);

#ifdef __cplusplus
}
#endif

#endif
