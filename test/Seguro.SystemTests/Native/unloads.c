/* dlclose leaves the library where it is, since its threads run on: unloads LIBRARY URL */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

struct seguro_log;
struct seguro_options;
struct seguro_error;

int main(int argc, char **argv)
{
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    int (*open_log)(const char *, const char *, const struct seguro_options *, struct seguro_log **, struct seguro_error *);
    *(void **)&open_log = dlvsym(library, "seguro_open", "SEGURO_1");
    if (open_log == NULL)
        return 2;
    struct seguro_log *log;
    if (open_log(argv[2], "~zod", NULL, &log, NULL) <= 0) /* there is no such log: an error, by a runtime that has started */
        return 3;
    if (dlclose(library) != 0 || dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL)
        return 4;
    if (open_log(argv[2], "~zod", NULL, &log, NULL) <= 0)
        return 5;
    puts("ok");
    return 0;
}
