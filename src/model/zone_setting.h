/* model/zone_setting.h: the settings of a zone. A setting is one row of the table in
 * zone_setting.c: name, type, allowed values, default, and whether it is honoured. A setting that
 * bears on security is refused until it is honoured; others are stored and shown. */
#pragma once

#include "model/act.h"

struct zone_row;

enum zone_setting_type { ZONE_SETTING_CHOICE, ZONE_SETTING_NUMBER, ZONE_SETTING_JSON };

/* What becomes of a value other than the default. */
enum zone_setting_state {
	ZONE_SETTING_HONOURED, /* takes effect */
	ZONE_SETTING_STORED,   /* no effect on security; kept and shown */
	ZONE_SETTING_REFUSED,  /* bears on security and is not built: 400 */
};

struct zone_setting {
	const char *name;
	enum zone_setting_type type;
	const char *allowed; /* CHOICE: values by blanks; NUMBER: "min max" */
	const char *value;   /* the default, as JSON: "\"off\"", "100", "{}" */
	enum zone_setting_state state;
	const char *refused;  /* CHOICE, HONOURED: values not yet built, by blanks; or NULL */
	const char *sentence; /* for the manual */
};

extern const struct zone_setting zone_settings[];
extern const size_t zone_setting_count;

/* NULL when there is no such setting. */
const struct zone_setting *zone_setting_named(struct slice name);

/* Is this JSON text (compact) a legal value? Fails with the API's code (1007 or 1016). Pure. */
must_check int zone_setting_check(const struct zone_setting *s, struct slice json, struct fail *f);

/* The value as JSON and when it was changed (0: it is the default). */
must_check int zone_setting_get(struct sql_tx *tx, struct arena *a, const struct id *zone,
				const struct zone_setting *s, struct slice *json, stamp *modified,
				struct fail *f);

must_check int zone_setting_put(struct sql_tx *tx, struct act *act, const struct id *zone,
				const struct zone_setting *s, struct slice json, struct fail *f);
