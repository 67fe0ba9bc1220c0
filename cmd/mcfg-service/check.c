/* --check: is a site what requests will need? */
#include <string.h>

#include "profile/template.h"
#include "service.h"

/* The template for all devices without a special one. */
static enum status
check_template(void)
{
	const struct io_input in = { "profile.yaml", NULL };
	auto_template template = TEMPLATE_INIT;

	return template_read(&in, &template);
}

/*
 * A site has no ledger before its first enrollment.  An older one is left as it
 * is: the server of today may be its program.
 */
static enum status
check_ledger(struct service *s)
{
	const char *uri = s->settings.ledger;
	auto_char *path = NULL;
	bool exists = true;
	enum status st;

	if (uri == NULL)
		return fail(USAGE, "site.yaml: ledger is not set");
	if (strncmp(uri, "sqlite:", 7) == 0) {
		path = io_beside("site.yaml", uri + 7);
		if ((st = io_exists(path, &exists)) != OK || !exists)
			return st;
	}
	return service_ledger(s, LEDGER_READ);
}

/*
 * Files are named as in the site's folder, where requests work.  Who asks for a
 * check is elsewhere, so the folder is put before the name that a line begins
 * with, or before the whole text.
 */
static void
name_folder(const char *line, void *arg)
{
	const struct service *s = arg;
	const char *text = strstr(line, ": ");
	auto_char *shown = NULL;
	size_t name;

	if (text == NULL) {
		diag_put(line);
		return;
	}
	text += strlen(": ");
	if (strncmp(text, "warning: ", 9) == 0)
		text += 9;
	name = strcspn(text, ": ");
	if (*text == '/')
		shown = xstrdup(line);
	else
		shown = xasprintf("%.*s%s%s%s", (int)(text - line), line,
		    s->dir, *text != '-' && text[name] == ':' ? "/" : ": ",
		    text);
	diag_put(shown);
}

static enum status
check_all(struct service *s)
{
	enum status st;

	if ((st = service_site(s)) != OK ||
	    (st = service_payload_settings(s)) != OK ||
	    (st = service_scep_settings(s)) != OK ||
	    (st = service_pages(s)) != OK ||
	    (st = service_anchors(s)) != OK ||
	    (st = service_signer(s)) != OK ||
	    (st = profile_signer_check(&s->signer, false)) != OK ||
	    (st = check_template()) != OK)
		return st;
	return check_ledger(s);
}

enum status
check_service(struct service *s)
{
	enum status st;

	diag_divert(name_folder, s);
	st = check_all(s);
	diag_divert(NULL, NULL);
	return st;
}
