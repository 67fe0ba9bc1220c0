/* The values that every page of a site has. */
#include <string.h>

#include "base/encoding.h"
#include "page/page.h"
#include "x509/cert.h"

/* In pairs of digits, for people who compare them. */
static enum status
set_fingerprint(struct page_values *v, const char *config)
{
	auto_char *path = io_beside(config, "ca/root.pem");
	char hash[SECRET_HASH_TEXT];
	auto_X509 *root = NULL;
	auto_buf pairs = BUF_INIT;
	enum status st;
	size_t i;

	if ((st = cert_load(path, &root)) != OK)
		return st;
	cert_sha256(root, hash);
	for (i = 0; hash[i] != '\0'; i++) {
		if (i > 0 && i % 2 == 0)
			buf_putc(&pairs, ' ');
		buf_putc(&pairs, (char)(hash[i] >= 'a' ?
		    hash[i] - 'a' + 'A' : hash[i]));
	}
	page_set(v, "fingerprint", buf_str(&pairs));
	return OK;
}

static const char *
type_of_logo(const struct buf *b)
{
	static const char png[] = "\x89PNG\r\n\x1a\n";

	if (buf_has_prefix(b, png))
		return "image/png";
	if (buf_has_prefix(b, "<svg") || buf_has_prefix(b, "<?xml"))
		return "image/svg+xml";
	return NULL;
}

static enum status
set_logo(struct page_values *v, const struct site *s, const char *config)
{
	const char *file = site_get(s, "logo"), *type;
	auto_buf image = BUF_INIT, address = BUF_INIT;
	auto_char *path = NULL;
	enum status st;

	page_set(v, "logo", "");
	if (file == NULL)
		return OK;
	path = io_beside(config, file);
	if ((st = io_slurp_file(path, PAGE_LOGO_MAX, &image)) != OK)
		return st;
	if ((type = type_of_logo(&image)) == NULL)
		return fail(MALFORMED, "%s: logo: %s: must be a PNG or an SVG "
		    "image", site_where(s, "logo"), path);
	buf_printf(&address, "data:%s;base64,", type);
	encode_base64(&address, image.data, image.len);
	page_set(v, "logo", buf_str(&address));
	return OK;
}

static bool
begins_with(const char *text, const char *what)
{
	return strncmp(text, what, strlen(what)) == 0;
}

static void
set_help(struct page_values *v, const char *help)
{
	bool is_address = help != NULL && (begins_with(help, "https://") ||
	    begins_with(help, "mailto:") || begins_with(help, "tel:"));
	const char *shown = help;

	if (is_address && !begins_with(help, "https://"))
		shown = strchr(help, ':') + 1;
	page_set(v, "help", shown);
	page_set(v, "help_url", is_address ? help : "");
}

enum status
page_set_site(struct page_values *v, const struct site *s,
    const char *config)
{
	const char *trust = site_get(s, "trust"), *url = site_get(s, "url");
	bool own = trust == NULL || strcmp(trust, "own") == 0;
	auto_char *address = xasprintf("%s/", url != NULL ? url : "");
	enum status st;

	page_set(v, "organization", site_get(s, "organization"));
	page_set(v, "description", site_get(s, "description"));
	page_set(v, "url", url);
	page_set(v, "own", own ? "yes" : "");
	page_set(v, "fingerprint", "");
	set_help(v, site_get(s, "help"));
	page_set(v, "user", "");
	page_set_status(v, 0);
	page_set_qr(v, address);
	if ((st = set_logo(v, s, config)) != OK)
		return st;
	return own ? set_fingerprint(v, config) : OK;
}
