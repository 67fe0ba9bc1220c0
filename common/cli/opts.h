/*
 * opts: a table of options -> values, and the main() of every tool.
 *
 *	static struct args { struct io_input in; ...; bool any; } args;
 *
 *	static const struct opt options[] = {
 *		OPT_OUTPUT(args.out),
 *		OPT_IDENTITY(args.id),
 *		{ 0, "any", NULL, "also sign what is not a plist", .flag =
 *		    &args.any },
 *		{ 0 },
 *	};
 *
 *	static const struct tool tool = { "mcfg-sign", ..., options, ... };
 *
 *	int main(int argc, char **argv)
 *	{
 *		return (int)opts_main(&tool, argc, argv, run);
 *	}
 *
 * The same table makes the parser and --help.  Options are never abbreviated;
 * "--name VALUE" and "--name=VALUE" are the same; "--" ends them; they may
 * stand behind operands.  Values are borrowed from argv.
 */
#ifndef MCFG_CLI_OPTS_H
#define MCFG_CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/io.h"
#include "sys/secret.h"

#ifndef MCFG_VERSION
#define MCFG_VERSION "0"
#endif

/* One row: exactly one target is set, or only check. */
struct opt {
	char letter;		/* short form, or 0 */
	const char *name;	/* long form without its dashes */
	const char *arg;	/* the value's name in --help; NULL: a flag */
	const char *help;	/* one line, lower case, no period; NULL: not an
				 * option: only .config sets it */
	bool *flag;
	const char **value;	/* may be given once */
	struct strings *values;	/* may be given any number of times */
	long *number;		/* decimal, min to max */
	int64_t *duration;	/* seconds, from "90d" */
	long min, max;		/* of number */
	const char *choices;	/* "a|b|c": the value is one of these */
	const char *(*check)(const char *value); /* returns NULL, or the
						  * reason */
	bool is_secret;		/* the value is not shown in messages */
	bool is_file;		/* "-" means standard input, which only one
				 * option may use */
	const char *config;	/* key of site.yaml with a default:
				 * "organization", "scep.url"; see site.h */
};

struct args;			/* each tool and verb defines its own */
typedef enum status opts_run(const struct args *);

/* A tool, or a verb of a tool. */
struct tool {
	const char *name;	/* "mcfg-sign"; of a verb, "issue" */
	const char *summary;	/* one sentence: what is read and written */
	const char *operands;	/* for the usage line: "[FILE]"; NULL: none */
	const char *example;	/* one command line */
	const struct opt *options;
	const struct args *args;	/* passed to run */
	struct io_input *input;		/* takes one INPUT, by default stdin
					 * ... */
	const char *const *no_input_if;	/* ... unless this is set */
	struct strings *inputs;		/* takes any number of operands */
	const struct tool *const *verbs;	/* NULL-terminated, or NULL */
	opts_run *run;		/* for a verb */
};

/*
 * opts_main() sets up the process, parses the command line, prints --help and
 * --version, and otherwise calls run.  Returns the exit status.  If the tool
 * has verbs, run is NULL.
 */
enum status opts_main(const struct tool *tool, int argc, char **argv,
    opts_run *run);

/*
 * opts_parse() is the parser alone; argv[0] is skipped.  *done is set if it
 * has printed --help or --version.  Call it at most once in a process.
 */
enum status opts_parse(const struct tool *tool, int argc, char **argv,
    bool *done) USE_RESULT;

/*
 * opts_claim_stdin() is for tools with inputs that are about to read standard
 * input although no operand names it.  Returns USAGE, with a message, if an
 * option has claimed it.
 */
enum status opts_claim_stdin(void) USE_RESULT;

/*
 * opts_given() returns true if the option with this target was on the command
 * line.
 */
bool opts_given(const void *target);

/*
 * opts_set() sets the value of a row like the command line would; of is the
 * name of the source for messages ("site.yaml:3:5").  value is borrowed.
 */
enum status opts_set(const struct opt *row, const char *of, const char *value)
    USE_RESULT;

/*
 * opts_missing() reports that a required option is missing, "missing
 * --recipient (the device certificate)", and returns USAGE.
 */
enum status opts_missing(const char *option, const char *hint);

/*
 * opts_check_type() accepts a Content-Type that cannot break a header.
 * Returns NULL, or the reason.
 */
const char *opts_check_type(const char *value);

/* opts_check_length() accepts digits only.  Returns NULL, or the reason. */
const char *opts_check_length(const char *value);

/* opts_check_at() checks and applies --at.  Returns NULL, or the reason. */
const char *opts_check_at(const char *value);

/* Rows that many tools share. */
#define OPT_OUTPUT(out)							\
	{ 'o', "output", "FILE", "write to FILE instead of standard output", \
	    .value = &(out).path },					\
	{ 0, "http", "TYPE", "begin with a CGI header with Content-Type " \
	    "TYPE",							\
	    .value = &(out).http, .check = opts_check_type }
#define OPT_LENGTH(in)							\
	{ 0, "length", "N", "read exactly N bytes of standard input",	\
	    .value = &(in).length, .check = opts_check_length }
#define OPT_IDENTITY(id)						\
	{ 0, "cert", "FILE", "certificate of the signer, PEM or DER",	\
	    .value = &(id).cert, .is_file = true },			\
	{ 0, "key", "KEY", "private key: a file, env:NAME, fd:N or pkcs11:...", \
	    .value = &(id).key },					\
	{ 0, "chain", "FILE", "intermediate certificates and the root",	\
	    .values = &(id).chain, .is_file = true },			\
	OPT_KEY_ACCESS(id)
#define OPT_KEY_ACCESS(id)						\
	{ 0, "passphrase", "SRC", "passphrase of the key: env:NAME, file:PATH " \
	    "or fd:N",							\
	    .value = &(id).passphrase, .check = secret_check_source,	\
	    .is_secret = true },					\
	{ 0, "loose-key", NULL, "accept a key file that others can read", \
	    .flag = &(id).loose }
#define OPT_CONFIG(path)						\
	{ 0, "config", "FILE", "site file with defaults, see mcfg-site(5)", \
	    .value = &(path), .is_file = true }
#define OPT_FILES(dirs)							\
	{ 0, "files", "DIR", "let !file and !sha256 name files below DIR", \
	    .values = &(dirs) }
#define OPT_AT								\
	{ 0, "at", "TIME", "use TIME (RFC 3339) as the current time",	\
	    .check = opts_check_at }
#define OPT_PEM(on)							\
	{ 0, "pem", NULL, "write PEM instead of DER", .flag = &(on) }
#define OPT_REPORT(dest)						\
	{ 0, "report", "FILE", "write the result as JSON to FILE or fd:N", \
	    .value = &(dest) }
#define OPT_UUID_SEED(seed)						\
	{ 0, "uuid-seed", "TEXT", "derive new UUIDs from TEXT",		\
	    .value = &(seed) }

#endif
