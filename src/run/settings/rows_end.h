/* run/settings/rows_end.h: forgets the meanings of the macros after an include of rows.h. */
#undef SETTING_HEADING
#undef SETTING_TEXT
#undef SETTING_INT
#undef SETTING_BOOL
#undef SETTING_SPAN
#undef SETTING_SIZE
#undef SETTING_LIST
#undef SETTING_PLACES
#undef SETTING_NETS
#undef SETTING_ENUM
