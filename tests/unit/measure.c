/*
 * measure FILE COMMAND...: runs COMMAND and writes to FILE its elapsed and CPU
 * time in seconds, and the peak memory in KiB of its largest process.  A
 * process starts with the peak of its parent, so this program must be small.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	struct timeval from, to;
	struct rusage used;
	int status = 0;
	FILE *out;
	pid_t pid;

	if (argc < 3 || (out = fopen(argv[1], "w")) == NULL)
		return 2;
	gettimeofday(&from, NULL);
	if ((pid = fork()) == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return 2;
	gettimeofday(&to, NULL);
	getrusage(RUSAGE_CHILDREN, &used);
	fprintf(out, "%f %f %ld\n", seconds(to) - seconds(from),
	    seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
	if (fclose(out) != 0)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
