import { expect, test } from "vitest";
import { type ServerUrlForm, serverUrl } from "./server-url.ts";

const form: ServerUrlForm = { scheme: "etcd", defaultPort: 2379, severalServers: true, options: ["ttlMs"] };

test.each([
	["etcd://a", ["http://a:2379"]],
	["etcd://a:1,b:2", ["http://a:1", "http://b:2"]],
	["etcd+tls://[::1]:80/", ["https://[::1]:80"]],
	["etcd://10.0.0.1?ttlMs=3000", ["http://10.0.0.1:2379"]],
])("%s leads to %j", (url, origins) => {
	expect(serverUrl(url, form).origins).toEqual(origins);
});

test("user and password are decoded, and the password is not shown", () => {
	const { user, password, location, options } = serverUrl("etcd://al%40l:p%2F%3A%40@a:1?ttlMs=3000", form);
	expect([user, password]).toEqual(["al@l", "p/:@"]);
	expect(location).toBe("etcd://al%40l:***@a:1?ttlMs=3000");
	expect(options).toEqual(new Map([["ttlMs", "3000"]]));
});

test.each([
	"etcd:",
	"etcd://",
	"etcd:a:1",
	"consul://a",
	"etcd+ssl://a",
	"etcd://a:b",
	"etcd://a:1/path",
	"etcd://user:%zz@a",
	"etcd://a b",
	"etcd://a,",
])("%s is refused in a sentence that says what to write", (url) => {
	expect(() => serverUrl(url, form)).toThrow(/write etcd:\/\/10\.0\.0\.1:2379/);
});

test("an option that does not exist is refused with those that do", () => {
	expect(() => serverUrl("etcd://a?tls=on", form)).toThrow(
		'a etcd: URL has no option "tls"; it has ttlMs, ca, cert, key, serverName',
	);
	expect(() => serverUrl("etcd://a?ttlMs=1&ttlMs=2", form)).toThrow(
		'the option "ttlMs" of the URL is given twice',
	);
});

test("a second server is refused where one is enough", () => {
	const one = { ...form, severalServers: false };
	expect(() => serverUrl("etcd://a,b", one)).toThrow("a etcd: URL names one server, and this one names 2");
});

test("a path is read where the adapter gives it a meaning", () => {
	const withPath = { ...form, path: "database" };
	expect(serverUrl("etcd://a:1,[::1]/a%20b?ttlMs=1", withPath)).toMatchObject({
		path: "a b",
		isSecure: false,
		servers: [
			{ host: "a", port: 1 },
			{ host: "::1", port: 2379 },
		],
	});
	expect(serverUrl("etcd://a:80/", withPath)).toMatchObject({ path: "", servers: [{ host: "a", port: 80 }] });
});

test("TLS may have a scheme of its own beside the one with a plus", () => {
	const own = { ...form, secureScheme: "etcds" };
	expect(serverUrl("etcds://a", own)).toMatchObject({ isSecure: true, origins: ["https://a:2379"] });
	expect(serverUrl("etcd+tls://a", own).isSecure).toBe(true);
	expect(serverUrl("etcd://a", own).isSecure).toBe(false);
});
