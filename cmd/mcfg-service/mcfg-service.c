/*
 * mcfg-service: the profile service in one process: a FastCGI worker, or a CGI
 * program if it is started as one.
 */
#include <string.h>
#include <unistd.h>

#include "cli/opts.h"
#include "service.h"

enum { WORKERS_MAX = 256 };

static struct args {
	const char *site;
	long workers;
	bool check;
} args;

static const struct opt options[] = {
	{ 0, "site", "DIR", "folder of the site (default: MCFG_SITE)",
	    .value = &args.site },
	{ 0, "workers", "N", "number of worker processes",
	    .number = &args.workers, .min = 1,
	    .max = WORKERS_MAX },
	{ 0, "check", NULL, "check whether the site is ready, and exit",
	    .flag = &args.check },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-service",
	.summary = "Handle the requests of a profile service, as FastCGI or "
	    "CGI.",
	.example = "MCFG_SITE=/srv/profiles mcfg-service",
	.options = options,
	.args = &args,
};

/* ---- routes ---- */

#define INVITATION	"/i/-"		/* the token never gets into a log */

enum { METHODS = 3 };

static const struct route {
	const char *path;
	const char *methods[METHODS];
	int (*answer)(struct visit *v);
} routes[] = {
	{ "/", { "GET", "HEAD" }, answer_welcome },
	{ "/CA", { "GET", "HEAD" }, answer_root },
	{ "/crl", { "GET", "HEAD" }, answer_crl },
	{ "/enroll", { "GET" }, answer_enroll },
	{ INVITATION, { "GET", "HEAD", "POST" }, answer_invited },
	{ "/profile", { "POST" }, answer_profile },
};

static bool
is_scep(const char *path)
{
	return strncmp(path, "/scep", 5) == 0 &&
	    (path[5] == '\0' || path[5] == '/');
}

static int
not_allowed(struct visit *v, const struct route *r)
{
	auto_buf allow = BUF_INIT;
	size_t i;

	for (i = 0; i < METHODS && r->methods[i] != NULL; i++)
		buf_printf(&allow, "%s%s", i > 0 ? ", " : "Allow: ",
		    r->methods[i]);
	v->extra = xstrdup(buf_str(&allow));
	return refuse(v, 405, "method not allowed");
}

static int
follow(struct visit *v, const struct route *r)
{
	size_t i;

	for (i = 0; i < METHODS && r->methods[i] != NULL; i++)
		if (strcmp(r->methods[i], v->method) == 0)
			return r->answer(v);
	return not_allowed(v, r);
}

static int
answer(struct visit *v)
{
	size_t i;

	if (v->s->dir == NULL)
		return refuse(v, 500, "MCFG_SITE is not set");
	if (chdir(v->s->dir) == -1)
		return refuse(v, 500, "MCFG_SITE is not a folder");
	for (i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, v->path) == 0)
			return follow(v, &routes[i]);
	return refuse(v, 404, "no such page");
}

static void
visit_free(struct visit *v)
{
	buf_free(&v->said);
	buf_free(&v->reason);
	buf_free(&v->header);
	buf_free(&v->body);
	free(v->extra);
	free(v->user);
	free(v->udid);
	free(v->serial);
	free(v->enrollment);
	free(v->sent);
	enrollment_identified_free(&v->identified);
}

static const char *
text_of(struct web_exchange *x, const char *name)
{
	const char *value = web_variable(x, name);

	return value != NULL ? value : "";
}

static void
handle(struct web_exchange *x, void *arg)
{
	AUTO(visit_free) struct visit v = { .s = arg, .x = x,
	    .method = text_of(x, "REQUEST_METHOD"),
	    .path = text_of(x, "PATH_INFO"),
	    .client = text_of(x, "REMOTE_ADDR"),
	    .identified = ENROLLMENT_IDENTIFIED_INIT };

	service_begin(v.s);
	if (*v.path == '\0')
		v.path = "/";
	if (strncmp(v.path, "/i/", 3) == 0 && v.path[3] != '\0') {
		v.token = v.path + 3;
		v.path = INVITATION;
	}
	if (is_scep(v.path) && v.s->dir != NULL && chdir(v.s->dir) == 0) {
		int code = answer_scep(&v);

		if (code == 0) {
			diag_init("scep-ca");
			(void)web_write(x, &v.body);
			diag_init("mcfg-service");
			return;
		}
		respond(&v, code);
		return;
	}
	respond(&v, answer(&v));
}

/* ---- the process ---- */

/* The other programs of this toolkit are in the folder of this one. */
static void
find_programs(void)
{
	const char *bin = secret_env("MCFG_BIN");
	auto_char *self = io_real("/proc/self/exe");

	if (bin == NULL || *bin == '\0') {
		if (self == NULL)
			return;
		*strrchr(self, '/') = '\0';
		bin = self;
	}
	secret_path_first(bin);
}

/* Returns an absolute path, as the working directory changes. */
static char *
find_site(const char *given)
{
	const char *dir = given != NULL ? given : secret_env("MCFG_SITE");
	auto_char *here = io_real(".");

	if (dir == NULL || *dir == '\0')
		return NULL;
	return *dir == '/' || here == NULL ? xstrdup(dir) :
	    io_join(here, dir);
}

static enum status
check(struct service *s)
{
	const struct io_output to_stdout = { NULL, NULL, false };
	auto_buf out = BUF_INIT;
	enum status st;

	if (s->dir == NULL)
		return opts_missing("--site", "or MCFG_SITE in the "
		    "environment");
	if (chdir(s->dir) == -1)
		return fail_errno(FAULT, "%s", s->dir);
	st = check_service(s);
	service_close(s);
	if (st != OK)
		return st;
	buf_printf(&out, "%s is ready\n", s->dir);
	return io_spill(&to_stdout, &out);
}

static enum status
run(const struct args *a)
{
	auto_char *dir = find_site(a->site);
	struct service s = { .dir = dir };
	enum status st;

	find_programs();
	if (a->check)
		return check(&s);
	if (!web_is_cgi())
		cert_reading_begin();
	st = web_serve(a->workers, handle, &s);
	service_close(&s);
	return st;
}

/*
 * As a CGI program, true if the query has no "=": a server may pass its words
 * as arguments (RFC 3875 4.4), so that they are a stranger's.
 */
static bool
has_words_of_query(void)
{
	const char *query = secret_env("QUERY_STRING");

	return secret_env("REQUEST_METHOD") != NULL && query != NULL &&
	    *query != '\0' && strchr(query, '=') == NULL;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && has_words_of_query())
		argv[argc = 1] = NULL;
	return (int)opts_main(&tool, argc, argv, run);
}
