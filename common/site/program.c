/*
 * Finds and runs the site's own programs, with nothing from a request in their
 * environment.
 */
#include "site/program.h"

#include <string.h>

#include "plist/node.h"
#include "sys/child.h"
#include "sys/io.h"
#include "sys/secret.h"

enum { CHILD_REFUSES = 1 };

/*
 * Of an installation, and of a clone with its tools in build/bin or, if make
 * was told O=build/NAME, in build/NAME/bin: from the folder of this program.
 */
static const char *const directories[] = {
	"../libexec/mcfg/web/directory", "../../scripts/web/directory",
	"../../../scripts/web/directory",
};

/* ---- variables ---- */

void
site_variables_free(struct site_variables *l)
{
	mem_free_all(l->v, l->n);
}

/* The list always ends in NULL. */
void
site_variables_add(struct site_variables *l, const char *name,
    const char *value)
{
	l->v = xreallocarray(l->v, l->n + 2, sizeof *l->v);
	l->v[l->n++] = xasprintf("%s=%s", name, value);
	l->v[l->n] = NULL;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
is_own(const char *name)
{
	static const char *const theirs[] = { "AUTH_", "CONTENT_", "CONTEXT_",
	    "DOCUMENT_", "FCGI_", "GATEWAY_", "HTTP_", "HTTPS", "PATH_INFO",
	    "PATH_TRANSLATED", "QUERY_", "REDIRECT_", "REMOTE_", "REQUEST_",
	    "SCRIPT_", "SERVER_", "SSL_CLIENT_", "SSL_SERVER_",
	    "SSL_SESSION_" };
	const char *p;
	size_t i;

	for (p = name; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			return false;
	for (i = 0; i < ARRAY_LEN(theirs); i++)
		if (begins(name, theirs[i]))
			return false;
	return true;
}

static enum status
add_own(const char *name, const char *value, void *arg)
{
	/* PATH and LC_ALL are always present. */
	if (is_own(name) && strcmp(name, "PATH") != 0 &&
	    strcmp(name, "LC_ALL") != 0)
		site_variables_add(arg, name, value);
	return OK;
}

void
site_variables_add_own(struct site_variables *l)
{
	(void)secret_env_each("", add_own, l);
}

static void
add_listed(const struct site_place *p, struct site_variables *l)
{
	static const char *const names[] = { "MCFG_BIN", "HOME", "TMPDIR",
	    "TZ" };
	const char *value;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if ((value = secret_env(names[i])) != NULL)
			site_variables_add(l, names[i], value);
	if (p->password != NULL && begins(p->password, "env:") &&
	    (value = secret_env(p->password + 4)) != NULL)
		site_variables_add(l, p->password + 4, value);
}

/* ---- exit statuses ---- */

static enum status
judge(const struct child *c, const struct child_result *r)
{
	if (r->end == CHILD_TOO_LONG || r->end == CHILD_TOO_MUCH) {
		(void)child_fail(c, r);
		return LATER;
	}
	if (r->end == CHILD_SIGNALED)
		return child_fail(c, r);
	if (r->code == 0)
		return OK;
	if (c->errors->len > 0)		/* its own message says why */
		return r->code == CHILD_REFUSES ? REFUSED : FAULT;
	if (r->code == CHILD_REFUSES)
		return fail(REFUSED, "%s: ended with status %d", c->path,
		    r->code);
	return child_fail(c, r);
}

static enum status
run(const struct site_place *p, const struct child *what, struct buf *out)
{
	auto_buf errors = BUF_INIT;
	struct child c = *what;
	struct child_result r;
	enum status st;

	c.folder = p->folder;
	c.errors = &errors;
	if ((st = child_run(&c, out, &r)) != OK)
		return st;
	diag_relay(buf_str(&errors), errors.len);
	return judge(&c, &r);
}

/* ---- programs in site.yaml ---- */

enum status
site_ask(const struct site_place *p, const char *key, const char *program,
    const char *argument, struct buf *out)
{
	const char *const arguments[] = { argument, NULL };
	auto_char *path = NULL, *real = NULL;
	auto_site_variables variables = { NULL, 0 };
	struct child c = { .arguments = arguments };
	enum status st;

	if ((st = child_find(program, &path)) != OK)
		return st;
	if ((c.path = path) == NULL)
		return fail(FAULT, "%s: no such program", key);
	real = io_real(p->folder != NULL ? p->folder : ".");
	site_variables_add(&variables, "MCFG_SITE", p->path != NULL ?
	    p->path : real);
	add_listed(p, &variables);
	c.variables = (const char *const *)variables.v;
	return run(p, &c, out);
}

enum status
site_ask_challenge(const struct site_place *p, const char *program,
    const char *subject, struct buf *out)
{
	static const char key[] = "scep.challenge_program";
	const char *reason;
	enum status st;

	if ((st = site_ask(p, key, program, subject, out)) != OK)
		return st == REFUSED ? FAULT : st;
	buf_cut(out, strcspn(buf_str(out), "\n"));
	if (out->len == 0)
		return fail(FAULT, "%s: no challenge in its first line", key);
	reason = tree_text_fault(buf_str(out), out->len);
	return reason == NULL ? OK : fail(FAULT, "%s: %s", key, reason);
}

/* ---- the directory ---- */

/* *out is NULL if there is none. */
static enum status
find_beside(const char *tool, char **out)
{
	auto_char *real = io_real(tool);
	enum status st;
	bool exists;
	size_t i;

	for (i = 0; i < ARRAY_LEN(directories); i++) {
		auto_char *path = io_beside(real, directories[i]);

		if ((st = io_exists(path, &exists)) != OK)
			return st;
		if (exists) {
			*out = STEAL(path);
			return OK;
		}
	}
	return OK;
}

/* Without /proc, the tools are found on PATH. */
static enum status
find_directory(char **out)
{
	auto_char *tool = NULL;
	enum status st;

	if ((st = find_beside("/proc/self/exe", out)) != OK || *out != NULL)
		return st;
	if ((st = child_find("mcfg-enrollment", &tool)) != OK)
		return st;
	if (tool != NULL && (st = find_beside(tool, out)) != OK)
		return st;
	return *out != NULL ? OK : fail(FAULT, "scripts/web/directory is not "
	    "installed");
}

enum status
site_ask_directory(const struct site_place *p, const char *verb,
    const char *argument, const struct buf *input, struct buf *out)
{
	const char *const arguments[] = { verb, argument, NULL };
	auto_site_variables variables = { NULL, 0 };
	auto_char *path = NULL;
	struct child c = { .arguments = arguments, .input = input };
	enum status st;

	if ((st = find_directory(&path)) != OK)
		return st;
	c.path = path;
	site_variables_add_own(&variables);
	c.variables = (const char *const *)variables.v;
	return run(p, &c, out);
}
