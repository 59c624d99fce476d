/* Loaded before libc: the nth call of a system function fails with ENOSPC, once, or from then on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

static int left = 0, again = 0;

void fail_nth(int n, int from_then_on) { left = n; again = from_then_on; }

static int fails(void) {
    if (left == 0) return 0;
    if (left > 1) { left--; return 0; }
    if (!again) left = 0;
    errno = ENOSPC;
    return 1;
}

#define WRAP(name, declared, given) \
    int name declared { \
        static int (*real) declared; \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        return fails() ? -1 : real given; \
    }

WRAP(fsync, (int file), (file))
WRAP(rename, (const char *from, const char *to), (from, to))
WRAP(mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(unlink, (const char *path), (path))

ssize_t write(int file, const void *from, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    return file > 2 && fails() ? -1 : real(file, from, size); /* what is said goes through */
}
