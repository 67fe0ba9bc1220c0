/* mcfg-page: writes one of the service's web pages, filled in. */
#include <string.h>

#include "cli/opts.h"
#include "page/page.h"
#include "site/site.h"
#include "text/text.h"
#include "web/web.h"

enum { STATUS_LEAST = 200, STATUS_MOST = 599 };

static struct args {
	struct strings names, set, log;
	const char *config, *lang, *pages, *qr;
	long status, answer;
	bool is_template;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "set", "NAME=VALUE", "set a value for the page",
	    .values = &args.set },
	{ 0, "lang", "TAGS", "the reader's languages, as in Accept-Language "
	    "(default: en)", .value = &args.lang },
	{ 0, "pages", "DIR", "the site's own pages (default: pages beside the "
	    "file of --config)", .value = &args.pages },
	{ 0, "qr", "SRC", "content of the QR code, instead of the site's URL: "
	    "env:NAME, file:PATH or fd:N", .value = &args.qr },
	{ 0, "status", "CODE", "begin with the header of a CGI response with "
	    "this status", .number = &args.status, .min = STATUS_LEAST,
	    .max = STATUS_MOST },
	{ 0, "answer", "CODE", "write a whole CGI response with this status, "
	    "and the page for it", .number = &args.answer,
	    .min = STATUS_LEAST, .max = STATUS_MOST },
	{ 0, "log", "KEY=VALUE", "with --status: also log this about the "
	    "request on standard error; without NAME, only log",
	    .values = &args.log },
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

/* --answer takes the page that belongs to the status. */
static enum status
check_answer(const struct args *a)
{
	if (a->names.n > 0)
		return fail(USAGE, "'%s': --answer chooses the page",
		    a->names.v[0]);
	if (a->status != 0 || a->log.n > 0 || a->is_template ||
	    a->out.http != NULL)
		return fail(USAGE, "--answer does not go with --status, "
		    "--log, --template or --http");
	return OK;
}

static enum status
check(const struct args *a)
{
	const char *reason;

	if (a->answer != 0)
		return check_answer(a);
	if (a->log.n > 0 && a->status == 0)
		return fail(USAGE, "--log: goes with --status");
	if (a->names.n == 0 && a->log.n > 0)
		return OK;
	if (a->names.n == 0)
		return opts_missing("NAME", "welcome, invited, login, refused "
		    "or error");
	if (a->names.n > 1)
		return fail(USAGE, "'%s': takes one NAME only",
		    a->names.v[1]);
	if (a->status != 0 && (a->is_template || a->out.http != NULL))
		return fail(USAGE, "--status does not go with --template or "
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
	auto_char *name = NULL;

	if (eq == NULL || !spec_is_name(text, (size_t)(eq - text)))
		return fail(USAGE, "--set: '%s': not of the form NAME=VALUE",
		    text);
	name = xstrndup(text, (size_t)(eq - text));
	if (strcmp(name, "lang") == 0 || strcmp(name, "dir") == 0 ||
	    strcmp(name, "style") == 0 || strcmp(name, "qr") == 0)
		return fail(USAGE, "--set: %s: is not a value that can be "
		    "chosen", name);
	page_set(v, name, eq + 1);
	return OK;
}

static enum status
add_values(const struct args *a, int code, struct page_values *v)
{
	static const char *const names[] = { "organization", "description",
	    "url", "fingerprint", "help", "help_url", "logo", "own", "user" };
	auto_buf address = BUF_SECRET;
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
	if (a->qr != NULL && (st = secret_read(a->qr, "--qr",
	    &address)) != OK)
		return st;
	if (a->qr != NULL)
		page_set_qr(v, buf_str(&address));
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

/*
 * The page does not give the reason: all responses with one status are alike.
 */
static enum status
answer(const struct args *a)
{
	const char *name = page_of_status((int)a->answer);
	auto_page page = PAGE_INIT;
	auto_buf out = BUF_INIT;
	enum status st;

	page_response_fields((int)a->answer, &out);
	diag_divert(drop_line, NULL);
	if ((st = find(a, name, &page)) == OK)
		st = fill_in(a, (int)a->answer, name, &page, &out);
	diag_divert(NULL, NULL);
	if (st != OK)
		page_plain_response((int)a->answer, &out);
	return io_spill(&a->out, &out);
}

static void
put_log(const struct args *a, const struct web_log *log)
{
	auto_buf line = BUF_INIT;

	if (a->log.n == 0)
		return;
	web_put_log(&line, (int)a->status, log);
	diag_put(buf_str(&line));
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

static enum status
run(const struct args *a)
{
	struct web_log log;
	enum status st;

	if ((st = check(a)) != OK ||
	    (st = web_read_log(&a->log, &log)) != OK)
		return st;
	if (a->answer != 0)
		return answer(a);
	if (a->names.n > 0 && (st = write_page(a)) != OK)
		return st;
	put_log(a, &log);
	return OK;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
