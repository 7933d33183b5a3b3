/* What vere's disk code asks of its log: where it begins and ends, some events from a number on, a batch after the last, and the facts of the ship. Two libraries behind one face. */
#ifndef SEAM_H
#define SEAM_H

#include <stddef.h>
#include <stdint.h>

struct seam;

/* Each returns 0, or ends the program: what vere does with a log that fails. */
struct seam *seam_open(const char *where);
int seam_gulf(struct seam *log, uint64_t *first, uint64_t *last);
int seam_read(struct seam *log, uint64_t from, uint64_t count, void *context, int (*take)(void *context, uint64_t number, size_t size, const void *bytes));
int seam_save(struct seam *log, uint64_t first, uint64_t count, const size_t *sizes, const void *const *bytes);
int seam_read_meta(struct seam *log, const char *key, void *buffer, size_t capacity, size_t *size);
int seam_save_meta(struct seam *log, const char *key, const void *value, size_t size);
void seam_close(struct seam *log);

#endif
