/* The table that rows.h makes: every setting with its place in struct settings. */
#include "run/settings/settings.h"

#define PLACE(field) offsetof(struct settings, field)

#define SETTING_HEADING(words) { .heading = (words) },
#define SETTING_TEXT(field, setting, def, sentence)                                                \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_TEXT,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .words = (sentence) },
#define SETTING_INT(field, setting, def, min, max, units, sentence)                                \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_INT,                                                                \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .least = (min),                                                                          \
	  .most = (max),                                                                           \
	  .unit = (units),                                                                         \
	  .words = (sentence) },
#define SETTING_BOOL(field, setting, def, sentence)                                                \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_BOOL,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .words = (sentence) },
#define SETTING_SPAN(field, setting, def, min, max, sentence)                                      \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_SPAN,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .least = (min),                                                                          \
	  .most = (max),                                                                           \
	  .words = (sentence) },
#define SETTING_SIZE(field, setting, def, min, max, sentence)                                      \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_SIZE,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .least = (min),                                                                          \
	  .most = (max),                                                                           \
	  .words = (sentence) },
#define SETTING_LIST(field, setting, def, sentence)                                                \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_LIST,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .words = (sentence) },
#define SETTING_PLACES(field, setting, def, sentence)                                              \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_PLACES,                                                             \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .words = (sentence) },
#define SETTING_NETS(field, setting, def, sentence)                                                \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_NETS,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .words = (sentence) },
#define SETTING_ENUM(field, setting, def, values, sentence)                                        \
	{ .name = (setting),                                                                       \
	  .type = SETTING_TYPE_ENUM,                                                               \
	  .offset = PLACE(field),                                                                  \
	  .fallback = (def),                                                                       \
	  .allowed = (values),                                                                     \
	  .words = (sentence) },

const struct setting_row setting_rows[] = {
#include "run/settings/rows.h"
};
#include "run/settings/rows_end.h"

const size_t setting_row_count = sizeof(setting_rows) / sizeof(setting_rows[0]);
