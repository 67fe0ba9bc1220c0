/* Signs many profiles into a folder, with one process or several. */
#include "mcfg-sign.h"

#include <stdlib.h>
#include <string.h>

struct batch {
	const struct args *a;
	const struct strings *files;
	struct args own;		/* a, with the PIN of a token */
	struct buf pin;
	struct profile_signer signer;
};

/*
 * The identity is opened once, before the processes start.  A token is opened
 * by each process, since its session does not survive fork().
 */
static enum status
begin(void *arg)
{
	struct batch *b = arg;

	return b->signer.id.key != NULL ? OK :
	    open_signer(&b->own, &b->signer);
}

static enum status
prepare(struct batch *b)
{
	const struct identity_source *id = &b->a->id;
	enum status st;

	if (id->key == NULL || strncmp(id->key, "pkcs11:", 7) != 0)
		return open_signer(b->a, &b->signer);
	if (id->passphrase == NULL)
		return OK;
	if ((st = secret_read(id->passphrase, "--passphrase", &b->pin)) == OK)
		b->own.id.phrase = &b->pin;
	return st;
}

/* The profile with the same name in the folder of --replaces, or NULL. */
static enum status
find_old(const struct args *a, const char *path, char **out)
{
	auto_char *old = NULL;
	bool exists;
	enum status st;

	if (a->replaces == NULL)
		return OK;
	old = io_join(a->replaces, io_base(path));
	if ((st = io_exists(old, &exists)) == OK && exists)
		*out = STEAL(old);
	return st;
}

static enum status
sign_file(void *arg, size_t i)
{
	const struct batch *b = arg;
	const char *path = b->files->v[i];
	auto_char *to = io_join(b->a->out_dir, io_base(path));
	auto_char *old = NULL;
	const struct io_input from = { path, NULL };
	struct io_output out = { to, NULL, false };
	auto_buf product = BUF_INIT;
	enum status st;

	if ((st = find_old(b->a, path, &old)) != OK ||
	    (st = sign_one(b->a, &b->signer.id, &from, old, &out.is_private,
	    &product)) != OK)
		return st;
	return io_spill(&out, &product);
}

/* Checks all files before anything is written. */
static enum status
check_files(const struct args *a, const struct strings *files)
{
	enum status st = io_check_bases(files);
	size_t i;

	for (i = 0; st == OK && i < files->n; i++) {
		auto_char *to = io_join(a->out_dir, io_base(files->v[i]));

		st = io_check_kept(files->v[i], to);
	}
	return st;
}

enum status
run_batch(const struct args *a)
{
	auto_strings listed = { NULL, 0 };
	auto_buf text = BUF_INIT;
	struct batch b = { a, a->null ? &listed : &a->inputs, *a, BUF_SECRET,
	    PROFILE_SIGNER_INIT };
	enum status st;

	if (a->null && (st = io_slurp_paths(&text, &listed)) != OK)
		return st;
	if ((st = check_files(a, b.files)) != OK)
		return st;

	if ((st = prepare(&b)) == OK && (st = io_make_dir(a->out_dir)) == OK)
		st = io_each(b.files->n, a->jobs, begin, sign_file, &b);
	profile_signer_free(&b.signer);
	buf_free(&b.pin);
	return st;
}
