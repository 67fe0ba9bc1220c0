/*
 * Command lines: the input is one argument a line, for a real tool's table and
 * for one with every kind of row.  Accepted values must be within the limits of
 * their rows, and must be accepted again, written as "--name=VALUE".
 *
 * The parser expects one call per process, so its state is reset from inside.
 */
#include "../../common/cli/opts.c"

int scep_payload_main(int argc, char **argv);

#define main scep_payload_main
#include "../../cmd/mcfg-scep-payload.c"
#undef main

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct every {
	struct io_input in;
	struct io_output out;
	const char *file, *choice;
	struct strings list;
	long number;
	int64_t duration;
	bool flag;
} every;

static const struct opt every_row[] = {
	OPT_OUTPUT(every.out),
	OPT_LENGTH(every.in),
	OPT_AT,
	{ 'f', "file", "FILE", "a file", .value = &every.file,
	    .is_file = true },
	{ 'c', "choice", "WHICH", "one of these", .value = &every.choice,
	    .choices = "a|bc|bcd" },
	{ 'l', "list", "TEXT", "any number of times", .values = &every.list },
	{ 'n', "number", "N", "a number", .number = &every.number,
	    .min = -10, .max = 65535 },
	{ 't', "ttl", "TIME", "a duration", .duration = &every.duration },
	{ 'x', "flag", NULL, "a flag", .flag = &every.flag },
	{ 0 },
};

static const struct tool every_tool = {
	.name = "fuzz", .summary = "", .example = "", .operands = "[FILE]",
	.options = every_row, .input = &every.in,
};

/* --help and --version must not write to the fuzzer's standard output. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)argc;
	(void)argv;
	if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1)
		abort();
	close(fd);
	return 0;
}

static void
forget(void)
{
	given_count = 0;
	stdin_owner = NULL;
	want_help = want_version = want_verbose = false;
	strings_free(&every.list);
	every = (struct every){ .number = 0 };
	strings_free(&args.alt_names);
	args = (struct args){ .key_size = 2048 };
}

/* One argument, owned by line. */
static void
put(struct strings *line, const char *name, const char *value)
{
	strings_add(line, value != NULL ? xasprintf("--%s=%s", name, value) :
	    xasprintf("--%s", name));
}

static void
put_row(struct strings *line, const struct opt *row)
{
	char number[32];
	size_t i;

	if (row->flag != NULL && *row->flag)
		put(line, row->name, NULL);
	for (i = 0; row->values != NULL && i < row->values->n; i++)
		put(line, row->name, row->values->v[i]);
	if (!opts_given(target(row)))
		return;
	if (row->value != NULL) {
		if ((row->choices != NULL &&
		    !words_choose(row->choices, *row->value)) ||
		    (row->check != NULL && row->check(*row->value) != NULL))
			abort();
		put(line, row->name, *row->value);
	}
	if (row->number != NULL) {
		if (*row->number < row->min || *row->number > row->max)
			abort();
		snprintf(number, sizeof number, "%ld", *row->number);
		put(line, row->name, number);
	}
	if (row->duration != NULL) {
		if (*row->duration < 0)
			abort();
		snprintf(number, sizeof number, "%llds",
		    (long long)*row->duration);
		put(line, row->name, number);
	}
}

/* The accepted values as a command line; line owns every word. */
static void
write_out(const struct tool *t, struct strings *line)
{
	const struct opt *row;

	strings_add(line, xstrdup(t->name));
	for (row = t->options; row->name != NULL; row++)
		put_row(line, row);
	if (t->input != NULL && t->input->path != NULL) {
		strings_add(line, xstrdup("--"));
		strings_add(line, xstrdup(t->input->path));
	}
}

static void
free_words(struct strings *line)
{
	size_t i;

	for (i = 0; i < line->n; i++)
		free((void *)(uintptr_t)line->v[i]);
	strings_free(line);
}

static enum status
take(const struct tool *t, const struct strings *line, bool *done)
{
	forget();
	return opts_parse(t, (int)line->n, (char **)(uintptr_t)line->v, done);
}

static void
again(const struct tool *t, struct strings *once)
{
	struct strings twice = { NULL, 0 };
	size_t i;
	bool done;

	if (take(t, once, &done) != OK || done)
		abort();
	write_out(t, &twice);
	if (once->n != twice.n)
		abort();
	for (i = 0; i < once->n; i++)
		if (strcmp(once->v[i], twice.v[i]) != 0)
			abort();
	free_words(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct problem unsaid;
	const struct tool *t = size > 0 && data[0] == '!' ? &tool : &every_tool;
	auto_char *text = xstrndup((const char *)data, size);
	struct strings once = { NULL, 0 };
	auto_strings line = { NULL, 0 };
	char *word, *end;
	bool done;

	problem_keep(&unsaid);
	strings_add(&line, t->name);
	for (word = text; *word != '\0'; word = end) {
		if ((end = strchr(word, '\n')) == NULL)
			end = word + strlen(word);
		else
			*end++ = '\0';
		/* The first line chooses the table. */
		if (word != text)
			strings_add(&line, word);
	}
	if (take(t, &line, &done) == OK && !done) {
		write_out(t, &once);
		again(t, &once);
		free_words(&once);
	}
	forget();
	return 0;
}
