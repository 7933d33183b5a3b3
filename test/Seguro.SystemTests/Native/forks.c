/* A host that forks before it uses the library has it in both; one that forks after has it in the parent, and the child is told. forks URL-OF-A-FOLDER */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void uses(const char *folder, const char *name)
{
    char url[512];
    snprintf(url, sizeof url, "%s%s.db", folder, name);
    seguro_error error = { 0 };
    seguro_options options = { .size = sizeof options, .flags = SEGURO_CREATE };
    seguro_log *log;
    seguro_writer *writer;
    MUST(seguro_open(url, "~zod", &options, &log, &error));
    MUST(seguro_campaign(log, 0, 0, NULL, NULL, &writer, &error));
    seguro_bytes event = { name, strlen(name) };
    MUST(seguro_append(writer, 1, &event, 1, NULL, &error));
    CHECK(seguro_close(log) == SEGURO_OK);
}

static void ends_well(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    pid_t child = fork();
    if (child == 0) {
        uses(argv[1], "child");
        _exit(0);
    }
    uses(argv[1], "parent");
    ends_well(child);
    child = fork();
    if (child == 0) {
        seguro_log *log;
        seguro_head_info head;
        CHECK(seguro_open("nothing", "~zod", NULL, &log, NULL) == SEGURO_FORKED);
        CHECK(seguro_head((seguro_log *)16, &head, NULL) == SEGURO_FORKED);
        _exit(0);
    }
    ends_well(child);
    uses(argv[1], "again");
    puts("ok");
    return 0;
}
