#include "proto/dns/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct dns_address address(const char *text)
{
	struct dns_address a;

	if (!dns_address_parse(slice_str(text), &a))
		fail_msg("%s is an address", text);
	return a;
}

static void one_spelling(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "2001:DB8::A", "2001:db8::a" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:0db8::0001", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "64:ff9b::192.0.2.1", "64:ff9b::c000:201" },
	};
	char text[DNS_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_address a = address(rows[i][0]);

		assert_string_equal(dns_address_text(&a, text), rows[i][1]);
	}
}

static void other_spellings_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"1",
		"127.1",
		"127.0.1",
		"0x7f.0.0.1",
		"0177.0.0.1",
		"127.0.0.01",
		"127.0.0.256",
		"127.0.0.1.",
		"1.2.3.4.5",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.-4",
		"1.2.3.+4",
		"2130706433",
		"a.b.c.d",
		":",
		":::",
		"1::2::3",
		"12345::",
		"::g",
		"fe80::1%lo",
		"[::1]",
		"::1]",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"::1.2.3",
		"::ffff:1.2.3.256",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000",
		"1.2.3.4\n",
	};
	struct dns_address a;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dns_address_parse(slice_str(rows[i]), &a))
			fail_msg("%s is no address", rows[i]);
	assert_false(dns_address_parse(slice_of("1.2.3.4\0", 8), &a));
	assert_false(dns_address_parse(SLICE_NONE, &a));
}

static void every_place_has_its_class(void **state)
{
	static const struct {
		const char *text;
		enum dns_address_class class;
	} rows[] = {
		{ "1.1.1.1", DNS_ADDRESS_GLOBAL },
		{ "93.184.216.34", DNS_ADDRESS_GLOBAL },
		{ "9.255.255.255", DNS_ADDRESS_GLOBAL },
		{ "11.0.0.0", DNS_ADDRESS_GLOBAL },
		{ "172.15.255.255", DNS_ADDRESS_GLOBAL },
		{ "172.32.0.0", DNS_ADDRESS_GLOBAL },
		{ "100.63.255.255", DNS_ADDRESS_GLOBAL },
		{ "100.128.0.0", DNS_ADDRESS_GLOBAL },
		{ "223.255.255.255", DNS_ADDRESS_GLOBAL },
		{ "198.17.255.255", DNS_ADDRESS_GLOBAL },
		{ "198.20.0.0", DNS_ADDRESS_GLOBAL },
		{ "2606:4700::1111", DNS_ADDRESS_GLOBAL },
		{ "2a00::1", DNS_ADDRESS_GLOBAL },
		{ "3ffe::1", DNS_ADDRESS_GLOBAL },
		{ "2001:4860:4860::8888", DNS_ADDRESS_GLOBAL },
		{ "0.0.0.0", DNS_ADDRESS_UNSPECIFIED },
		{ "::", DNS_ADDRESS_UNSPECIFIED },
		{ "::ffff:0.0.0.0", DNS_ADDRESS_UNSPECIFIED },
		{ "127.0.0.1", DNS_ADDRESS_LOOPBACK },
		{ "127.255.255.254", DNS_ADDRESS_LOOPBACK },
		{ "::1", DNS_ADDRESS_LOOPBACK },
		{ "::ffff:127.0.0.1", DNS_ADDRESS_LOOPBACK },
		{ "64:ff9b::127.0.0.1", DNS_ADDRESS_LOOPBACK },
		{ "::ffff:0:127.0.0.1", DNS_ADDRESS_LOOPBACK },
		{ "2002:7f00:1::", DNS_ADDRESS_LOOPBACK },
		{ "2001:0:ffff:ffff:ffff:ffff:80ff:fffe", DNS_ADDRESS_LOOPBACK },
		{ "10.0.0.1", DNS_ADDRESS_PRIVATE },
		{ "10.255.255.255", DNS_ADDRESS_PRIVATE },
		{ "172.16.0.1", DNS_ADDRESS_PRIVATE },
		{ "172.31.255.255", DNS_ADDRESS_PRIVATE },
		{ "192.168.0.1", DNS_ADDRESS_PRIVATE },
		{ "::ffff:192.168.1.1", DNS_ADDRESS_PRIVATE },
		{ "2002:c0a8:101::1", DNS_ADDRESS_PRIVATE },
		{ "fc00::1", DNS_ADDRESS_PRIVATE },
		{ "fdff:ffff::1", DNS_ADDRESS_PRIVATE },
		{ "fec0::1", DNS_ADDRESS_PRIVATE },
		{ "64:ff9b:1::1", DNS_ADDRESS_PRIVATE },
		{ "169.254.0.1", DNS_ADDRESS_LINK_LOCAL },
		{ "fe80::1", DNS_ADDRESS_LINK_LOCAL },
		{ "febf::1", DNS_ADDRESS_LINK_LOCAL },
		{ "100.64.0.0", DNS_ADDRESS_SHARED },
		{ "100.127.255.255", DNS_ADDRESS_SHARED },
		{ "169.254.169.254", DNS_ADDRESS_METADATA },
		{ "::ffff:169.254.169.254", DNS_ADDRESS_METADATA },
		{ "64:ff9b::a9fe:a9fe", DNS_ADDRESS_METADATA },
		{ "169.254.170.2", DNS_ADDRESS_METADATA },
		{ "100.100.100.200", DNS_ADDRESS_METADATA },
		{ "168.63.129.16", DNS_ADDRESS_METADATA },
		{ "fd00:ec2::254", DNS_ADDRESS_METADATA },
		{ "fd20:ce::254", DNS_ADDRESS_METADATA },
		{ "224.0.0.1", DNS_ADDRESS_MULTICAST },
		{ "239.255.255.255", DNS_ADDRESS_MULTICAST },
		{ "ff02::1", DNS_ADDRESS_MULTICAST },
		{ "255.255.255.255", DNS_ADDRESS_BROADCAST },
		{ "192.0.2.1", DNS_ADDRESS_DOCUMENTATION },
		{ "198.51.100.1", DNS_ADDRESS_DOCUMENTATION },
		{ "203.0.113.1", DNS_ADDRESS_DOCUMENTATION },
		{ "2001:db8::1", DNS_ADDRESS_DOCUMENTATION },
		{ "3fff::1", DNS_ADDRESS_DOCUMENTATION },
		{ "3fff:fff::1", DNS_ADDRESS_DOCUMENTATION },
		{ "198.18.0.1", DNS_ADDRESS_BENCHMARK },
		{ "198.19.255.255", DNS_ADDRESS_BENCHMARK },
		{ "2001:2::1", DNS_ADDRESS_BENCHMARK },
		{ "0.1.2.3", DNS_ADDRESS_RESERVED },
		{ "192.0.0.1", DNS_ADDRESS_RESERVED },
		{ "192.88.99.1", DNS_ADDRESS_RESERVED },
		{ "240.0.0.1", DNS_ADDRESS_RESERVED },
		{ "255.255.255.254", DNS_ADDRESS_RESERVED },
		{ "::2", DNS_ADDRESS_RESERVED },
		{ "::127.0.0.1", DNS_ADDRESS_RESERVED },
		{ "100::1", DNS_ADDRESS_RESERVED },
		{ "2001:20::1", DNS_ADDRESS_RESERVED },
		{ "5f00::1", DNS_ADDRESS_RESERVED },
		{ "4000::1", DNS_ADDRESS_RESERVED },
		{ "64:ff9b::1.1.1.1", DNS_ADDRESS_TRANSLATION },
		{ "2002:101:101::1", DNS_ADDRESS_TRANSLATION },
		{ "2001:0:102:304::fefe:fefe", DNS_ADDRESS_TRANSLATION },
		{ "::ffff:1.1.1.1", DNS_ADDRESS_GLOBAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_address a = address(rows[i].text);

		if (dns_address_class(&a) != rows[i].class)
			fail_msg("%s: %s, not %s", rows[i].text,
				 dns_address_class_name(dns_address_class(&a)),
				 dns_address_class_name(rows[i].class));
	}
	for (enum dns_address_class c = 0; c < DNS_ADDRESS_CLASSES; c++)
		assert_non_null(dns_address_class_name(c));
}

static void nets_hold_what_their_prefix_says(void **state)
{
	static const struct {
		const char *net;
		const char *address;
		bool has;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "10.128.0.0/9", "10.128.0.0", true },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "::/0", "1.2.3.4", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.6/31", "192.0.2.7", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "::1/128", "::1", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_net net;
		struct dns_address a = address(rows[i].address);

		assert_true(dns_net_parse(slice_str(rows[i].net), &net));
		if (dns_net_has(&net, &a) != rows[i].has)
			fail_msg("%s in %s", rows[i].address, rows[i].net);
	}
}

static void broken_nets_are_refused(void **state)
{
	static const char *const rows[] = { "",
					    "/8",
					    "10.0.0.0/",
					    "10.0.0.0/33",
					    "::/129",
					    "10.0.0.1/8",
					    "10.0.0.0/-1",
					    "10.0.0.0/8/8",
					    "2001:db8::1/64",
					    "10/8",
					    "10.0.0.0/08x",
					    "1.2.3.4/ 8" };
	struct dns_net net;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dns_net_parse(slice_str(rows[i]), &net))
			fail_msg("%s is no net", rows[i]);
}

static void lists_of_nets(void **state)
{
	struct dns_nets nets;
	struct fail f = FAIL_INIT;
	struct dns_address inside = address("127.0.0.1");
	struct dns_address mapped = address("::ffff:127.0.0.1");
	struct dns_address outside = address("126.0.0.1");

	(void)state;
	assert_int_equal(dns_nets_parse(slice_lit(" 127.0.0.0/8, ::1,,fd00::/8 "), &nets, &f), 0);
	assert_int_equal(nets.count, 3);
	assert_true(dns_nets_have(&nets, &inside));
	assert_true(dns_nets_have(&nets, &mapped));
	assert_false(dns_nets_have(&nets, &outside));
	assert_int_equal(dns_nets_parse(SLICE_NONE, &nets, &f), 0);
	assert_false(dns_nets_have(&nets, &inside));
	assert_int_equal(dns_nets_parse(slice_lit("::1 10.0.0.1/8"), &nets, &f), -1);
	assert_int_equal(f.kind, FAIL_INPUT);
	assert_non_null(strstr(f.words, "10.0.0.1/8"));
}

static void too_many_nets_are_refused(void **state)
{
	char text[8 * (DNS_NETS_MAX + 1) + 1] = "";
	struct dns_nets nets;
	struct fail f = FAIL_INIT;

	(void)state;
	for (int i = 0; i < DNS_NETS_MAX; i++)
		strcat(text, "1.2.3.4,");
	assert_int_equal(dns_nets_parse(slice_str(text), &nets, &f), 0);
	strcat(text, "1.2.3.4,");
	assert_int_equal(dns_nets_parse(slice_str(text), &nets, &f), -1);
}

static void socket_addresses_come_back_plain(void **state)
{
	static const char *const rows[][2] = { { "192.0.2.1", "192.0.2.1" },
					       { "2001:db8::1", "2001:db8::1" },
					       { "::ffff:192.0.2.1", "192.0.2.1" } };
	struct sockaddr_storage sa;
	struct dns_address back;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_address a = address(rows[i][0]);
		struct dns_address plain = address(rows[i][1]);

		assert_int_equal(dns_address_to_socket(&a, 8443, &sa),
				 a.v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		assert_true(dns_address_from_socket((struct sockaddr *)&sa, &back, &port));
		assert_true(dns_address_eq(&back, &plain));
		assert_int_equal(port, 8443);
	}
	sa.ss_family = AF_UNIX;
	assert_false(dns_address_from_socket((struct sockaddr *)&sa, &back, NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spelling),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(every_place_has_its_class),
		cmocka_unit_test(nets_hold_what_their_prefix_says),
		cmocka_unit_test(broken_nets_are_refused),
		cmocka_unit_test(lists_of_nets),
		cmocka_unit_test(too_many_nets_are_refused),
		cmocka_unit_test(socket_addresses_come_back_plain),
	};

	return cmocka_run_group_tests_name("dns/address", tests, NULL, NULL);
}
