/* model/machine.h: the machines that hold a replica: enrolled, drained, last report. */
#pragma once

#include "model/act.h"

#define MACHINE_SILENT_AFTER (10 * STAMP_SECOND)

struct machine_row {
	struct id id;
	struct slice name;
	bool drained;
	struct id epoch; /* as last reported (coarsely; the feed knows better) */
	uint64_t seq;    /* likewise */
	stamp enrolled_at;
	stamp seen_at;
};

/* A machine said hello: enrols it when it is new. */
must_check int machine_enrol(struct sql_tx *tx, const struct machine_row *row, struct fail *f);

/* epoch, seq, seen_at. */
must_check int machine_report(struct sql_tx *tx, const struct machine_row *row, struct fail *f);

must_check int machine_set_drained(struct sql_tx *tx, struct act *act, const struct id *id,
				   bool drained, struct fail *f);

typedef bool machine_each_f(void *arg, const struct machine_row *row);
must_check int machine_each(struct sql_tx *tx, machine_each_f *each, void *arg, struct fail *f);
