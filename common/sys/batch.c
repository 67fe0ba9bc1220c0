/* Many inputs in one call: lists of paths, output names, processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "sys/local.h"

enum {
	LIST_MAX = 64 << 20,	/* bytes of a list of paths */
};

const char *
io_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

enum status
io_slurp_paths(struct buf *text, struct strings *paths)
{
	const struct io_input from = { NULL, NULL };
	const char *p, *end;
	enum status st;

	if ((st = io_slurp(&from, LIST_MAX, text)) != OK)
		return st;
	if (text->len > 0 && text->data[text->len - 1] == '\n')
		return fail(MALFORMED, "stdin: the paths are not separated by "
		    "NUL bytes but by lines");
	p = buf_str(text);
	for (end = p + text->len; p < end; p += strlen(p) + 1)
		strings_add(paths, p);
	return OK;
}

static int
by_base(const void *a, const void *b)
{
	return strcmp(io_base(*(const char *const *)a),
	    io_base(*(const char *const *)b));
}

enum status
io_check_bases(const struct strings *paths)
{
	auto_strings sorted = { NULL, 0 };
	size_t i;

	for (i = 0; i < paths->n; i++)
		strings_add(&sorted, paths->v[i]);
	if (sorted.n > 0)
		qsort(sorted.v, sorted.n, sizeof *sorted.v, by_base);
	for (i = 0; i < sorted.n; i++) {
		const char *base = io_base(sorted.v[i]);

		if (*base == '\0' || strcmp(base, ".") == 0 ||
		    strcmp(base, "..") == 0 || strcmp(sorted.v[i], "-") == 0)
			return fail(USAGE, "'%s': not the name of a file",
			    sorted.v[i]);
		if (i > 0 && by_base(&sorted.v[i - 1], &sorted.v[i]) == 0)
			return fail(USAGE, "%s and %s would have the same name "
			    "in --out-dir", sorted.v[i - 1], sorted.v[i]);
	}
	return OK;
}

enum status
io_check_kept(const char *in, const char *out)
{
	struct stat a, b;

	if (in == NULL || strcmp(in, "-") == 0)
		return OK;
	if (stat(in, &a) == -1)
		return io_is_missing() ? OK : io_cannot_look(in);
	if (stat(out, &b) == -1)
		return io_is_missing() ? OK : io_cannot_look(out);
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return OK;
	return fail(USAGE, "%s: it is the input itself, which would be "
	    "overwritten: choose another --out-dir", out);
}

/* ---- processes ---- */

/* The state that the processes of one io_each() share. */
struct batch {
	size_t n;
	io_start *start;
	io_job *job;
	void *arg;
	atomic_size_t *next;	/* the next job, in shared memory */
};

static enum status
work(const struct batch *b)
{
	enum status st = OK;
	size_t i;

	while ((i = atomic_fetch_add(b->next, 1)) < b->n)
		if (b->job(b->arg, i) != OK)
			st = REFUSED;
	return st;
}

/* Ends this process if the parent was killed. */
static void
end_with(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(FAULT);
#else
	(void)parent;
#endif
}

/*
 * The main function of a process; it writes one byte when start() has
 * returned.
 */
static noreturn void
live(const struct batch *b, pid_t parent, int ready)
{
	enum status st;

	end_with(parent);
	if ((st = b->start(b->arg)) == OK &&
	    (st = io_write_all(ready, "pipe", "", 1)) == OK) {
		close(ready);
		st = work(b);
	}
	_exit((int)st);
}

/*
 * Starts a process and waits until its start() is over: tokens should not be
 * opened by two processes at once.  *began is false if that failed.
 */
static enum status
start_process(const struct batch *b, bool *began)
{
	pid_t self = getpid(), pid;
	int ready[2];
	ssize_t n;
	char c;

	*began = false;
	if (pipe(ready) == -1)
		return fail_errno(FAULT, "cannot make a pipe");
	if ((pid = fork()) == 0) {
		close(ready[0]);
		live(b, self, ready[1]);
	}
	close(ready[1]);
	do
		n = pid == -1 ? 0 : read(ready[0], &c, 1);
	while (n == -1 && errno == EINTR);
	close(ready[0]);
	if (pid == -1)
		return fail_errno(FAULT, "cannot start a worker process");
	*began = n == 1;
	return OK;
}

/* The status of a process that has ended. */
static enum status
reap(void)
{
	int how = 0;
	pid_t pid;

	do
		pid = wait(&how);
	while (pid == -1 && errno == EINTR);
	if (pid == -1)
		return fail_errno(FAULT, "cannot wait for a process");
	if (!WIFEXITED(how))
		return fail(FAULT, "a process was killed by signal %d",
		    WTERMSIG(how));
	return (enum status)WEXITSTATUS(how);
}

static enum status
in_processes(const struct batch *b, long processes)
{
	enum status st = OK, worst = OK;
	bool began = true;
	long started = 0;

	/*
	 * A start that failed, for example with a wrong PIN, is not repeated:
	 * tokens count attempts.
	 */
	while (began && started < processes && (size_t)started < b->n) {
		if ((worst = start_process(b, &began)) != OK)
			break;
		started++;
	}
	for (; started > 0; started--)
		if ((st = reap()) > worst)
			worst = st;
	return worst;
}

/* Memory that the processes share; MAP_FAILED if it cannot be had. */
static void *
map_shared(size_t len)
{
#ifdef MAP_ANONYMOUS
	return mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
#else
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd != -1) {
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	return p;
#endif
}

enum status
io_each(size_t n, long processes, io_start *start, io_job *job, void *arg)
{
	struct batch b = { n, start, job, arg, NULL };
	enum status st;

	if ((b.next = map_shared(sizeof *b.next)) == MAP_FAILED)
		return fail_errno(FAULT, "no memory to share");
	atomic_init(b.next, 0);
	if (processes > 1)
		st = in_processes(&b, processes);
	else if ((st = start(arg)) == OK)
		st = work(&b);
	munmap(b.next, sizeof *b.next);
	return st;
}
