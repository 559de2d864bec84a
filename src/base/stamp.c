#include "base/stamp.h"

#include <stdio.h>
#include <time.h>

#include "base/must.h"
#include "base/text.h"

/* What four digits of a year can say. */
#define YEAR_0     ((stamp)-62167219200000)
#define YEAR_10000 ((stamp)253402300800000)

static struct tm broken_down(stamp at, int *milliseconds)
{
	stamp ms = at % 1000;
	time_t seconds = at / 1000;
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	must(gmtime_r(&seconds, &tm) != NULL);
	*milliseconds = (int)ms;
	return tm;
}

/* n as `digits` digits; returns where the next goes. */
static char *put_digits(char *at, int n, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + n % 10);
		n /= 10;
	}
	return at + digits;
}

static char *put_part(char *at, int n, int digits, char behind)
{
	at = put_digits(at, n, digits);
	*at = behind;
	return at + 1;
}

void stamp_text(stamp at, char out[STAMP_TEXT])
{
	int ms;
	struct tm tm = broken_down(at, &ms);

	out = put_part(out, tm.tm_year + 1900, 4, '-');
	out = put_part(out, tm.tm_mon + 1, 2, '-');
	out = put_part(out, tm.tm_mday, 2, 'T');
	out = put_part(out, tm.tm_hour, 2, ':');
	out = put_part(out, tm.tm_min, 2, ':');
	out = put_part(out, tm.tm_sec, 2, ms != 0 ? '.' : 'Z');
	if (ms != 0)
		out = put_part(out, ms, 3, 'Z');
	*out = '\0';
}

void stamp_http(stamp at, char out[STAMP_HTTP])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int ms;
	struct tm tm = broken_down(at, &ms);

	(void)snprintf(out, STAMP_HTTP, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
		       (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
		       (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
		       (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* Takes `digits` digits; false when they are not there or above max. */
static bool take_number(struct slice *s, size_t digits, uint64_t max, int *out)
{
	uint64_t v;

	if (s->n < digits || !text_u64(slice_sub(*s, 0, digits), max, &v))
		return false;
	*s = slice_from(*s, digits);
	*out = (int)v;
	return true;
}

static bool take_byte(struct slice *s, uint8_t c)
{
	if (s->n == 0 || text_lower(s->p[0]) != text_lower(c))
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static int take_fraction(struct slice *s)
{
	int ms = 0;
	int scale = 100;

	while (s->n > 0 && text_is_digit(s->p[0])) {
		ms += (s->p[0] - '0') * scale;
		scale /= 10;
		*s = slice_from(*s, 1);
	}
	return ms;
}

static bool take_offset(struct slice *s, int *minutes)
{
	int hour;
	int minute;
	int sign = 1;

	if (take_byte(s, 'Z')) {
		*minutes = 0;
		return true;
	}
	if (take_byte(s, '-'))
		sign = -1;
	else if (!take_byte(s, '+'))
		return false;
	if (!take_number(s, 2, 23, &hour) || !take_byte(s, ':') || !take_number(s, 2, 59, &minute))
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* timegm() would make the first of March out of the 29th of February. */
static bool is_day(int year, int month, int day)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month < 1 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year));
}

bool stamp_parse(struct slice s, stamp *out)
{
	struct tm tm = { 0 };
	int ms = 0;
	int offset;

	if (!take_number(&s, 4, 9999, &tm.tm_year) || !take_byte(&s, '-') ||
	    !take_number(&s, 2, 12, &tm.tm_mon) || !take_byte(&s, '-') ||
	    !take_number(&s, 2, 31, &tm.tm_mday) || !take_byte(&s, 'T') ||
	    !take_number(&s, 2, 23, &tm.tm_hour) || !take_byte(&s, ':') ||
	    !take_number(&s, 2, 59, &tm.tm_min) || !take_byte(&s, ':') ||
	    !take_number(&s, 2, 60, &tm.tm_sec))
		return false;
	if (take_byte(&s, '.')) {
		if (s.n == 0 || !text_is_digit(s.p[0]))
			return false;
		ms = take_fraction(&s);
	}
	if (!take_offset(&s, &offset) || s.n != 0 || !is_day(tm.tm_year, tm.tm_mon, tm.tm_mday))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	stamp at = ((stamp)timegm(&tm) - (stamp)offset * 60) * 1000 + ms;

	if (at < YEAR_0 || at >= YEAR_10000)
		return false;
	*out = at;
	return true;
}

#define SPAN_MOST (UINT64_C(100) * 365 * STAMP_DAY) /* a hundred years, in milliseconds */

bool stamp_span_parse(struct slice s, stamp *out)
{
	static const struct {
		const char *unit;
		stamp each;
	} units[] = { { "ms", 1 },
		      { "s", STAMP_SECOND },
		      { "m", STAMP_MINUTE },
		      { "h", STAMP_HOUR },
		      { "d", STAMP_DAY } };
	size_t digits = 0;
	uint64_t count;

	while (digits < s.n && text_is_digit(s.p[digits]))
		digits++;
	if (!text_u64(slice_sub(s, 0, digits), SPAN_MOST, &count))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (slice_eq_str(slice_from(s, digits), units[i].unit)) {
			if (count > SPAN_MOST / (uint64_t)units[i].each)
				return false;
			*out = (stamp)count * units[i].each;
			return true;
		}
	}
	return false;
}
