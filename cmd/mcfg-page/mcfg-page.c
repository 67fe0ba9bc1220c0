/* mcfg-page: writes one of the service's web pages, filled in. */
#include <string.h>

#include "base/words.h"
#include "cli/opts.h"
#include "failure.h"
#include "page/page.h"
#include "site/site.h"
#include "text/text.h"
#include "web/web.h"

enum { STATUS_LEAST = 200, STATUS_MOST = 599, FAILED_MOST = 255 };

static struct args {
	struct strings names, set, log;
	const char *config, *lang, *pages, *qr, *invitation, *cert;
	const char *blame, *drain, *origin, *fetch_site;
	long status, answer, failed;
	bool is_template, is_chunked;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "set", "NAME=VALUE", "set a value for the page",
	    .values = &args.set,
	    .check = spec_check_setting },
	{ 0, "lang", "TAGS", "the reader's languages, as in Accept-Language "
	    "(default: en)", .value = &args.lang },
	{ 0, "pages", "DIR", "the site's own pages (default: pages beside the "
	    "file of --config)", .value = &args.pages },
	{ 0, "qr", "SRC", "content of the QR code, instead of the site's URL: "
	    "env:NAME, file:PATH or fd:N", .value = &args.qr,
	    .check = secret_check_source, .is_secret = true },
	{ 0, "invitation", "SRC", "content of the QR code: the URL of the "
	    "invitation with this token", .value = &args.invitation,
	    .check = secret_check_source, .is_secret = true },
	{ 0, "status", "CODE", "begin with the header of a CGI response with "
	    "this status", .number = &args.status, .min = STATUS_LEAST,
	    .max = STATUS_MOST },
	{ 0, "cert", "FILE", "with --status: respond with this certificate "
	    "instead of a page", .value = &args.cert, .is_file = true },
	{ 0, "answer", "CODE", "write a whole CGI response with this status, "
	    "and the page for it", .number = &args.answer,
	    .min = STATUS_LEAST, .max = STATUS_MOST },
	{ 0, "failed", "STATUS", "write a whole CGI response for a request for "
	    "which a tool has exited with STATUS", .number = &args.failed,
	    .min = 1, .max = FAILED_MOST },
	{ 0, "blame", "WHAT", "with --failed: what the tool judges (default: "
	    "site)", .value = &args.blame,
	    .choices = "site|device|message|user|name|login" },
	{ 0, "log", "KEY=VALUE", "with an HTTP status: also log this about the "
	    "request on standard error; without NAME, only log",
	    .values = &args.log },
	{ 0, "drain", "LENGTH", "first read the rest of a request's body of "
	    "this length from standard input", .value = &args.drain },
	{ 0, "chunked", NULL, "with an empty --drain: read to the end",
	    .flag = &args.is_chunked },
	{ 0, "origin", "TEXT", "header field Origin of a form, which must be "
	    "on a page of the site of --config", .value = &args.origin },
	{ 0, "fetch-site", "TEXT", "header field Sec-Fetch-Site of a form",
	    .value = &args.fetch_site },
	{ 0, "template", NULL, "write the template without filling it in",
	    .flag = &args.is_template },
	OPT_CONFIG(args.config),
	OPT_OUTPUT(args.out),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-page",
	.summary = "Write a web page of the profile service, in the reader's "
	    "language.",
	.operands = "[NAME]",
	.example = "mcfg-page --config site.yaml --lang de,en welcome > "
	    "welcome.html",
	.options = options,
	.args = &args,
	.inputs = &args.names,
};

/* --answer and --failed use the page that belongs to the HTTP status. */
static enum status
check_answer(const struct args *a)
{
	const char *option = a->answer != 0 ? "--answer" : "--failed";

	if (a->answer != 0 && a->failed != 0)
		return fail(USAGE, "--failed cannot be used with --answer");
	if (a->names.n > 0)
		return fail(USAGE, "'%s': %s chooses the page",
		    a->names.v[0], option);
	if (a->status != 0 || a->is_template || a->out.http != NULL)
		return fail(USAGE, "%s cannot be used with --status, "
		    "--template or --http", option);
	if (a->cert != NULL)
		return fail(USAGE, "--cert cannot be used with %s", option);
	return OK;
}

static bool
is_answer(const struct args *a)
{
	return a->answer != 0 || a->failed != 0;
}

static bool
is_form(const struct args *a)
{
	return a->origin != NULL || a->fetch_site != NULL;
}

static enum status
check_cert(const struct args *a)
{
	if (a->status == 0)
		return fail(USAGE, "--cert: needs --status CODE");
	if (a->names.n > 0)
		return fail(USAGE, "'%s': --cert writes no page",
		    a->names.v[0]);
	if (a->is_template || a->out.http != NULL)
		return fail(USAGE, "--cert cannot be used with --template or "
		    "--http");
	if (a->drain != NULL && strcmp(a->cert, "-") == 0)
		return fail(USAGE, "--cert - cannot be used with --drain: "
		    "both read standard input");
	return OK;
}

static enum status
check(const struct args *a)
{
	const char *reason;

	if (a->invitation != NULL && a->qr != NULL)
		return fail(USAGE, "--invitation cannot be used with --qr");
	if (a->invitation != NULL && a->config == NULL)
		return opts_missing("--config", "the site of --invitation");
	if (a->blame != NULL && a->failed == 0)
		return fail(USAGE, "--blame: needs --failed STATUS");
	if (is_form(a) && a->config == NULL)
		return opts_missing("--config", "the site of --origin and "
		    "--fetch-site");
	if (is_answer(a))
		return check_answer(a);
	if (a->cert != NULL)
		return check_cert(a);
	if (a->log.n > 0 && a->status == 0)
		return fail(USAGE, "--log needs --status, --answer or "
		    "--failed");
	if (a->names.n == 0 && (a->log.n > 0 || a->drain != NULL ||
	    is_form(a)))
		return OK;
	if (a->names.n == 0)
		return opts_missing("NAME", "welcome, invited, login, refused "
		    "or error");
	if (a->names.n > 1)
		return fail(USAGE, "'%s': only one NAME is accepted",
		    a->names.v[1]);
	if (a->status != 0 && (a->is_template || a->out.http != NULL))
		return fail(USAGE, "--status cannot be used with --template or "
		    "--http");
	if ((reason = page_check_name(a->names.v[0])) != NULL)
		return fail(USAGE, "'%s': %s", a->names.v[0], reason);
	return OK;
}

/* Names that a page sets itself are refused. */
static enum status
add_set(struct page_values *v, const char *text)
{
	const char *eq = strchr(text, '=');
	auto_char *name = xstrndup(text, (size_t)(eq - text));

	if (strcmp(name, "lang") == 0 || strcmp(name, "dir") == 0 ||
	    strcmp(name, "style") == 0 || strcmp(name, "qr") == 0)
		return fail(USAGE, "--set: %s: is not a value that can be "
		    "chosen", name);
	page_set(v, name, eq + 1);
	return OK;
}

/* Another QR code than that of the site's address. */
static enum status
set_qr(const struct args *a, const struct site *s, struct page_values *v)
{
	auto_buf text = BUF_SECRET, link = BUF_SECRET;
	const char *url;
	enum status st;

	if (a->qr != NULL) {
		if ((st = secret_read(a->qr, "--qr", &text)) == OK)
			page_set_qr(v, buf_str(&text));
		return st;
	}
	if (a->invitation == NULL)
		return OK;
	if ((url = site_get(s, "url")) == NULL)
		return fail(MALFORMED, "%s: url is not set", a->config);
	if ((st = secret_read(a->invitation, "--invitation", &text)) != OK)
		return st;
	buf_printf(&link, "%s/i/%s", url, buf_str(&text));
	page_set_qr(v, buf_str(&link));
	return OK;
}

static enum status
add_values(const struct args *a, int code, struct page_values *v)
{
	static const char *const names[] = { "organization", "description",
	    "url", "fingerprint", "help", "help_url", "logo", "own", "user" };
	auto_site *s = NULL;
	enum status st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		page_set(v, names[i], "");
	page_set_markup(v, "qr", "");
	if (a->config != NULL && ((st = site_load(a->config, &s)) != OK ||
	    (st = page_set_site(v, s, a->config)) != OK))
		return st;
	page_set_status(v, code);
	if ((st = set_qr(a, s, v)) != OK)
		return st;
	for (i = 0; i < a->set.n; i++)
		if ((st = add_set(v, a->set.v[i])) != OK)
			return st;
	return OK;
}

static enum status
find(const struct args *a, const char *name, struct page *out)
{
	auto_char *beside = a->config == NULL ? NULL :
	    io_beside(a->config, "pages");

	return page_find(a->pages != NULL ? a->pages : beside, name, a->lang,
	    out);
}

/* Writes the page, with the header of a response unless code is 0. */
static enum status
fill_in(const struct args *a, int code, const char *name,
    const struct page *page, struct buf *out)
{
	auto_page_values values = PAGE_VALUES_INIT;
	auto_buf html = BUF_INIT;
	enum status st;

	if ((st = add_values(a, code, &values)) != OK ||
	    (st = page_render(page, &values, &html)) != OK)
		return st;
	if (code != 0)
		page_response(code, name, page, html.len,
		    strcmp(name, "invited") == 0, out);
	buf_add_buf(out, &html);
	return OK;
}

static void
drop_line(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

/* The length of the request's body; as web_parse_length() gives it. */
static int64_t
length_of(const struct args *a)
{
	return web_parse_length(a->drain);
}

static void
drain(const struct args *a)
{
	int64_t length = length_of(a);

	web_drain_input(length == -1 && a->is_chunked ? INT64_MAX : length);
}

static void
put_log(const struct args *a, int code, const struct web_log *log)
{
	auto_buf line = BUF_INIT;

	if (a->log.n == 0)
		return;
	web_put_log(&line, code, log);
	diag_put(buf_str(&line));
}

/* ---- a response that is not 200 ---- */

/* It does not say why: all responses with one status are the same. */
static void
put_answer(const struct args *a, int code, struct buf *out)
{
	const char *name = page_of_status(code);
	auto_page page = PAGE_INIT;
	enum status st;

	page_response_fields(code, out);
	diag_divert(drop_line, NULL);
	if ((st = find(a, name, &page)) == OK)
		st = fill_in(a, code, name, &page, out);
	diag_divert(NULL, NULL);
	if (st != OK)
		page_plain_response(code, out);
}

static enum status
answer(const struct args *a, const struct web_log *log)
{
	const struct failure f = { .status = (int)a->failed,
	    .blame = a->blame, .config = a->config, .length = length_of(a) };
	struct web_verdict v = { (int)a->answer, log->reason };
	auto_buf reason = BUF_INIT, out = BUF_INIT;
	struct web_log line = *log;
	auto_char *url = NULL;
	bool is_read = false;

	if (a->failed != 0) {
		words_join_lines(log->reason != NULL ? log->reason : "",
		    &reason);
		v = failure_judge(&f, buf_str(&reason), &is_read);
	}
	line.reason = v.reason;
	put_log(a, v.code, &line);
	if (v.code == 301 && (url = failure_url(a->config)) == NULL) {
		v.code = 500;
		line.reason = "site.yaml: url is not set";
		put_log(a, v.code, &line);
	}
	if (url != NULL)
		buf_printf(&out, "Location: %s/enroll\r\n", url);
	put_answer(a, v.code, &out);
	if (!is_read)
		drain(a);
	return io_spill(&a->out, &out);
}

/* ---- a page ---- */

/* REFUSED if a form was sent from a page of another site. */
static enum status
judge_form(const struct args *a)
{
	auto_site *s = NULL;
	enum status st;

	if ((st = site_load(a->config, &s)) != OK)
		return st;
	if (site_get(s, "url") == NULL)
		return fail(MALFORMED, "%s: url is not set", a->config);
	return web_is_own_page(site_get(s, "url"), a->origin, a->fetch_site) ?
	    OK : fail(REFUSED, "sent from a page of another site");
}

static enum status
write_page(const struct args *a)
{
	const char *name = a->names.v[0];
	auto_page page = PAGE_INIT;
	auto_buf out = BUF_INIT;
	enum status st;

	if ((st = find(a, name, &page)) != OK)
		return st;
	if (a->is_template)
		return io_spill(&a->out, &page.html);
	if ((st = fill_in(a, (int)a->status, name, &page, &out)) != OK)
		return st;
	return io_spill(&a->out, &out);
}

/* ---- a certificate ---- */

static enum status
write_cert(const struct args *a)
{
	auto_buf out = BUF_INIT;
	enum status st;

	if (a->status != 200)
		web_put_status(&out, (int)a->status);
	if ((st = page_cert_response(a->cert, &out)) != OK)
		return st;
	return io_spill(&a->out, &out);
}

static enum status
run(const struct args *a)
{
	struct web_log log;
	enum status st;

	if ((st = check(a)) != OK ||
	    (st = web_read_log(&a->log, &log)) != OK)
		return st;
	if (is_answer(a))
		return answer(a, &log);
	if (is_form(a) && (st = judge_form(a)) != OK)
		return st;
	drain(a);
	if (a->cert != NULL && (st = write_cert(a)) != OK)
		return st;
	if (a->names.n > 0 && (st = write_page(a)) != OK)
		return st;
	put_log(a, (int)a->status, &log);
	return OK;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
