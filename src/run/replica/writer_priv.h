/* run/replica/writer_priv.h: the writer's own state. */
#pragma once

#include "base/buf.h"
#include "run/replica/replica_priv.h"

struct replica_writer {
	char *folder;
	struct buf path; /* of the call under way */
	struct replica_public pub;
	struct replica_keys keys;
	struct replica_meta committed;
	bool loading;    /* batches write to the other side */
	bool unfinished; /* "unfinished" may hold work */

	/* the batch */
	MDB_txn *pub_txn;   /* NULL: none is open */
	MDB_txn *keys_txn;  /* NULL: no key in the batch yet */
	struct buf deletes; /* keys to delete after the commit: u16 length and bytes of each */
	int error;          /* the first failure; the commit repeats it */
};

/* Does what the last commit left to do. Nothing to do is fine; what fails is tried again by the
 * next batch. */
int replica_finish(struct replica_writer *w, struct fail *f);
