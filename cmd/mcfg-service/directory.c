/* The directory of a site: whom it knows, and how it writes a name. */
#include <string.h>

#include "service.h"

/* Of an installation, and of a clone: beside the folder of this program. */
static const char *const places[] = {
	"../libexec/mcfg/web/directory", "../../scripts/web/directory",
};

static char *
find_script(void)
{
	auto_char *self = io_real("/proc/self/exe");
	bool exists;
	size_t i;

	for (i = 0; self != NULL && i < ARRAY_LEN(places); i++) {
		auto_char *path = io_beside(self, places[i]);

		if (io_exists(path, &exists) == OK && exists)
			return STEAL(path);
	}
	return NULL;
}

/* Runs the script with a verb; its output is in out. */
static enum status
ask(struct visit *v, const char *verb, const char *argument,
    const struct buf *input, struct buf *out)
{
	const char *const arguments[] = { verb, argument, NULL };
	auto_variables variables = { NULL, 0 };
	auto_char *path = find_script();
	auto_buf errors = BUF_INIT;
	struct child c = { .path = path, .arguments = arguments,
	    .input = input, .errors = &errors };
	struct child_result r;
	enum status st;

	if (path == NULL)
		return fail(FAULT, "scripts/web/directory is not installed");
	add_own_variables(&variables);
	c.variables = (const char *const *)variables.v;
	if ((st = child_run(&c, out, &r)) != OK)
		return st;
	step_said(v, &errors);
	return r.end == CHILD_EXITED ? status_of(&r) : child_fail(&c, &r);
}

/* The line that begins at *at, as a text; *at goes behind it. */
static char *
take_line(const char **at)
{
	size_t n = strcspn(*at, "\n");
	char *line = xstrndup(*at, n);

	*at += n + ((*at)[n] == '\n' ? 1 : 0);
	return line;
}

int
directory_spell(struct visit *v, const char *user, char **out)
{
	auto_buf answer = BUF_INIT;
	const char *at;
	int code;

	step_begin(v, "directory");
	if ((code = step_end(v, USER, ask(v, "spell", user, NULL,
	    &answer))) != 0)
		return code;
	at = buf_str(&answer);
	*out = take_line(&at);
	return 0;
}

static int
unauthorized(struct visit *v, int code)
{
	if (code != 403)
		return code;
	v->extra = xstrdup("WWW-Authenticate: Basic realm=\"Enrollment\", "
	    "charset=\"UTF-8\"");
	return 401;
}

int
directory_login(struct visit *v, char **user, char **resolved)
{
	const char *header = web_variable(v->x, "HTTP_AUTHORIZATION"), *at;
	auto_buf input = BUF_SECRET, answer = BUF_INIT;
	int code;

	buf_printf(&input, "%.*s\n", header != NULL ?
	    (int)strcspn(header, "\n") : 0, header != NULL ? header : "");
	step_begin(v, "login");
	if ((code = step_end(v, USER, ask(v, "login", NULL, &input,
	    &answer))) != 0)
		return unauthorized(v, code);
	at = buf_str(&answer);
	*user = take_line(&at);
	*resolved = take_line(&at);
	return 0;
}
