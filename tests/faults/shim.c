/* Stands between a process and the C library, for the files below one folder.

   Every call that changes such a file, or makes it durable, is counted and written to a journal.
   At the call with the armed number the process dies, or the call fails, or does half its work.
   SQLite reaches the system by the same symbols as Python, so that its calls are counted too.

   fsync never reaches the kernel: the machine does not die here, so its cache keeps what was
   written, and what a power cut would leave is worked out from the journal. For one thread. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 4096

enum op { OPEN = 1, CLOSE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, RMDIR, MKDIR, MAP, MARK };
enum action { PASS, KILL_BEFORE, KILL_AFTER, FAIL, FAIL_DONE, SHORT, SHORT_FAIL, SHORT_KILL };

/* One line of the journal; path, other path and bytes follow it. shim.py reads the same layout. */
struct record {
    int op, fd, flags, done, result, number;
    long long at, size;
    int path, other;
};

static char root[PATH_MAX], seed[PATH_MAX];
static size_t root_length;
static int journal = -1;
static char tracked[MOST_FILES];
static int count, armed, action, error, for_good, owed = -1;

void faults_begin(const char *folder, int journal_fd, const char *seed_file)
{
    root_length = (size_t)snprintf(root, sizeof root, "%s", folder);
    snprintf(seed, sizeof seed, "%s", seed_file);
    journal = journal_fd;
}

void faults_arm(int number, int what, int with_error, int from_then_on)
{
    armed = number, action = what, error = with_error, for_good = from_then_on;
}

static int is_tracked(int fd)
{
    return fd >= 0 && fd < MOST_FILES && tracked[fd];
}

/* Make a path absolute, as far as the program did not; tell whether it lies below the folder. */
static int is_below(int dirfd, const char *path, char *whole)
{
    char link[64];
    ssize_t length = 0;

    if (!root_length)
        return 0;
    if (path[0] != '/') {
        snprintf(link, sizeof link, dirfd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dirfd);
        length = readlink(link, whole, PATH_MAX - 1);
        if (length < 0)
            return 0;
        whole[length++] = '/';
    }
    snprintf(whole + length, (size_t)(PATH_MAX - length), "%s", path);
    return !strncmp(whole, root, root_length) && (whole[root_length] == '/' || !whole[root_length]);
}

static void die(void)
{
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;)
        pause();
}

/* Count a call, and say what becomes of it. */
static int due(int fd)
{
    int what = PASS;

    count++;
    if (owed >= 0 && owed == fd)
        what = FAIL;
    else if (count == armed || (for_good && armed && count > armed))
        what = action;
    owed = -1;
    if (what == KILL_BEFORE)
        die();
    return what;
}

/* Write down what was done; then die, or hand back what the program is told. */
static long tell(int what, struct record r, const char *path, const char *other, const void *data)
{
    long result = r.result;

    if (what == FAIL || what == FAIL_DONE)
        result = -1, errno = error;
    r.result = result < 0 ? -errno : (int)result;
    r.path = path ? (int)strlen(path) : 0;
    r.other = other ? (int)strlen(other) : 0;
    struct iovec parts[] = {
        {&r, sizeof r},
        {(void *)path, (size_t)r.path},
        {(void *)other, (size_t)r.other},
        {(void *)data, data ? (size_t)r.size : 0},
    };
    int kept = errno;
    syscall(SYS_writev, journal, parts, 4);
    if (what == KILL_AFTER || what == SHORT_KILL)
        die();
    errno = kept;
    return result;
}

void faults_mark(const char *text)
{
    tell(PASS, (struct record){.op = MARK}, text, NULL, NULL);
}

static ssize_t put(int fd, const void *data, size_t size, off64_t at, int positioned)
{
    int what = due(fd);
    size_t part = what >= SHORT ? size - size / 2 : size;
    long long where = positioned ? at : syscall(SYS_lseek, fd, 0, SEEK_CUR);
    struct record r = {.op = WRITE, .fd = fd, .at = where, .number = count};

    if (what != FAIL) {
        r.result = (int)(positioned ? syscall(SYS_pwrite64, fd, data, part, at)
                                    : syscall(SYS_write, fd, data, part));
        r.done = r.result >= 0;
        r.size = r.done ? r.result : 0;
    }
    if (what == SHORT_FAIL)
        owed = fd;
    return tell(what, r, NULL, NULL, data);
}

ssize_t write(int fd, const void *data, size_t size)
{
    return is_tracked(fd) ? put(fd, data, size, 0, 0) : syscall(SYS_write, fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    return is_tracked(fd) ? put(fd, data, size, at, 1) : syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return pwrite64(fd, data, size, at);
}

/* Part by part: a program must go on after a short write anyhow. */
ssize_t writev(int fd, const struct iovec *parts, int number)
{
    return is_tracked(fd) && number > 0 ? put(fd, parts->iov_base, parts->iov_len, 0, 0)
                                        : syscall(SYS_writev, fd, parts, number);
}

static int on_file(int op, int fd, off64_t size)
{
    int what = due(fd);
    struct record r = {.op = op, .fd = fd, .at = size, .number = count};

    if (what != FAIL) {
        r.result = op == SYNC ? 0 : (int)syscall(SYS_ftruncate, fd, size);
        r.done = r.result >= 0;
    }
    return (int)tell(what, r, NULL, NULL, NULL);
}

int fsync(int fd)
{
    return is_tracked(fd) ? on_file(SYNC, fd, 0) : 0;
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int ftruncate64(int fd, off64_t size)
{
    return is_tracked(fd) ? on_file(TRUNCATE, fd, size) : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

static long named(int op, int dirfd, const char *path, int newdir, const char *other, mode_t mode)
{
    switch (op) {
    case RENAME:
        return syscall(SYS_renameat2, dirfd, path, newdir, other, 0);
    case MKDIR:
        return syscall(SYS_mkdirat, dirfd, path, mode);
    default:
        return syscall(SYS_unlinkat, dirfd, path, op == RMDIR ? AT_REMOVEDIR : 0);
    }
}

static int on_name(int op, int dirfd, const char *path, int newdir, const char *other, mode_t mode)
{
    char from[PATH_MAX], to[PATH_MAX];
    int here = is_below(dirfd, path, from), there = other && is_below(newdir, other, to);

    if (!here && !there)
        return (int)named(op, dirfd, path, newdir, other, mode);
    int what = due(-1);
    struct record r = {.op = op, .number = count};
    if (what != FAIL) {
        r.result = (int)named(op, dirfd, path, newdir, other, mode);
        r.done = r.result >= 0;
    }
    return (int)tell(what, r, from, there ? to : NULL, NULL);
}

int rename(const char *path, const char *other)
{
    return on_name(RENAME, AT_FDCWD, path, AT_FDCWD, other, 0);
}

int renameat(int dirfd, const char *path, int newdir, const char *other)
{
    return on_name(RENAME, dirfd, path, newdir, other, 0);
}

int unlink(const char *path)
{
    return on_name(UNLINK, AT_FDCWD, path, 0, NULL, 0);
}

int rmdir(const char *path)
{
    return on_name(RMDIR, AT_FDCWD, path, 0, NULL, 0);
}

int unlinkat(int dirfd, const char *path, int flags)
{
    return on_name(flags & AT_REMOVEDIR ? RMDIR : UNLINK, dirfd, path, 0, NULL, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return on_name(MKDIR, AT_FDCWD, path, 0, NULL, mode);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
    return on_name(MKDIR, dirfd, path, 0, NULL, mode);
}

/* An open counts where it may change a file. The seed makes SQLite's salts the same each time. */
static int opened(int dirfd, const char *path, int flags, mode_t mode)
{
    char whole[PATH_MAX];

    if (root_length && !strcmp(path, "/dev/urandom"))
        path = seed;
    if (!is_below(dirfd, path, whole))
        return (int)syscall(SYS_openat, dirfd, path, flags, mode);
    int counts = flags & (O_CREAT | O_TRUNC), what = counts ? due(-1) : PASS;
    struct record r = {.op = OPEN, .flags = flags, .result = -1, .number = counts ? count : 0};
    if (what != FAIL) {
        r.result = (int)syscall(SYS_openat, dirfd, path, flags, mode);
        r.done = r.result >= 0;
    }
    if (what == FAIL_DONE && r.done)
        syscall(SYS_close, r.result);
    else if (r.done && r.result < MOST_FILES)
        tracked[r.result] = 1;
    return (int)tell(what, r, whole, NULL, NULL);
}

#define MODE(flags, mode)                            \
    mode_t mode = 0;                                 \
    if (flags & (O_CREAT | (O_TMPFILE ^ O_DIRECTORY))) { \
        va_list more;                                \
        va_start(more, flags);                       \
        mode = va_arg(more, mode_t);                 \
        va_end(more);                                \
    }

int open64(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return opened(AT_FDCWD, path, flags, mode);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return opened(dirfd, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return opened(dirfd, path, flags, mode);
}

int close(int fd)
{
    if (is_tracked(fd)) {
        tracked[fd] = 0;
        tell(PASS, (struct record){.op = CLOSE, .fd = fd}, NULL, NULL, NULL);
    }
    return (int)syscall(SYS_close, fd);
}

/* Bytes written through a map pass by all of the above: that there is one is written down. */
void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t at)
{
    void *map = (void *)syscall(SYS_mmap, where, size, protection, flags, fd, at);

    if (is_tracked(fd) && flags & MAP_SHARED && protection & PROT_WRITE)
        tell(PASS, (struct record){.op = MAP, .fd = fd}, NULL, NULL, NULL);
    return map;
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t at)
{
    return mmap64(where, size, protection, flags, fd, at);
}
