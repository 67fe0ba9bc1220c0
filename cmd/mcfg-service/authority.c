/*
 * The responses of the CA.  This process never holds the CA's key: it runs
 * scep-ca.
 */
#include <string.h>

#include "service.h"
#include "sys/child.h"

enum { LIST_MAX = 64 << 20 };	/* bytes of a CRL */

/* The exit status of the child; FAULT if it is not one of our statuses. */
static enum status
status_of(const struct child_result *r)
{
	return r->code >= OK && r->code <= LATER ? (enum status)r->code :
	    FAULT;
}

/* Runs scep-ca, and appends its output to out. */
static enum status
ask(struct child *c, struct buf *out)
{
	auto_char *path = NULL;
	struct child_result r;
	enum status st;

	if ((st = child_find("scep-ca", &path)) != OK)
		return st;
	if (path == NULL)
		return fail(FAULT, "not installed");
	c->path = path;
	if ((st = child_run(c, out, &r)) != OK)
		return st;
	if (c->errors != NULL)
		diag_relay(buf_str(c->errors), c->errors->len);
	return r.end == CHILD_EXITED ? status_of(&r) : child_fail(c, &r);
}

/* ---- /CA ---- */

int
answer_root(struct visit *v)
{
	int code;

	step_begin(v, "mcfg-page");
	code = step_end(v, WEB_SITE, page_cert_response("ca/root.pem",
	    &v->body));
	return code != 0 ? code : refuse(v, 200, "root certificate");
}

/* ---- /crl ---- */

int
answer_crl(struct visit *v)
{
	static const char *const arguments[] = { "crl", "--dir", "ca",
	    "--current", "--http", "application/pkix-crl", NULL };
	auto_site_variables variables = { NULL, 0 };
	auto_buf errors = BUF_INIT;
	struct child c = { .arguments = arguments, .most = LIST_MAX,
	    .errors = &errors };
	bool exists = false;
	int code;

	step_begin(v, "scep-ca");
	if ((code = step_end(v, WEB_SITE, io_exists("ca/cert.pem",
	    &exists))) != 0)
		return code;
	if (!exists)
		return refuse(v, 404, "this site has no authority");
	site_variables_add_own(&variables);
	c.variables = (const char *const *)variables.v;
	buf_puts(&v->header, "Cache-Control: no-store\r\n");
	step_begin(v, "scep-ca");
	code = step_end(v, WEB_SITE, ask(&c, &v->body));
	return code != 0 ? code : refuse(v, 200, "revocation list");
}

/* ---- /scep, if no worker of scep-ca serves it ---- */

static void
add_request(struct visit *v, struct site_variables *l)
{
	static const char *const names[] = { "REQUEST_METHOD", "QUERY_STRING",
	    "CONTENT_LENGTH", "REMOTE_ADDR" };
	const char *value;
	size_t i;

	site_variables_add(l, "SCEP_CA_DIR", "ca");
	for (i = 0; i < ARRAY_LEN(names); i++) {
		value = web_variable(v->x, names[i]);
		site_variables_add(l, names[i], value != NULL ? value : "");
	}
}

/* scep-ca writes the whole response, and the log line. */
int
answer_scep(struct visit *v)
{
	static const char *const arguments[] = { "cgi", NULL };
	auto_site_variables variables = { NULL, 0 };
	auto_buf body = BUF_INIT;
	struct child c = { .arguments = arguments, .input = &body,
	    .most = LIST_MAX };
	struct web_verdict got;

	got = web_read_body(v->x, IO_MESSAGE_MAX, true, &body);
	if (got.code == 413)
		return refuse(v, got.code, "%s", got.reason);
	site_variables_add_own(&variables);
	add_request(v, &variables);
	c.variables = (const char *const *)variables.v;
	step_begin(v, "scep-ca");
	return step_end(v, WEB_SITE, ask(&c, &v->body));
}
