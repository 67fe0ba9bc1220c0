/* --check: does the site have everything that requests need? */
#include <string.h>

#include "profile/template.h"
#include "service.h"

/* The default template, for devices without a special one. */
static enum status
check_template(void)
{
	const struct io_input in = { "profile.yaml", NULL };
	auto_template template = TEMPLATE_INIT;

	return template_read(&in, &template);
}

/*
 * A site has no ledger before its first enrollment.  A ledger of an older
 * version is not upgraded, since the running server may still be of that
 * version.
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
 * Messages name files relative to the site's folder, the working directory of
 * requests.  For the person who runs the check, the folder is put before the
 * file's name at the beginning of a message, or before the whole message.
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
