import { isServiceError } from "@allium/core";
import { describe, expect, test } from "vitest";
import { parsePostgresUrl, placeOf } from "./postgres-url.ts";

function fault(url: string): string {
	try {
		parsePostgresUrl(url);
	} catch (error) {
		if (isServiceError(error)) return `${error.code}: ${error.message}`;
	}
	return "";
}

describe("a URL of PostgreSQL", () => {
	test("names the user, the servers, the database and the schema", () => {
		const url = "postgres://shop:p%40ss@db1,db2:6432/orders?schema=events&connections=3";
		expect(parsePostgresUrl(url)).toMatchObject({
			hosts: [
				{ host: "db1", port: 5432 },
				{ host: "db2", port: 6432 },
			],
			database: "orders",
			user: "shop",
			password: "p@ss",
			schema: "events",
			connections: 3,
			tls: "off",
		});
	});

	test("has defaults, and options win over it", () => {
		expect(parsePostgresUrl("postgresql://[::1]/shop")).toMatchObject({
			hosts: [{ host: "::1", port: 5432 }],
			user: "postgres",
			schema: "allium",
			connections: 8,
		});
		const options = { user: "b", password: "c", schema: "d" };
		expect(parsePostgresUrl("postgres://a:x@h/shop?schema=s", options)).toMatchObject(options);
	});

	test.each([
		["postgres://h/d", "off"],
		["postgres://h/d?sslmode=disable", "off"],
		["postgres://h/d?sslmode=require", "encrypted"],
		["postgres://h/d?sslmode=require&ca=ca.pem", "verified"],
		["postgres://h/d?sslmode=verify-full", "verified"],
		["postgres://h/d?ca=ca.pem", "verified"],
		["postgres+tls://h/d", "verified"],
	])("%s is %s", (url, tls) => expect(parsePostgresUrl(url).tls).toBe(tls));

	test("is shown without its password", () => {
		expect(placeOf(parsePostgresUrl("postgres+tls://shop:secret@db/orders?schema=events"))).toBe(
			"postgres+tls://shop:***@db:5432/orders?schema=events",
		);
		expect(placeOf(parsePostgresUrl("postgres://shop@db/orders"))).toBe("postgres://shop@db:5432/orders");
	});

	test.each([
		["mysql://h/d", "this is no URL of a database of PostgreSQL"],
		["postgres://h", "this is no URL of a database of PostgreSQL"],
		["postgres://h:99999/d", "another form than host:port"],
		["postgres://u:%zz@h/d", "percent-encoded"],
		["postgres://h/d?pool=3", '"pool" is no parameter of this URL'],
		["postgres://h/d?schema=", "the parameter schema takes one value"],
		["postgres://h/d?schema=Events", "the name of the schema"],
		["postgres://h/d?connections=1", "connections is a whole number"],
		["postgres://h/d?sslmode=prefer", "sslmode is disable, require"],
		["postgres+tls://h/d?sslmode=disable", "give one of them"],
		["postgres://h/d?cert=c.pem", "cert and key go together"],
	])("%s is refused: %s", (url, reason) => expect(fault(url)).toContain(reason));

	test("that is refused does not show its password", () => {
		for (const url of ["postgres://u:secret@h", "postgres://u:secret@h/d?x=1", "postgres://u:secret@h:0/d"]) {
			expect(fault(url)).toMatch(/^invalid_argument/);
			expect(fault(url)).not.toContain("secret");
		}
	});
});
