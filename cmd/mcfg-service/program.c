/* Programs of the site's: found, and run with nothing of a request. */
#include <string.h>

#include "service.h"

enum {
	TOO_LONG = 503,
};

void
variables_free(struct variables *l)
{
	mem_free_all(l->v, l->n);
}

/* There is always a NULL at the end. */
void
add_variable(struct variables *l, const char *name, const char *value)
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

/* False for what is a request's (RFC 3875), or may be. */
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
	/* PATH and LC_ALL are always there. */
	if (is_own(name) && strcmp(name, "PATH") != 0 &&
	    strcmp(name, "LC_ALL") != 0)
		add_variable(arg, name, value);
	return OK;
}

void
add_own_variables(struct variables *l)
{
	(void)secret_env_each("", add_own, l);
}

/* What a program of the site's gets. */
static void
add_program_variables(const struct visit *v, struct variables *l)
{
	static const char *const names[] = { "MCFG_BIN", "HOME", "TMPDIR",
	    "TZ" };
	const char *secret = v->s->settings.secret, *value;
	size_t i;

	add_variable(l, "MCFG_SITE", v->s->dir);
	for (i = 0; i < ARRAY_LEN(names); i++)
		if ((value = secret_env(names[i])) != NULL)
			add_variable(l, names[i], value);
	if (secret != NULL && begins(secret, "env:") &&
	    (value = secret_env(secret + 4)) != NULL)
		add_variable(l, secret + 4, value);
}

int
find_program(struct visit *v, const char *value, const char *key,
    char **path)
{
	if ((*path = child_find(value)) == NULL)
		return refuse(v, 500, "%s: no such program", key);
	return 0;
}

enum status
status_of(const struct child_result *r)
{
	return r->code >= OK && r->code <= LATER ? (enum status)r->code :
	    FAULT;
}

int
ask_program(struct visit *v, enum blame blame, const char *path,
    const char *argument, struct buf *out)
{
	const char *const arguments[] = { argument, NULL };
	auto_variables variables = { NULL, 0 };
	auto_buf errors = BUF_INIT;
	struct child c = { .path = path, .arguments = arguments,
	    .errors = &errors };
	struct child_result r;
	enum status st;
	int code;

	add_program_variables(v, &variables);
	c.variables = (const char *const *)variables.v;
	step_begin(v, io_base(path));
	if ((st = child_run(&c, out, &r)) != OK)
		return step_end(v, SITE, st);
	step_said(v, &errors);
	if (r.end == CHILD_TOO_LONG || r.end == CHILD_TOO_MUCH) {
		(void)step_end(v, SITE, child_fail(&c, &r));
		return TOO_LONG;
	}
	if (r.end == CHILD_SIGNALED)
		st = child_fail(&c, &r);
	else
		st = status_of(&r);
	code = step_end(v, blame, st);
	if (code != 0 && v->reason.len == 0)
		return refuse(v, code, "%s ended with status %d", path,
		    r.code);
	return code;
}
