/* The validity of the CA's certificates. */
#include "html.h"

static void
put_certs(struct buf *out, const struct overview *o)
{
	struct html_table t;
	size_t i;

	html_table(&t, out, true, "Certificates of the authority",
	    "What|Ends|Lifetime|Key|Subject");
	for (i = 0; i < o->ca.n; i++) {
		const struct authority_cert *c = &o->ca.v[i];

		html_cell_with(&t, "%s <code class=\"block\">%s</code>",
		    role_text(c->role), c->file);
		html_cell(&t);
		if (c->not_after == CERT_NO_TIME)
			buf_puts(out, "unreadable");
		else
			html_moment(out, o->now, c->not_after);
		html_cell(&t);
		if (c->not_before != CERT_NO_TIME)
			chart_lifetime(out, c->not_before, c->not_after,
			    o->now);
		html_cell_with(&t, "%s", c->key);
		html_cell(&t);
		html_name(out, c->subject);
		html(out, " <code class=\"block\">%s</code>", c->serial);
		html_end_row(&t);
	}
	html_end_table(&t);
}

static void
put_crl(struct buf *out, const struct overview *o)
{
	const struct authority *a = &o->ca;

	buf_puts(out, "<h3>Revocation list</h3>\n");
	if (!a->has_crl) {
		buf_puts(out, "<p>None was made (scep-ca crl).</p>\n");
		return;
	}
	if (a->crl_fault != NULL) {
		html(out, "<p>It cannot be used: %s.</p>\n", a->crl_fault);
		return;
	}
	html(out, "<dl>\n<div><dt>Number</dt><dd><code>%s</code></dd></div>\n"
	    "<div><dt>Made</dt><dd>",
	    a->crl_number != NULL ? a->crl_number : "none");
	html_moment(out, o->now, a->crl_from);
	buf_puts(out, "</dd></div>\n<div><dt>Next update due</dt><dd>");
	html_moment(out, o->now, a->crl_until);
	html(out, "</dd></div>\n<div><dt>Certificates on it</dt><dd>%lld</dd>"
	    "</div>\n</dl>\n", (long long)a->crl_count);
}

void
page_authority(struct buf *out, const struct overview *o)
{
	if (!o->has_ca)
		return;
	html_section(out, "authority", "Certificate authority");
	put_certs(out, o);
	put_crl(out, o);
	buf_puts(out, "</section>\n");
}
