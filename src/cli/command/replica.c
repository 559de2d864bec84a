/* What this machine's edges answer from. Two machines, or one before and after its replica was built
 * anew, agree when their digests do. */
#include "run/replica/replica.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/offline.h"

static const struct column columns[] = {
	{ "epoch", "epoch" },
	{ "sequence", "seq" },
	{ "names", "records.name" },
	{ "zones", "records.zone" },
	{ "origins", "records.origin" },
	{ "certificates", "records.cert" },
	{ "keys", "records.key" },
	{ "digest", "digest" },
	{ NULL, NULL },
};

static json_t *records_of(struct replica *r)
{
	json_t *records = json_object();

	for (int t = 0; t < REPLICA_TABLES; t++) {
		const char *name = replica_table_name((enum replica_table)t);

		if (name != NULL)
			json_object_set_new(
				records, name,
				json_integer((json_int_t)replica_count(r, (enum replica_table)t)));
	}
	return records;
}

static json_t *replica_describe(struct replica *r)
{
	struct replica_state state;
	char epoch[ID_HEX + 1], digest[2 * 32 + 1];
	uint8_t hash[32];

	replica_begin(r);
	replica_state(r, &state);
	json_t *records = records_of(r);
	replica_end(r);
	replica_digest(r, hash);
	id_hex(&state.epoch, epoch);
	text_hex(slice_of(hash, sizeof(hash)), digest);
	return json_pack("{s:s,s:I,s:o,s:s}", "epoch", epoch, "seq", (json_int_t)state.seq,
			 "records", records, "digest", digest);
}

static int replica_show(struct cli *cli, struct fail *f)
{
	struct buf folder = BUF_INIT;
	struct replica *r;

	offline_path(&folder, cli->folder, "replica");
	int opened = replica_open_reader(&r, buf_str(&folder), f);
	buf_free(&folder);
	if (opened < 0)
		return -1;
	json_t *row = replica_describe(r);
	cli_show_one(cli, row, columns);
	json_decref(row);
	replica_close(r);
	return 0;
}

static const struct command commands[] = {
	{ "show", "", "Shows how far this machine's replica has followed, and its digest.",
	  "  everseal replica show --json", NULL, replica_show },
};

COMMAND_GROUP(replica, "what this machine's edges answer from", commands);
