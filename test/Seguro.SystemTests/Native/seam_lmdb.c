/* The seam over LMDB, by the rules of vere's log (keys of eight bytes, no key twice, a flush a commit): 'where' is a folder that exists. */
#include <lmdb.h>

#include "check.h"
#include "seam.h"

#define OK(call) \
    do { \
        int code_ = (call); \
        if (code_ != 0) { \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, mdb_strerror(code_)); \
            exit(1); \
        } \
    } while (0)

struct seam {
    MDB_env *environment;
    MDB_dbi events;
    MDB_dbi facts;
};

struct seam *seam_open(const char *where)
{
    struct seam *seam = calloc(1, sizeof *seam);
    MDB_txn *write;
    CHECK(seam != NULL);
    OK(mdb_env_create(&seam->environment));
    OK(mdb_env_set_maxdbs(seam->environment, 2));
    OK(mdb_env_set_mapsize(seam->environment, (size_t)1 << 40));
    OK(mdb_env_open(seam->environment, where, 0, 0664));
    OK(mdb_txn_begin(seam->environment, NULL, 0, &write));
    OK(mdb_dbi_open(write, "EVENTS", MDB_CREATE | MDB_INTEGERKEY, &seam->events));
    OK(mdb_dbi_open(write, "META", MDB_CREATE, &seam->facts));
    OK(mdb_txn_commit(write));
    return seam;
}

int seam_gulf(struct seam *seam, uint64_t *first, uint64_t *last)
{
    MDB_txn *read;
    MDB_cursor *cursor;
    MDB_val key, value;
    OK(mdb_txn_begin(seam->environment, NULL, MDB_RDONLY, &read));
    OK(mdb_cursor_open(read, seam->events, &cursor));
    *first = 1;
    *last = 0;
    if (mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == 0) {
        memcpy(first, key.mv_data, 8);
        OK(mdb_cursor_get(cursor, &key, &value, MDB_LAST));
        memcpy(last, key.mv_data, 8);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(read);
    return 0;
}

int seam_read(struct seam *seam, uint64_t from, uint64_t count, void *context, int (*take)(void *, uint64_t, size_t, const void *))
{
    MDB_txn *read;
    MDB_cursor *cursor;
    MDB_val key = { 8, &from }, value;
    OK(mdb_txn_begin(seam->environment, NULL, MDB_RDONLY, &read));
    OK(mdb_cursor_open(read, seam->events, &cursor));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number;
        OK(mdb_cursor_get(cursor, &key, &value, i == 0 ? MDB_SET_KEY : MDB_NEXT));
        memcpy(&number, key.mv_data, 8);
        CHECK(number == from + i);
        CHECK(take(context, number, value.mv_size, value.mv_data) == 0);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(read);
    return 0;
}

int seam_save(struct seam *seam, uint64_t first, uint64_t count, const size_t *sizes, const void *const *bytes)
{
    MDB_txn *write;
    OK(mdb_txn_begin(seam->environment, NULL, 0, &write));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = first + i;
        MDB_val key = { 8, &number }, value = { sizes[i], (void *)(uintptr_t)bytes[i] };
        OK(mdb_put(write, seam->events, &key, &value, MDB_NOOVERWRITE));
    }
    OK(mdb_txn_commit(write));
    return 0;
}

int seam_read_meta(struct seam *seam, const char *name, void *buffer, size_t capacity, size_t *size)
{
    MDB_txn *read;
    MDB_val key = { strlen(name), (void *)(uintptr_t)name }, value;
    OK(mdb_txn_begin(seam->environment, NULL, MDB_RDONLY, &read));
    OK(mdb_get(read, seam->facts, &key, &value));
    *size = value.mv_size;
    CHECK(value.mv_size <= capacity);
    memcpy(buffer, value.mv_data, value.mv_size);
    mdb_txn_abort(read);
    return 0;
}

int seam_save_meta(struct seam *seam, const char *name, const void *bytes, size_t size)
{
    MDB_txn *write;
    MDB_val key = { strlen(name), (void *)(uintptr_t)name }, value = { size, (void *)(uintptr_t)bytes };
    OK(mdb_txn_begin(seam->environment, NULL, 0, &write));
    OK(mdb_put(write, seam->facts, &key, &value, 0));
    OK(mdb_txn_commit(write));
    return 0;
}

void seam_close(struct seam *seam)
{
    mdb_env_close(seam->environment);
    free(seam);
}
