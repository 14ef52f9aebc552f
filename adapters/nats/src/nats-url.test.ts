import { isServiceError } from "@allium/core";
import { describe, expect, test } from "vitest";
import { type NatsOptions, parseNatsUrl } from "./nats-url.ts";

function parsed(url: string, options: NatsOptions = {}) {
	return parseNatsUrl(url, { cwd: "/app", ...options }, ["bucket"]);
}

describe("a URL of NATS", () => {
	test.each([
		["nats://broker", { servers: ["broker:4222"], tls: false }],
		["nats://broker:4223/", { servers: ["broker:4223"], tls: false }],
		["nats://a:1,b:2,[::1]:3", { servers: ["a:1", "b:2", "[::1]:3"], tls: false }],
		["nats://a:1,nats://b", { servers: ["a:1", "b:4222"], tls: false }],
		["nats+tls://a", { servers: ["a:4222"], tls: true }],
		["tls://a,b", { servers: ["a:4222", "b:4222"], tls: true }],
		["nats://a,tls://b", { servers: ["a:4222", "b:4222"], tls: true }],
		["nats://me:p%40ss@a,b", { servers: ["a:4222", "b:4222"], tls: false, user: "me", password: "p@ss" }],
		["nats://a?token=t", { servers: ["a:4222"], tls: false, token: "t" }],
		["nats://a?ca=ca.pem", { servers: ["a:4222"], tls: true, ca: "/app/ca.pem" }],
		["nats://a?creds=/etc/x.creds", { servers: ["a:4222"], tls: false, creds: "/etc/x.creds" }],
	])("names the servers and how to reach them: %s", (url, address) => {
		expect(parsed(url).address).toEqual(address);
	});

	test("may be completed by options, which win", () => {
		const { address } = parsed("nats://me:one@a?ca=x.pem", { password: "two", ca: "/y.pem" });
		expect(address).toMatchObject({ user: "me", password: "two", ca: "/y.pem", tls: true });
	});

	test("keeps the parameters of the port apart", () => {
		expect(parsed("nats://a?bucket=shop&token=t").parameters).toEqual({ bucket: "shop" });
	});

	test.each([
		["nats://me:secret@a:1,me:secret@b:2", "nats://me:***@a:1,b:2"],
		["nats://a?token=secret&bucket=shop", "nats://a:4222?token=***&bucket=shop"],
		["tls://a", "nats+tls://a:4222"],
	])("is shown without its secrets: %s", (url, location) => {
		expect(parsed(url).location).toBe(location);
	});

	test.each([
		["http://a", "this is no URL of NATS; write nats://host:4222"],
		["nats://", "this is no URL of NATS"],
		["nats:a", "this is no URL of NATS"],
		["nats://a,", "one of the servers has another form than host:port"],
		["nats://a:0", "one of the servers has another form than host:port"],
		["nats://a:70000", "one of the servers has another form than host:port"],
		["nats://a/b", "one of the servers has another form than host:port"],
		["nats://secret@a", "a user needs a password"],
		["nats://me:%secret@a", "must be percent-encoded"],
		["nats://me:one@a,me:secret@b", "all servers take the same user and password"],
		["nats://a?secret=1", '"secret" is no parameter of this URL; it takes bucket, ca, cert'],
		["nats://a?token=secret&token=secret", "the parameter token takes one value"],
		["nats://me:secret@a?token=x", "there are several kinds of credentials; give one"],
		["nats://a?cert=c.pem", "cert and key go together"],
	])("that cannot be used is refused in one sentence: %s", (url, sentence) => {
		let failure: unknown;
		try {
			parsed(url);
		} catch (error) {
			failure = error;
		}
		expect(isServiceError(failure) && failure.code).toBe("invalid_argument");
		expect(String(failure)).toContain(sentence);
		if (!url.includes("?secret=")) expect(String(failure)).not.toContain("secret");
	});
});
