/* mcfg-page: one of the service's web pages, filled in. */
#include <string.h>

#include "cli/opts.h"
#include "page/page.h"
#include "site/site.h"
#include "text/text.h"

enum { STATUS_LEAST = 200, STATUS_MOST = 599 };

static struct args {
	struct strings names, set;
	const char *config, *lang, *pages, *qr;
	long status;
	bool is_template;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "set", "NAME=VALUE", "a value for the page", .values = &args.set },
	{ 0, "lang", "TAGS", "languages in order of preference, as in "
	    "Accept-Language (default: en)", .value = &args.lang },
	{ 0, "pages", "DIR", "the site's own pages (default: pages beside the "
	    "file of --config)", .value = &args.pages },
	{ 0, "qr", "SRC", "what the QR code stands for, instead of the site's "
	    "address: env:NAME, file:PATH or fd:N", .value = &args.qr },
	{ 0, "status", "CODE", "for a CGI: write the header of a response with "
	    "this status first", .number = &args.status, .min = STATUS_LEAST,
	    .max = STATUS_MOST },
	{ 0, "template", NULL, "write the template itself",
	    .flag = &args.is_template },
	OPT_CONFIG(args.config),
	OPT_OUTPUT(args.out),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-page",
	.summary = "Write one of the web pages of the profile service, in the "
	    "reader's language.",
	.operands = "NAME",
	.example = "mcfg-page --config site.yaml --lang de,en welcome > "
	    "welcome.html",
	.options = options,
	.args = &args,
	.inputs = &args.names,
};

static enum status
check(const struct args *a)
{
	const char *reason;

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

/* Names of a page itself cannot be set. */
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
add_values(const struct args *a, struct page_values *v)
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
	page_set_status(v, (int)a->status);
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
run(const struct args *a)
{
	auto_page_values values = PAGE_VALUES_INIT;
	auto_buf html = BUF_INIT, out = BUF_INIT;
	auto_page page = PAGE_INIT;
	auto_char *beside = NULL;
	const char *name;
	enum status st;

	if ((st = check(a)) != OK)					/* read */
		return st;
	name = a->names.v[0];
	if (a->config != NULL)
		beside = io_beside(a->config, "pages");
	if ((st = page_find(a->pages != NULL ? a->pages : beside, name,
	    a->lang, &page)) != OK)
		return st;
	if (a->is_template)
		return io_spill(&a->out, &page.html);

	if ((st = add_values(a, &values)) != OK ||			/* fill in */
	    (st = page_render(&page, &values, &html)) != OK)
		return st;

	if (a->status != 0)						/* write */
		page_response((int)a->status, name, &page, html.len,
		    strcmp(name, "invited") == 0, &out);
	buf_add_buf(&out, &html);
	return io_spill(&a->out, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
