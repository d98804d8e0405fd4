/* Replaces the calls of inotify, for a program that is started with LD_PRELOAD.
 *
 * Every call fails as the kernel lets it fail when a limit of the user is reached:
 * inotify_init1 if INOTIFY_LIMIT is "instances", inotify_add_watch if it is "watches". */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_reached(const char *limit) {
    const char *reached = getenv("INOTIFY_LIMIT");
    return reached != NULL && strcmp(reached, limit) == 0;
}

static int new_instance(int flags) {
    if (is_reached("instances")) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_inotify_init1, flags);
}

int inotify_init1(int flags) { return new_instance(flags); }

int inotify_init(void) { return new_instance(0); }

int inotify_add_watch(int descriptor, const char *path, uint32_t mask) {
    if (is_reached("watches")) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_inotify_add_watch, descriptor, path, mask);
}
