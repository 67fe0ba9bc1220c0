#include "base/words.h"
#include "cli/opts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sys/openssl.h"

enum {
	ROWS_MAX = 64,		/* options of one tool */
	HELP_COLUMN = 26,	/* column of an option's text */
};

static bool want_help, want_version, want_verbose;

static const struct opt common_rows[] = {
	{ 'v', "verbose", NULL, "print details on standard error",
	    .flag = &want_verbose },
	{ 'h', "help", NULL, "show this text", .flag = &want_help },
	{ 'V', "version", NULL, "show the version", .flag = &want_version },
	{ 0 },
};

/* Targets of the rows that were on the command line. */
static const void *given[ROWS_MAX];
static size_t given_count;

/* The operand or option that uses standard input. */
static const char *stdin_owner;

static const void *
target(const struct opt *row)
{
	if (row->flag != NULL)
		return row->flag;
	if (row->value != NULL)
		return row->value;
	if (row->values != NULL)
		return row->values;
	if (row->number != NULL)
		return row->number;
	if (row->duration != NULL)
		return row->duration;
	return row;
}

bool
opts_given(const void *t)
{
	size_t i;

	for (i = 0; i < given_count; i++)
		if (given[i] == t)
			return true;
	return false;
}

static void
mark_given(const struct opt *row)
{
	if (!opts_given(target(row)) && given_count < ROWS_MAX)
		given[given_count++] = target(row);
}

static const struct opt *
find_long(const struct opt *rows, const char *name, size_t len)
{
	for (; rows->name != NULL; rows++)
		if (rows->help != NULL && strlen(rows->name) == len &&
		    memcmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

static const struct opt *
find_letter(const struct opt *rows, char letter)
{
	for (; rows->name != NULL; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

/* An option whose name begins with an unknown name, for the hint. */
static const struct opt *
find_prefix(const struct opt *rows, const char *name, size_t len)
{
	for (; rows->name != NULL && len > 0; rows++)
		if (rows->help != NULL && strncmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

static enum status
set_number(const struct opt *row, const char *of, const char *value)
{
	const char *p = value[0] == '-' ? value + 1 : value;
	long v = 0;

	if (*p == '\0')
		return fail(USAGE, "%s: '%s' is not a number", of, value);
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || v > 100000000)
			return fail(USAGE, "%s: '%s' is not a number", of,
			    value);
		v = v * 10 + (*p - '0');
	}
	if (value[0] == '-')
		v = -v;
	if (v < row->min || v > row->max)
		return fail(USAGE, "%s: %ld is not between %ld and %ld", of, v,
		    row->min, row->max);
	*row->number = v;
	return OK;
}

enum status
opts_set(const struct opt *row, const char *of, const char *value)
{
	const char *reason;

	if (row->choices != NULL && !words_choose(row->choices, value))
		return fail(USAGE, "%s: '%s' is not one of %s", of, value,
		    row->choices);
	if (row->check != NULL && (reason = row->check(value)) != NULL)
		return row->is_secret ? fail(USAGE, "%s: %s", of, reason) :
		    fail(USAGE, "%s: '%s': %s", of, value, reason);
	if (row->number != NULL)
		return set_number(row, of, value);
	if (row->duration != NULL &&
	    (reason = clock_duration(value, row->duration)) != NULL)
		return fail(USAGE, "%s: '%s': %s", of, value, reason);
	if (row->value != NULL)
		*row->value = value;
	if (row->values != NULL)
		strings_add(row->values, value);
	if (row->flag != NULL)
		*row->flag = strcmp(value, "true") == 0;
	return OK;
}

static const char *
dashes(const char *of)
{
	return strcmp(of, "INPUT") == 0 ? "" : "--";
}

static enum status
claim_stdin(const char *of)
{
	if (stdin_owner != NULL)
		return fail(USAGE, "standard input is claimed by both %s%s "
		    "and %s%s", dashes(stdin_owner), stdin_owner, dashes(of),
		    of);
	stdin_owner = of;
	return OK;
}

enum status
opts_claim_stdin(void)
{
	return claim_stdin("INPUT");
}

/* Sets an option to its value from the command line. */
static enum status
take_value(const struct opt *row, const char *of, const char *value)
{
	enum status st;

	if (row->values == NULL && opts_given(target(row)))
		return fail(USAGE, "%s: given twice", of);
	mark_given(row);
	if (row->is_file && strcmp(value, "-") == 0 &&
	    (st = claim_stdin(row->name)) != OK)
		return st;
	return opts_set(row, of, value);
}

static const struct opt *
lookup(const struct tool *t, const struct opt *(*find)(const struct opt *,
    const char *, size_t), const char *name, size_t len)
{
	const struct opt *row = find(t->options, name, len);

	return row != NULL ? row : find(common_rows, name, len);
}

static enum status
unknown_long(const struct tool *t, const char *arg, size_t len)
{
	const struct opt *row = lookup(t, find_prefix, arg + 2, len - 2);

	if (row != NULL)
		return fail(USAGE, "%.*s: unknown option (did you mean --%s?)",
		    (int)len, arg, row->name);
	return fail(USAGE, "%.*s: unknown option (see --help)", (int)len, arg);
}

/*
 * "--name", "--name=value" or "--name" "value"; in the last case, *i is moved
 * to the value.
 */
static enum status
parse_long(const struct tool *t, int argc, char **argv, int *i)
{
	const char *arg = argv[*i];
	const char *eq = strchr(arg, '=');
	size_t len = eq != NULL ? (size_t)(eq - arg) : strlen(arg);
	const struct opt *row = lookup(t, find_long, arg + 2, len - 2);
	char of[64];

	if (row == NULL)
		return unknown_long(t, arg, len);
	snprintf(of, sizeof of, "--%s", row->name);
	if (row->arg == NULL) {
		if (eq != NULL)
			return fail(USAGE, "%s: takes no value", of);
		mark_given(row);
		*row->flag = true;
		return OK;
	}
	if (eq != NULL)
		return take_value(row, of, eq + 1);
	if (*i + 1 >= argc)
		return fail(USAGE, "%s: needs a value: %s", of, row->arg);
	return take_value(row, of, argv[++*i]);
}

/* "-v", "-vo" "FILE", "-oFILE". */
static enum status
parse_short(const struct tool *t, int argc, char **argv, int *i)
{
	const char *p;
	char of[4] = "-x";

	for (p = argv[*i] + 1; *p != '\0'; p++) {
		const struct opt *row = find_letter(t->options, *p);

		of[1] = *p;
		if (row == NULL)
			row = find_letter(common_rows, *p);
		if (row == NULL)
			return fail(USAGE, "-%c: unknown option (see --help)",
			    *p);
		if (row->arg == NULL) {
			mark_given(row);
			*row->flag = true;
			continue;
		}
		if (p[1] != '\0')
			return take_value(row, of, p + 1);
		if (*i + 1 >= argc)
			return fail(USAGE, "%s: needs a value: %s", of,
			    row->arg);
		return take_value(row, of, argv[++*i]);
	}
	return OK;
}

static enum status
take_operand(const struct tool *t, const char *arg)
{
	enum status st;

	if (strcmp(arg, "-") == 0 && (t->input != NULL || t->inputs != NULL) &&
	    (st = claim_stdin("INPUT")) != OK)
		return st;
	if (t->inputs != NULL) {
		strings_add(t->inputs, arg);
		return OK;
	}
	if (t->input == NULL)
		return fail(USAGE, "'%s': unexpected operand", arg);
	if (t->input->path != NULL)
		return fail(USAGE, "'%s': only one operand is accepted", arg);
	t->input->path = arg;
	return OK;
}

static enum status
parse_all(const struct tool *t, int argc, char **argv)
{
	bool operands_only = false;
	enum status st = OK;
	int i;

	for (i = 1; i < argc && st == OK && !want_help && !want_version; i++) {
		const char *arg = argv[i];

		if (operands_only || arg[0] != '-' || arg[1] == '\0')
			st = take_operand(t, arg);
		else if (strcmp(arg, "--") == 0)
			operands_only = true;
		else if (arg[1] == '-')
			st = parse_long(t, argc, argv, &i);
		else
			st = parse_short(t, argc, argv, &i);
	}
	return st;
}

static void
help_row(struct buf *out, const struct opt *row)
{
	size_t start = out->len, width;

	if (row->letter != 0)
		buf_printf(out, "  -%c, --%s", row->letter, row->name);
	else
		buf_printf(out, "      --%s", row->name);
	if (row->arg != NULL)
		buf_printf(out, " %s", row->arg);
	width = out->len - start;
	buf_printf(out, "%*s%s", width + 2 > HELP_COLUMN ? 2 :
	    (int)(HELP_COLUMN - width), "", row->help);
	if (row->choices != NULL)
		buf_printf(out, " (%s)", row->choices);
	buf_putc(out, '\n');
}

static void
help_rows(struct buf *out, const struct opt *rows)
{
	for (; rows->name != NULL; rows++)
		if (rows->help != NULL)
			help_row(out, rows);
}

static void
help(struct buf *out, const struct tool *t, const char *of)
{
	const struct tool *const *v;

	buf_printf(out, "Usage: %s%s%s", of != NULL ? of : "",
	    of != NULL ? " " : "", t->name);
	buf_puts(out, t->verbs != NULL ? " VERB" : "");
	buf_puts(out, " [options]");
	buf_printf(out, "%s%s\n\n%s\n", t->operands != NULL ? " " : "",
	    t->operands != NULL ? t->operands : "", t->summary);
	if (t->verbs != NULL) {
		buf_printf(out, "\nVerbs (see %s VERB --help):\n",
		    t->name);
		for (v = t->verbs; *v != NULL; v++)
			buf_printf(out, "  %-14s  %s\n", (*v)->name,
			    (*v)->summary);
	}
	buf_puts(out, "\nOptions:\n");
	help_rows(out, t->options);
	help_rows(out, common_rows);
	buf_printf(out, "\nExample:\n  %s\n", t->example);
}

static enum status
print(const struct buf *b)
{
	const struct io_output to_stdout = { NULL, NULL, false };

	return io_spill(&to_stdout, b);
}

/* Parses the options of a tool, or of the verb t of the tool called of. */
static enum status
parse(const struct tool *t, const char *of, int argc, char **argv, bool *done)
{
	auto_buf text = BUF_INIT;
	enum status st;

	*done = false;
	if ((st = parse_all(t, argc, argv)) != OK)
		return st;
	diag_verbose(want_verbose);
	*done = want_help || want_version;
	if (want_help)
		help(&text, t, of);
	else if (want_version)
		buf_printf(&text, "%s (mcfg) %s\n", of != NULL ? of : t->name,
		    MCFG_VERSION);
	if (*done)
		return print(&text);
	if (t->input != NULL && t->input->path == NULL &&
	    (t->no_input_if == NULL || *t->no_input_if == NULL))
		return claim_stdin("INPUT");
	if (t->input != NULL && t->input->path != NULL &&
	    t->no_input_if != NULL && *t->no_input_if != NULL)
		return fail(USAGE, "'%s': unexpected operand",
		    t->input->path);
	return OK;
}

enum status
opts_parse(const struct tool *tool, int argc, char **argv, bool *done)
{
	return parse(tool, NULL, argc, argv, done);
}

static const struct tool *
find_verb(const struct tool *t, const char *name)
{
	const struct tool *const *v;

	for (v = t->verbs; *v != NULL; v++)
		if (strcmp((*v)->name, name) == 0)
			return *v;
	return NULL;
}

/* The first argument of a tool with verbs is the verb. */
static enum status
verb_main(const struct tool *tool, int argc, char **argv)
{
	const struct tool *verb;
	enum status st;
	bool done;

	if (argc < 2)
		return fail(USAGE, "missing VERB (see --help)");
	if (argv[1][0] == '-') {
		if ((st = parse(tool, NULL, argc, argv, &done)) != OK || done)
			return st;
		return fail(USAGE, "%s: the verb comes before options (see "
		    "--help)", argv[1]);
	}
	if ((verb = find_verb(tool, argv[1])) == NULL)
		return fail(USAGE, "'%s': unknown verb (see --help)", argv[1]);
	if ((st = parse(verb, tool->name, argc - 1, argv + 1, &done)) != OK ||
	    done)
		return st;
	return (st = openssl_configure()) != OK ? st : verb->run(verb->args);
}

static enum status
tool_main(const struct tool *tool, int argc, char **argv, opts_run *run)
{
	enum status st;
	bool done;

	if (tool->verbs != NULL)
		return verb_main(tool, argc, argv);
	if ((st = parse(tool, NULL, argc, argv, &done)) != OK || done)
		return st;
	return (st = openssl_configure()) != OK ? st : run(tool->args);
}

enum status
opts_main(const struct tool *tool, int argc, char **argv, opts_run *run)
{
	enum status st;

	diag_init(tool->name);
	io_prepare();
	secret_setup();
	if ((st = tool_main(tool, argc, argv, run)) == OK)
		io_keep_sides();
	return st;
}

enum status
opts_missing(const char *option, const char *hint)
{
	return fail(USAGE, "missing %s (%s)", option, hint);
}

const char *
opts_check_type(const char *value)
{
	const char *p;

	if (strchr(value, '/') == NULL)
		return "not a media type";
	for (p = value; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return "not a media type";
	return NULL;
}

const char *
opts_check_length(const char *value)
{
	return *value != '\0' && value[strspn(value, "0123456789")] == '\0' ?
	    NULL : "not a number of bytes";
}

const char *
opts_check_at(const char *value)
{
	return clock_pretend(value);
}
