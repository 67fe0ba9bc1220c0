/*
 * replay FILE...: runs a fuzz target on each file once, in order, as libFuzzer
 * would, but with any compiler, and prints the number of files.  If a case
 * crashes or takes more than CASE_SECONDS of CPU time, its name is printed and
 * the process ends with a signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CASE_BYTES_MAX = 1 << 24, CASE_SECONDS = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char *current;

static void
name_case(int sig)
{
	static const char text[] = ": this case failed\n";

	if (write(STDERR_FILENO, current, strlen(current)) < 0 ||
	    write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(4);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Limits the CPU time from now on. */
static void
allow_seconds(rlim_t seconds)
{
	struct rusage used;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &used) == -1 ||
	    getrlimit(RLIMIT_CPU, &limit) == -1)
		abort();
	limit.rlim_cur = (rlim_t)used.ru_utime.tv_sec +
	    (rlim_t)used.ru_stime.tv_sec + seconds;
	if (setrlimit(RLIMIT_CPU, &limit) == -1)
		abort();
}

/* The block has exactly the case's size, so that any overread is found. */
static int
run_case(const char *path)
{
	static unsigned char all[CASE_BYTES_MAX];
	unsigned char *data;
	size_t size = 0;
	FILE *f;

	if ((f = fopen(path, "rb")) != NULL)
		size = fread(all, 1, sizeof all, f);
	if (f == NULL || ferror(f) || size == sizeof all || fclose(f) != 0 ||
	    (data = malloc(size > 0 ? size : 1)) == NULL) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return 4;
	}
	memcpy(data, all, size);
	current = path;
	allow_seconds(CASE_SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
	    SIGILL, SIGXCPU };
	int i, st, count = argc - 1;
	FILE *out;

	/* A target may redirect standard output. */
	if ((out = fdopen(dup(STDOUT_FILENO), "w")) == NULL)
		return 4;
	current = argv[0];
	for (i = 0; i < (int)(sizeof signals / sizeof *signals); i++)
		signal(signals[i], name_case);
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		if ((st = run_case(argv[i])) != 0)
			return st;
	return fprintf(out, "%d\n", count) < 0 || fclose(out) != 0 ? 4 : 0;
}
