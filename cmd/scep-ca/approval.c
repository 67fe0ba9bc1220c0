#include "approval.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum {
	PATIENCE = 30,			/* seconds that a program may take */
	STEP_NS = 2 * 1000 * 1000,	/* between looks at it */
};

static void
to_json(const struct approval_facts *f, struct buf *out)
{
	auto_report *r = report_object();
	struct report *names = report_array();
	auto_char *subject = cert_name_text(f->wish->subject);
	auto_char *key = cert_key_name(f->wish->key);
	struct report *signer = report_object();

	report_str(r, "transaction", f->transaction);
	report_str(r, "type", f->type);
	report_bool(r, "renewal", f->renewal);
	report_str(r, "subject", subject);
	issue_report_names(f->wish->names, names);
	report_add(r, "names", names);
	report_str(r, "key", key);
	report_str(r, "key_sha256", f->key_hash);
	report_str(r, "challenge", f->challenge);
	cert_report(f->signer, signer);
	report_add(r, "signer", signer);
	report_time(r, "time", f->now);
	report_render(r, out);
}

/* In the child: no descriptor of the server is left to the program. */
static void
become(const char *path, int in)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	char *const argv[] = { (char *)(uintptr_t)path, NULL };
	long fd, most = sysconf(_SC_OPEN_MAX);
	int null = open("/dev/null", O_WRONLY);

	if (null == -1 || dup2(in, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		_exit(127);
	for (fd = STDERR_FILENO + 1; fd < most && fd < 4096; fd++)
		close((int)fd);
	sigaction(SIGPIPE, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	execv(path, argv);
	_exit(127);
}

/* The pipe holds 64 KiB, more than the facts of a message can be. */
static void
hand_over(int fd, const struct buf *json)
{
	size_t done = 0;
	ssize_t n;

	while (done < json->len) {
		n = write(fd, json->data + done, json->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;		/* it may not want to read them */
		done += (size_t)n;
	}
	close(fd);
}

static enum status
await(const char *path, pid_t pid, int *code)
{
	const struct timespec step = { 0, STEP_NS };
	int64_t end = clock_monotonic() + (int64_t)PATIENCE * 1000000;
	pid_t got;

	while ((got = waitpid(pid, code, WNOHANG)) != pid) {
		if (got == -1 && errno != EINTR)
			return fail_errno(FAULT, "%s: cannot wait for it",
			    path);
		if (clock_monotonic() > end) {
			kill(pid, SIGKILL);
			while (waitpid(pid, code, 0) == -1 && errno == EINTR)
				;
			return fail(FAULT, "%s: took more than %d seconds",
			    path, PATIENCE);
		}
		nanosleep(&step, NULL);
	}
	return OK;
}

static enum status
judge(const char *path, int code, enum approval_verdict *out)
{
	if (!WIFEXITED(code))
		return fail(FAULT, "%s: was ended by signal %d", path,
		    WTERMSIG(code));
	switch (WEXITSTATUS(code)) {
	case OK:
		*out = APPROVAL_YES;
		return OK;
	case REFUSED:
		*out = APPROVAL_NO;
		return OK;
	case LATER:
		*out = APPROVAL_LATER;
		return OK;
	case 127:
		return fail(FAULT, "%s: cannot be run: not there, or not "
		    "executable", path);
	default:
		return fail(FAULT, "%s: status %d is not 0, 1 or 5", path,
		    WEXITSTATUS(code));
	}
}

enum status
approval_ask(const struct authority *a, const struct approval_facts *f,
    enum approval_verdict *out)
{
	auto_char *policy = authority_path(a, CA_POLICY);
	auto_char *path = io_beside(policy, a->policy.command);
	auto_buf json = BUF_INIT;
	enum status st;
	int ends[2], code;
	pid_t pid;

	to_json(f, &json);
	if (pipe(ends) == -1 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1)
		return fail_errno(FAULT, "%s: no pipe", path);
	if ((pid = fork()) == 0)
		become(path, ends[0]);
	close(ends[0]);
	if (pid == -1) {
		close(ends[1]);
		return fail_errno(FAULT, "%s: cannot fork", path);
	}
	hand_over(ends[1], &json);
	if ((st = await(path, pid, &code)) != OK)
		return st;
	return judge(path, code, out);
}
