/* The header of a response with a page, and that with a certificate. */
#include <string.h>

#include "page/page.h"
#include "web/web.h"
#include "x509/cert.h"

const char *
page_of_status(int code)
{
	switch (code) {
	case 401:
		return "login";
	case 403:
		return "refused";
	default:
		return "error";
	}
}

void
page_set_status(struct page_values *v, int code)
{
	auto_char *status = code == 0 ? xstrdup("") :
	    xasprintf("%d %s", code, web_phrase(code));

	page_set(v, "status", status);
	page_set(v, "missing", code == 404 ? "yes" : "");
	page_set(v, "busy", code == 503 || code == 429 ? "yes" : "");
}

void
page_response(int code, const char *name, const struct page *p,
    size_t length, bool may_post, struct buf *out)
{
	if (code != 200)
		web_put_status(out, code);
	if (strcmp(name, "welcome") != 0)
		buf_puts(out, "Cache-Control: no-store\r\n");
	buf_printf(out, "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Language: %s\r\nContent-Length: %zu\r\n"
	    "Vary: Accept-Language\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'unsafe-inline'; img-src data:; "
	    "frame-ancestors 'none'; base-uri 'none'; form-action %s\r\n\r\n",
	    p->lang, length, may_post ? "'self'" : "'none'");
}

void
page_response_fields(int code, struct buf *out)
{
	if (code == 401)
		buf_puts(out, "WWW-Authenticate: Basic realm=\"Enrollment\", "
		    "charset=\"UTF-8\"\r\n");
	if (code == 503)
		buf_puts(out, "Retry-After: 5\r\n");
}

void
page_plain_response(int code, struct buf *out)
{
	buf_puts(out, "Cache-Control: no-store\r\n");
	web_put_status(out, code);
	buf_printf(out, "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	    "%s\n", web_phrase(code));
}

enum status
page_cert_response(const char *path, struct buf *out)
{
	auto_certs *certs = NULL;
	auto_buf der = BUF_INIT;
	enum status st;

	if ((st = cert_load_list(path, &certs)) != OK)
		return st;
	cert_to_der(sk_X509_value(certs, 0), &der);
	web_put_attachment(out, "ca.cer", "application/x-x509-ca-cert",
	    der.len);
	buf_add_buf(out, &der);
	return OK;
}
